import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.server.json_values import TensorJsonError
from serving.server.tensor_json import decode_inputs, encode_outputs, parse_predict

NUMBERS = [np.float32, np.float64, np.float16, np.int8, np.int32, np.int64, np.uint8, np.uint64]
STRING = np.dtype(object)
FLOAT = np.dtype(np.float32)


def decode(document: Any, **dtypes: Any) -> dict[str, np.ndarray]:
    body = parse_predict(json.dumps(document).encode())
    return decode_inputs(body, {name: np.dtype(dtype) for name, dtype in dtypes.items()})


def answer(by_row: bool, **outputs: np.ndarray) -> Any:
    (value,) = json.loads(encode_outputs(outputs, by_row)).values()
    return value


arrays = st.sampled_from([*NUMBERS, np.bool_]).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=4),
        # A whole float beyond the mantissa is fine as 1e20; only JSON integers are limited.
        elements=hnp.from_dtype(np.dtype(dtype), allow_nan=True),
    )
)


@given(arrays)
def test_numbers_survive_the_way_out_and_in_by_column(array: np.ndarray) -> None:
    value = answer(False, x=array)
    returned = decode({"inputs": {"x": value}}, x=array.dtype)["x"]
    assert returned.dtype == array.dtype
    np.testing.assert_array_equal(returned, array)


@given(arrays)
def test_numbers_survive_the_way_out_and_in_by_row(array: np.ndarray) -> None:
    rows = [{"x": value} for value in answer(True, x=array)]
    returned = decode({"instances": rows}, x=array.dtype)["x"]
    np.testing.assert_array_equal(returned, array)


@given(st.lists(st.text(), min_size=1))
def test_texts_survive(texts: list[str]) -> None:
    array = np.empty(len(texts), dtype=object)
    array[:] = [text.encode() for text in texts]
    assert answer(True, text=array) == texts
    np.testing.assert_array_equal(decode({"instances": texts}, text=object)["text"], array)


@given(st.lists(st.binary(), min_size=1))
def test_bytes_survive_as_base64(values: list[bytes]) -> None:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    encoded = answer(False, image_bytes=array)
    assert encoded == [{"b64": base64.b64encode(value).decode()} for value in values]
    returned = decode({"inputs": encoded}, image_bytes=object)["image_bytes"]
    np.testing.assert_array_equal(returned, array)


def test_floats_are_written_as_short_as_they_read_back() -> None:
    assert encode_outputs({"y": np.array([0.2, 3.0], np.float32)}, True) == (
        b'{"predictions": [0.2, 3.0]}'
    )


def test_the_largest_float_is_no_overflow() -> None:
    # Its shortest text is a little larger than the number itself.
    assert decode({"instances": [3.4028235e38, 1]}, x=FLOAT)["x"][0] == np.finfo(FLOAT).max


def test_infinite_and_missing_numbers_are_written_as_tokens() -> None:
    array = np.array([np.nan, np.inf, -np.inf], np.float32)
    assert encode_outputs({"y": array}, False) == b'{"outputs": [NaN, Infinity, -Infinity]}'


def test_several_outputs_keep_their_names() -> None:
    text = np.array([b"a", b"b"], dtype=object)
    confidence = np.array([0.5, 0.25], np.float32)
    assert answer(True, confidence=confidence, text=text) == [
        {"confidence": 0.5, "text": "a"},
        {"confidence": 0.25, "text": "b"},
    ]
    assert answer(False, confidence=confidence, text=text) == {
        "confidence": [0.5, 0.25],
        "text": ["a", "b"],
    }


def test_a_scalar_goes_by_column_only() -> None:
    assert answer(False, total=np.array(1.5, np.float32)) == 1.5
    assert answer(False, text=np.array(b"a", dtype=object)) == "a"
    with pytest.raises(TensorJsonError, match="without a batch axis"):
        answer(True, total=np.array(1.5, np.float32))


def test_rows_need_equal_batches() -> None:
    with pytest.raises(TensorJsonError, match="inconsistent batch sizes"):
        answer(True, a=np.zeros(2), b=np.zeros(3))


def test_an_empty_output_keeps_its_shape() -> None:
    assert answer(False, y=np.zeros([2, 0], np.float32)) == [[], []]


def test_rows_become_one_tensor_for_each_input() -> None:
    inputs = decode({"instances": [{"a": 1, "b": [1, 2]}, {"a": 3, "b": [3, 4]}]}, a=int, b=FLOAT)
    np.testing.assert_array_equal(inputs["a"], [1, 3])
    np.testing.assert_array_equal(inputs["b"], [[1, 2], [3, 4]])


def test_a_single_input_may_be_unnamed() -> None:
    for document in ({"instances": [{"b64": "YQ=="}]}, {"inputs": [{"b64": "YQ=="}]}):
        assert decode(document, image=object)["image"].tolist() == [b"a"]
    assert decode({"inputs": {"b64": "YQ"}}, image=object)["image"].item() == b"a"


@pytest.mark.parametrize("text", ["YWI=", "YWI", "Y\nWI="])
def test_base64_tolerates_white_space_and_missing_padding(text: str) -> None:
    assert decode({"instances": [{"b64": text}]}, x=object)["x"].tolist() == [b"ab"]


def test_unknown_names_by_column_are_ignored_as_in_the_original() -> None:
    assert list(decode({"inputs": {"x": [1], "y": [2]}}, x=int)) == ["x"]


def test_the_signature_name_is_read() -> None:
    body = parse_predict(b'{"signature_name": "double", "inputs": 1}')
    assert (body.signature_name, body.by_row, body.value) == ("double", False, 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: Expecting value at offset: 0"),
        (b'{"instances": [1,]', "JSON Parse error"),
        (b"\xff", "not UTF-8 at offset: 0"),
        (b"[" * 100_000, "JSON Parse error"),
        (b"[1]", "expected a JSON object, got a list of 1"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": [1], "inputs": [1]}', "got both"),
        (b'{"instances": 1}', "'instances': expected a list with elements, got 1"),
        (b'{"instances": []}', "expected a list with elements"),
        (b'{"inputs": 1, "signature_name": 2}', "'signature_name': expected a string, got 2"),
    ],
)
def test_a_bad_body_is_named(body: bytes, message: str) -> None:
    with pytest.raises(TensorJsonError) as caught:
        parse_predict(body)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "dtypes", "message"),
    [
        ({"instances": [[1, 2], [3]]}, {"x": FLOAT}, "instances[1]: expected a list of 2"),
        ({"instances": [[1], 3]}, {"x": FLOAT}, "instances[1]: expected a list of 1 elements"),
        ({"instances": [1, [3]]}, {"x": FLOAT}, "instances[1]: expected a value, got a list"),
        ({"instances": [1, "a"]}, {"x": FLOAT}, "instances[1]: expected a number of type float32"),
        ({"instances": [True]}, {"x": FLOAT}, "instances[0]: expected a number"),
        ({"instances": [None]}, {"x": FLOAT}, "got null"),
        ({"instances": [2**24]}, {"x": FLOAT}, "holds without loss"),
        ({"instances": [10**400]}, {"x": FLOAT}, "holds without loss"),
        ({"instances": [1e39]}, {"x": FLOAT}, "holds without loss"),
        ({"instances": [300]}, {"x": np.uint8}, "a whole number of type uint8, got 300"),
        ({"instances": [1.0]}, {"x": np.int32}, "a whole number of type int32, got 1.0"),
        ({"instances": [1]}, {"x": np.bool_}, "expected true or false"),
        ({"instances": [1]}, {"x": STRING}, 'expected a string or {"b64": base64}, got 1'),
        ({"instances": [{"b64": "YQ==="}]}, {"x": STRING}, "expected a string or"),
        ({"instances": [{"b64": "é"}]}, {"x": STRING}, "expected a string or"),
        ({"instances": [{"b64": 1}]}, {"x": STRING}, "expected a string or"),
        ({"instances": ["\ud800"]}, {"x": STRING}, "lone surrogates"),
        ({"instances": [1]}, {"x": np.complex64}, "have no JSON form"),
        ({"instances": [1]}, {"x": FLOAT, "y": FLOAT}, "expected an object with {x,y}"),
        ({"instances": [{"x": 1}]}, {"x": FLOAT, "y": FLOAT}, "{x,y}, got {x}"),
        ({"instances": [{"x": 1}, 2]}, {"x": FLOAT}, "instances[1]: expected an object"),
        ({"instances": [{"x": [1, "a"]}]}, {"x": FLOAT}, "instances[0].x[1]: expected"),
        ({"inputs": {"x": [[1, "a"]]}}, {"x": FLOAT}, "inputs.x[0][1]: expected"),
        ({"inputs": {"x": "a"}}, {"x": FLOAT}, "inputs.x: expected"),
        ({"inputs": {"x": 1}}, {"x": FLOAT, "y": FLOAT}, "missing named inputs {y}"),
        ({"inputs": [1]}, {"x": FLOAT, "y": FLOAT}, "expected an object with {x,y}"),
        ({"inputs": [1]}, {}, "no inputs"),
    ],
)
def test_a_bad_tensor_is_named(document: Any, dtypes: dict[str, Any], message: str) -> None:
    with pytest.raises(TensorJsonError) as caught:
        decode(document, **dtypes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_text_that_is_not_utf8_names_the_remedy() -> None:
    with pytest.raises(TensorJsonError, match="export it as 'text_bytes'"):
        answer(True, text=np.array([b"\xff"], dtype=object))

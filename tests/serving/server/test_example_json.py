import json
from typing import Any

import pytest

from serving.server.example_json import (
    classification_answer,
    classification_request,
    regression_answer,
    regression_request,
)
from serving.server.json_values import TensorJsonError


def parse(document: Any) -> Any:
    return classification_request(json.dumps(document).encode())


def feature(document: Any) -> Any:
    return parse(document).input.example_list.examples[0].features.feature["a"]


def test_values_and_lists_become_features() -> None:
    body = b"""{"signature_name": "s",
      "examples": [{"a": 1, "b": [1.5, NaN]}, {"c": ["x", {"b64": "YQ=="}]}]}"""
    request = regression_request(body)
    first, second = request.input.example_list.examples
    assert request.model_spec.signature_name == "s"
    assert list(first.features.feature["a"].int64_list.value) == [1]
    assert str(list(first.features.feature["b"].float_list.value)) == "[1.5, nan]"
    assert list(second.features.feature["c"].bytes_list.value) == [b"x", b"a"]


def test_truth_is_a_number_and_whole_numbers_join_decimal_ones() -> None:
    assert list(feature({"examples": [{"a": [True, False]}]}).int64_list.value) == [1, 0]
    assert list(feature({"examples": [{"a": [1, 2.5]}]}).float_list.value) == [1.0, 2.5]
    assert feature({"examples": [{"a": []}]}).WhichOneof("kind") is None


def test_the_context_has_its_own_place() -> None:
    request = parse({"context": {"a": 1}, "examples": [{"b": 2}]})
    given = request.input.example_list_with_context
    assert list(given.context.features.feature["a"].int64_list.value) == [1]
    assert list(given.examples[0].features.feature["b"].int64_list.value) == [2]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "expected a JSON object"),
        ({}, "key 'examples' is expected"),
        ({"examples": []}, "expected a list with elements"),
        ({"examples": {}}, "expected a list with elements"),
        ({"examples": [1]}, "examples[0]: expected an object of features, got 1"),
        ({"examples": [{"a": None}]}, "examples[0].a: expected numbers"),
        ({"examples": [{"a": {"x": 1}}]}, "examples[0].a: expected numbers"),
        ({"examples": [{"a": [1, "x"]}]}, "examples[0].a: expected numbers"),
        ({"examples": [{"a": [[1]]}]}, "examples[0].a: expected numbers"),
        ({"examples": [{"a": 2**63}]}, "too large for an int64"),
        ({"examples": [{"a": 1e39}]}, "too large for a float"),
        ({"examples": [{"a": {"b64": "?"}}]}, "expected a string or base64"),
        ({"examples": [{"a": "\ud800"}]}, "expected a string or base64"),
        ({"examples": [{"\ud800": 1}]}, "lone surrogates"),
        ({"examples": [{"a": 1}], "context": 1}, "context: expected an object"),
        ({"examples": [{"a": 1}], "context": {"a": 1}}, "['a'] are in the context already"),
        ({"examples": [{"a": 1}], "signature_name": 1}, "'signature_name': expected a string"),
    ],
)
def test_a_bad_body_is_named(document: Any, message: str) -> None:
    with pytest.raises(TensorJsonError) as caught:
        parse(document)
    assert message in str(caught.value)


def test_answers_are_pairs_or_numbers() -> None:
    from tensorflow_serving.apis import classification_pb2, regression_pb2

    classified = classification_pb2.ClassificationResponse()
    found = classified.result.classifications.add()
    found.classes.add(label="é", score=0.2)
    found.classes.add(score=float("nan"))
    assert classification_answer(classified).decode() == '{"results": [[["é", 0.2], ["", NaN]]]}'
    regressed = regression_pb2.RegressionResponse()
    regressed.result.regressions.add(value=0.1)
    assert regression_answer(regressed) == b'{"results": [0.1]}'

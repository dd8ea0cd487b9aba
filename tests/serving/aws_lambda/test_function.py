import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.aws_lambda.function import LineFunction
from serving.litert_reader import LineReading

PREDICT = "/v1/models/lines:predict"
ROW = {"text": "3", "confidence": 0.5, "character_confidences": [0.25]}


class LengthReader:
    """Reads how many bytes a picture has."""

    def read(self, image_bytes: bytes, name: str) -> LineReading:
        text = str(len(image_bytes))
        return LineReading(text, 0.5, (0.25,) * len(text))


class Time:
    """Tells the seconds left at each look, the last ones again and again."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)

    def get_remaining_time_in_millis(self) -> int:
        left = self._seconds.pop(0) if len(self._seconds) > 1 else self._seconds[0]
        return int(1000 * left)


ENOUGH = Time(30.0)
FUNCTION = LineFunction(LengthReader(), "lines", 7)


def b64(content: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(content).decode()}


def event(method: str, path: str, body: bytes = b"", media_type: str = "", **headers: str) -> dict:
    return {
        "rawPath": path,
        "headers": {"content-type": media_type, **headers},
        "requestContext": {"http": {"method": method}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def ask(request: dict, function: LineFunction = FUNCTION, time: Time = ENOUGH) -> tuple[int, Any]:
    answer = function(request, time)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    "instances", [[{"image_bytes": b64(b"one")}], [b64(b"two")], [{"b64": "dHd v"}]]
)
@pytest.mark.parametrize("path", ["/", PREDICT])
@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "", "application/x-www-form-urlencoded"]
)
def test_instances_give_predictions(instances, path, media_type) -> None:
    body = json.dumps({"signature_name": "serving_default", "instances": instances}).encode()
    assert ask(event("POST", path, body, media_type)) == (200, {"predictions": [ROW]})


def test_shorter_readings_are_padded() -> None:
    body = json.dumps({"inputs": [b64(b"x" * 10), b64(b"x")]}).encode()
    status, answer = ask(event("POST", "/", body))
    assert status == 200
    assert answer["outputs"] == {
        "text": ["10", "1"],
        "confidence": [0.5, 0.5],
        "character_confidences": [[0.25, 0.25], [0.25, -1.0]],
    }


@pytest.mark.parametrize("media_type", ["image/png", "Image/JPEG", "application/octet-stream"])
def test_a_picture_is_a_request_as_well(media_type) -> None:
    assert ask(event("POST", "/", b"one", media_type)) == (200, {"predictions": [ROW]})


def test_the_status_is_that_of_a_model_server() -> None:
    status, answer = ask(event("GET", "/v1/models/lines"))
    assert status == 200
    (version,) = answer["model_version_status"]
    assert version["version"] == "7"
    assert version["state"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/", "POST"), ("PUT", PREDICT, "POST"), ("POST", "/v1/models/lines", "GET")],
)
def test_other_methods_are_not_allowed(method, path, allowed) -> None:
    answer = FUNCTION(event(method, path), ENOUGH)
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == allowed
    assert json.loads(answer["body"])["error"].startswith(
        f"expected {allowed} {path}, got {method}"
    )


@pytest.mark.parametrize("path", ["/v1/models/other:predict", "/v1", "/v1/models/lines:classify"])
def test_other_paths_are_not_there(path) -> None:
    assert ask(event("POST", path)) == (404, {"error": f"Not found: POST {path}"})


@pytest.mark.parametrize(
    "media_type", ["multipart/form-data; boundary=x", "image/tiff", "text/xml"]
)
def test_other_media_types_are_not_supported(media_type) -> None:
    status, answer = ask(event("POST", "/", b"soup", media_type))
    assert status == 415
    assert answer["error"].startswith("expected application/json, ")


def test_compressed_bodies_are_not_supported() -> None:
    request = event("POST", "/", b"soup", "application/json", **{"content-encoding": "gzip"})
    assert ask(request)[0] == 415


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "JSON Parse error"),
        (b"[]", "expected a JSON object"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "JSON Parse error"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": []}', "expected a list with elements"),
        (b'{"instances": [5]}', "expected a string or"),
        (b'{"instances": [{"b64": "?"}]}', "expected a string or"),
        (b'{"instances": [{"picture": "x"}]}', "{image_bytes}"),
        (b'{"instances": [["x"]]}', "expected a list of pictures"),
        (b'{"inputs": "x"}', "expected a list of pictures"),
        (b'{"signature_name": "soup", "instances": ["x"]}', 'key "soup" not found'),
    ],
)
def test_bad_requests_say_what_is_bad(body, told) -> None:
    status, answer = ask(event("POST", "/", body))
    assert status == 400
    assert told in answer["error"]
    assert list(answer) == ["error"]


def test_a_request_that_takes_too_long_is_ended_in_time() -> None:
    body = json.dumps({"instances": ["a", "b", "c"]}).encode()
    status, answer = ask(event("POST", "/", body), time=Time(3.0, 1.5, 0.4))
    assert status == 504
    assert answer["error"] == "read 2 of 3 pictures in the time allowed: send fewer"


class BrokenReader:
    def read(self, image_bytes: bytes, name: str) -> LineReading:
        raise RuntimeError("out of order")


def test_a_fault_of_ours_is_500_and_logged(caplog) -> None:
    request = event("POST", "/", b"x", "image/png")
    status, answer = ask(request, LineFunction(BrokenReader(), "lines", 1))
    assert status == 500
    assert answer == {"error": "RuntimeError: out of order"}
    assert "Traceback" in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["instances", "inputs", "b64"]) | st.text(), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "head"]),
    st.sampled_from(["/", PREDICT, "/v1/models/lines"]) | st.text(),
    st.sampled_from(["", "application/json", "image/png"]) | st.text(),
    st.text() | JSON.map(json.dumps),
    st.booleans(),
)
def test_whatever_comes_over_http_is_no_fault_of_ours(
    method, path, media_type, body, base64
) -> None:
    request = event(method, path, b"", media_type) | {"body": body, "isBase64Encoded": base64}
    status, answer = ask(request)
    assert status in (200, 400, 404, 405, 415)
    assert status == 200 or list(answer) == ["error"]


@settings(deadline=None)
@given(JSON)
def test_what_comes_in_a_direct_call_is_answered(direct) -> None:
    assert set(FUNCTION(direct, ENOUGH)) <= {"predictions", "outputs", "error"}


def test_direct_calls_take_and_give_plain_objects() -> None:
    assert FUNCTION({"instances": [b64(b"one")]}, ENOUGH) == {"predictions": [ROW]}


@pytest.mark.parametrize("direct", [{}, [], None, "soup", 5, {"instances": [5]}])
def test_direct_calls_get_an_error_as_well(direct) -> None:
    assert list(FUNCTION(direct, ENOUGH)) == ["error"]


def test_a_fault_of_ours_in_a_direct_call_is_for_lambda_to_tell() -> None:
    with pytest.raises(RuntimeError, match="out of order"):
        LineFunction(BrokenReader(), "lines", 1)({"instances": ["x"]}, ENOUGH)

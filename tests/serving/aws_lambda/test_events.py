import base64
import json

import pytest

from serving.aws_lambda.events import (
    MAX_BODY_BYTES,
    Answer,
    RequestError,
    error_answer,
    http_answer,
    is_http,
    read_request,
)

V1 = {
    "resource": "/{proxy+}",
    "httpMethod": "POST",
    "path": "/v1/models/lines:predict",
    "headers": {"Content-Type": "application/json"},
    "requestContext": {"stage": "prod", "path": "/prod/v1/models/lines:predict"},
    "body": '{"instances": []}',
    "isBase64Encoded": False,
}
V2 = {
    "version": "2.0",
    "rawPath": "/v1/models/lines:predict",
    "headers": {"content-type": "application/json"},
    "requestContext": {"stage": "$default", "http": {"method": "POST", "path": "/"}},
    "body": '{"instances": []}',
    "isBase64Encoded": False,
}
BALANCER = {"httpMethod": "POST", "path": "/", "requestContext": {"elb": {}}, "body": ""}


@pytest.mark.parametrize("event", [V1, V2, BALANCER])
def test_requests_over_http_are_known(event) -> None:
    assert is_http(event)


@pytest.mark.parametrize("event", [{}, {"instances": []}, [], None, "GET", {"requestContext": 1}])
def test_any_other_event_is_a_direct_call(event) -> None:
    assert not is_http(event)


@pytest.mark.parametrize("event", [V1, V2])
def test_both_versions_say_the_same(event) -> None:
    request = read_request(event)
    assert request.method == "POST"
    assert request.path == "/v1/models/lines:predict"
    assert request.headers == {"content-type": "application/json"}
    assert request.body == b'{"instances": []}'


@pytest.mark.parametrize(
    ("raw_path", "path"),
    [("/prod/v1/x", "/v1/x"), ("/prod", "/"), ("/prod/", "/"), ("/production", "/production")],
)
def test_a_named_stage_is_no_part_of_the_path(raw_path, path) -> None:
    context = {"stage": "prod", "http": {"method": "GET"}}
    assert read_request({"rawPath": raw_path, "requestContext": context}).path == path


def test_bytes_come_in_base64() -> None:
    body = base64.b64encode(b"\x89PNG\xff").decode()
    assert read_request({**V2, "body": body, "isBase64Encoded": True}).body == b"\x89PNG\xff"


def test_what_consoles_leave_out_is_empty() -> None:
    request = read_request({"httpMethod": "get", "path": None, "headers": None, "body": None})
    assert (request.method, request.path, request.headers, request.body) == ("GET", "/", {}, b"")


@pytest.mark.parametrize("body", ["a", "soup!", "äöü="])
def test_a_body_that_is_no_base64_is_bad(body) -> None:
    with pytest.raises(RequestError, match="expected a body in base64") as raised:
        read_request({**V2, "body": body, "isBase64Encoded": True})
    assert raised.value.status == 400


def test_a_body_is_limited_as_it_was_sent() -> None:
    assert len(read_request({**V2, "body": "x" * MAX_BODY_BYTES}).body) == 6_291_456
    with pytest.raises(RequestError, match="at most 6291456 bytes") as raised:
        read_request({**V2, "body": "x" * (MAX_BODY_BYTES + 1)})
    assert raised.value.status == 413


def test_answers_are_json() -> None:
    told = http_answer(error_answer(RequestError(405, "no \ud800 «»", {"allow": "POST"})))
    assert told["statusCode"] == 405
    assert told["headers"] == {"content-type": "application/json", "allow": "POST"}
    assert told["isBase64Encoded"] is False
    assert json.loads(told["body"]) == {"error": "no ? «»"}
    assert http_answer(Answer(200, b"{}"))["body"] == "{}"

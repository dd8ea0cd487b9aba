"""The handler in AWS's own runtime loop, as it runs in the image."""

import base64
import json
import sys
from typing import Any

import pytest

from serving.aws_lambda.runtime_api import ERROR, INIT_ERROR, RESPONSE, running
from serving.model_folder import EXTRA_ASSETS

pytestmark = pytest.mark.slow


def http(method: str, path: str, body: bytes = b"", media_type: str = "") -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": media_type},
        "requestContext": {"stage": "$default", "http": {"method": method, "path": path}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def test_events_one_after_another(pushed, picture) -> None:
    direct = {"instances": [{"b64": base64.b64encode(picture).decode()}]}
    with running(sys.executable, pushed / EXTRA_ASSETS, MODEL_VERSION="7") as (api, process):
        place, plain = api.invoke(direct)
        assert place == RESPONSE
        (row,) = plain["predictions"]
        assert set(row) == {"text", "confidence", "character_confidences"}
        assert row["text"]

        place, answer = api.invoke(http("POST", "/", picture, "image/png"))
        assert (place, answer["statusCode"]) == (RESPONSE, 200)
        assert json.loads(answer["body"]) == plain

        status = api.invoke(http("GET", "/v1/models/lines"))[1]
        assert '"version": "7"' in status["body"]

        bad = api.invoke(http("POST", "/", b"soup", "image/png"))[1]
        assert bad["statusCode"] == 400
        assert json.loads(bad["body"])["error"].startswith("expected a PNG or JPEG picture")

        late = api.invoke(http("POST", "/", picture, "image/png"), seconds=0.2)[1]
        assert late["statusCode"] == 504

        place, told = api.invoke("no JSON")
        assert place == ERROR
        assert told["errorType"] == "Runtime.UnmarshalError"

        assert api.invoke(direct) == (RESPONSE, plain)
        assert process.poll() is None


def test_a_model_that_is_not_there_is_an_error_of_initialisation(tmp_path) -> None:
    with running(sys.executable, tmp_path) as (api, process):
        place, told = api.told()
        assert place == INIT_ERROR
        assert "expected the alphabet of a model" in told["errorMessage"]
        assert process.wait(30) == 1

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.grpc_stubs import load_example
from serving.monitor.logged_request import (
    CHARACTERS,
    DETECTOR,
    LINES,
    PAGES,
    LoggedRequest,
    RecordId,
)
from serving.monitor.prediction_logs import UnusableError, read_message
from tests.serving.monitor.request_logs import NOON, fill, new_log, predicted


def read(log: Any) -> list[LoggedRequest]:
    return read_message(log.SerializeToString(), "log", 96)


def test_each_picture_of_a_request_is_a_row() -> None:
    first, second = read(predicted([b"one", b"two"], ["é", "b"], [0.5, 0.25]))
    assert first == LoggedRequest(
        RecordId("log", 96, 0), "lines", 7, NOON, 0.5, b"one", LINES, "é", 0.5
    )
    assert (second.record.row, second.image, second.reading) == (1, b"two", "b")
    assert str(second.record) == "log@96/1"


def test_the_embedded_server_tells_the_latency() -> None:
    from serving.server.log_messages import predict_log

    log = predict_log(
        ("lines", 7, "serving_default"),
        {"image_bytes": np.array([b"png"], object)},
        [],
        {"text": np.array([b"read"], object), "confidence": np.array([0.5], np.float32)},
        0.0125,
    )
    (request,) = read(log)
    assert request.latency_ms == 12.5
    assert (request.model, request.version, request.timestamp) == ("lines", 7, 0)


def test_the_model_is_told_by_whatever_part_tells_it() -> None:
    log = predicted([b"x"], ["a"], [0.5], model="", version=None)
    log.predict_log.request.model_spec.name = "asked"
    log.predict_log.response.model_spec.version.value = 3
    (request,) = read(log)
    assert (request.model, request.version) == ("asked", 3)
    (unknown,) = read(predicted([b"x"], ["a"], [0.5], model="", version=None))
    assert (unknown.model, unknown.version) == ("", None)


def serialised(image: bytes) -> bytes:
    example = load_example()()
    example.features.feature["image_bytes"].bytes_list.value.append(image)
    return bytes(example.SerializeToString())


def test_serialised_examples_hold_the_picture() -> None:
    log = new_log()
    fill(log.predict_log.request.inputs["examples"], [serialised(b"one"), serialised(b"two")])
    # What BulkInferrer wants: strings as [N, 1].
    fill(log.predict_log.response.outputs["text"], [b"a", b"b"], (2, 1))
    first, second = read(log)
    assert (first.image, first.reading, first.confidence) == (b"one", "a", None)
    assert (second.image, second.reading) == (b"two", "b")


def test_a_classification_has_its_best_class_read() -> None:
    log = new_log()
    example = log.classify_log.request.input.example_list.examples.add()
    example.features.feature["image_bytes"].bytes_list.value.append(b"png")
    classes = log.classify_log.response.result.classifications.add().classes
    classes.add(label="a", score=0.25)
    classes.add(label="b", score=0.75)
    (request,) = read(log)
    assert (request.image, request.kind) == (b"png", CHARACTERS)
    assert (request.reading, request.confidence) == ("b", 0.75)


def test_a_regression_is_a_picture_without_a_reading() -> None:
    log = new_log()
    example = log.regress_log.request.input.example_list.examples.add()
    example.features.feature["image_bytes"].bytes_list.value.append(b"png")
    log.regress_log.response.result.regressions.add(value=3.0)
    (request,) = read(log)
    assert (request.image, request.kind, request.reading) == (b"png", None, None)


def test_several_inferences_at_once_are_read_once() -> None:
    log = new_log(model="", version=None)
    example = log.multi_inference_log.request.input.example_list.examples.add()
    example.features.feature["image_bytes"].bytes_list.value.append(b"png")
    result = log.multi_inference_log.response.results.add()
    result.model_spec.name = "several"
    result.classification_result.classifications.add().classes.add(label="word", score=0.5)
    (request,) = read(log)
    assert (request.model, request.kind, request.reading) == ("several", LINES, "word")


def test_a_page_is_its_lines_without_padding() -> None:
    log = new_log()
    fill(log.predict_log.request.inputs["image_bytes"], [b"jpeg"])
    outputs = log.predict_log.response.outputs
    fill(outputs["texts"], [b"first", b"second", b""], (1, 3))
    fill(outputs["confidences"], [0.5, 0.25, -1.0], (1, 3))
    fill(outputs["boxes"], [1.0, 2.0, 3.0, 4.0] * 2 + [-1.0] * 4, (1, 3, 4))
    fill(outputs["count"], [2])
    (request,) = read(log)
    assert (request.kind, request.reading, request.confidence) == (PAGES, "first\nsecond", 0.375)
    assert request.boxes == ((1, 2, 3, 4), (1, 2, 3, 4))


def test_a_detector_finds_boxes_and_reads_nothing() -> None:
    log = new_log()
    fill(log.predict_log.request.inputs["image_bytes"], [b"jpeg"])
    outputs = log.predict_log.response.outputs
    fill(outputs["scores"], [0.5, -1.0], (1, 2))
    fill(outputs["boxes"], [1.0, 2.0, 3.0, 4.0] + [-1.0] * 4, (1, 2, 4))
    fill(outputs["count"], [1])
    (request,) = read(log)
    assert (request.kind, request.reading, request.confidence) == (DETECTOR, None, 0.5)
    assert request.boxes == ((1, 2, 3, 4),)


def test_what_a_filter_left_out_is_not_there() -> None:
    log = new_log()
    fill(log.predict_log.request.inputs["image_bytes"], [b"png"])
    fill(log.predict_log.response.outputs["confidence"], [float("nan")])
    (request,) = read(log)
    assert (request.kind, request.reading, request.confidence) == (None, None, None)


@pytest.mark.parametrize("time", [-1, 2**62])
def test_a_time_that_no_calendar_has_is_unknown(time: int) -> None:
    (request,) = read(predicted([b"x"], ["a"], [0.5], timestamp=time))
    assert request.timestamp == 0


def test_a_text_in_another_encoding_is_kept_as_far_as_it_goes() -> None:
    log = predicted([b"x"], ["a"], [0.5])
    log.predict_log.response.outputs["text"].string_val[0] = b"caf\xe9"
    assert read(log)[0].reading == "caf\N{REPLACEMENT CHARACTER}"


def test_the_unusable_is_named() -> None:
    with pytest.raises(UnusableError, match="no PredictionLog"):
        read_message(b"\xff\xff", "log", 0)
    with pytest.raises(UnusableError, match=r"another kind than Predict .*\(None\)"):
        read_message(b"", "log", 0)
    log = new_log()
    log.session_run_log.SetInParent()
    with pytest.raises(UnusableError, match="session_run_log"):
        read(log)
    log = new_log()
    fill(log.predict_log.request.inputs["x"], [1.0])
    with pytest.raises(UnusableError, match="image_bytes or examples, got x"):
        read(log)
    with pytest.raises(UnusableError, match="answer to each of the pictures, got text"):
        read(predicted([b"x"], ["a", "b"], [0.5]))
    log = new_log()
    fill(log.predict_log.request.inputs["image_bytes"], [1.0])
    with pytest.raises(UnusableError, match=r"strings \[N\]"):
        read(log)
    log = predicted([b"x"], ["a"], [0.5])
    log.predict_log.response.outputs["text"].dtype = 9999
    with pytest.raises(UnusableError, match="tensor text is damaged"):
        read(log)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3.20 also warns
@settings(deadline=None)
@given(st.integers(0, 200), st.binary(max_size=8), st.integers(0, 8))
def test_damage_within_a_message_is_unusable_or_still_a_request(
    place: int, noise: bytes, replaced: int
) -> None:
    content = predicted([b"one", b"two"], ["a", "b"], [0.5, 0.25]).SerializeToString()
    damaged = content[:place] + noise + content[place + replaced :]
    with contextlib.suppress(UnusableError):
        requests = read_message(damaged, "log", 0)
        assert all(isinstance(request.image, bytes) for request in requests)

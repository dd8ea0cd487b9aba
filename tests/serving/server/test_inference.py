from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import inference_pb2, input_pb2

from serving.server import inference
from serving.server.servable import Servable
from serving.server.status import Code, ServableError

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


@pytest.fixture(scope="module")
def servable(examples_model: Path) -> Iterator[Servable]:
    loaded = Servable(examples_model)
    yield loaded
    loaded.close()


def example(**features: float) -> tf.train.Example:
    made = tf.train.Example()
    for name, value in features.items():
        made.features.feature[name].float_list.value.append(value)
    return made


def given(*values: float, **context: float) -> Any:
    message = input_pb2.Input()
    if context:
        message.example_list_with_context.context.CopyFrom(example(**context))
        message.example_list_with_context.examples.extend(example(x=x) for x in values)
    else:
        message.example_list.examples.extend(example(x=x) for x in values)
    return message


def test_classes_come_with_their_scores(servable: Servable) -> None:
    result = inference.classify(servable, servable.run, "", given(0.25, 1.0))
    told = [[(c.label, c.score) for c in found.classes] for found in result.classifications]
    assert told == [[("yes", 0.25), ("no", 0.75)], [("yes", 1.0), ("no", 0.0)]]


def test_a_classifier_may_have_scores_or_classes_alone(servable: Servable) -> None:
    scores = inference.classify(servable, servable.run, "scores", given(0.25))
    assert [(c.label, c.score) for c in scores.classifications[0].classes] == [
        ("", 0.25),
        ("", 0.75),
    ]
    classes = inference.classify(servable, servable.run, "classes", given(0.25))
    assert [(c.label, c.score) for c in classes.classifications[0].classes] == [
        ("yes", 0.0),
        ("no", 0.0),
    ]


@pytest.mark.parametrize("signature", ["regress", "column"])
def test_regression(servable: Servable, signature: str) -> None:
    result = inference.regress(servable, servable.run, signature, given(1.0, -2.5))
    assert [found.value for found in result.regressions] == [2.0, -5.0]


def test_the_context_belongs_to_every_example(servable: Servable) -> None:
    message = given(1.0, 2.0, offset=10.0)
    assert inference.count_examples(message) == 2
    result = inference.regress(servable, servable.run, "regress", message)
    assert [found.value for found in result.regressions] == [12.0, 14.0]


@pytest.mark.parametrize(
    ("infer", "signature", "message", "code", "told"),
    [
        ("classify", "s", given(1), Code.INVALID_ARGUMENT, "No signature was found with the name"),
        (
            "classify",
            "regress",
            given(1),
            Code.INVALID_ARGUMENT,
            f"to be {CLASSIFY}. Was: {REGRESS}",
        ),
        ("regress", "", given(1), Code.INVALID_ARGUMENT, f"to be {REGRESS}. Was: {CLASSIFY}"),
        ("classify", "wrong", given(1), Code.FAILED_PRECONDITION, '"classes" or "scores"'),
        ("regress", "matrix", given(1), Code.INVALID_ARGUMENT, "either [batch_size] or"),
        ("classify", "", input_pb2.Input(), Code.INVALID_ARGUMENT, "Input is empty."),
        ("classify", "", given(), Code.INVALID_ARGUMENT, "Input is empty."),
    ],
)
def test_refusals(
    servable: Servable, infer: str, signature: str, message: Any, code: Code, told: str
) -> None:
    with pytest.raises(ServableError) as caught:
        getattr(inference, infer)(servable, servable.run, signature, message)
    assert caught.value.code == code
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("classes", "scores", "told"),
    [
        (np.array(["a"], object), None, "Expected Tensor shape: [batch_size num_classes]"),
        (None, np.zeros([1, 2]), "Expected scores Tensor of DT_FLOAT"),
        (np.zeros([1, 2], np.float32), None, "Expected classes Tensor of DT_STRING"),
        (None, np.zeros([2, 2], np.float32), "Expected scores output batch size of 1. Got: 2"),
        (
            np.array([[b"a"]], object),
            np.zeros([1, 2], np.float32),
            "should match in dim_size(1). Got 1 vs. 2",
        ),
        (np.array([[b"\xff"]], object), None, "a class label is not UTF-8"),
    ],
)
def test_what_a_model_may_not_answer(
    servable: Servable, classes: Any, scores: Any, told: str
) -> None:
    values = {"classes": classes, "scores": scores}

    def run(call: Any) -> list[np.ndarray]:
        return [values[name] if values[name] is not None else None for name in call.outputs]

    signature = "classes" if scores is None else "scores" if classes is None else ""
    with pytest.raises(ServableError) as caught:
        inference.classify(servable, run, signature, given(1))
    assert caught.value.code == Code.INVALID_ARGUMENT
    assert told in caught.value.message


def tasks(*of: tuple[str, str]) -> Any:
    request = inference_pb2.MultiInferenceRequest(input=given(0.25))
    for signature, method in of:
        task = request.tasks.add(method_name=method)
        task.model_spec.name = "examples"
        task.model_spec.signature_name = signature
    return request


def test_several_signatures_answer_one_input(servable: Servable) -> None:
    request = tasks(("regress", REGRESS), ("", CLASSIFY))
    first, second = inference.multi_inference(servable, servable.run, request)
    assert first.regression_result.regressions[0].value == 0.5
    assert second.classification_result.classifications[0].classes[1].score == 0.75


@pytest.mark.parametrize(
    ("of", "code", "told"),
    [
        ([("", CLASSIFY), ("", CLASSIFY)], Code.INVALID_ARGUMENT, "Duplicate evaluation"),
        ([("s", CLASSIFY)], Code.INVALID_ARGUMENT, "Requested signature not found in model"),
        ([("predict", "tensorflow/serving/predict")], Code.UNIMPLEMENTED, "Unsupported signature"),
        ([("regress", CLASSIFY)], Code.INVALID_ARGUMENT, "Expected classification signature"),
    ],
)
def test_tasks_that_are_refused(servable: Servable, of: Any, code: Code, told: str) -> None:
    with pytest.raises(ServableError) as caught:
        inference.multi_inference(servable, servable.run, tasks(*of))
    assert caught.value.code == code
    assert told in caught.value.message

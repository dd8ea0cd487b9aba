"""Classify, Regress and MultiInference: signatures that take serialized `tf.train.Example`s.

`prediction` calls these with whatever runs a prepared call: the servable itself or a batch. The
signatures' inputs and outputs have the fixed names of TensorFlow's `signature_constants`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serving.server.methods import CLASSIFY_METHOD, REGRESS_METHOD
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError
from serving.signatures import SERVING_DEFAULT

_INPUTS, _CLASSES, _SCORES, _REGRESSED = "inputs", "classes", "scores", "outputs"

Run = Callable[[SignatureCall], list[np.ndarray]]
"""Runs a prepared call, as `Servable.run` does."""


def count_examples(given: Any) -> int:
    """Returns how many examples an Input message holds."""
    kind = given.WhichOneof("kind")
    return len(getattr(given, kind).examples) if kind else 0


def classify(servable: Any, run: Run, signature_name: str, given: Any) -> Any:
    """Returns the ClassificationResult of an Input message.

    Raises:
      ServableError: the signature is no classifier, the input is empty, or the call fails.
    """
    name, signature = _signature(servable, signature_name)
    _check_classifier(signature)
    outputs = _run(servable, run, name, given)
    return _classifications(outputs, count_examples(given))


def regress(servable: Any, run: Run, signature_name: str, given: Any) -> Any:
    """Returns the RegressionResult of an Input message; raises as `classify`."""
    name, signature = _signature(servable, signature_name)
    _check_regressor(signature)
    outputs = _run(servable, run, name, given)
    return _regressions(outputs[_REGRESSED], count_examples(given))


def multi_inference(servable: Any, run: Run, request: Any) -> list[Any]:
    """Returns an InferenceResult without its model spec for each task of a request.

    Raises:
      ServableError: tasks contradict each other, or one of them fails.
    """
    _check_tasks(servable, request.tasks)
    results = []
    for task in request.tasks:
        result, signature_name = inference_pb2.InferenceResult(), task.model_spec.signature_name
        if task.method_name == CLASSIFY_METHOD:
            given = classify(servable, run, signature_name, request.input)
            result.classification_result.CopyFrom(given)
        else:
            given = regress(servable, run, signature_name, request.input)
            result.regression_result.CopyFrom(given)
        results.append(result)
    return results


def _signature(servable: Any, signature_name: str) -> tuple[str, Any]:
    name = signature_name or SERVING_DEFAULT
    if name not in servable.signatures:
        raise _invalid(f"No signature was found with the name: {name}")
    return name, servable.signatures[name]


def _check_classifier(signature: Any) -> None:
    _check_method(signature, "classification", CLASSIFY_METHOD)
    if len(signature.outputs) not in (1, 2):
        raise _invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if not {_CLASSES, _SCORES} & set(signature.outputs):
        raise ServableError(
            Code.FAILED_PRECONDITION,
            "Expected classification signature outputs to contain at least one of "
            f'"{_CLASSES}" or "{_SCORES}". Got: {sorted(signature.outputs)}',
        )


def _check_regressor(signature: Any) -> None:
    _check_method(signature, "regression", REGRESS_METHOD)
    if len(signature.outputs) != 1:
        raise _invalid("Expected one output Tensor.")
    if _REGRESSED not in signature.outputs:
        raise ServableError(
            Code.FAILED_PRECONDITION,
            f"No regression outputs found in SignatureDef: {sorted(signature.outputs)}",
        )


def _check_method(signature: Any, kind: str, method: str) -> None:
    if signature.method_name != method:
        raise _invalid(
            f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}"
        )
    if len(signature.inputs) != 1:
        raise _invalid("Expected one input Tensor.")
    if _INPUTS not in signature.inputs:
        raise ServableError(
            Code.FAILED_PRECONDITION,
            f"No {kind} inputs found in SignatureDef: {sorted(signature.inputs)}",
        )


def _check_tasks(servable: Any, tasks: Any) -> None:
    names: list[str] = []
    tensors: set[str] = set()
    for task in tasks:
        name = task.model_spec.signature_name or SERVING_DEFAULT
        if name in names:
            raise _invalid(f"Duplicate evaluation of signature: {name}")
        names.append(name)
        if name not in servable.signatures:
            raise _invalid(f"Requested signature not found in model graph: {name}")
        if task.method_name not in (CLASSIFY_METHOD, REGRESS_METHOD):
            raise ServableError(
                Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
            )
        tensors.update(info.name for info in servable.signatures[name].inputs.values())
    if len(tensors) > 1:
        raise _invalid("Input tensor must be the same for all Signatures.")


def _run(servable: Any, run: Run, name: str, given: Any) -> dict[str, np.ndarray]:
    call = servable.prepare(name, {_INPUTS: _serialized(given)})
    return dict(zip(call.outputs, run(call), strict=True))


def _serialized(given: Any) -> np.ndarray:
    """Returns the examples of an Input message, serialized; the context goes into each."""
    kind = given.WhichOneof("kind")
    if not count_examples(given):
        raise _invalid("Input is empty.")
    held = getattr(given, kind)
    # Protos merge by concatenation.
    context = held.context.SerializeToString() if kind == "example_list_with_context" else b""
    array = np.empty(len(held.examples), dtype=object)
    array[:] = [context + example.SerializeToString() for example in held.examples]
    return array


def _classifications(outputs: dict[str, np.ndarray], count: int) -> Any:
    classes, scores = outputs.get(_CLASSES), outputs.get(_SCORES)
    if classes is not None:
        _check_matrix(classes, "classes", "O", "DT_STRING", count)
    if scores is not None:
        _check_matrix(scores, "scores", "f", "DT_FLOAT", count)
    if classes is not None and scores is not None and classes.shape != scores.shape:
        raise _invalid(
            "Tensors class and score should match in dim_size(1). "
            f"Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = classification_pb2.ClassificationResult()
    for row in range(count):
        added = result.classifications.add()
        for column in range((scores if classes is None else classes).shape[1]):  # type: ignore[union-attr]
            one = added.classes.add()
            if classes is not None:
                one.label = _utf8(classes[row, column])
            if scores is not None:
                one.score = scores[row, column]
    return result


def _utf8(label: bytes) -> str:
    try:
        return label.decode()
    except UnicodeDecodeError as error:
        raise _invalid(f"a class label is not UTF-8: {error}") from error


def _check_matrix(array: np.ndarray, name: str, kind: str, dtype: str, count: int) -> None:
    if array.ndim != 2:
        raise _invalid(
            f"Expected Tensor shape: [batch_size num_classes] but got {list(array.shape)}"
        )
    if array.dtype.kind != kind or (kind == "f" and array.dtype.itemsize != 4):
        raise _invalid(f"Expected {name} Tensor of {dtype}. Got: {array.dtype}")
    if len(array) != count:
        raise _invalid(f"Expected {name} output batch size of {count}. Got: {len(array)}")


def _regressions(values: np.ndarray, count: int) -> Any:
    if not (values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)):
        raise _invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {list(values.shape)}"
        )
    if len(values) != count:
        raise _invalid(
            f"Input batch size did not match output batch size: {count} vs. {len(values)}"
        )
    if values.dtype != np.float32:
        raise _invalid(f"Expected output Tensor of DT_FLOAT.  Got: {values.dtype}")
    result = regression_pb2.RegressionResult()
    for value in values.ravel():
        result.regressions.add(value=value)
    return result


def _invalid(message: str) -> ServableError:
    return ServableError(Code.INVALID_ARGUMENT, message)

"""Makes the PredictionLog of an answered request, for `request_log`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.tensor_protos import fill_proto
from serving.signatures import LOGGED_LATENCY_MS


def fill_spec(spec: Any, name: str, version: int, signature: str) -> None:
    """Fills a ModelSpec message with what was effectively asked."""
    spec.name = name
    spec.version.value = version
    spec.signature_name = signature


def predict_log(
    spec: tuple[str, int, str],
    inputs: Mapping[str, np.ndarray],
    output_filter: Sequence[str],
    outputs: Mapping[str, np.ndarray],
    seconds: float,
) -> Any:
    """Returns the log of a Predict request.

    Args:
      spec: name, version and signature of the model.
      inputs: by name.
      output_filter: as asked for.
      outputs: by name.
      seconds: from the request's arrival to its outputs.
    """
    log = _log(spec)
    request, response = log.predict_log.request, log.predict_log.response
    for message in (request, response):
        fill_spec(message.model_spec, *spec)
    request.output_filter.extend(output_filter)
    for name, array in inputs.items():
        fill_proto(request.inputs[name], array)
    for name, array in outputs.items():
        fill_proto(response.outputs[name], array)
    fill_proto(response.outputs[LOGGED_LATENCY_MS], np.array(seconds * 1000, np.float32))
    return log


def inference_log(spec: tuple[str, int, str], kind: str, request: Any, response: Any) -> Any:
    """Returns the log of another request; `kind` names its field, such as `classify_log`."""
    log = _log(spec)
    logged = getattr(log, kind)
    logged.request.CopyFrom(request)
    logged.response.CopyFrom(response)
    return log


def _log(spec: tuple[str, int, str]) -> Any:
    log = prediction_log_pb2.PredictionLog()
    fill_spec(log.log_metadata.model_spec, *spec)
    return log

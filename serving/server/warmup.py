"""Replays the warm-up requests of a SavedModel before its version takes requests.

`loading` calls it. The file `assets.extra/tf_serving_warmup_requests` holds TFRecords of
PredictionLog, at most 1,000; a request that fails fails the load, as in TensorFlow Serving.
"""

import logging
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from serving.model_folder import EXTRA_ASSETS, WARMUP_FILE
from serving.server import inference
from serving.server.status import Code, ServableError
from serving.server.tensor_protos import to_array

MAX_RECORDS = 1000

_log = logging.getLogger(__name__)


def warm_up(servable: Any, path: Path, iterations: int = 1) -> int:
    """Replays the requests of a version folder and returns how many there are.

    Args:
      servable: the loaded version.
      path: its folder.
      iterations: how often each request is replayed.

    Raises:
      ServableError: a request fails, or the file is damaged or too long.
    """
    file = path / EXTRA_ASSETS / WARMUP_FILE
    if not file.is_file():
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            count += 1
            if count > MAX_RECORDS:
                raise ServableError(
                    Code.INVALID_ARGUMENT,
                    f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}",
                )
            log = _parse(record, file)
            for _ in range(max(iterations, 1)):
                _replay(servable, log)
    except tf.errors.DataLossError as error:
        raise ServableError(
            Code.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    _log.info("replayed %d warm-up requests of %s", count, path)
    return count


def _parse(record: bytes, file: Path) -> Any:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise ServableError(
            Code.INVALID_ARGUMENT, f"Failed to parse warmup record from {file}"
        ) from error


def _replay(servable: Any, log: Any) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        request = log.predict_log.request
        inputs = {name: to_array(name, proto) for name, proto in request.inputs.items()}
        servable.predict(request.model_spec.signature_name, inputs, list(request.output_filter))
    elif kind == "classify_log":
        request = log.classify_log.request
        inference.classify(servable, servable.run, request.model_spec.signature_name, request.input)
    elif kind == "regress_log":
        request = log.regress_log.request
        inference.regress(servable, servable.run, request.model_spec.signature_name, request.input)
    elif kind == "multi_inference_log":
        request = log.multi_inference_log.request
        inference.multi_inference(servable, servable.run, request)
    else:
        raise ServableError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")

"""The methods of the gRPC services, by path: what they take and what answers them.

`grpc_service` serves the table. A method translates its message into a call of `prediction` or
`model_service`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serving.server.health import Health
from serving.server.model_service import ModelService
from serving.server.models import ModelSpec
from serving.server.prediction import (
    CLASSIFY,
    MULTI_INFERENCE,
    PREDICT,
    REGRESS,
    SIGNATURE_DEF,
    Predictions,
)
from serving.server.runtime_protos import message_class
from serving.server.status import Code, ServableError
from serving.server.telemetry import Record


@dataclass(frozen=True)
class Services:
    """What answers.

    Args:
      predictions: asks the models.
      models: tells and changes what is served.
      health: tells whether the server is ready.
      packed: whether output tensors are sent as `tensor_content`.
    """

    predictions: Predictions
    models: ModelService
    health: Health
    packed: bool = False


@dataclass(frozen=True)
class Method:
    """One method.

    Args:
      api: its name in metrics; empty for what is not measured.
      request_class: returns the class of its request.
      answer: services, record, request, deadline -> response.
      needs_tensorflow: whether importing its messages imports TensorFlow.
    """

    api: str
    request_class: Callable[[], Any]
    answer: Callable[[Services, Record, Any, float | None], Any]
    needs_tensorflow: bool = True

    @property
    def is_health(self) -> bool:
        """Whether it belongs to the health check."""
        return not self.needs_tensorflow


def model_spec(request: Any) -> ModelSpec:
    """Returns what a message asks for.

    Raises:
      ServableError: INVALID_ARGUMENT, it asks for no model.
    """
    if not request.HasField("model_spec"):
        raise ServableError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    spec = request.model_spec
    version = spec.version.value if spec.HasField("version") else None
    return ModelSpec(spec.name, version, spec.version_label, spec.signature_name)


@functools.cache
def _predict_tools() -> tuple[Any, ...]:
    """Returns what `_predict` needs and what imports TensorFlow; each import statement costs."""
    from tensorflow_serving.apis.predict_pb2 import PredictResponse

    from serving.server.log_messages import fill_spec
    from serving.server.tensor_protos import fill_proto, to_array

    return PredictResponse, fill_spec, fill_proto, to_array


def _predict(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    response_class, fill_spec, fill_proto, to_array = _predict_tools()
    spec = model_spec(request)
    record.model = spec.name
    inputs = {name: to_array(name, proto) for name, proto in request.inputs.items()}
    answer = services.predictions.predict(
        record, spec, lambda servable: inputs, list(request.output_filter), deadline
    )
    response = response_class()
    fill_spec(response.model_spec, spec.name, answer.version, answer.signature)
    for name, array in answer.outputs.items():
        fill_proto(response.outputs[name], array, services.packed)
    return response


def _classify(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    return services.predictions.classify(record, model_spec(request), request, deadline)


def _regress(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    return services.predictions.regress(record, model_spec(request), request, deadline)


def _multi_inference(
    services: Services, record: Record, request: Any, deadline: float | None
) -> Any:
    specs = [model_spec(task) for task in request.tasks]
    return services.predictions.multi_inference(record, specs, request, deadline)


def _metadata(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    asked = list(request.metadata_field)
    spec = model_spec(request)
    if not asked:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            "GetModelMetadataRequest must specify at least one metadata_field",
        )
    for name in asked:
        if name != SIGNATURE_DEF:
            raise ServableError(Code.INVALID_ARGUMENT, f"Metadata field {name} is not supported")
    return services.predictions.metadata(record, spec)


def _status(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    return services.models.status_response(model_spec(request))


def _reload(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    return services.models.reload(request, deadline)


def _check(services: Services, record: Record, request: Any, deadline: float | None) -> Any:
    return message_class("HealthCheckResponse")(status=services.health.check(request.service))


def _apis(module: str, name: str) -> Callable[[], Any]:
    """Returns what imports a class of messages when it is first called."""

    @functools.cache
    def find() -> Any:
        import importlib

        return getattr(importlib.import_module(f"tensorflow_serving.apis.{module}"), name)

    return find


_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"

METHODS = {
    f"{_PREDICTION}Predict": Method(PREDICT, _apis("predict_pb2", "PredictRequest"), _predict),
    f"{_PREDICTION}Classify": Method(
        CLASSIFY, _apis("classification_pb2", "ClassificationRequest"), _classify
    ),
    f"{_PREDICTION}Regress": Method(
        REGRESS, _apis("regression_pb2", "RegressionRequest"), _regress
    ),
    f"{_PREDICTION}MultiInference": Method(
        MULTI_INFERENCE, _apis("inference_pb2", "MultiInferenceRequest"), _multi_inference
    ),
    f"{_PREDICTION}GetModelMetadata": Method(
        "GetModelMetadata", _apis("get_model_metadata_pb2", "GetModelMetadataRequest"), _metadata
    ),
    f"{_MODEL}GetModelStatus": Method(
        "GetModelStatus", _apis("get_model_status_pb2", "GetModelStatusRequest"), _status
    ),
    f"{_MODEL}HandleReloadConfigRequest": Method(
        "HandleReloadConfigRequest", _apis("model_management_pb2", "ReloadConfigRequest"), _reload
    ),
    "/grpc.health.v1.Health/Check": Method(
        "", lambda: message_class("HealthCheckRequest"), _check, needs_tensorflow=False
    ),
}
"""By path."""

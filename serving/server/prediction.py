"""What both protocols ask of the models: Predict, Classify, Regress, MultiInference, metadata.

`grpc_service` and `rest_api` translate their requests into these calls. A call borrows the version,
has the servable check and run it, alone or in a batch, fills the record of the request and offers
it to the request log. Importing it needs no TensorFlow; calling it does.
"""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.server.batching import Batcher
from serving.server.image_limits import check_images
from serving.server.models import Models, ModelSpec
from serving.server.request_log import RequestLog
from serving.server.request_validation import find_oddities
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError
from serving.server.telemetry import Record, Telemetry
from serving.server.version_states import Lease
from serving.signatures import SERVING_DEFAULT

PREDICT, CLASSIFY, REGRESS, MULTI_INFERENCE = "Predict", "Classify", "Regress", "MultiInference"
"""The methods, as metrics call them."""

SIGNATURE_DEF = "signature_def"
"""The one metadata field that exists."""


@dataclass(frozen=True)
class Predicted:
    """The answer to Predict: what was effectively asked, and an array for each output."""

    version: int
    signature: str
    outputs: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Asked:
    """A Predict request that was checked: what is called, and what the request log needs."""

    spec: ModelSpec
    version: int
    inputs: Mapping[str, np.ndarray]
    output_filter: Sequence[str]
    call: SignatureCall
    started: float


class Predictions:
    """Answers requests; every method may be called from any thread.

    Args:
      models: whose versions answer.
      telemetry: gets the times of the models.
      log: is offered each answered request.
      batcher: runs calls in batches; None runs each by itself.
      max_image_pixels: of a picture in a Predict request; a larger one is refused.
    """

    def __init__(
        self,
        models: Models,
        telemetry: Telemetry,
        log: RequestLog,
        batcher: Batcher | None = None,
        max_image_pixels: int = 100_000_000,
    ) -> None:
        self._models = models
        self._telemetry = telemetry
        self._log = log
        self._batcher = batcher
        self._max_image_pixels = max_image_pixels

    def predict(
        self,
        record: Record,
        spec: ModelSpec,
        decode: Callable[[Any], Mapping[str, np.ndarray]],
        output_filter: Sequence[str] = (),
        deadline: float | None = None,
    ) -> Predicted:
        """Calls a signature.

        Args:
          record: of the request, filled here.
          spec: what to ask.
          decode: makes the inputs, given the servable that says their types.
          output_filter: the outputs to compute, all when empty.
          deadline: by `time.monotonic`, after which nobody waits.

        Raises:
          ServableError: the request does not fit the model, or its call failed.
        """
        with self._models.lease(spec) as lease:
            asked = self._ask(record, spec, lease, decode, output_filter)
            values = self._runner(record, lease, deadline)(asked.call)
        return self._answer(asked, values)

    @property
    def batches(self) -> bool:
        """Whether calls run in batches, so that `start_predict` may be used."""
        return self._batcher is not None

    def start_predict(
        self,
        record: Record,
        spec: ModelSpec,
        decode: Callable[[Any], Mapping[str, np.ndarray]],
        deadline: float | None,
        done: Callable[["futures.Future[Predicted]"], None],
    ) -> None:
        """Calls a signature as `predict` does, without waiting for its batch.

        Args:
          record: as in `predict`, like the rest.
          spec: as there.
          decode: as there.
          deadline: as there.
          done: gets what is over, in a thread of the batches.

        Raises:
          ServableError: the request does not fit the model, or the queue is full.
        """
        if self._batcher is None:
            raise RuntimeError("there are no batches: use predict")
        predicted: futures.Future[Predicted] = futures.Future()
        predicted.add_done_callback(done)
        with contextlib.ExitStack() as undo:
            lease = undo.enter_context(self._models.lease(spec))
            asked = self._ask(record, spec, lease, decode, ())
            started = time.perf_counter()
            outputs = self._batcher.submit(lease.servable, asked.call, deadline)
            held = undo.pop_all()

        def finish(outputs: "futures.Future[list[np.ndarray]]") -> None:
            try:
                with held:
                    values = outputs.result()
                seconds = time.perf_counter() - started
                self._telemetry.observe_run(record, lease.servable.runtime, seconds)
                predicted.set_result(self._answer(asked, values))
            except Exception as error:  # whatever it is belongs to whoever asked
                predicted.set_exception(error)

        outputs.add_done_callback(finish)

    def classify(
        self, record: Record, spec: ModelSpec, request: Any, deadline: float | None = None
    ) -> Any:
        """Returns the ClassificationResponse of a ClassificationRequest."""
        from tensorflow_serving.apis import classification_pb2

        from serving.server.inference import classify

        response = classification_pb2.ClassificationResponse()
        return self._infer(record, spec, request, response, classify, deadline)

    def regress(
        self, record: Record, spec: ModelSpec, request: Any, deadline: float | None = None
    ) -> Any:
        """Returns the RegressionResponse of a RegressionRequest."""
        from tensorflow_serving.apis import regression_pb2

        from serving.server.inference import regress

        response = regression_pb2.RegressionResponse()
        return self._infer(record, spec, request, response, regress, deadline)

    def multi_inference(
        self, record: Record, specs: Sequence[ModelSpec], request: Any, deadline: float | None
    ) -> Any:
        """Returns the MultiInferenceResponse of a MultiInferenceRequest.

        Args:
          record: of the request, filled here.
          specs: of its tasks.
          request: the message.
          deadline: as in `predict`.
        """
        from tensorflow_serving.apis import inference_pb2

        from serving.server.inference import count_examples, multi_inference
        from serving.server.log_messages import fill_spec, inference_log

        spec = _common(specs)
        response = inference_pb2.MultiInferenceResponse()
        with self._models.lease(spec) as lease:
            _fill(record, spec, lease)
            record.examples = count_examples(request.input)
            run = self._runner(record, lease, deadline)
            for task, result in zip(
                specs, multi_inference(lease.servable, run, request), strict=True
            ):
                fill_spec(result.model_spec, spec.name, lease.version, _named(task.signature))
                response.results.append(result)
        told = (spec.name, lease.version, "")
        self._offer(spec, lambda: inference_log(told, "multi_inference_log", request, response))
        return response

    def metadata(self, record: Record, spec: ModelSpec) -> Any:
        """Returns the GetModelMetadataResponse of a loaded version."""
        from tensorflow_serving.apis import get_model_metadata_pb2

        signatures = get_model_metadata_pb2.SignatureDefMap()
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._models.lease(spec) as lease:
            _fill(record, spec, lease)
            for name, signature in lease.servable.signatures.items():
                signatures.signature_def[name].CopyFrom(signature)
            response.model_spec.name = spec.name
            response.model_spec.version.value = lease.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response

    def _infer(
        self,
        record: Record,
        spec: ModelSpec,
        request: Any,
        response: Any,
        infer: Callable[..., Any],
        deadline: float | None,
    ) -> Any:
        from serving.server.inference import count_examples
        from serving.server.log_messages import fill_spec, inference_log

        with self._models.lease(spec) as lease:
            _fill(record, spec, lease)
            record.examples = count_examples(request.input)
            run = self._runner(record, lease, deadline)
            result = infer(lease.servable, run, spec.signature, request.input)
            response.result.CopyFrom(result)
            told = (spec.name, lease.version, _named(spec.signature))
            fill_spec(response.model_spec, *told)
        kind = f"{record.api.lower()}_log"
        self._offer(spec, lambda: inference_log(told, kind, request, response))
        return response

    def _ask(
        self,
        record: Record,
        spec: ModelSpec,
        lease: Lease,
        decode: Callable[[Any], Mapping[str, np.ndarray]],
        output_filter: Sequence[str],
    ) -> _Asked:
        """Checks a Predict request and notes what is to be called."""
        _fill(record, spec, lease)
        inputs = decode(lease.servable)
        check_images(inputs, self._max_image_pixels)
        if lease.servable.limits:
            record.oddities = find_oddities(lease.servable.limits, inputs)
            self._telemetry.observe_oddities(record)
        call = lease.servable.prepare(spec.signature, inputs, output_filter)
        record.signature = call.signature
        return _Asked(spec, lease.version, inputs, output_filter, call, record.started)

    def _answer(self, asked: _Asked, values: Sequence[np.ndarray]) -> Predicted:
        """Names the outputs of a Predict request and offers both to the request log."""
        call = asked.call
        outputs = dict(zip(call.outputs, values, strict=True))
        told = (asked.spec.name, asked.version, call.signature)
        seconds = time.perf_counter() - asked.started

        def make() -> Any:
            from serving.server.log_messages import predict_log

            return predict_log(told, asked.inputs, asked.output_filter, outputs, seconds)

        self._offer(asked.spec, make)
        return Predicted(asked.version, call.signature, outputs)

    def _runner(
        self, record: Record, lease: Lease, deadline: float | None
    ) -> Callable[[Any], list[np.ndarray]]:
        servable, batcher = lease.servable, self._batcher

        def run(call: Any) -> list[np.ndarray]:
            started = time.perf_counter()
            if deadline is not None and time.monotonic() >= deadline:
                raise ServableError(
                    Code.DEADLINE_EXCEEDED, "the deadline passed before the model was called"
                )
            values: list[np.ndarray] = (
                servable.run(call) if batcher is None else batcher.run(servable, call, deadline)
            )
            seconds = time.perf_counter() - started
            self._telemetry.observe_run(record, servable.runtime, seconds)
            return values

        return run

    def _offer(self, spec: ModelSpec, make: Callable[[], Any]) -> None:
        self._log.offer(spec.name, self._models.log_settings(spec.name), make)


def _fill(record: Record, spec: ModelSpec, lease: Lease) -> None:
    record.model, record.version = spec.name, lease.version
    record.signature = _named(spec.signature)


def _named(signature: str) -> str:
    return signature or SERVING_DEFAULT


def _common(specs: Sequence[ModelSpec]) -> ModelSpec:
    """Returns the model that all tasks of a MultiInference ask."""
    if not specs:
        raise ServableError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    if not all(spec.name for spec in specs):
        raise ServableError(Code.INVALID_ARGUMENT, "Found ModelSpec with an empty model name.")
    first = specs[0]
    asked = {(spec.name, spec.version, spec.label) for spec in specs}
    if len(asked) > 1:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        )
    return first

"""What every kind of loaded model has in common: signatures, and calls checked before they run.

`servable` and `tflite_servable` are the kinds; `loading` makes them, `prediction` has them run.
"""

import abc
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from serving.server.request_validation import Limits
from serving.server.signature_call import SignatureCall
from serving.server.signature_checks import find_signature, numpy_dtype, prepare


class BaseServable(abc.ABC):
    """A loaded model; its methods may be called from any thread.

    A subclass fills `signatures`: SignatureDef messages by name.
    """

    runtime: ClassVar[str]
    """What metrics call this way of running a model."""

    signatures: Mapping[str, Any]

    limits: Mapping[str, Limits] = MappingProxyType({})
    """Where requests are validated, what is usual of each feature of a picture."""

    def input_dtypes(self, signature_name: str = "") -> dict[str, np.dtype]:
        """Returns the numpy dtype of each input, `object` for strings.

        Raises:
          ServableError: FAILED_PRECONDITION, the signature does not exist.
        """
        _, signature = find_signature(self.signatures, signature_name)
        return {alias: numpy_dtype(info) for alias, info in signature.inputs.items()}

    def prepare(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> SignatureCall:
        """Checks a request.

        Args:
          signature_name: empty for `serving_default`.
          inputs: an array for each input; strings as object arrays of bytes.
          output_filter: the outputs to compute, all when empty.

        Raises:
          ServableError: FAILED_PRECONDITION for an unknown signature, INVALID_ARGUMENT for inputs
            or a filter that do not fit it.
        """
        name, signature = find_signature(self.signatures, signature_name)
        return prepare(name, signature, inputs, output_filter)

    @abc.abstractmethod
    def run(self, call: SignatureCall) -> list[np.ndarray]:
        """Returns an array for each output of a prepared call; strings as objects.

        Raises:
          ServableError: the status of the call when it fails.
        """

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Prepares and runs at once; returns an array for each output, sorted by name."""
        call = self.prepare(signature_name, inputs, output_filter)
        return dict(zip(call.outputs, self.run(call), strict=True))

    @abc.abstractmethod
    def close(self) -> None:
        """Frees what the model holds; no call may be running."""

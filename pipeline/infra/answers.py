"""What a model server's answer must look like, for each task, and the check of it.

`pipeline.infra.questions` holds every answer of a candidate against this. The outputs are those of
`serving.signatures`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from serving.signatures import (
    BOXES,
    CHARACTER,
    CONFIDENCE,
    COUNT,
    SCORES,
    TEXT,
    TOP_CHARACTERS,
    TOP_PROBABILITIES,
)
from trainer_module.task_names import CHARACTERS, DETECTOR, LINES

_STRING, _FLOAT, _INT = "object", "float32", "int32"  # as NumPy names them
_PICTURES = "N"
_PADDING = -1.0
_ROUNDING = 1e-5  # by which a float32 sum of probabilities may pass 1


class WrongAnswer(Exception):  # noqa: N818 - it is an answer
    """An answer breaks the contract: what was expected, what came."""


@dataclass(frozen=True)
class Output:
    """One output of a signature.

    Args:
      name: as in `serving.signatures`.
      dtype: as NumPy names it.
      shape: sizes, or letters for sizes that go with the answer: N is the number of pictures, and
        a letter means the same number in every output.
      probability: whether its numbers are from 0 to 1.
      padded: whether -1 pads it.
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    probability: bool = False
    padded: bool = False

    def __str__(self) -> str:
        return f"{self.name} {_describe(self.dtype, self.shape)}"


CONTRACTS = {
    LINES: (
        Output(TEXT, _STRING, (_PICTURES,)),
        Output(CONFIDENCE, _FLOAT, (_PICTURES,), probability=True),
    ),
    CHARACTERS: (
        Output(CHARACTER, _STRING, (_PICTURES,)),
        Output(CONFIDENCE, _FLOAT, (_PICTURES,), probability=True),
        Output(TOP_CHARACTERS, _STRING, (_PICTURES, "K")),
        Output(TOP_PROBABILITIES, _FLOAT, (_PICTURES, "K"), probability=True),
    ),
    DETECTOR: (
        Output(BOXES, _FLOAT, (_PICTURES, "M", 4)),
        Output(SCORES, _FLOAT, (_PICTURES, "M"), probability=True, padded=True),
        Output(COUNT, _INT, (_PICTURES,)),
    ),
}
"""Task -> the outputs that its models owe; more may come."""


def check_answer(task: str, answer: Mapping[str, np.ndarray], pictures: int) -> None:
    """Holds an answer against the contract.

    Args:
      task: as in `trainer_module.task_names`.
      answer: an array for each output.
      pictures: how many were sent.

    Raises:
      WrongAnswer: an output is missing, or has another type or shape, or numbers that are not
        finite or out of range.
    """
    sizes = {_PICTURES: pictures}
    for output in CONTRACTS[task]:
        if output.name not in answer:
            raise WrongAnswer(f"expected {output}, got {', '.join(sorted(answer)) or 'nothing'}")
        _check_shape(output, answer[output.name], sizes)
        _check_values(output, answer[output.name])
    if COUNT in answer:
        _check_count(answer[COUNT], answer[SCORES])


def _check_shape(output: Output, array: np.ndarray, sizes: dict[str, int]) -> None:
    """Learns the letters' sizes as it goes."""
    known = tuple(sizes.get(str(wanted), wanted) for wanted in output.shape)
    fits = array.dtype.name == output.dtype and array.ndim == len(output.shape)
    if not fits or not all(
        size == (sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted)
        for wanted, size in zip(output.shape, array.shape, strict=True)
    ):
        raise WrongAnswer(
            f"expected {output.name} {_describe(output.dtype, known)}, "
            f"got {_describe(array.dtype.name, array.shape)}"
        )


def _check_values(output: Output, array: np.ndarray) -> None:
    if output.dtype == _STRING:
        _check_texts(output, array)
        return
    if not np.isfinite(array).all():
        raise WrongAnswer(f"expected {output.name} as finite numbers, got {_first_odd(array)}")
    if output.probability:
        wrong = (array < 0) | (array > 1 + _ROUNDING)
        if output.padded:
            wrong &= array != _PADDING
        if wrong.any():
            raise WrongAnswer(f"expected {output.name} from 0 to 1, got {array[wrong][0]:g}")


def _check_texts(output: Output, array: np.ndarray) -> None:
    for text in array.ravel():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise WrongAnswer(f"expected {output.name} in UTF-8, got {text!r}") from error


def _check_count(count: np.ndarray, scores: np.ndarray) -> None:
    scored = (scores != _PADDING).sum(axis=1)
    if (count != scored).any():
        raise WrongAnswer(
            f"expected {COUNT} {scored.tolist()}, the scores that are no padding, "
            f"got {count.tolist()}"
        )


def _first_odd(array: np.ndarray) -> float:
    return float(array[~np.isfinite(array)][0])


def _describe(dtype: str, shape: tuple[str | int, ...]) -> str:
    kind = "string" if dtype == _STRING else dtype
    return f"{kind}[{', '.join(map(str, shape))}]"

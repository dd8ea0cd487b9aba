"""Real examples of the test split, put to a model server over both signatures.

`pipeline.infra.executor` asks them once the candidate is loaded.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from pipeline.infra.answers import WrongAnswer, check_answer
from schema import features
from serving.grpc_calls import CallError, predict, read_status
from serving.signatures import EXAMPLES, IMAGE_BYTES, SERVING_DEFAULT, SERVING_EXAMPLES

_AVAILABLE, _END = "AVAILABLE", "END"
_POLL_SECONDS, _POLL_TIMEOUT = 0.1, 5.0
ANSWER_SECONDS = 60.0
"""How long the server has for each answer."""


@dataclass(frozen=True)
class Question:
    """A Predict request.

    Args:
      signature: that is asked.
      input_name: of the signature's one input.
      values: of the input, one a picture.
    """

    signature: str
    input_name: str
    values: tuple[bytes, ...]


def make_questions(split_folder: Path, count: int) -> list[Question]:
    """Makes questions of the first examples of a split.

    Args:
      split_folder: holds transformed examples, gzipped.
      count: of the examples.

    Returns:
      All examples at once, as the Evaluator sends them, then their pictures one by one, as
      clients do; nothing where the split is empty.
    """
    paths = sorted(str(path) for path in split_folder.glob("*.gz"))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").take(count)
    examples = tuple(records.as_numpy_iterator())
    if not examples:
        return []
    pictures = (Question(SERVING_DEFAULT, IMAGE_BYTES, (each,)) for each in _pictures(examples))
    return [Question(SERVING_EXAMPLES, EXAMPLES, examples), *pictures]


def wait_until_loaded(
    address: str, model_name: str, check_server: Callable[[], None], deadline: float
) -> None:
    """Waits until the server offers the model.

    Args:
      address: of the server, for gRPC.
      model_name: under which it offers the model.
      check_server: raises when the server has ended.
      deadline: seconds since the epoch.

    Raises:
      CallError: the server has given the model up, or the time is over.
    """
    told = "nothing"
    while True:
        check_server()
        try:
            status = read_status(address, model_name, _POLL_TIMEOUT)
            told = f"{status.state} {status.message}".rstrip()
        except CallError as error:
            told = str(error)
        if told == _AVAILABLE:
            return
        if told.startswith(_END) or time.time() > deadline:
            raise CallError(f"expected the model to be {_AVAILABLE}, got {told}")
        time.sleep(_POLL_SECONDS)


def ask(address: str, task: str, question: Question) -> None:
    """Asks one question of a model that is named as its task, and checks the answer.

    Raises:
      CallError: no answer.
      WrongAnswer: not one as the contract of the task has it.
    """
    inputs = {question.input_name: question.values}
    try:
        answer = predict(address, task, question.signature, inputs, ANSWER_SECONDS)
        check_answer(task, answer, len(question.values))
    except CallError as error:
        raise CallError(f"{question.signature}: expected an answer, got {error}") from error
    except WrongAnswer as error:
        raise WrongAnswer(f"{question.signature}: {error}") from error


def _pictures(examples: tuple[bytes, ...]) -> Iterator[bytes]:
    for serialized in examples:
        example = tf.train.Example.FromString(serialized)
        yield example.features.feature[features.IMAGE].bytes_list.value[0]

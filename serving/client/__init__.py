"""Asks a model server to read pictures: the client's side of the contract in `signatures`.

Works alike against TensorFlow Serving and the embedded server. `rest` and `rpc` speak the two
protocols and give rows in the same form, `readings` takes readings out of a row, `served_model`
finds out what a server offers, and `stream` has many pictures read. Importing it is light; neither
protocol needs TensorFlow. Both speak to the server directly, whatever proxy the environment names.
"""

from collections.abc import Sequence

from serving.client.errors import ServingError
from serving.client.readings import Reading, read_row
from serving.client.rest import predict_rest, wait_for_model
from serving.client.rpc import predict_grpc
from serving.signatures import TEXT

__all__ = [
    "Reading",
    "ServingError",
    "ask_grpc",
    "ask_rest",
    "predict_grpc",
    "predict_rest",
    "wait_for_model",
]


def ask_rest(
    url: str,
    model_name: str,
    images: Sequence[bytes],
    timeout: float = 30.0,
    output: str = TEXT,
) -> list[Reading]:
    """Has pictures of one line or character each read over REST.

    Args:
      url: as of `predict_rest`, like the next three and what is raised.
      model_name: as there.
      images: as there.
      timeout: as there.
      output: the model's output that holds the reading: `TEXT` or `CHARACTER`.

    Returns:
      A reading for each picture, in order.
    """
    rows = predict_rest(url, model_name, images, timeout)
    where = f"{url} model {model_name!r}"
    return [reading for row in rows for reading in read_row(row, output, where)]


def ask_grpc(
    address: str,
    model_name: str,
    images: Sequence[bytes],
    timeout: float = 30.0,
    output: str = TEXT,
) -> list[Reading]:
    """Has pictures read over gRPC; takes and raises what `predict_grpc` does, as `ask_rest`."""
    rows = predict_grpc(address, model_name, images, timeout)
    where = f"{address} model {model_name!r}"
    return [reading for row in rows for reading in read_row(row, output, where)]

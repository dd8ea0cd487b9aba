"""ML Metadata's store on PostgreSQL, with what its client gets wrong there set right.

`store` opens it for whoever reads or writes the lineage, `tfx_store` for TFX.
"""

import random
import time
from typing import Any

from google.protobuf.message import Message
from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.database import ServerDatabase
from pipeline.spelling import read, respell, spell

# Of two sessions that register one type at once, each sees none and adds its own, and what is
# recorded under the second is not found by the type's name. Where transactions are serializable,
# PostgreSQL refuses the second session. Its notices would come on standard error.
_OPTIONS = "options='-c default_transaction_isolation=serializable -c client_min_messages=error'"
_REFUSED = ("could not serialize access", "deadlock detected")
"""What PostgreSQL says where the same once more may succeed."""
_NODES = ("artifacts", "executions", "contexts", "artifact_types", "execution_types")
_IDS = ("artifact_ids", "execution_ids", "context_ids", "type_ids")
_PATIENCE_SECONDS, _LONGEST_PAUSE_SECONDS = 60.0, 1.0


class PostgresqlStore(MetadataStore):
    """Sends and receives all strings in `spelling`, and repeats what met another session.

    PostgreSQL returns rows as they lie, and an update moves one. TFX takes artifacts that it gets
    by id to be in the order of its ids: nodes come in that order, others in the order of their ids.

    Raises:
      NotImplementedError: a filter query with a backslash.
      AbortedError: of ML Metadata; others kept in the way for a minute.
    """

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        sent = type(request)()
        sent.CopyFrom(request)
        respell(sent, spell)
        end = time.monotonic() + _PATIENCE_SECONDS
        pause = 0.02
        while True:
            try:
                super()._call(method_name, sent, response, extra_options)
                break
            except errors.InternalError as error:
                if not any(words in str(error) for words in _REFUSED):
                    raise
                if time.monotonic() > end:
                    raise errors.AbortedError(str(error)) from None
            time.sleep(random.uniform(0, pause))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        respell(response, read)
        if not _has_order(request):
            _arrange(method_name, request, response)


def _has_order(request: Message) -> bool:
    options = getattr(request, "options", None)
    order = getattr(options, "order_by_field", None)
    return order is not None and order.HasField("field")


def _arrange(method_name: str, request: Message, response: Message) -> None:
    asked: list[int] = []
    if method_name.endswith("ByID"):
        asked = [each for name in _IDS for each in getattr(request, name, ())]
    places = {each: place for place, each in reversed(list(enumerate(asked)))}
    for field, nodes in response.ListFields():
        if field.name in _NODES and not field.message_type.GetOptions().map_entry:
            nodes.sort(key=lambda node: (places.get(node.id, len(asked)), node.id))


def postgresql_config(
    database: ServerDatabase, password: str, create: bool
) -> mlmd.PostgreSQLDatabaseConfig:
    """Returns how ML Metadata connects, with the password in it: for no log.

    It joins the values into libpq's connection string as they are, so they are quoted here, and
    what it has no field for comes behind the port.
    """
    return mlmd.PostgreSQLDatabaseConfig(
        host=_quote(database.host),
        port=f"{database.port} {_OPTIONS}",
        dbname=database.name,
        user=_quote(database.user),
        password=_quote(password),
        skip_db_creation=not create,
    )


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

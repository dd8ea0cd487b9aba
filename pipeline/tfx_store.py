"""Has TFX open PostgreSQL as `store` does; no other name of another package is replaced."""

from collections.abc import Iterator
from contextlib import contextmanager

from tfx.orchestration import metadata

from pipeline.database import POSTGRESQL, Database, ServerDatabase
from pipeline.postgresql_store import PostgresqlStore


@contextmanager
def tfx_opens(database: Database) -> Iterator[None]:
    """Lets TFX use a database, inside the block.

    TFX makes its stores itself, from `ml_metadata.MetadataStore` and the pipeline's connection.
    """
    if not (isinstance(database, ServerDatabase) and database.scheme == POSTGRESQL):
        yield
        return
    own = metadata.mlmd.MetadataStore
    metadata.mlmd.MetadataStore = PostgresqlStore
    try:
        yield
    finally:
        metadata.mlmd.MetadataStore = own

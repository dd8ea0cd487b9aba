import ml_metadata
import pytest
from tfx.orchestration import metadata

from pipeline.database import parse_database
from pipeline.postgresql_store import PostgresqlStore
from pipeline.store import CREATE, WRITE, connection_config, open_store
from pipeline.tfx_store import tfx_opens

OWN = ml_metadata.MetadataStore
_DATABASE = parse_database("postgresql://me@host/runs")


@pytest.mark.slow
def test_tfx_opens_postgresql_as_we_do(postgresql_database):
    open_store(postgresql_database, CREATE)
    connection = connection_config(postgresql_database, WRITE)
    kind = ml_metadata.proto.ContextType(name="told")
    with tfx_opens(postgresql_database), metadata.Metadata(connection) as handle:
        told = ml_metadata.proto.Context(type_id=handle.store.put_context_type(kind), name="C:\\")
        handle.store.put_contexts([told])
    assert [each.name for each in open_store(postgresql_database).get_contexts()] == ["C:\\"]


def test_the_name_is_put_back(tmp_path):
    with tfx_opens(tmp_path / "metadata.sqlite"):
        assert metadata.mlmd.MetadataStore is OWN
    with tfx_opens(_DATABASE):
        assert metadata.mlmd.MetadataStore is PostgresqlStore
    with pytest.raises(KeyError), tfx_opens(_DATABASE):
        raise KeyError
    assert metadata.mlmd.MetadataStore is OWN

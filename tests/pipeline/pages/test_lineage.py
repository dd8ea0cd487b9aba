import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.pages.lineage import find_test_pages
from pipeline.workspace import Workspace


class Lineage:
    """What runs leave in ML Metadata, as far as it leads from a push to its pages."""

    def __init__(self, folder):
        self.folder, self.database = folder, folder / "metadata.sqlite"
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(self.database)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self._store = metadata_store.MetadataStore(config)

    def artifact(self, type_name, name, **properties):
        artifact = mlmd.Artifact(uri=str(self.folder / name))
        artifact.type_id = self._store.put_artifact_type(mlmd.ArtifactType(name=type_name))
        for key, value in properties.items():
            artifact.custom_properties[key].string_value = value
        [number] = self._store.put_artifacts([artifact])
        return number

    def execute(self, inputs, output):
        type_id = self._store.put_execution_type(mlmd.ExecutionType(name="node"))
        [number] = self._store.put_executions([mlmd.Execution(type_id=type_id)])
        events = [(each, mlmd.Event.INPUT) for each in inputs] + [(output, mlmd.Event.OUTPUT)]
        self._store.put_events(
            [mlmd.Event(execution_id=number, artifact_id=each, type=kind) for each, kind in events]
        )

    def run(self, name, baseline=None):
        """A run whose detector is pushed as version `name`; returns its model."""
        ingested = self.artifact("Examples", f"{name}/ingested", split_summaries="[]")
        (self.folder / name / "ingested" / "Split-test").mkdir(parents=True)
        transformed = self.artifact("Examples", f"{name}/transformed")
        (self.folder / name / "transformed" / "Split-test").mkdir(parents=True)
        graph = self.artifact("TransformGraph", f"{name}/graph")
        model = self.artifact("Model", f"{name}/model")
        blessing = self.artifact("ModelBlessing", f"{name}/blessing")
        destination = str(self.folder / "pushed" / name)
        pushed = self.artifact("PushedModel", f"{name}/push", pushed_destination=destination)
        self.execute([], ingested)
        self.execute([ingested], transformed)
        self.execute([ingested], graph)
        self.execute([graph, transformed], model)
        self.execute([transformed, model, *([baseline] if baseline else [])], blessing)
        self.execute([model, blessing], pushed)
        return model


@pytest.fixture
def lineage(tmp_path):
    """Two runs, the second with the first one's model as its baseline."""
    made = Lineage(tmp_path)
    made.run("1", baseline=None)
    made.run("2", baseline=made.run("0"))
    return made


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_the_pages_are_those_of_the_run_that_pushed_the_detector(lineage, version):
    found = find_test_pages(Workspace(lineage.folder), lineage.folder / "pushed" / version)
    assert found == lineage.folder / version / "ingested" / "Split-test"


def test_a_detector_that_no_run_has_pushed_has_no_pages(lineage):
    assert find_test_pages(Workspace(lineage.folder), lineage.folder / "pushed" / "3") is None


def test_pages_that_are_gone_are_not_found(lineage):
    (lineage.folder / "1" / "ingested" / "Split-test").rmdir()
    assert find_test_pages(Workspace(lineage.folder), lineage.folder / "pushed" / "1") is None

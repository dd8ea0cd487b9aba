"""Finds the test pages of a pushed detector through ML Metadata: from the push back to ingestion.

Before `measure.py`, which has them read.
"""

from pathlib import Path

from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import SUMMARY_PROPERTY
from pipeline.pushes import DESTINATION, MODEL, PUSHED_MODEL
from pipeline.store import open_store
from pipeline.workspace import Workspace
from schema.splits import TEST

EXAMPLES = "Examples"
"""TFX's type of what models are made from."""


def find_test_pages(workspace: Workspace, detector: Path) -> Path | None:
    """Returns the test pages, as ingested, of the run that pushed a detector.

    Other runs may have dealt the pages out differently: what they test on, this one may have
    learned from.

    Args:
      workspace: of the runs.
      detector: the pushed version.

    Returns:
      the folder of the split; None where no run has pushed the detector, or the pages are gone.

    Raises:
      InputError: the database cannot be read, or the bucket that has the pages.
    """
    store = open_store(workspace.database)
    ahead = [
        pushed
        for pushed in store.get_artifacts_by_type(PUSHED_MODEL)
        if _version_of(pushed.custom_properties[DESTINATION].string_value) == _version_of(detector)
    ]
    while ahead:
        artifact = ahead.pop()
        if SUMMARY_PROPERTY in artifact.custom_properties:
            folder = workspace.artifacts.local(artifact.uri) / f"Split-{TEST}"
            if folder.is_dir():
                return folder
        ahead += _made_from(store, artifact)
    return None


def _version_of(pushed: str | Path) -> tuple[str, ...]:
    """Returns pipeline and version, which are the same wherever a workspace is."""
    return Path(pushed).parts[-2:]


def _made_from(store: MetadataStore, artifact: mlmd.Artifact) -> list[mlmd.Artifact]:
    """Returns the models and examples that an artifact was made from.

    Nothing is followed through blessings, which lead to the baseline as well.
    """
    made = store.get_events_by_artifact_ids([artifact.id])
    makers = [event.execution_id for event in made if event.type == mlmd.Event.OUTPUT]
    given = store.get_events_by_execution_ids(makers) if makers else []
    inputs = {event.artifact_id for event in given if event.type == mlmd.Event.INPUT}
    return [each for each in store.get_artifacts_by_id(inputs) if each.type in (MODEL, EXAMPLES)]

"""Finds the span that was trained on last, for the span check to hold the new one against.

The strategy of TFX's Resolver (`span_check_stage`). A span counts once a span check has let it
pass, or has warned: what a check has stopped is no yardstick, and neither is the new span itself.
"""

from collections.abc import Iterator

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import Artifact

from pipeline.lineage import Lineage

STATISTICS, EXAMPLES = "statistics", "examples"
"""Inputs of the span check, and what is resolved: those of the last span."""
NEW_EXAMPLES, CHECKS = "new_examples", "checks"
"""What it is resolved from: the new span, and the outputs of all span checks."""

_DONE = (mlmd.Execution.COMPLETE, mlmd.Execution.CACHED)


class LastSpanStrategy(ResolverStrategy):
    """Resolves the Examples, and their ExampleStatistics, that were let pass last.

    Its input channels are the four above, which TFX fills with all of the pipeline's artifacts,
    but for the new span. Both come out empty as long as there is no other span.
    """

    def resolve_artifacts(
        self, store: MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Chooses one artifact of each kind, or none.

        Args:
          store: the lineage.
          input_dict: channel -> its artifacts.
        """
        new = {artifact.id for artifact in input_dict[NEW_EXAMPLES]}
        chosen = next(
            (found for found in _passed(store, input_dict[CHECKS]) if found[EXAMPLES] not in new),
            {},
        )
        # TFX wants each channel back; of the others nothing is chosen.
        return {
            key: [artifact for artifact in artifacts if artifact.id == chosen.get(key)]
            for key, artifacts in input_dict.items()
        }


def _passed(store: MetadataStore, checks: list[Artifact]) -> Iterator[dict[str, int]]:
    """Yields the ids of Examples and statistics that checks let pass, the last one first."""
    events = store.get_events_by_artifact_ids([check.id for check in checks]) if checks else []
    executions = sorted({event.execution_id for event in events})
    lineage = Lineage(store, store.get_executions_by_id(executions))
    for execution in reversed(lineage.executions):
        examples, statistics = (lineage.input(execution, key) for key in (EXAMPLES, STATISTICS))
        # Only a span check has both as inputs; others put out anomalies as well.
        if examples and statistics and execution.last_known_state in _DONE:
            yield {EXAMPLES: examples.id, STATISTICS: statistics.id}

"""Finds the model that serves, for the Evaluator to hold the candidate against.

Between Trainer and Evaluator, as the strategy of TFX's Resolver (`evaluate_stage`). The latest
*blessed* model would be wrong after a rollback, after a forced promotion, and where a blessed model
was refused by the infrastructure's validation.
"""

from ml_metadata import MetadataStore
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import Artifact

from pipeline.lineage import Lineage
from pipeline.pushes import MODEL_KEY, PUSHED_MODEL_KEY, find_serving, read_pushes


class ChampionStrategy(ResolverStrategy):
    """Resolves the Model behind the version that serves, with its PushedModel.

    Its input channels are `MODEL_KEY` and `PUSHED_MODEL_KEY`, which TFX fills with all of this
    pipeline's artifacts. Both come out empty as long as nothing has been pushed.
    """

    def resolve_artifacts(
        self, store: MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Chooses one artifact of each channel, or none.

        Args:
          store: the lineage.
          input_dict: channel -> all of its artifacts.
        """
        pushed = [artifact.id for artifact in input_dict[PUSHED_MODEL_KEY]]
        events = store.get_events_by_artifact_ids(pushed) if pushed else []
        executions = sorted({event.execution_id for event in events})
        lineage = Lineage(store, store.get_executions_by_id(executions))
        serving = find_serving(read_pushes(lineage))
        if serving is None:
            return {key: [] for key in input_dict}
        chosen = {MODEL_KEY: serving.model_id, PUSHED_MODEL_KEY: serving.artifact_id}
        return {
            key: [artifact for artifact in artifacts if artifact.id == chosen[key]]
            for key, artifacts in input_dict.items()
        }

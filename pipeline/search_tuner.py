"""TFX's Tuner, which keeps more of the search in the lineage: all trials, and what was found."""

import json
import shutil
from pathlib import Path
from typing import Any

from tfx.components import Tuner
from tfx.components.tuner import executor as tuner_executor
from tfx.dsl.components.base import executor_spec
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs

from pipeline.lineage import PICTURE, SEARCH_PROPERTY
from trainer_module.tuning.folder import PICTURE_FILE, TABLE_FILE, TRIALS_FILE
from trainer_module.tuning.outcome import conclude


class SearchExecutor(tuner_executor.Executor):
    """The Tuner's executor, which also keeps the trials."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Searches, writes the best hyperparameters, and all trials beside TFX's table of them."""
        search = tuner_executor.search(
            input_dict, exec_properties, self._get_tmp_dir(), print_tuning_summary=False
        )
        tuner_executor.write_best_hyperparameters(search, output_dict)
        outcome = conclude(search.folder)
        results = Path(artifact_utils.get_single_uri(output_dict[specs.TUNER_RESULTS_KEY]))
        for name in (TRIALS_FILE, TABLE_FILE, PICTURE_FILE):
            shutil.copyfile(search.folder / name, results / name)
        best = artifact_utils.get_single_instance(output_dict[specs.BEST_HYPERPARAMETERS_KEY])
        told = outcome.as_json() | {PICTURE: str(results / PICTURE_FILE)}
        best.set_string_custom_property(SEARCH_PROPERTY, json.dumps(told))


class SearchTuner(Tuner):
    """TFX's Tuner with that executor; takes the same arguments."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(SearchExecutor)

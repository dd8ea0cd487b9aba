"""Before any stage: makes the sample where it is wanted, and finds bad data while it is cheap.

The ExampleGens take the very plans that are made here.
"""

import dataclasses

from pipeline.arguments import SAMPLE
from pipeline.config import PipelineConfig
from pipeline.ingest.iam import show_licence_once
from pipeline.ingest.lines import plan_splits
from pipeline.ingest.record_plan import plan_records
from pipeline.ingest.record_sources import IAM, RecordOptions
from pipeline.ingest.sample import ensure_sample


def prepare_data(config: PipelineConfig) -> PipelineConfig:
    """Looks at all of the data once.

    Returns:
      the configuration with the alphabet that the data calls for.

    Raises:
      InputError: the data is bad; the file or sample is named.
    """
    if config.dataset == SAMPLE and config.data_dir.is_relative_to(config.workspace):
        ensure_sample(config.data_dir)
    if isinstance(config.lines, RecordOptions):
        if config.dataset == IAM:
            show_licence_once(config.workspace)
        plan = plan_records(config.data_dir, config.lines)
        return dataclasses.replace(config, alphabet=plan.alphabet)
    plan_splits(config.data_dir, config.lines)
    return config

"""Before any stage: makes the sample where it is wanted, and finds bad data while it is cheap.

The ExampleGens take the very plans that are made here.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

from pipeline.arguments import EMNIST, SAMPLE
from pipeline.config import PipelineConfig
from pipeline.ingest.alphabet_builder import describe_outside
from pipeline.ingest.characters import CharacterOptions, alphabet_of, plan_characters
from pipeline.ingest.dates import date_by_content
from pipeline.ingest.emnist_archive import fetch_archive, take_data_set
from pipeline.ingest.iam import show_licence_once
from pipeline.ingest.lines import plan_lines
from pipeline.ingest.page_plan import PageOptions, PagePlan, describe_pages, plan_pages
from pipeline.ingest.record_plan import RecordPlan, plan_records
from pipeline.ingest.record_sources import IAM, RecordOptions, describe_source
from pipeline.ingest.records import tell_problems
from pipeline.ingest.sample import ensure_sample
from schema.splits import SPLITS
from trainer_module.cluster import check_leader

DEFAULT_DATA_SET = "byclass"
"""The data set of EMNIST with all 62 classes, which the archive gives unless told otherwise."""


def prepare_data(config: PipelineConfig) -> PipelineConfig:
    """Looks at all of the data once.

    Returns:
      the configuration with the alphabet that the data calls for.

    Raises:
      InputError: the data is bad; the file or sample is named. Or TF_CONFIG is.
    """
    check_leader(os.environ, config.hyperparameters.batch_size)
    if config.data_dir == config.workspace / "data" / config.dataset:
        config = _make_data(config)
    if config.dataset == IAM:
        show_licence_once(config.workspace)
    if isinstance(config.data, RecordOptions):
        plan = plan_records(config.data_dir, config.data)
        _tell(describe_source(config.data_dir, config.data), plan)
        return dataclasses.replace(config, alphabet=plan.alphabet)
    if isinstance(config.data, PageOptions):
        _tell_pages(describe_pages(config.data), plan_pages(config.data_dir, config.data))
        return config
    if isinstance(config.data, CharacterOptions):
        splits = plan_characters(config.data_dir, config.data)
        return dataclasses.replace(config, alphabet=alphabet_of(splits))
    plan_lines(config.data_dir, config.data)
    return config


def _make_data(config: PipelineConfig) -> PipelineConfig:
    """Makes or fetches the data that belongs to the workspace itself."""
    if isinstance(config.data, PageOptions):
        return dataclasses.replace(config, data_dir=_note_generated_pages(config))
    if config.dataset == SAMPLE:
        ensure_sample(config.data_dir)
    elif config.dataset == EMNIST and not isinstance(config.data, RecordOptions):
        archive = fetch_archive(config.data_dir)
        chosen = take_data_set(archive, config.data.data_set or DEFAULT_DATA_SET)
        return dataclasses.replace(config, data_dir=chosen)
    return config


def _note_generated_pages(config: PipelineConfig) -> Path:
    """Makes a folder that stands for pages that the workers generate: TFX wants files to read."""
    folder = config.data_dir.with_name(f"{config.dataset}-pages")
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "generated.json"
    content = json.dumps(dataclasses.asdict(config.data))
    # A file that is as it should be keeps its time, which is part of the cache key.
    if not note.is_file() or note.read_text(encoding="utf-8") != content:
        note.write_text(content, encoding="utf-8")
        date_by_content(folder)
    return folder


def _tell_pages(source: str, plan: PagePlan) -> None:
    """Says on standard error what is read, and what is left out and why."""
    counts = ", ".join(f"{split} {plan.count(split)}" for split in SPLITS)
    sys.stderr.write(
        f"{source}: pages: {counts}; {len(plan.problems)} lines left out, "
        f"{sum(plan.duplicates_dropped.values())} pages twice\n"
    )
    tell_problems(plan.problems)


def _tell(source: str, plan: RecordPlan) -> None:
    """Says on standard error what is read, and what is left out and why."""
    sys.stderr.write(
        f"{source}: {len(plan.splits)} lines, {len(plan.alphabet.symbols)} characters, "
        f"{len(plan.problems)} left out, {sum(plan.shared_dropped.values())} more because their "
        "sentence is in another split\n"
    )
    if plan.divided_writers:
        sys.stderr.write(
            f"{plan.divided_writers} writers have lines in several splits, for they are too few to "
            "keep apart: the figures say little about other hands\n"
        )
    if plan.outside:
        sys.stderr.write(f"outside the alphabet: {describe_outside(plan.outside)}\n")
    tell_problems(plan.problems)

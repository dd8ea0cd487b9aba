"""Runs the pipeline once and gathers what came of it; the runners call this."""

import dataclasses
import json
import logging
import platform
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from pipeline.artifact_operator import tfx_keeps
from pipeline.beam.failures import tell_failure
from pipeline.beam.options import IN_PROCESS
from pipeline.cache_key import keys_of_any_runner
from pipeline.config import PipelineConfig
from pipeline.evaluation.verdict import Verdict, read_verdict
from pipeline.infra.executor import BLESSED, REASON
from pipeline.ingest.examples import COMPONENT_ID
from pipeline.lineage import SERVING_MODEL, SOURCE_PROPERTY, SUMMARY_PROPERTY
from pipeline.monitor_reference import ReferenceSource, write_reference
from pipeline.pages.push import push_page_reader
from pipeline.pages.readings import ask_about_page, read_test_pages
from pipeline.pages.result import PagePush
from pipeline.pipeline import create_pipeline
from pipeline.progress import show_progress
from pipeline.pushes import DESTINATION
from pipeline.question import ServerAddress, ask_server, serve
from pipeline.readings import add_pictures
from pipeline.run_metadata import RunMetadata
from pipeline.run_result import Reading, RunResult, ServedReading, SplitSummary
from pipeline.span_check.comparison import read_comparison
from pipeline.span_check.executor import COMPARISON
from pipeline.tfx_store import tfx_opens
from pipeline.workspace import Workspace
from schema.errors import InputError
from schema.splits import TEST
from serving.model_folder import EXTRA_ASSETS, ready_versions
from trainer_module.history import Epoch
from trainer_module.reliability import RELIABILITY_FILE, Reliability, read_reliability
from trainer_module.run_fn import HISTORY_FILE
from trainer_module.task_names import DETECTOR, ERROR_NAMES, LINES

_log = logging.getLogger(__name__)

VERSIONED = ("tfx", "tensorflow", "keras", "apache-beam", "tensorflow-model-analysis", "numpy")


def run_pipeline(
    config: PipelineConfig,
    command: str,
    question: bool,
    beam_args: tuple[str, ...] = IN_PROCESS,
    far_workers: bool = False,
) -> RunResult:
    """Runs every stage, then asks the served model to read an example.

    Args:
      config: the run.
      command: the command line, for the report.
      question: whether to start the model server and ask.
      beam_args: where the data-parallel work of each stage runs.
      far_workers: whether those who do it see only the bucket that artifacts are kept in.

    Raises:
      InputError: bad data; nothing was pushed.
    """
    _run_stages(create_pipeline(config, beam_args), config, far_workers)
    metadata = RunMetadata(config.database, config.pipeline_name, config.artifacts)
    verdict = read_verdict(metadata.folder("Evaluator", "evaluation"))
    verdict = _hear_model_server(verdict, metadata)
    if verdict.blessed:
        verdict = hear_history(verdict, _pushed_path(metadata, config))
    readings = _read_examples(metadata, config, verdict)
    pushed = _pushed_path(metadata, config) if verdict.blessed else None
    shown = readings[0] if readings and question else None
    served = _look_at_pushed(metadata, config, pushed, shown) if pushed else None
    result = _gather(config, command, metadata, verdict, pushed, readings, served)
    return dataclasses.replace(result, pages=_push_pages(config) if pushed else None)


def _run_stages(pipeline: Pipeline, config: PipelineConfig, far_workers: bool) -> None:
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    log_file = config.logs_path / f"{config.pipeline_name}-{now}.log"
    try:
        with (
            show_progress(len(pipeline.components), log_file),
            tfx_opens(config.database),
            tfx_keeps(config.artifacts, far_workers),
            keys_of_any_runner(),
        ):
            LocalDagRunner().run(pipeline)
    except Exception as error:
        raise find_input_error(error) or error from None


def find_input_error(error: BaseException | None) -> InputError | None:
    """Returns the `InputError` behind an error that Beam or TFX has wrapped, if there is one.

    What workers in other processes raise arrives as text.
    """
    told = None
    while error is not None:
        if isinstance(error, InputError):
            return error
        told = told or tell_failure(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return told


def _read_examples(
    metadata: RunMetadata, config: PipelineConfig, verdict: Verdict
) -> tuple[Reading, ...]:
    if not verdict.metrics:
        return ()  # nothing could be measured
    examples = metadata.folder("Transform", "transformed_examples") / f"Split-{TEST}"
    if config.task.name != DETECTOR:
        return add_pictures(verdict.readings, examples)
    model = metadata.folder("Trainer", "model") / SERVING_MODEL
    return tuple(read_test_pages(model, examples, config.seed))


def _hear_model_server(verdict: Verdict, metadata: RunMetadata) -> Verdict:
    """Returns the verdict with the model server's word: blessed means that it may be pushed."""
    blessing = metadata.output("InfraValidator", "blessing").custom_properties
    if blessing[BLESSED].int_value:
        return verdict
    reasons = (*verdict.reasons, blessing[REASON].string_value)
    return dataclasses.replace(verdict, blessed=False, reasons=reasons)


def _pushed_path(metadata: RunMetadata, config: PipelineConfig) -> Path:
    pushed = metadata.output("Pusher", "pushed_model")
    return config.serving_path / Path(pushed.custom_properties[DESTINATION].string_value).name


def hear_history(verdict: Verdict, pushed: Path) -> Verdict:
    """Returns the verdict on a blessed model, refused where another one serves in its place.

    A Pusher that finds its push in the cache pushes nothing, and a rollback must not be undone by
    running the same once more.
    """
    serving = max(ready_versions(pushed.parent), default=None)
    if str(serving) == pushed.name:
        return verdict
    reason = (
        f"the model was pushed before, as version {pushed.name}, and version {serving} serves "
        "since: python -m pipeline.models promote lets it serve again"
    )
    return dataclasses.replace(verdict, blessed=False, reasons=(reason,))


def _push_pages(config: PipelineConfig) -> PagePush:
    try:
        return push_page_reader(config.serving_path, Workspace(config.workspace))
    except InputError as error:
        # The run's own model is pushed and sound: an older one beside it does not fit.
        _log.warning("no page servable: %s", error)
        return PagePush(remark=str(error))


def _write_reference(metadata: RunMetadata, config: PipelineConfig, pushed: Path) -> None:
    if config.task.name != LINES:
        return
    run = ReferenceSource(
        ingested=metadata.folder(COMPONENT_ID, "examples"),
        transformed=metadata.folder("Transform", "transformed_examples"),
        model=metadata.folder("Trainer", "model") / SERVING_MODEL,
        dataset=config.dataset,
    )
    try:
        write_reference(run, pushed)
        config.artifacts.upload(metadata.output("Trainer", "model").uri)
    except InputError as error:
        # The model is pushed and sound; it is monitored once a reference was learned of requests.
        _log.warning("no monitoring reference: %s", error)


def _look_at_pushed(
    metadata: RunMetadata, config: PipelineConfig, pushed: Path, shown: Reading | None
) -> ServedReading | None:
    """Learns the reference of what was pushed, and asks a model server for one reading, if any."""
    if shown is None:
        _write_reference(metadata, config, pushed)
        return None
    with serve(config.task.name, config.serving_path) as find_address:
        # While the server starts: either takes seconds.
        _write_reference(metadata, config, pushed)
        return _ask(find_address(), config, shown)


def _ask(address: ServerAddress, config: PipelineConfig, shown: Reading) -> ServedReading:
    image_path = config.workspace / "question.png"
    if config.task.name == DETECTOR:
        return ask_about_page(address, config.task.name, shown, image_path)
    return ask_server(address, config.task, shown, image_path)


def _gather(
    config: PipelineConfig,
    command: str,
    metadata: RunMetadata,
    verdict: Verdict,
    pushed: Path | None,
    readings: tuple[Reading, ...],
    served: ServedReading | None,
) -> RunResult:
    examples = metadata.output(COMPONENT_ID, "examples")
    summaries = json.loads(examples.custom_properties[SUMMARY_PROPERTY].string_value)
    search = metadata.search()
    history = metadata.folder("Trainer", "model_run") / HISTORY_FILE
    return RunResult(
        pipeline=config.pipeline_name,
        run_id=metadata.run_id,
        dataset=config.dataset,
        unit=config.task.unit,
        error_name=ERROR_NAMES[config.task.name],
        synthetic=config.synthetic,
        command=command,
        blessed=verdict.blessed,
        pushed=pushed,
        reasons=verdict.reasons,
        confidence_level=verdict.confidence_level,
        gate=config.gate,
        baseline=verdict.baseline,
        metrics=verdict.metrics,
        stages=metadata.stages(),
        splits=tuple(SplitSummary(**summary) for summary in summaries),
        readings=readings,
        learning_curve=tuple(Epoch(**epoch) for epoch in json.loads(history.read_text())),
        lineage=metadata.lineage(),
        facts={
            "source": examples.custom_properties[SOURCE_PROPERTY].string_value,
            **_facts(config, search),
        },
        served=served,
        span=read_comparison(metadata.folder("SpanCheck", COMPARISON)),
        reliability=_read_reliability(metadata),
        confusions=verdict.confusions,
        calibration=verdict.calibration,
        search=search,
    )


def _read_reliability(metadata: RunMetadata) -> Reliability | None:
    """Returns what a line model tells of its confidences; other models tell nothing."""
    model = metadata.folder("Trainer", "model") / SERVING_MODEL
    path = model / EXTRA_ASSETS / RELIABILITY_FILE
    return read_reliability(path) if path.is_file() else None


def _facts(config: PipelineConfig, search: dict[str, Any] | None) -> dict[str, str]:
    hyperparameters, steps = dataclasses.asdict(config.hyperparameters), config.train_steps
    if search is not None:
        hyperparameters, steps = search["hyperparameters"], search["train_steps"]
    chosen = {
        "network": config.network,
        "seed": config.seed,
        "train steps": steps,
        "warm start": config.warm_start,
        "data": config.data_dir,
        **{f"data: {k}": v for k, v in dataclasses.asdict(config.data).items()},
        **{f"synthesis: {k}": v for k, v in dataclasses.asdict(config.synthesis).items()},
        **{f"training: {k}": v for k, v in hyperparameters.items()},
        "devices": ", ".join(device.name for device in tf.config.list_logical_devices()),
        "python": platform.python_version(),
        **{name: version(name) for name in VERSIONED},
    }
    return {key: str(value) for key, value in chosen.items()}

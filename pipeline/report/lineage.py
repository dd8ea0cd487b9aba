"""The artifacts of a run in the order of making, for the report's graph of them."""

from collections.abc import Sequence

from pipeline.run_result import LineageEntry


def sort_into_generations(lineage: Sequence[LineageEntry]) -> list[list[LineageEntry]]:
    """Returns the artifacts by generation: each is made only from earlier ones.

    Inputs that the lineage does not list count as given. Artifacts on a cycle, which a sound
    metadata store cannot hold, make up the last generation.
    """
    waiting, generations = list(lineage), []
    while waiting:
        missing = {entry.artifact_id for entry in waiting}
        ready = [entry for entry in waiting if missing.isdisjoint(entry.inputs)] or waiting
        generations.append(ready)
        waiting = [entry for entry in waiting if entry not in ready]
    return generations

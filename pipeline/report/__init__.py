"""The HTML report of a pipeline run, drawn from its `RunResult` and nothing else."""

"""What the report calls the metrics of `pipeline.gate` and the features that slices are of."""

from pipeline.gate import (
    ACCURACY,
    CER,
    DELETIONS,
    EXACT,
    INSERTIONS,
    LINE_COUNT_ERROR,
    LINE_F1,
    LINE_PRECISION,
    LINE_RECALL,
    SUBSTITUTIONS,
    WER,
)
from schema import features

METRICS = {
    CER: "Character error rate (CER)",
    WER: "Word error rate (WER)",
    EXACT: "Lines without any error",
    SUBSTITUTIONS: "Characters replaced",
    INSERTIONS: "Characters added",
    DELETIONS: "Characters missed",
    ACCURACY: "Accuracy",
    LINE_F1: "Lines found, F1",
    LINE_PRECISION: "Lines found, precision",
    LINE_RECALL: "Lines found, recall",
    LINE_COUNT_ERROR: "Error of the number of lines",
}

FEATURES = {
    features.VOCABULARY: "Words, by whether training lines have them",
    features.SOURCE: "Source",
    features.WRITER: "Writer",
    features.LENGTH_BAND: "Length in characters",
    features.WIDTH_BAND: "Width in pixels",
    features.CHARACTER_KINDS: "Kinds of characters it holds",
}


def of_metric(name: str) -> str:
    """Returns the title of a metric."""
    return METRICS.get(name, name)


def of_feature(name: str) -> str:
    """Returns the title of a feature."""
    return FEATURES.get(name, name)

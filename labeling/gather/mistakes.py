"""What the model gets wrong, character by character, as the gate noted it when it judged it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipeline.evaluation.verdict import VERDICT_FILE, read_verdict
from pipeline.gate import CER

_VERDICTS = f"artifacts/*/Evaluator/evaluation/*/{VERDICT_FILE}"


@dataclass(frozen=True)
class Mistakes:
    """How often characters of the test split were misread or missed.

    Args:
      counts: by character; a character that is never wrong is not there.
      source: says whose mistakes, "" where nothing is known.
    """

    counts: Counter[str]
    source: str = ""

    @property
    def worst(self) -> tuple[str, ...]:
        """The characters that are wrong most often, at most eight."""
        return tuple(character for character, _ in self.counts.most_common(8))


def read_mistakes(workspace: Path | None) -> Mistakes:
    """Returns the mistakes of the line model that the gate blessed last.

    Args:
      workspace: of the pipeline's runs; None, or one without such a model, knows of no mistakes.

    Raises:
      InputError: the verdict is of another version of the project.
    """
    found = sorted(
        workspace.glob(_VERDICTS) if workspace else (),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for path in found:
        verdict = read_verdict(path.parent)
        if verdict.blessed and any(metric.name == CER for metric in verdict.metrics):
            counts: Counter[str] = Counter()
            for confusion in verdict.confusions:
                # Without a truth something was read that is not there: nobody can write that.
                if confusion.truth.strip():
                    counts[confusion.truth] += confusion.count
            return Mistakes(counts, path.parents[3].name)
    return Mistakes(Counter())

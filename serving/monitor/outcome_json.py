"""The outcome of a turn as one JSON object, for programs."""

from typing import Any

from serving.monitor.outcome import CheckedWindow, Outcome
from serving.monitor.profile import Observation
from serving.monitor.verdict_json import verdict_to_json

_WORDS = ("fine", "drift", "trouble")


def outcome_to_json(outcome: Outcome, report: str | None = None) -> dict[str, Any]:
    """Returns plain values that `json.dumps` takes.

    Args:
      outcome: of a turn.
      report: path of the HTML report; None where none was written.
    """
    return {
        "at": outcome.at.isoformat(),
        "outcome": _WORDS[outcome.status],
        "status": outcome.status,
        "troubles": list(outcome.troubles),
        "report": report,
        "windows": [_window(window) for window in outcome.windows],
        "logs": {"given": list(outcome.logs), **_logs(outcome.observation)},
    }


def _window(window: CheckedWindow) -> dict[str, Any]:
    profile = window.profile
    return {
        "window_start": profile.window_start.isoformat(),
        "window_end": profile.window_end.isoformat(),
        "estimated_requests": round(profile.estimated_requests),
        "unsure": profile.unsure,
        "judged": profile.judged,
        "problems": dict(profile.problems),
        **verdict_to_json(window.verdict),
    }


def _logs(observation: Observation | None) -> dict[str, Any]:
    if observation is None:
        return {}
    return {
        "files": observation.files,
        "records": observation.records,
        "unusable": dict(observation.unusable),
        "damages": observation.damages,
        "lost_bytes": observation.lost_bytes,
        "problems": [
            {
                "file": problem.file,
                "offset": problem.offset,
                "message": problem.message,
                "lost_bytes": problem.lost_bytes,
            }
            for problem in observation.file_problems
        ],
        "quiet": [
            {
                "model": quiet.model,
                "start": quiet.start.isoformat(),
                "end": quiet.end.isoformat(),
            }
            for quiet in observation.quiet
        ],
    }

"""A worker of a search, started by `workers.py`.

`python -m trainer_module.tuning.worker FOLDER [TRACKER TRACKER_FOLDER]`. Keras Tuner's environment
variables say where the chief is and who this is. Ends with 0 when there are no more trials,
`NO_ROOM` when nothing can be written any more, `CHIEF_LOST` without a chief.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

NO_ROOM, CHIEF_LOST = 74, 75
CPUS = "HANDWRITING_TUNING_CPUS"
"""Environment variable: numbers of the processors that the worker may use, "0,2"; all without."""


def main(argv: Sequence[str]) -> int:
    """Trains what the chief gives out."""
    folder = Path(argv[0])
    # Before TensorFlow is imported, which makes as many threads as there are processors.
    if os.environ.get(CPUS) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, map(int, os.environ[CPUS].split(",")))

    import grpc
    from keras_tuner import errors

    from trainer_module.tracking.choice import TrackingChoice
    from trainer_module.tuning.study import read_study
    from trainer_module.tuning.trial_runner import TrialRunner

    try:
        TrialRunner(read_study(folder), folder, TrackingChoice(*argv[1:])).search()
    except errors.FatalError as error:
        sys.stderr.write(f"nothing can be written any more: {error}\n")
        return NO_ROOM
    except grpc.RpcError as error:
        sys.stderr.write(f"the chief does not answer: {error}\n")
        return CHIEF_LOST
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

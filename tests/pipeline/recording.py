"""One of several processes that record runs in one database at once.

Arguments: the workspace, the pipeline's name, how many models, when to begin (seconds since 1970).
"""

import sys
import time
from pathlib import Path

from recorded_pipeline import RecordedPipeline

if __name__ == "__main__":
    folder, name, models, begin = sys.argv[1:]
    time.sleep(max(0.0, float(begin) - time.time()))
    recorded = RecordedPipeline(Path(folder), name)
    for number in range(int(models)):
        recorded.push(recorded.train(f"{name} {number}"))

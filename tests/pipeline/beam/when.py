"""Does something to a process while a job runs: once something else is seen to have happened."""

import threading
import time


def when(happened, then):
    """Calls `then`, in a thread of its own, once `happened` returns true."""

    def wait():
        while not happened():
            time.sleep(0.02)
        then()

    threading.Thread(target=wait, daemon=True).start()

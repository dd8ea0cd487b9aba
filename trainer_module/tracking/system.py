"""How busy machine and process are, for trackers that do not look themselves."""

import psutil

_MEBIBYTE = 2**20


def read_system() -> dict[str, float]:
    """Returns name -> figure; percentages of all cores since the call before, memory in MiB."""
    process = psutil.Process()
    return {
        "system/cpu_percent": psutil.cpu_percent(),
        "system/process_memory_mib": process.memory_info().rss / _MEBIBYTE,
        "system/memory_percent": psutil.virtual_memory().percent,
    }

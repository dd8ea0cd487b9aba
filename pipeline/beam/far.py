"""Whether workers share no folder with the machine of the run, and whether it can go without one.

Beside `reach.py`. They then get addresses of Google's buckets, which the filesystems of Beam and of
TensorFlow read; TensorFlow has none for S3 (docs/decisions/0052).
"""

from pipeline.beam.options import DATAFLOW, BeamOptions
from pipeline.buckets.address import GCS, BucketAddress, Place
from schema.errors import InputError

_FORM = f"{GCS}://BUCKET/PREFIX"


def check_far(
    options: BeamOptions, artifacts: BucketAddress | None, data_dir: Place | None, packed: bool
) -> bool:
    """Tells whether the workers see buckets only: where artifacts lie in one, on any engine.

    Args:
      options: where the workers are.
      artifacts: where artifacts lie, None for the workspace.
      data_dir: where the data lies, None for where it is made or downloaded to.
      packed: whether this machine packs the data for the workers, which else read it themselves.

    Raises:
      InputError: workers could not reach artifacts or data.
    """
    runner = f"--runner {options.runner}"
    if not options.distributed:
        return False
    if artifacts is None:
        if options.runner == DATAFLOW:
            raise InputError(
                f"expected --artifacts {_FORM} with {runner}, whose workers see no folder of this "
                "machine, got none: give one"
            )
        return False
    for option, place in (("--artifacts", artifacts), ("--data-dir", data_dir)):
        if isinstance(place, BucketAddress) and place.scheme != GCS:
            raise InputError(
                f"expected {option} {_FORM} with {runner}, got {place}, which TensorFlow on the "
                "workers cannot read: copy it to a bucket of Google's, or leave --artifacts out "
                "and put --workspace on a mount that all share"
            )
    if not packed and not isinstance(data_dir, BucketAddress):
        raise InputError(
            f"expected --data-dir {_FORM} with --artifacts {artifacts} and {runner}, whose workers "
            f"read the data there, got {data_dir}: copy it to a bucket"
        )
    return True

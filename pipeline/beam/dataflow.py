"""What Google Cloud Dataflow is told besides the options of every engine: whose, where, with what.

Part of `options.py`. Its workers are containers of an image, on machines of Google's that see
buckets of Google's and no folder of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.buckets.address import GCS, BucketAddress

RUNNER_CLASS = "DataflowRunner"


@dataclass(frozen=True)
class DataflowOptions:
    """A job's place and its machines.

    Args:
      project: Google's name of the project that pays.
      region: as "europe-west1".
      temp_location: where Beam leaves what workers need, and they what they pass on.
      service_account: whom the workers act for; "" for the project's default.
      subnetwork: that their machines are in, as "regions/REGION/subnetworks/NAME"; "" for the
        default.
      machine_type: of their machines; "" leaves it to Dataflow.
    """

    project: str = ""
    region: str = ""
    temp_location: BucketAddress | None = None
    service_account: str = ""
    subnetwork: str = ""
    machine_type: str = ""

    def needed(self) -> Iterator[tuple[str, object, str]]:
        """Yields option, value and form of what Dataflow cannot do without."""
        yield "--project", self.project, "PROJECT"
        yield "--region", self.region, "REGION, such as europe-west1"
        yield "--temp-location", self.temp_location, f"{GCS}://BUCKET/PREFIX"

    def optional(self) -> Iterator[tuple[str, object]]:
        """Yields option and value of the rest."""
        yield "--service-account", self.service_account
        yield "--subnetwork", self.subnetwork
        yield "--machine-type", self.machine_type


def dataflow_args(options: DataflowOptions, image: str, workers: int) -> tuple[str, ...]:
    """Returns Beam's arguments for a job.

    Args:
      options: checked.
      image: of the workers, with this environment in it.
      workers: machines at most; Dataflow begins with fewer.
    """
    more = {
        "service_account_email": options.service_account,
        "subnetwork": options.subnetwork,
        "worker_machine_type": options.machine_type,
    }
    return (
        f"--runner={RUNNER_CLASS}",
        f"--project={options.project}",
        f"--region={options.region}",
        f"--temp_location={options.temp_location}",
        f"--max_num_workers={workers}",
        f"--sdk_container_image={image}",
        # Beam is in the image: it need not be fetched and staged.
        "--sdk_location=container",
        *(f"--{name}={value}" for name, value in more.items() if value),
    )

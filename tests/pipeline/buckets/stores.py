"""A bucket of either kind on this machine, to put objects into and to look at."""

from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pipeline.buckets.address import GCS, S3, BucketAddress
from tests.pipeline.buckets.gcs_server import run_gcs

BUCKET = "handwriting"


@dataclass
class S3Store:
    """A bucket of moto's."""

    client: object
    address: BucketAddress

    def put(self, name, content):
        self.client.put_object(Bucket=BUCKET, Key=self.address.root + name, Body=content)

    def take_away(self, name):
        self.client.delete_object(Bucket=BUCKET, Key=self.address.root + name)

    def objects(self):
        """Returns what lies under the address: name -> bytes."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.address.root)
        keys = [item["Key"] for item in listed.get("Contents", ())]
        return {
            key.removeprefix(self.address.root): self.client.get_object(Bucket=BUCKET, Key=key)[
                "Body"
            ].read()
            for key in keys
        }


@dataclass
class GcsStore:
    """A bucket of our small server's."""

    contents: object
    address: BucketAddress

    def put(self, name, content):
        self.contents.put(BUCKET, self.address.root + name, content)

    def take_away(self, name):
        del self.contents.buckets[BUCKET][self.address.root + name]

    def objects(self):
        """Returns what lies under the address: name -> bytes."""
        root = self.address.root
        return {
            name.removeprefix(root): content
            for name, (_, content) in self.contents.buckets[BUCKET].items()
            if name.startswith(root)
        }


@pytest.fixture(scope="session")
def moto_url():
    server_module = pytest.importorskip("moto.server", reason="needs moto")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def open_s3(url, patch, folder):
    """Makes a bucket on moto's server, which all clients of S3 in this environment reach."""
    import boto3

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.setenv(name, str(folder / "none"))
    patch.setenv("AWS_ENDPOINT_URL", url)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ACCESS_KEY_ID", "someone")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    # Elsewhere in the bucket: nobody reads or writes it.
    client.put_object(Bucket=BUCKET, Key="prefix-of-others/a", Body=b"not ours")
    yield S3Store(client, BucketAddress(S3, BUCKET, "prefix"))
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


@contextmanager
def open_gcs(patch):
    """Makes a bucket on our server, which all clients of GCS in this environment reach."""
    with run_gcs() as contents:
        patch.setenv("STORAGE_EMULATOR_HOST", contents.url)
        contents.buckets[BUCKET] = {"prefix-of-others/a": (1, b"not ours")}
        yield GcsStore(contents, BucketAddress(GCS, BUCKET, "prefix"))


@pytest.fixture
def s3_store(moto_url, monkeypatch, tmp_path):
    with open_s3(moto_url, monkeypatch, tmp_path) as opened:
        yield opened


@pytest.fixture
def gcs_store(monkeypatch):
    with open_gcs(monkeypatch) as opened:
        yield opened


@pytest.fixture(params=[S3, GCS])
def store(request):
    return request.getfixturevalue("s3_store" if request.param == S3 else "gcs_store")

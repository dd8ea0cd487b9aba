"""Runs `gcs_api`: in the clear, and as Google's own hosts behind a proxy.

Google's clients take the address in the clear from STORAGE_EMULATOR_HOST. TensorFlow's knows no
such variable; it asks https://storage.googleapis.com, by way of the proxy that https_proxy names,
and believes the certificate that CURL_CA_BUNDLE names. `Google.environment` has those, and a key.
"""

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.pipeline.buckets import gcs_api

_HOSTS = ("*.googleapis.com",)
_HERE = "localhost,127.0.0.1,::1"

run_gcs = gcs_api.serve


@dataclass
class Google:
    """What stands for Google here, a process of its own.

    Args:
      url: of the server in the clear.
      environment: variables of processes that shall take it for Google.
    """

    url: str
    environment: dict[str, str]

    def control(self, **settings) -> dict[str, list[str]]:
        """Sets fields of `gcs_api.Contents`; returns the names of the objects in each bucket."""
        return httpx.post(f"{self.url}/control", json=settings, trust_env=False).json()

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Makes an object."""
        httpx.post(
            f"{self.url}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, '')}",
            content=content,
            headers={"Authorization": f"Bearer {gcs_api.TOKEN}"},
            trust_env=False,
        ).raise_for_status()


@contextmanager
def run_google(folder: Path):
    """Runs the server as Google's own hosts.

    Args:
      folder: takes its certificate and a key of a service account.
    """
    certificate, private_key = _make_certificate()
    authority, key_file = folder / "authority.pem", folder / "key.json"
    authority.write_bytes(certificate)
    both = folder / "server.pem"
    both.write_bytes(certificate + private_key)
    key_file.write_text(json.dumps(_service_account(private_key.decode())))
    with subprocess.Popen(
        [sys.executable, gcs_api.__file__, both],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().strip()
        yield Google(
            url,
            {
                **dict.fromkeys(("https_proxy", "HTTPS_PROXY"), url),
                **dict.fromkeys(("no_proxy", "NO_PROXY"), _HERE),
                **dict.fromkeys(("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), str(authority)),
                "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
                "NO_GCE_CHECK": "true",
            },
        )
        process.stdin.close()


def _make_certificate():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's own authority")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, _HOSTS))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _service_account(private_key):
    return {
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": "worker@a-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }

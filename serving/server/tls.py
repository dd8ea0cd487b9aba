"""TLS of the ports, from an SSLConfig text proto that holds keys and certificates as PEM text."""

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schema.errors import InputError
from serving.server.runtime_protos import message_class
from serving.server.text_protos import read_text_proto


@dataclass(frozen=True)
class TlsSettings:
    """Keys and certificates, each as PEM text.

    Args:
      key: the server's private key.
      certificate: the server's certificate, perhaps with those that it builds on.
      authority: that client certificates are checked against; empty for none.
      client_verify: whether clients must show one.
    """

    key: str
    certificate: str
    authority: str = ""
    client_verify: bool = False


def read_tls_settings(path: Path) -> TlsSettings:
    """Reads an SSLConfig text proto.

    Raises:
      InputError: it cannot be read, lacks a key or certificate, or they do not fit.
    """
    proto = read_text_proto(path, message_class("SSLConfig")())
    if not (proto.server_key and proto.server_cert):
        raise InputError(f"expected server_key and server_cert, got one or none in {path}")
    if proto.client_verify and not proto.custom_ca:
        raise InputError(f"expected custom_ca beside client_verify, got none in {path}")
    settings = TlsSettings(
        proto.server_key, proto.server_cert, proto.custom_ca, proto.client_verify
    )
    try:
        ssl_context(settings)
    except (ssl.SSLError, ValueError) as error:
        raise InputError(f"expected PEM keys and certificates, got {error} in {path}") from None
    return settings


def ssl_context(settings: TlsSettings) -> ssl.SSLContext:
    """Returns what Python's servers take."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python loads keys from files only; this one is readable by its owner and gone at once.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{settings.key}\n{settings.certificate}\n")
        file.flush()
        context.load_cert_chain(file.name)
    if settings.authority:
        context.load_verify_locations(cadata=settings.authority)
        context.verify_mode = ssl.CERT_REQUIRED if settings.client_verify else ssl.CERT_OPTIONAL
    return context


def grpc_credentials(settings: TlsSettings) -> Any:
    """Returns what gRPC's servers take."""
    import grpc

    return grpc.ssl_server_credentials(
        [(settings.key.encode(), settings.certificate.encode())],
        settings.authority.encode() or None,
        settings.client_verify,
    )

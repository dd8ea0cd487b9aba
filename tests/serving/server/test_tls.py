import json
import ssl
from pathlib import Path

import grpc
import httpx
import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from serving.server.model_server import ModelServer, ServerOptions
from serving.server.tls import read_tls_settings


def ssl_config(folder: Path, certificate: tuple[str, str], more: str = "") -> Path:
    file = folder / "ssl.config"
    key, cert = map(json.dumps, certificate)  # JSON escapes line ends as text protos do
    file.write_text(f"server_key: {key} server_cert: {cert} {more}")
    return file


def test_both_ports_speak_tls(
    base_path: Path, tmp_path: Path, certificate: tuple[str, str]
) -> None:
    tls = read_tls_settings(ssl_config(tmp_path, certificate))
    options = ServerOptions(grpc_tls=tls, rest_tls=tls)
    trusted = ssl.create_default_context(cadata=certificate[1])
    credentials = grpc.ssl_channel_credentials(certificate[1].encode())
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "lines"
    with ModelServer("lines", base_path, options=options) as server:
        server.wait_until_available(20)
        assert server.rest_url.startswith("https://")
        with httpx.Client(verify=trusted, trust_env=False) as client:
            assert client.get(f"{server.rest_url}/v1/models/lines").status_code == 200
        with grpc.secure_channel(server.grpc_address, credentials) as channel:
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            assert stub.GetModelStatus(request, timeout=10).model_version_status
        with grpc.insecure_channel(server.grpc_address) as channel:
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            with pytest.raises(grpc.RpcError):
                stub.GetModelStatus(request, timeout=10)


def test_clients_must_show_a_certificate_where_that_is_asked(
    base_path: Path, tmp_path: Path, certificate: tuple[str, str]
) -> None:
    key, cert = certificate
    more = f"custom_ca: {json.dumps(cert)} client_verify: true"
    tls = read_tls_settings(ssl_config(tmp_path, certificate, more))
    anonymous = ssl.create_default_context(cadata=cert)
    known = ssl.create_default_context(cadata=cert)
    (tmp_path / "client.pem").write_text(key + cert)
    known.load_cert_chain(tmp_path / "client.pem")
    options = ServerOptions(rest_tls=tls)
    with ModelServer("lines", base_path, grpc_port=0, options=options) as server:
        url = f"{server.rest_url}/livez"
        with httpx.Client(verify=known, trust_env=False) as client:
            assert client.get(url).status_code == 200
        with (
            httpx.Client(verify=anonymous, trust_env=False) as client,
            pytest.raises(httpx.TransportError),
        ):
            client.get(url)

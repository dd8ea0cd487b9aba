import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.predict.__main__ import main
from serving.server.model_server import ModelServer, ServerOptions
from serving.server.tls import read_tls_settings

ABSENT = "http://127.0.0.1:9"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page on which the shared detector finds two lines."""
    pixels = np.full((120, 300), 230, np.uint8)
    pixels[20:50, 30:200] = 20
    pixels[70:100, 30:120] = 20
    path = tmp_path / "in" / "page.png"
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def broken(page: Path) -> Path:
    """A file beside the page whose header alone is a picture's."""
    path = page.with_name("broken.png")
    path.write_bytes(page.read_bytes()[:60])
    return path


def test_both_protocols_print_the_lines_of_a_page(page, page_server: ModelServer, capsys) -> None:
    assert main([str(page), "--rest", page_server.rest_url]) == 0
    by_rest = capsys.readouterr().out
    assert len(by_rest.splitlines()) == 2
    assert main([str(page), "--grpc", page_server.grpc_address, "--model", "pages"]) == 0
    assert capsys.readouterr().out == by_rest


def test_lines_are_read_where_the_server_has_lines(page, server: ModelServer, capsys) -> None:
    length = page.stat().st_size
    assert main([str(page), "--rest", server.rest_url, "--format", "json"]) == 0
    [line] = json.loads(capsys.readouterr().out)["lines"]
    assert line["text"] == f"read {length}"
    assert "box" not in line


def test_one_broken_file_is_named_and_the_others_are_read(
    page, broken, server: ModelServer, page_server: ModelServer, tmp_path: Path, capsys
) -> None:
    arguments = [str(page.parent), str(tmp_path / "absent.jpg"), "--rest", page_server.rest_url]
    for extra in ([], ["--batch", "5"]):
        assert main([*arguments, *extra, "--format", "json"]) == 2
        told = capsys.readouterr()
        [read] = map(json.loads, told.out.splitlines())
        assert read["picture"] == str(page)
        assert [line["box"] for line in read["lines"]] == [[20, 30, 50, 200], [70, 30, 100, 120]]
        of_broken, of_absent = told.err.splitlines()
        assert of_broken.startswith(f"predict: {broken}: ")
        assert of_absent.startswith(f"predict: {tmp_path / 'absent.jpg'}: expected a readable file")


def test_standard_input_and_folders(page, page_server, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(page.read_bytes())))
    output, drawings = tmp_path / "out", tmp_path / "drawn"
    arguments = ["--format", "page", "--output", str(output), "--draw", str(drawings)]
    assert main(["-", str(page), "--rest", page_server.rest_url, *arguments]) == 0
    assert sorted(path.name for path in output.iterdir()) == ["page.xml", "stdin.xml"]
    assert sorted(path.name for path in drawings.iterdir()) == ["page.png", "stdin.png"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rest", ABSENT], f"{ABSENT}: no model server answers there"),
        (["--rest", "nonsense"], "nonsense: no model server answers there"),
        (["--grpc", "127.0.0.1:9"], "127.0.0.1:9 model 'pages': UNAVAILABLE"),
    ],
)
def test_no_server_is_one_line(page, arguments: list[str], message: str, capsys) -> None:
    assert main([str(page), *arguments]) == 2
    [told] = capsys.readouterr().err.splitlines()
    assert told.startswith(f"predict: {message}")


def test_a_wrong_model_is_one_line(page, page_server: ModelServer, capsys) -> None:
    assert main([str(page), "--rest", page_server.rest_url, "--model", "other"]) == 2
    assert main([str(page), "--grpc", page_server.grpc_address, "--model", "other"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all("Servable not found for request: Latest(other)" in line for line in told)


def test_an_answer_that_does_not_come_is_one_line(page, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        options = ("--model", "lines", "--timeout", "0.5")
        assert main([str(page), "--rest", f"http://{address}", *options]) == 2
        assert main([str(page), "--grpc", address, *options]) == 2
    by_rest, by_grpc = capsys.readouterr().err.splitlines()
    assert "no answer within 0.5 s" in by_rest
    assert "DEADLINE_EXCEEDED" in by_grpc


def test_tls_is_held_against_the_given_certificate(
    page, base_path: Path, certificate: tuple[str, str], tmp_path: Path, capsys
) -> None:
    (tmp_path / "ca.pem").write_text(certificate[1])
    config = tmp_path / "ssl.config"
    key, cert = map(json.dumps, certificate)
    config.write_text(f"server_key: {key} server_cert: {cert}")
    tls = read_tls_settings(config)
    options = ServerOptions(grpc_tls=tls, rest_tls=tls)
    with ModelServer("lines", base_path, options=options) as server:
        server.wait_until_available(20)
        for where in (["--rest", server.rest_url], ["--grpc", server.grpc_address]):
            assert main([str(page), *where, "--ca", str(tmp_path / "ca.pem")]) == 0
            assert main([str(page), *where]) == 2
    told = capsys.readouterr()
    assert told.out == f"read {page.stat().st_size}\n" * 2
    assert len(told.err.splitlines()) == 2


def test_a_wrong_certificate_file_is_one_line(page, tmp_path: Path, capsys) -> None:
    (tmp_path / "ca.pem").write_text("nothing of the kind")
    for path in (tmp_path / "ca.pem", tmp_path / "absent.pem"):
        assert main([str(page), "--rest", ABSENT, "--ca", str(path)]) == 2
        assert "expected certificates in PEM form" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_fault(page, server: ModelServer) -> None:
    command = [sys.executable, "-m", "serving.predict", str(page), "--rest", server.rest_url]
    reading = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reading.stdout.close()
    assert reading.stderr.read() == b""
    assert reading.wait(20) == 1


def test_xml_of_many_pictures_needs_a_folder(page, capsys) -> None:
    assert main([str(page), str(page), "--rest", ABSENT, "--format", "alto"]) == 2
    assert "give --output" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["--rest", "a", "--grpc", "b"], ["--rest", "a", "--batch", "0"], ["--timeout", "nan"]],
)
def test_bad_usage(page, arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(page), *arguments])


def test_help_answers_without_tensorflow() -> None:
    script = (
        "import sys\nfrom serving.predict.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print({'tensorflow', 'grpc', 'httpx', 'PIL', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "--in-flight" in done.stdout
    assert done.stdout.endswith("set()\n")

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.page_client import PageLine
from serving.read_page import draw_page, main
from serving.server.model_server import ModelServer


@pytest.fixture
def page(tmp_path: Path) -> Path:
    pixels = np.full((120, 300), 230, np.uint8)
    pixels[20:50, 30:200] = 20
    pixels[70:100, 30:120] = 20
    path = tmp_path / "page.png"
    Image.fromarray(pixels).save(path)
    return path


def test_lines_are_printed(page: Path, page_server: ModelServer, capsys) -> None:
    assert main([str(page), "--rest", page_server.rest_url]) == 0
    by_rest = capsys.readouterr().out
    assert len(by_rest.splitlines()) == 2
    assert main([str(page), "--grpc", page_server.grpc_address, "--model", "pages"]) == 0
    assert capsys.readouterr().out == by_rest


def test_json_has_boxes_and_the_picture_shows_them(
    page: Path, page_server: ModelServer, tmp_path: Path, capsys
) -> None:
    picture = tmp_path / "out.png"
    arguments = ["--rest", page_server.rest_url, "--json", "--picture", str(picture)]
    assert main([str(page), *arguments]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert [line["box"] for line in lines] == [[20, 30, 50, 200], [70, 30, 100, 120]]
    with Image.open(picture) as drawn:
        assert drawn.size == (300, 120)
        assert drawn.getpixel((30, 35)) == (200, 30, 30)


def test_any_script_can_be_drawn(page: Path, tmp_path: Path) -> None:
    draw_page(page, (PageLine((20.0, 30.0, 50.0, 200.0), "é ж 漢", 0.5),), tmp_path / "out.png")


def test_no_picture_and_no_server_are_one_line(page: Path, tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "absent.png"), "--rest", "http://127.0.0.1:1"]) == 2
    assert main([str(page), "--rest", "http://127.0.0.1:1"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(line.startswith("read_page: ") for line in told)

import numpy as np
import pytest

from serving import page_client
from serving.client import ServingError
from serving.page_client import PageLine, ask_pages_grpc, ask_pages_rest

ROW = {
    "boxes": [[1.0, 2.0, 3.0, 4.5], [-1.0, -1.0, -1.0, -1.0]],
    "texts": ["é", ""],
    "confidences": [0.1, -1.0],
    "count": 1,
}
LINE = PageLine((1.0, 2.0, 3.0, 4.5), "é", 0.1)
COLUMNS = {
    "boxes": np.array([ROW["boxes"]], np.float32),
    "texts": np.array([["é".encode(), b""]], object),
    "confidences": np.array([ROW["confidences"]], np.float32),
    "count": np.array([1], np.int32),
}


def test_padding_is_dropped_from_rows(monkeypatch) -> None:
    monkeypatch.setattr(page_client, "predict_rest", lambda *_: [ROW])
    assert ask_pages_rest("http://here", "pages", [b""]) == [(LINE,)]


def test_columns_give_the_numbers_of_rows(monkeypatch) -> None:
    monkeypatch.setattr(page_client, "predict_grpc", lambda *_: COLUMNS)
    assert ask_pages_grpc("here:1", "pages", [b""]) == [(LINE,)]


@pytest.mark.parametrize(
    "wrong",
    [
        "a",
        {},
        ROW | {"count": 3},
        ROW | {"count": "1"},
        ROW | {"texts": [None, ""]},
        ROW | {"boxes": [[1.0], [2.0]]},
        ROW | {"confidences": ["high", ""]},
    ],
)
def test_a_wrong_row_is_one_line(monkeypatch, wrong) -> None:
    monkeypatch.setattr(page_client, "predict_rest", lambda *_: [wrong])
    with pytest.raises(ServingError, match=r"^http://here model 'pages': expected boxes") as caught:
        ask_pages_rest("http://here", "pages", [b""])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {name: array for name, array in COLUMNS.items() if name != "count"},
        COLUMNS | {"count": np.zeros(2, np.int32)},
        COLUMNS | {"texts": np.array([[b"\xff", b""]], object)},
    ],
)
def test_wrong_columns_are_one_line(monkeypatch, wrong) -> None:
    monkeypatch.setattr(page_client, "predict_grpc", lambda *_: wrong)
    with pytest.raises(ServingError, match=r"^here:1 model 'pages': expected"):
        ask_pages_grpc("here:1", "pages", [b""])

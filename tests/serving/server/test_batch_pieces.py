import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from serving.server.batch_pieces import MIN_ROWS, divide, extent
from serving.server.signature_call import SignatureCall


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, kind)
    return stream.getvalue()


def call(*feeds: np.ndarray) -> SignatureCall:
    return SignatureCall("s", tuple("ab"[: len(feeds)]), list(feeds), ("y",))


@pytest.mark.parametrize(
    ("feeds", "expected"),
    [
        ([np.array([picture(30, 10), picture(20, 10)], object)], 3),
        ([np.array([picture(100, 200, "JPEG")], object)], 0.5),
        ([np.array([b"abc", b""], object)], 3),
        ([np.zeros((2, 5, 4), np.float32)], 20),
        ([np.zeros((2, 5), np.float32), np.array([b"abc", b"a"], object)], 5),
        ([np.zeros((0, 5), np.float32)], 0),
    ],
)
def test_extents(feeds: list[np.ndarray], expected: float) -> None:
    assert extent(call(*feeds)) == expected


def test_similar_calls_come_together_and_the_wide_piece_has_fewer() -> None:
    wide, narrow = divide(range(1, 17), [1] * 16, 2)
    # Six: 16 (6 + 4) = 160 and 10 (10 + 4) = 140; five would leave 11 (11 + 4) = 165.
    assert wide == [15, 14, 13, 12, 11, 10]
    assert sorted(narrow) == list(range(10))


@pytest.mark.parametrize("pieces", [1, 2])
def test_few_rows_stay_together_as_they_came(pieces: int) -> None:
    rows = 2 * MIN_ROWS - 1 if pieces == 2 else 100
    assert divide(range(rows), [1] * rows, pieces) == [list(range(rows))]


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 9)), min_size=1, max_size=60),
    st.integers(1, 9),
)
def test_every_call_is_in_one_piece(calls: list[tuple[float, int]], pieces: int) -> None:
    extents, sizes = zip(*calls, strict=True)
    made = divide(extents, sizes, pieces)
    assert sorted(number for piece in made for number in piece) == list(range(len(calls)))
    assert 1 <= len(made) <= pieces
    if len(made) > 1:
        widest = [max(extents[number] for number in piece) for piece in made]
        assert widest == sorted(widest, reverse=True)

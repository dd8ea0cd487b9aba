import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.server.batch_arrays import concatenate, row_count, split_rows
from serving.server.signature_call import SignatureCall
from serving.server.status import ServableError


def call(*feeds: np.ndarray) -> SignatureCall:
    return SignatureCall("s", tuple("xyz"[: len(feeds)]), feeds, ("out",))


@pytest.mark.parametrize(
    ("shapes", "rows"),
    [([[3]], 3), ([[2, 5], [2]], 2), ([[2], [3]], 0), ([[]], 0), ([[0]], 0)],
)
def test_rows_are_what_all_feeds_share(shapes: list[list[int]], rows: int) -> None:
    assert row_count(call(*map(np.zeros, shapes))) == rows


def test_a_call_without_feeds_has_no_rows() -> None:
    assert row_count(call()) == 0


def test_strings_are_padded_with_empty_ones() -> None:
    short, long = np.array([[b"a"]], object), np.array([[b"b", b"c"]], object)
    (joined,) = concatenate([call(short), call(long)], 3)
    assert joined.tolist() == [[b"a", b""], [b"b", b"c"], [b"a", b""]]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 3))
def test_what_is_joined_comes_apart_again(sizes: list[int], padding: int) -> None:
    numbers = np.arange(sum(sizes), dtype=np.float32)
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    feeds = concatenate([call(part) for part in parts], sum(sizes) + padding)
    assert len(feeds[0]) == sum(sizes) + padding
    for part, (returned,) in zip(parts, split_rows(feeds, sizes, feeds), strict=True):
        np.testing.assert_array_equal(returned, part)


@pytest.mark.parametrize("output", [np.zeros([]), np.zeros([3])])
def test_an_output_without_a_row_for_each_row_is_refused(output: np.ndarray) -> None:
    with pytest.raises(ServableError, match="does not begin with the batch size 2"):
        split_rows([output], [1, 1], [np.zeros([2])])

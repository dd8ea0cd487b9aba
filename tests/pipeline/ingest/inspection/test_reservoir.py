from collections import Counter

from pipeline.ingest.inspection.reservoir import Reservoir


def sample(size, stream):
    kept = Reservoir(size)
    for item in stream:
        place = kept.place()
        if place is not None:
            kept.keep(place, item)
    return kept.items


def test_a_short_stream_is_kept_whole():
    assert sample(5, range(3)) == [0, 1, 2]


def test_every_part_of_a_long_stream_has_its_share():
    found = sample(1000, range(10_000))
    assert len(set(found)) == 1000
    # 250 of each quarter, with a standard deviation of 13.
    assert all(190 < count < 310 for count in Counter(item // 2500 for item in found).values())

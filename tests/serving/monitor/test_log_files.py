import gzip
import io
import itertools
import zlib
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from serving.monitor import log_files
from serving.monitor.log_files import Record, frame_record, read_records
from serving.monitor.profile import FileProblem

UNTIMED = settings(deadline=None)  # on a busy machine anything takes long
CONTENTS = st.lists(st.binary(max_size=60), max_size=8)


def read(data: bytes) -> tuple[list[bytes], list[FileProblem]]:
    found = list(read_records(io.BytesIO(data), "log"))
    records = [each.content for each in found if isinstance(each, Record)]
    return records, [each for each in found if isinstance(each, FileProblem)]


def joined(contents: list[bytes]) -> bytes:
    return b"".join(map(frame_record, contents))


def whole_before(contents: list[bytes], place: int) -> list[bytes]:
    ends = itertools.accumulate(len(frame_record(content)) for content in contents)
    return [content for content, end in zip(contents, ends, strict=True) if end <= place]


@UNTIMED
@given(CONTENTS)
def test_what_was_framed_is_read(contents: list[bytes]) -> None:
    assert read(joined(contents)) == (contents, [])
    assert read(gzip.compress(joined(contents))) == (contents, [])


def test_the_framing_is_tensorflows(tmp_path: Path) -> None:
    import tensorflow as tf

    path = str(tmp_path / "x.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(b"abc")
        writer.write(b"")
    assert Path(path).read_bytes() == joined([b"abc", b""])


@UNTIMED
@given(CONTENTS, st.integers(0, 600))
def test_a_cut_costs_the_record_that_it_meets(contents: list[bytes], place: int) -> None:
    data = joined(contents)[:place]
    records, problems = read(data)
    assert records == whole_before(contents, place)
    left = len(data) - len(joined(records))
    assert [problem.lost_bytes for problem in problems] == [left] * bool(left)
    assert all(problem.offset == len(joined(records)) for problem in problems)


@UNTIMED
@given(CONTENTS, st.integers(0, 600), st.binary(max_size=30), st.integers(0, 30))
def test_damage_costs_what_it_touches(
    contents: list[bytes], place: int, noise: bytes, replaced: int
) -> None:
    data = joined(contents)
    place = min(place, len(data))
    damaged = data[:place] + noise + data[place + replaced :]
    assume(not damaged.startswith(log_files.GZIP))
    records, problems = read(damaged)
    before = whole_before(contents, place)
    assert records[: len(before)] == before
    # Those behind the damage as well: read from the end, as many as were not touched.
    after = [
        content
        for content, end in zip(
            contents,
            itertools.accumulate(len(frame_record(content)) for content in contents),
            strict=True,
        )
        if end - len(frame_record(content)) >= place + replaced
    ]
    assert not after or records[-len(after) :] == after
    framed = sum(len(frame_record(record)) for record in records)
    assert framed + sum(problem.lost_bytes for problem in problems) == len(damaged)


@UNTIMED
@given(st.binary(max_size=2000))
def test_nothing_raises_and_every_byte_is_accounted_for(data: bytes) -> None:
    assume(not data.startswith(log_files.GZIP))
    records, problems = read(data)
    framed = sum(len(frame_record(record)) for record in records)
    assert framed + sum(problem.lost_bytes for problem in problems) == len(data)


def test_a_record_that_begins_as_gzip_does_is_a_record() -> None:
    content = b"x" * int.from_bytes(log_files.GZIP, "little")
    assert frame_record(content).startswith(log_files.GZIP)
    assert read(frame_record(content)) == ([content], [])


@UNTIMED
@given(CONTENTS, st.integers(0, 600))
def test_a_gzip_file_that_was_cut_gives_what_it_holds(contents: list[bytes], place: int) -> None:
    packed = gzip.compress(joined(contents))
    records, problems = read(packed[:place])
    assert records == contents[: len(records)]
    assert bool(problems) == (0 < place < len(packed))


@UNTIMED
@given(CONTENTS, st.integers(2, 600), st.integers(1, 255))
def test_a_damaged_gzip_file_never_raises(contents: list[bytes], place: int, flip: int) -> None:
    packed = bytearray(gzip.compress(joined(contents)))
    packed[min(place, len(packed) - 1)] ^= flip
    records, _ = read(bytes(packed))
    assert set(records) <= set(contents)  # a damaged back reference may repeat some


def test_a_gzip_file_gives_what_comes_before_its_damage_to_the_byte() -> None:
    # Flushed after the first record, so that it can be unpacked whatever comes behind.
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(frame_record(b"first")) + packer.flush(2)
    records, (*_, last) = read(first + b"\xff" * 50)
    assert records == [b"first"]
    assert last.message == log_files.GZIP_DAMAGED


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# notes\n" * 5000, log_files.NOT_A_LOG),
        (b"\x00" * 3_000_000, log_files.NOT_A_LOG),
        (b"abc", log_files.CUT_OFF),
        (frame_record(b"a" * 50)[:-1], log_files.CUT_OFF),
        (frame_record(b"a") + b"noise, more of it", log_files.DAMAGED),
        (frame_record(b"a") + b"noise" + frame_record(b"b"), log_files.DAMAGED),
    ],
)
def test_problems_are_named(data: bytes, message: str) -> None:
    _, (problem,) = read(data)
    assert (problem.file, problem.message) == ("log", message)


def test_damage_longer_than_the_buffer_is_skipped() -> None:
    noise = bytes(range(1, 256)) * 20_000
    contents = [b"a" * 2_000_000, b"b"]
    data = frame_record(contents[0]) + noise + frame_record(contents[1])
    records, problems = read(data)
    assert records == contents
    assert [problem.lost_bytes for problem in problems] == [len(noise)]


class Breaking(io.BytesIO):
    """A file whose disk fails after the first piece."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(40)


def test_a_disk_that_fails_ends_the_file_and_is_told() -> None:
    data = joined([b"a", b"b" * 50])
    found = list(read_records(Breaking(data), "log"))
    assert [each.content for each in found if isinstance(each, Record)] == [b"a"]
    assert isinstance(found[-1], FileProblem)
    assert found[-1].message == "cannot be read on: Input/output error"

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest import spans as spans_module
from pipeline.ingest.download import hash_file
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.spans import (
    MANIFEST_FILE,
    SPAN_PATTERN,
    WRITERS_FILE,
    Span,
    choose_spans,
    find_spans,
    read_span,
    write_span,
)
from schema.errors import InputError

TOOL = "test 1.0"


def some_lines(*names: str) -> list[LineRecord]:
    return [
        LineRecord(name, np.full((4, 9), 7, np.uint8), f"text of {name}", "x", writer="Jane Doe")
        for name in names
    ]


def numbers(found: list[Span]) -> list[tuple[int, int]]:
    return [(span.number, span.version) for span in found]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    span = write_span(some_lines("b", "page-1/a"), tmp_path, TOOL)
    records = list(read_span(span, Problems(0)))
    assert [(r.sample_id, r.text, r.source) for r in records] == [
        ("span-1/b", "text of b", "labeled"),
        ("span-1/page-1/a", "text of page-1/a", "labeled"),
    ]
    np.testing.assert_array_equal(records[0].image, np.full((4, 9), 7))


def test_the_folders_are_those_of_tfx(tmp_path: Path) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    pattern = SPAN_PATTERN.replace("{SPAN}", "1").replace("{VERSION}", "1")
    assert {p.name for p in tmp_path.glob(pattern)} == {"a.png", "a.gt.txt", MANIFEST_FILE}
    assert span == Span(1, 1, tmp_path / "span-1" / "version-1")


def test_the_manifest_tells_what_and_when_but_not_who(tmp_path: Path) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    content = (span.path / MANIFEST_FILE).read_text(encoding="utf-8")
    manifest = json.loads(content)
    assert manifest["tool"] == TOOL
    assert manifest["lines"] == 1
    assert manifest["made"].endswith("+00:00")
    assert sorted(manifest["files"]) == ["a.gt.txt", "a.png"]
    assert "Jane" not in content


def test_ids_of_writers_come_back_and_are_hashed(tmp_path: Path) -> None:
    span = write_span(some_lines("a", "b"), tmp_path, TOOL, writers={"b": "7f3a"})
    found = {record.sample_id: record.writer for record in read_span(span, Problems(0))}
    assert found == {"span-1/a": None, "span-1/b": "7f3a"}
    manifest = json.loads((span.path / MANIFEST_FILE).read_text(encoding="utf-8"))
    assert WRITERS_FILE in manifest["files"]


@pytest.mark.parametrize("content", ["[", "[1]", '{"a": 1}'])
def test_bad_writers_are_named(tmp_path: Path, content: str) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL, writers={"a": "7f3a"})
    path = span.path / WRITERS_FILE
    path.write_text(content, encoding="utf-8")
    manifest = json.loads((span.path / MANIFEST_FILE).read_text(encoding="utf-8"))
    manifest["files"][WRITERS_FILE] = hash_file(path)
    (span.path / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=f"at .*{WRITERS_FILE}: restore the span"):
        read_span(span, Problems(0))


def test_spans_and_versions_are_counted_on(tmp_path: Path) -> None:
    for number in (None, None, 1, 1, None):
        write_span(some_lines("a"), tmp_path, TOOL, number)
    assert numbers(find_spans(tmp_path)) == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]


def test_the_latest_or_a_range_is_chosen(tmp_path: Path) -> None:
    for number in (1, 2, 2, 10, 0):
        write_span(some_lines("a"), tmp_path, TOOL, number)
    assert numbers(choose_spans(tmp_path)) == [(10, 1)]
    assert numbers(choose_spans(tmp_path, first=1)) == [(1, 1), (2, 2), (10, 1)]
    assert numbers(choose_spans(tmp_path, last=2)) == [(0, 1), (1, 1), (2, 2)]
    assert numbers(choose_spans(tmp_path, 2, 3)) == [(2, 2)]
    with pytest.raises(InputError, match="from 3 to 9, got 0, 1, 2, 10 in"):
        choose_spans(tmp_path, 3, 9)
    with pytest.raises(InputError, match="from any to any, got none in"):
        choose_spans(tmp_path / "nowhere")


def test_other_folders_are_no_spans(tmp_path: Path) -> None:
    for name in ("span-x/version-1", "span-01/version-1", "span-2/v1", "other", "span-3"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "span-4").write_text("")
    assert find_spans(tmp_path) == []


def test_no_lines_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got none"):
        write_span([], tmp_path, TOOL)
    assert not list(tmp_path.iterdir())


def test_a_failure_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected no file for a"):
        write_span(some_lines("a", "a"), tmp_path, TOOL)
    with pytest.raises(InputError, match="path below the folder"):
        write_span(some_lines("a", "../b"), tmp_path, TOOL)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [-1, 10**9])
def test_an_impossible_number_is_refused(tmp_path: Path, number: int) -> None:
    with pytest.raises(InputError, match="span number"):
        write_span(some_lines("a"), tmp_path, TOOL, number)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"expected to write a span in .*file"):
        write_span(some_lines("a"), tmp_path / "file", TOOL)
    (tmp_path / "span-1").mkdir()
    (tmp_path / "span-1" / "version-1").write_text("in the way")
    with pytest.raises(InputError, match="expected to write a span"):
        write_span(some_lines("a"), tmp_path, TOOL)


def test_two_writers_at_once_get_spans_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both look before either moves its span into place.
    barrier = threading.Barrier(2, timeout=10)
    find = find_spans
    waited = threading.local()

    def find_together(root: Path) -> list[Span]:
        found = find(root)
        if not getattr(waited, "once", False):
            waited.once = True
            barrier.wait()
        return found

    monkeypatch.setattr(spans_module, "find_spans", find_together)
    threads = [
        threading.Thread(target=write_span, args=(some_lines(name), tmp_path, TOOL))
        for name in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = find(tmp_path)
    assert numbers(found) == [(1, 1), (2, 1)]
    texts = {record.text for span in found for record in read_span(span, Problems(0))}
    assert texts == {"text of a", "text of b"}


def refusal(span: Span) -> str:
    with pytest.raises(InputError) as caught:
        read_span(span, Problems())
    assert str(span.path) in str(caught.value)
    return str(caught.value)


def test_changed_missing_and_extra_files_are_named(tmp_path: Path) -> None:
    span = write_span(some_lines("a", "b", "c"), tmp_path, TOOL)
    (span.path / "a.gt.txt").write_text("another text\n")
    (span.path / "b.png").unlink()
    (span.path / "deep").mkdir()
    (span.path / "deep" / "new.txt").write_text("")
    said = refusal(span)
    assert "1 changed (a.gt.txt)" in said
    assert "1 missing (b.png)" in said
    assert "1 extra (deep/new.txt)" in said


def test_a_link_is_refused(tmp_path: Path) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    path = (span.path / "a.png").rename(tmp_path / "elsewhere.png")
    (span.path / "a.png").symlink_to(path)
    assert "link a.png" in refusal(span)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 2, "files": {}, "lines": 0}', '{"format": 1}']
)
def test_a_bad_manifest_is_named(tmp_path: Path, content: str) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    (span.path / MANIFEST_FILE).write_text(content)
    assert "manifest" in refusal(span)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    (span.path / MANIFEST_FILE).unlink()
    assert "No such file" in refusal(span)


def test_a_wrong_count_is_named(tmp_path: Path) -> None:
    span = write_span(some_lines("a"), tmp_path, TOOL)
    path = span.path / MANIFEST_FILE
    path.write_text(path.read_text().replace('"lines": 1', '"lines": 2'))
    assert "expected 2 lines" in refusal(span)

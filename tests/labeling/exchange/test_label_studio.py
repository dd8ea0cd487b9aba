import base64
import json

import numpy as np
import pytest

from labeling.exchange import label_studio
from labeling.exchange.line_text import DIFFER
from pipeline.ingest.images import read_image
from pipeline.ingest.records import Problems
from schema.errors import InputError


def text_result(text, **more):
    value = {"text": text if isinstance(text, list) else [text]}
    return {"type": "textarea", "from_name": "t", "to_name": "i", "id": "r", "value": value} | more


@pytest.fixture
def export(tmp_path, picture):
    (tmp_path / "line.png").write_bytes(picture())
    (tmp_path / "page.png").write_bytes(picture(0, (200, 100)))

    def write(*tasks):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(list(tasks)), encoding="utf-8")
        return path

    return write


def task(*annotations, image="line.png", **more):
    return {"id": 5, "data": {"image": image}, "annotations": list(annotations)} | more


def read_one(path):
    problems = Problems(0)
    (item,) = label_studio.read(path, problems)
    assert problems.taken == 1
    return item


def test_a_line_with_its_label_and_reading(export):
    prediction = {"model_version": "v1", "score": 0.25, "result": [text_result("One wor1")]}
    item = read_one(
        export(task({"result": [text_result(" One  word ")]}, predictions=[prediction]))
    )
    assert (item.name, item.text) == ("line", "One word")
    assert (item.prefill, item.confidence, item.model_version) == ("One wor1", 0.25, "v1")


@pytest.mark.parametrize(
    "address",
    [
        "/data/local-files/?d=some/where/line.png",
        "/data/upload/3/0a1b2c3d-line.png",
        "https://example.org/bucket/line.png?token=x",
        "s3://bucket/line.png",
    ],
)
def test_pictures_are_found_beside_the_file_by_their_name(export, picture, address):
    assert read_one(export(task(image=address))).picture == picture()


def test_a_picture_within_the_file(export, picture):
    embedded = "data:image/png;base64," + base64.b64encode(picture(9)).decode()
    item = read_one(export(task(image=embedded)))
    assert (item.picture, item.name, item.text) == (picture(9), "task-5", None)


def test_annotators_who_differ_leave_it_to_two_others(export):
    first = {"result": [text_result("One")], "updated_at": "2026-02-01"}
    last = {"result": [text_result("0ne")], "updated_at": "2026-03-01"}
    item = read_one(export(task(last, first)))
    assert (item.text, item.prefill, item.annotators, item.why) == (None, "0ne", 2, DIFFER)


def test_ground_truth_counts_and_what_was_cancelled_does_not(export):
    truth = {"result": [text_result("One")], "ground_truth": True}
    other = {"result": [text_result("Two")]}
    cancelled = {"result": [text_result("Three")], "was_cancelled": True}
    assert read_one(export(task(other, truth, cancelled))).text == "One"
    assert read_one(export(task(cancelled))).text is None


def test_regions_of_a_page_are_cut_out_with_their_texts(export):
    box = {"x": 10, "y": 20, "width": 50, "height": 20, "rotation": 0}
    shape = {"type": "rectanglelabels", "id": "a", "value": box}
    item = read_one(export(task({"result": [shape, text_result("Two", id="a")]}, image="page.png")))
    assert (item.name, item.page, item.text) == ("page/a", "page", "Two")
    assert item.place["polygon"] == [[20, 20], [120, 20], [120, 40], [20, 40]]
    assert item.place["size"] == [200, 100]
    height, width = read_image(item.picture, "x").shape
    assert 20 <= height <= 30
    assert 100 <= width <= 112


def test_a_turned_rectangle_turns_around_its_corner_in_pixels_of_the_page(export):
    box = {"x": 50, "y": 10, "width": 20, "height": 30, "rotation": 90}
    shape = {"type": "rectangle", "id": "a", "value": box}
    polygon = read_one(export(task({"result": [shape]}, image="page.png"))).place["polygon"]
    # 40 x 30 pixels, turned: to the left by its height, down by its width.
    np.testing.assert_allclose(polygon, [[100, 10], [100, 50], [70, 50], [70, 10]], atol=0.1)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"id": 5}, "task 5: expected data as an object"),
        (7, "task 1: expected a task as an object, got int"),
        (task(image="gone.png"), "expected the picture 'gone.png' beside the file"),
        (task(image="../../etc/passwd.png"), "expected the picture 'passwd.png' beside the file"),
        (task(image="data:image/png;base64,@@"), "expected a picture in base64"),
        ({"id": 5, "data": {"text": "words"}}, "expected a picture in its data, got 'text'"),
        (task({"result": "x"}), "expected a list of objects as result"),
        (task({"result": [text_result(["a", "b"])]}), "expected one line of text, got 2"),
        (task({"result": [text_result("a\ud800")]}), "got U+D800"),
        (task({"result": [text_result([7])]}), "expected texts, got [7]"),
        (
            task({"result": [{"type": "rectangle", "value": {"x": "a", "width": 1, "height": 1}}]}),
            "expected a rectangle's x, y, width and height",
        ),
    ],
)
def test_bad_tasks_are_named_in_one_line(export, made, said):
    with pytest.raises(InputError) as caught:
        list(label_studio.read(export(made), Problems(0)))
    assert said in str(caught.value)
    assert "export.json, task" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_region_outside_the_page_is_named(export):
    box = {"x": 110, "y": 110, "width": 5, "height": 5}
    shape = {"type": "rectangle", "id": "a", "value": box}
    problems = Problems(1.0)
    path = export(task({"result": [shape]}, image="page.png"))
    assert not list(label_studio.read(path, problems))
    assert "task 5, region a: expected an outline around pixels" in str(problems.found[0])


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a JSON export of Label Studio"):
        list(label_studio.read(path, Problems(0)))


def test_nothing_is_written_over(tmp_path, store):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    with pytest.raises(InputError, match="expected a new or empty folder"):
        label_studio.write([], store.pictures, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "kept"


def test_a_failure_leaves_no_half_folder(tmp_path, store):
    def broken():
        raise InputError("broken")
        yield

    with pytest.raises(InputError, match="broken"):
        label_studio.write(broken(), store.pictures, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]

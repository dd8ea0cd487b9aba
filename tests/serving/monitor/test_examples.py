import argparse
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from schema import features, request_features
from schema.errors import InputError
from serving.monitor.examples import (
    ANOMALIES_FILE,
    SCHEMA_FILE,
    STATISTICS_FILE,
    ExampleSettings,
    WrittenExamples,
    request_schema,
    write_examples,
)
from serving.monitor.examples_command import add_examples_options, run
from tests.serving.monitor.request_logs import (
    NOON,
    draw_picture,
    fill,
    new_log,
    predicted,
    write_log,
)

PICTURES = [draw_picture(number) for number in range(40)]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines, one of them odd, a page, and another version."""
    page = new_log(model="pages")
    fill(page.predict_log.request.inputs["image_bytes"], [draw_picture(0, "JPEG", (300, 400))])
    outputs = page.predict_log.response.outputs
    fill(outputs["texts"], [b"first", b"second"], (1, 2))
    fill(outputs["confidences"], [0.5, 0.25], (1, 2))
    fill(outputs["boxes"], [1.0, 2.0, 41.0, 4.0] * 2, (1, 2, 4))
    fill(outputs["count"], [2])
    lines = predicted(PICTURES, ["the word"] * len(PICTURES), [0.5] * len(PICTURES))
    odd = predicted([b"no picture"], ["é"], [2.0], timestamp=5, version=8)
    return write_log(tmp_path_factory.mktemp("log") / "log", [lines, page, odd])


@pytest.fixture(scope="module")
def written(log: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WrittenExamples]:
    folder = tmp_path_factory.mktemp("examples") / "all"
    settings = ExampleSettings(image_rate=0.5, words=frozenset(["the"]))
    return folder, write_examples([str(log)], folder, settings)


def read(folder: Path) -> list:
    import tensorflow as tf

    files = [str(path) for path in folder.glob("*.tfrecord.gz")]
    records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    return [tf.train.Example.FromString(record).features.feature for record in records]


def test_lines_and_pages_are_counted_apart(written: tuple[Path, WrittenExamples]) -> None:
    _, told = written
    assert told.folders == {"lines": 41, "pages": 1}
    assert (told.log.files, told.log.records) == (1, 3)


def test_an_example_holds_what_was_logged_and_measured(
    written: tuple[Path, WrittenExamples],
) -> None:
    folder, _ = written
    example = read(folder / "lines")[0]
    assert example[request_features.MODEL].bytes_list.value == [b"lines"]
    assert example[request_features.MODEL_VERSION].int64_list.value == [7]
    assert example[request_features.TIMESTAMP].int64_list.value == [NOON]
    assert example[request_features.READING].bytes_list.value == [b"the word"]
    assert example[request_features.READING_LENGTH].int64_list.value == [8]
    assert b"".join(example[request_features.CHARACTERS].bytes_list.value) == b"the word"
    assert example[request_features.UNKNOWN_WORD_SHARE].float_list.value == [0.5]
    assert example[request_features.CONFIDENCE].float_list.value == [0.5]
    assert example[features.IMAGE_WIDTH].int64_list.value == [60]
    assert example[features.ASPECT].float_list.value == [3.0]
    assert example[request_features.RECORD].bytes_list.value[0].endswith(b"log@0/0")
    assert request_features.LATENCY_MS not in example


def test_pictures_are_kept_at_their_rate(written: tuple[Path, WrittenExamples]) -> None:
    folder, _ = written
    kept = [example[features.IMAGE].bytes_list.value[0] for example in read(folder / "lines")]
    assert {picture for picture in kept if picture} < {*PICTURES, b"no picture"}
    # Binomial, 41 draws at 1/2: 20.5 with a deviation of 3.2.
    assert 7 < sum(map(bool, kept)) < 34


def test_what_the_schema_does_not_allow_is_told(written: tuple[Path, WrittenExamples]) -> None:
    folder, told = written
    assert {feature for name, feature, _ in told.anomalies if name == "lines"} == {
        features.IMAGE_HEIGHT,
        features.IMAGE_WIDTH,
        features.ASPECT,
        features.INK_RATIO,
        features.BRIGHTNESS_MEAN,
        features.BRIGHTNESS_DEVIATION,
        features.SHARPNESS,
        request_features.IMAGE_FORMAT,
        request_features.CONFIDENCE,
        request_features.TIMESTAMP,
    }
    assert not [each for each in told.anomalies if each[0] == "pages"]
    assert (folder / "lines" / ANOMALIES_FILE).stat().st_size
    schema = text_format.Parse((folder / "lines" / SCHEMA_FILE).read_text(), schema_pb2.Schema())
    assert schema == request_schema(features.LINE_SCHEMA_FILE)
    statistics = statistics_pb2.DatasetFeatureStatisticsList.FromString(
        (folder / "lines" / STATISTICS_FILE).read_bytes()
    )
    assert statistics.datasets[0].num_examples == 41


def test_the_schema_knows_every_feature_of_requests() -> None:
    known = {feature.name for feature in request_schema(features.LINE_SCHEMA_FILE).feature}
    keys = {
        value
        for name, value in vars(request_features).items()
        if name.isupper() and isinstance(value, str)
    }
    assert keys <= known


def test_one_version_of_one_model_can_be_chosen(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_examples_options(parser)
    output = tmp_path / "chosen"
    options = [str(log), "--output", str(output), "--only", "lines", "--only-version", "7"]
    assert run(parser.parse_args([*options, "--images", "0"])) == 0
    assert capsys.readouterr().out == f"40 examples: {output / 'lines'}\n"
    assert {each[features.IMAGE].bytes_list.value[0] for each in read(output / "lines")} == {b""}
    with pytest.raises(InputError, match="expected an empty folder"):
        run(parser.parse_args(options))


def test_where_no_request_is_chosen_nothing_is_written(log: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got none among 3 records of 1 files"):
        write_examples([str(log)], tmp_path / "none", ExampleSettings(model="other"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_share_is_one(rate: float) -> None:
    with pytest.raises(InputError, match="share of pictures from 0 to 1"):
        ExampleSettings(image_rate=rate)

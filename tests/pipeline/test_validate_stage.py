import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.artifact_utils import encode_split_names

from pipeline.validate_stage import CuratedSchemaGen, StrictExecutor
from schema import features
from schema.errors import InputError
from schema.features import LINE_SCHEMA_FILE


def frame(**changes):
    """Fifty good examples as columns."""
    columns = {
        features.SAMPLE_ID: [f"train/{n:06d}" for n in range(50)],
        features.TEXT: [f"line {n}" for n in range(50)],
        features.SOURCE: ["emnist-tiny"] * 50,
        features.WRITER: ["", "w1"] * 25,
        features.PAGE: ["", "page-1"] * 25,
        features.VOCABULARY: ["seen", "unseen"] * 25,
        features.TEXT_LENGTH: list(range(5, 55)),
        features.IMAGE_HEIGHT: [28] * 50,
        features.IMAGE_WIDTH: list(range(140, 190)),
        features.ASPECT: np.linspace(5.0, 6.8, 50),
        features.INK_RATIO: np.linspace(0.1, 0.2, 50),
        features.BRIGHTNESS_MEAN: np.linspace(30, 40, 50),
        features.BRIGHTNESS_DEVIATION: np.linspace(60, 70, 50),
        features.SHARPNESS: np.linspace(20.0, 30.0, 50),
        features.GLYPHS: ["glyphs"] * 50,
        features.IMAGE: ["picture"] * 50,
        features.SEED: list(range(50)),
    }
    return pd.DataFrame({key: column for key, column in (columns | changes).items() if len(column)})


def validate(tmp_path, data):
    schema = text_format.Parse(LINE_SCHEMA_FILE.read_text(), schema_pb2.Schema())
    statistics = tfdv.generate_statistics_from_dataframe(data, tfdv.StatsOptions(schema=schema))
    artifacts = {}
    for key, kind in (
        (standard_component_specs.STATISTICS_KEY, standard_artifacts.ExampleStatistics),
        (standard_component_specs.SCHEMA_KEY, standard_artifacts.Schema),
        (standard_component_specs.ANOMALIES_KEY, standard_artifacts.ExampleAnomalies),
    ):
        artifacts[key] = kind()
        artifacts[key].uri = str(tmp_path / key)
    given = artifacts[standard_component_specs.STATISTICS_KEY]
    given.split_names = encode_split_names(["train"])
    folder = tmp_path / standard_component_specs.STATISTICS_KEY / "Split-train"
    folder.mkdir(parents=True)
    (folder / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    schema_folder = tmp_path / standard_component_specs.SCHEMA_KEY
    schema_folder.mkdir()
    (schema_folder / "schema.pbtxt").write_text(LINE_SCHEMA_FILE.read_text())
    anomalies = artifacts.pop(standard_component_specs.ANOMALIES_KEY)
    StrictExecutor().Do(
        {key: [artifact] for key, artifact in artifacts.items()},
        {standard_component_specs.ANOMALIES_KEY: [anomalies]},
        {standard_component_specs.EXCLUDE_SPLITS_KEY: "[]"},
    )


def test_good_examples_pass(tmp_path):
    validate(tmp_path, frame())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({features.TEXT: []}, "train: text: .*missing"),
        ({features.VOCABULARY: ["guessed"] * 50}, "train: vocabulary: .*guessed"),
        ({features.INK_RATIO: np.full(50, 0.9)}, "train: ink_ratio: .*0.5"),
        ({features.TEXT_LENGTH: [0] * 50}, "train: text_length: .*"),
        ({"surprise": [1] * 50}, "train: surprise: New column"),
    ],
)
def test_an_anomaly_stops_the_run_and_is_named(tmp_path, changes, complaint):
    with pytest.raises(InputError, match=complaint) as error:
        validate(tmp_path, frame(**changes))
    assert "\n" not in str(error.value)


def test_an_edited_schema_is_another_component(tmp_path):
    schema = tmp_path / "schema.pbtxt"
    schema.write_text("feature {}")
    before = CuratedSchemaGen(schema).exec_properties
    schema.write_text("feature { }")
    assert CuratedSchemaGen(schema).exec_properties != before

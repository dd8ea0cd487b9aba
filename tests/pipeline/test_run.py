from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.utils.dependency_utils import make_beam_dependency_flags

from pipeline.evaluation.verdict import Verdict
from pipeline.pipeline import BEAM_ARGS
from pipeline.run import _hear_model_server, find_input_error, hear_history
from schema.errors import InputError


def wrapped(inner):
    try:
        try:
            raise inner
        except Exception as error:
            raise RuntimeError("Beam failed [while running 'Read lines']") from error
    except RuntimeError as error:
        return error


def test_an_input_error_is_found_below_what_wraps_it():
    error = InputError("expected ink, got soup")
    assert find_input_error(wrapped(error)) is error
    assert find_input_error(error) is error


def test_other_errors_stay_what_they_are():
    assert find_input_error(wrapped(ValueError("a defect"))) is None


class Told:
    """The metadata of a run whose InfraBlessing has the given properties."""

    def __init__(self, blessed, reason):
        self.artifact = mlmd.Artifact()
        self.artifact.custom_properties["blessed"].int_value = blessed
        if reason:
            self.artifact.custom_properties["reason"].string_value = reason

    def output(self, node, key):
        assert (node, key) == ("InfraValidator", "blessing")
        return self.artifact


def verdict(blessed, *reasons):
    return Verdict(blessed, reasons, confidence_level=0.95)


def test_what_the_model_server_accepts_keeps_its_verdict():
    for given in (verdict(True), verdict(False, "CER is above")):
        assert _hear_model_server(given, Told(1, None)) == given


def test_what_the_model_server_refuses_is_not_blessed():
    refused = Told(0, "not servable")
    assert _hear_model_server(verdict(True), refused) == verdict(False, "not servable")
    assert _hear_model_server(verdict(False, "CER is above"), refused) == verdict(
        False, "CER is above", "not servable"
    )


def test_a_push_from_the_cache_counts_as_long_as_it_serves(recorded):
    blessed = Verdict(True, (), 0.95)
    model = recorded.train()
    pushed = recorded.base_path / str(recorded.push(model))
    assert hear_history(blessed, pushed) == blessed
    newer = recorded.push(model)
    refused = hear_history(blessed, pushed)
    assert not refused.blessed
    assert f"as version {pushed.name}, and version {newer} serves since" in refused.reason
    assert hear_history(blessed, recorded.base_path / str(newer)) == blessed


def test_stages_in_this_process_pack_no_package_for_far_workers():
    assert make_beam_dependency_flags(list(BEAM_ARGS)) == list(BEAM_ARGS)

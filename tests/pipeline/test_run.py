from pipeline.run import find_input_error
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

import dataclasses

from PIL import ImageOps

from serving.monitor.report.oddness import MOST_REASONS, reasons
from tests.serving.monitor.traffic import measured, scribble


def test_a_usual_request_has_none(against):
    usual = measured(20, confidence=0.9)
    assert reasons(usual, against) == []


def test_values_beyond_the_reference_come_first(against):
    odd = measured(900, ImageOps.invert(scribble(900)), confidence=0.1)
    told = reasons(odd, against)
    assert told[0].startswith("mean brightness ")
    assert "below all of the reference (" in told[0]
    assert any(reason.startswith("confidence 0.1, below all") for reason in told)
    assert len(told) <= MOST_REASONS


def test_to_be_sure_is_not_odd(against):
    assert not any("confidence" in each for each in reasons(measured(20, confidence=1.0), against))


def test_problems_are_told_first(against):
    broken = dataclasses.replace(measured(20, confidence=0.1), problems=("unreadable", "other"))
    told = reasons(broken, against)
    assert told[:2] == ["the picture is no PNG or JPEG, or a broken one", "other"]


def test_characters_that_are_never_read_are_told(against):
    odd = measured(20, confidence=0.9)
    odd = dataclasses.replace(odd, values={"characters": tuple("теа")})
    odd_format = dataclasses.replace(odd, values={"image_format": "gif", "unheard_of": 3.0})
    assert any(reason.startswith("reads ") for reason in reasons(odd, against))
    assert reasons(odd_format, against) == []  # the reference does not tell formats


def test_without_a_reference_there_are_problems_only():
    assert reasons(measured(1), None) == []

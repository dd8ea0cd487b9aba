from pipeline.ingest.shared_texts import find_shared
from pipeline.ingest.units import LineEntry
from schema.splits import TEST, TRAIN, VALIDATION


def shared(*lines):
    """Takes split, text and page of each line, which is named by its number."""
    entries = [LineEntry(str(n), text, page=page) for n, (_, text, page) in enumerate(lines)]
    return find_shared(entries, {str(n): split for n, (split, _, _) in enumerate(lines)})


def test_the_same_line_goes_from_training_whatever_its_case_and_punctuation():
    lines = [
        (TRAIN, "The End of it", None),
        (TEST, "the end, of it!", None),
        (TRAIN, "the end of all", None),
    ]
    assert shared(*lines) == {"0"}


def test_test_stays_as_it_is_and_validation_gives_way_to_it():
    text = "one and the same"
    assert shared((VALIDATION, text, None), (TEST, text, None), (TRAIN, text, None)) == {"0", "2"}
    assert shared((VALIDATION, text, None), (TRAIN, text, None)) == {"1"}


def test_a_sentence_is_found_however_its_lines_are_broken():
    lines = [
        (TRAIN, "He left. A house on the", "p1"),
        (TRAIN, "hill stood empty. Nobody", "p1"),
        (TRAIN, "knew why it did.", "p1"),
        (TEST, "A house on the hill stood empty. Some", "p2"),
        (TEST, "other words follow.", "p2"),
    ]
    # The sentence runs over the first two lines of the training page.
    assert shared(*lines) == {"0", "1"}


def test_lines_of_several_pages_make_no_sentence():
    lines = [
        (TRAIN, "a house on", "p1"),
        (TRAIN, "the hill", "p2"),
        (TEST, "a house on the hill", "p3"),
    ]
    assert not shared(*lines)


def test_short_texts_may_repeat():
    assert not shared((TRAIN, "Dear Sir,", None), (TEST, "Dear Sir,", None))
    assert shared((TRAIN, "My dear Sir,", None), (TEST, "My dear Sir,", None)) == {"0"}


def test_repeats_within_a_split_stay():
    assert not shared((TEST, "one and the same", None), (TEST, "one and the same", None))

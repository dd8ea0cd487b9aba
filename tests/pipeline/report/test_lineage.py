from pipeline.report.lineage import sort_into_generations
from pipeline.run_result import LineageEntry


def entry(number: int, *inputs: int) -> LineageEntry:
    return LineageEntry(number, "Type", "uri", "Producer", inputs)


def numbers(*lineage: LineageEntry) -> list[list[int]]:
    return [
        [each.artifact_id for each in generation] for generation in sort_into_generations(lineage)
    ]


def test_each_artifact_comes_after_all_it_is_made_from():
    assert numbers(entry(3, 1, 2), entry(1), entry(2, 1), entry(4)) == [[1, 4], [2], [3]]


def test_inputs_that_are_not_listed_count_as_given():
    assert numbers(entry(2, 99)) == [[2]]
    assert numbers() == []


def test_a_cycle_comes_last_instead_of_never():
    assert numbers(entry(1, 2), entry(2, 1), entry(3)) == [[3], [1, 2]]

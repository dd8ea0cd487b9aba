from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lineage import Lineage
from pipeline.pushes import ROLLBACK, Push, find_previous, find_serving, read_pushes


def read(recorded):
    executions = recorded.store.get_executions_by_context(recorded.pipeline.id)
    return read_pushes(Lineage(recorded.store, executions))


def test_refused_pushes_and_pushes_from_the_cache_add_nothing(recorded):
    first, second = recorded.train("a"), recorded.train("b")
    version = recorded.push(first)
    recorded.refuse_push(second)
    assert [(push.version, push.model_id) for push in read(recorded)] == [(version, first.id)]
    recorded.push(second)
    before = read(recorded)
    recorded.push_from_cache()
    assert read(recorded) == before


def test_the_highest_version_serves_although_another_was_pushed_later(recorded):
    first, second = recorded.train("a"), recorded.train("b")
    recorded.push(first, 2_000_000_000)  # when the clock was wrong
    recorded.push(second, 1_900_000_000)
    assert find_serving(read(recorded)).model_id == first.id


def test_versions_that_were_all_shipped_elsewhere_still_count(recorded):
    first, second = recorded.train("a"), recorded.train("b")
    recorded.push(first)
    recorded.push(second)
    (recorded.base_path / str(recorded.versions[1]) / "saved_model.pb").unlink()
    assert find_serving(read(recorded)).model_id == first.id
    (recorded.base_path / str(recorded.versions[0]) / "saved_model.pb").unlink()
    assert find_serving(read(recorded)).model_id == second.id


def test_nothing_serves_before_a_push():
    assert find_serving([]) is None


def pushed(version, model_id, restored=None):
    action = ROLLBACK if restored else "push"
    return Push(version, Path("absent", str(version)), model_id, 0, 0, action, restored=restored)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([pushed(1, 10)], None),
        ([pushed(1, 10), pushed(2, 11)], 1),
        ([pushed(1, 10), pushed(2, 11), pushed(3, 11)], 1),
        # Rolled back to 2: the next one is 1, not 3.
        ([pushed(1, 10), pushed(2, 11), pushed(3, 12), pushed(4, 11, restored=2)], 1),
        # A push after a rollback goes back to what the rollback let serve, then further.
        ([pushed(1, 10), pushed(2, 11), pushed(3, 10, restored=1), pushed(4, 12)], 3),
        # The model of the rollback pushed once more: it stands where the rollback does.
        (
            [
                pushed(1, 10),
                pushed(2, 11),
                pushed(3, 12),
                pushed(4, 11, restored=2),
                pushed(5, 11),
            ],
            1,
        ),
        # What a rollback restored is no longer on record.
        ([pushed(1, 10), pushed(4, 11, restored=2)], 1),
    ],
)
def test_what_a_rollback_restores(history, expected):
    previous = find_previous(history, history[-1])
    assert (previous.version if previous else None) == expected


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_rollbacks_end_and_show_each_model_in_turn_as_an_undo_does(models):
    history = [pushed(number, model) for number, model in enumerate(models, start=1)]
    shown = [models[-1]]
    while (previous := find_previous(history, history[-1])) is not None:
        shown.append(previous.model_id)
        history.append(pushed(len(history) + 1, previous.model_id, restored=previous.version))
    # By hand: the models from the last to the first, without immediate repetition.
    undone = [model for i, model in enumerate(models) if i == 0 or models[i - 1] != model]
    assert shown == undone[::-1]

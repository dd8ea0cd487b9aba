import gc
from collections.abc import Iterator

import pytest

from pipeline.lasting_imports import lasting_imports


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_inside_and_what_came_in_is_passed_over() -> None:
    frozen = gc.get_freeze_count()
    with lasting_imports():
        assert not gc.isenabled()
        stays = [[] for _ in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(stays)


def test_an_import_that_fails_leaves_the_collector_as_it_was() -> None:
    frozen = gc.get_freeze_count()
    with pytest.raises(ImportError), lasting_imports():
        raise ImportError
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with lasting_imports():
        pass
    assert not gc.isenabled()

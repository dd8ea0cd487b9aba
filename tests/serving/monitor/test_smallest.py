import random

from hypothesis import given
from hypothesis import strategies as st

from serving.monitor.smallest import Smallest

ITEMS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=30)


def keep(items: list[tuple[int, int, int]]) -> Smallest[int]:
    kept: Smallest[int] = Smallest(5, 20)
    for key, number, size in items:
        kept.add((key / 10, number), number, size)
    return kept


@given(ITEMS, st.integers(0, 30), st.randoms(use_true_random=False))
def test_neither_order_nor_division_matters(
    items: list[tuple[int, int]], cut: int, chance: random.Random
) -> None:
    numbered = [(key, number, size) for number, (key, size) in enumerate(items)]
    whole = keep(numbered).items()
    chance.shuffle(numbered)
    first, second = keep(numbered[:cut]), keep(numbered[cut:])
    first.merge(second)
    assert first.items() == whole


@given(ITEMS)
def test_the_smallest_keys_are_kept_while_they_fit(items: list[tuple[int, int]]) -> None:
    numbered = [(key, number, size) for number, (key, size) in enumerate(items)]
    fitting, total = [], 0
    for _, number, size in sorted(numbered)[:5]:
        total += size
        if total > 20 and fitting:
            break
        fitting.append(number)
    assert list(keep(numbered).items()) == fitting


def test_a_first_item_stays_whatever_its_size() -> None:
    assert keep([(1, 1, 1000)]).items() == (1,)


def test_none_are_kept_where_none_are_wanted() -> None:
    kept: Smallest[int] = Smallest(0, 20)
    kept.add((1.0, 1), 1)
    assert kept.items() == ()

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import InputError
from trainer_module.hyperparameters import NETWORKS
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.hyperparameters.space import Choice, Range, as_label, check_space, restore


@pytest.mark.parametrize("network", NETWORKS)
def test_each_network_may_vary_what_its_space_says(network):
    record = NETWORKS[network]
    check_space(record.space, record())
    assert {"learning_rate", "batch_size", "dropout"} <= set(record.space)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_defaults_lie_in_the_space(network):
    record = NETWORKS[network]
    for name, dimension in record.space.items():
        value = getattr(record(), name)
        if isinstance(dimension, Choice):
            assert value in dimension.values
        else:
            assert dimension.low <= value <= dimension.high


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Range(0.1, 0.01), "low < high, got low=0.1, high=0.01"),
        (lambda: Range(0.1, 0.1), "low < high"),
        (lambda: Range(0.0, float("nan")), "low < high"),
        (lambda: Range(0, 1, log=True), "low > 0 in a logarithmic range"),
        (lambda: Choice(()), "at least two values"),
        (lambda: Choice((1, 1)), "all different"),
    ],
)
def test_a_dimension_that_contradicts_itself_is_refused(make, told):
    with pytest.raises(InputError, match=told):
        make()


@pytest.mark.parametrize(
    ("base", "space", "told"),
    [
        (LstmCtcHyperparameters(), {}, "at least one hyperparameter of lstm_ctc"),
        (
            LstmCtcHyperparameters(),
            {"filters": Choice((1, 2))},
            "got filters: they are .*batch_size",
        ),
        (LstmCtcHyperparameters(), {"dropout": Range(0.0, 1.5)}, r"of dropout .*got 1.5 .*< 1"),
        (LstmCtcHyperparameters(), {"lstm_units": Choice((64, 128))}, "lstm_units .*got 64"),
        (LstmCtcHyperparameters(), {"batch_size": Range(8.0, 64.0)}, "batch_size .*got 8.0"),
        (FcnHyperparameters(), {"crop": Choice((500, 512))}, "multiple of 64"),
    ],
)
def test_values_that_the_record_refuses_are_found_before_the_search(base, space, told):
    with pytest.raises(InputError, match=told):
        check_space(space, base)


@given(st.lists(st.integers(1, 999), min_size=1, max_size=4).map(tuple))
def test_labels_of_tuples_are_read_back(value):
    assert restore(as_label(value), tuple[int, ...]) == value


@given(st.floats(1e-6, 1.0))
def test_rates_survive_the_32_bits_of_keras_tuner(rate):
    import numpy as np

    told = float(f"{rate:.4g}")
    assert restore(float(np.float32(told)), float) == told


def test_what_is_of_another_type_is_no_value():
    for value, kind in ((True, int), ("x", float), (1.5, int), ([], tuple[int, ...]), (2, bool)):
        with pytest.raises(ValueError, match="expected"):
            restore(value, kind)


def test_the_space_is_no_hyperparameter():
    assert "space" not in {field.name for field in dataclasses.fields(LstmCtcHyperparameters)}

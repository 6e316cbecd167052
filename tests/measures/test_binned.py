"""Binned information: what a network gives, what random numbers give, and what is said of it."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures.counting.binned import Binned
from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import (
    ConditionalEstimator,
    EntropyEstimator,
    Estimator,
    JointEntropyEstimator,
    ShuffledEstimator,
    Told,
)
from infoplane.numerics.binning import Adaptive, Distinct, Edges30, FixedWidth, Quantile
from infoplane.values.errors import InfoplaneError
from oracles import discrete as oracle

CUBE = ((np.arange(4096)[:, None] >> np.arange(11, -1, -1)) & 1).astype(float)
"""All 4096 inputs of twelve bits, the most significant first."""


def layer(width: int = 4, gain: float = 1.0, seed: int = 0) -> np.ndarray:
    weights = np.random.default_rng(seed).standard_normal((12, width)) / math.sqrt(12)
    return np.tanh(gain * (2 * CUBE - 1) @ weights)


def rows(x: np.ndarray) -> list[tuple]:
    return [tuple(row) for row in x.tolist()]


def test_it_has_every_form():
    forms = (
        Estimator,
        EntropyEstimator,
        JointEntropyEstimator,
        ConditionalEstimator,
        ShuffledEstimator,
        Told,
    )
    assert all(isinstance(Binned(FixedWidth()), form) for form in forms)


@pytest.mark.parametrize("gain", [0.3, 1.0, 30.0])
def test_edges30_gives_the_published_numbers_bit_for_bit(gain):
    """I(X;T) = H(T) for distinct x, I(T;Y) = H(T) − Σ p(y) H(T|y), by the published loop."""
    t, y = layer(3, gain)[::8], CUBE[::8].sum(1).astype(int) % 2
    published = rows(oracle.edges30(t))
    within = sum(
        (y == c).mean()
        * oracle.entropy([row for row, own in zip(published, y, strict=True) if own == c])
        for c in (0, 1)
    )
    binned = Binned(Edges30(), x_rule=Distinct())
    assert binned(CUBE[::8], t).value == pytest.approx(oracle.entropy(published), abs=1e-12)
    assert binned(t, y).value != binned(CUBE[::8], t).value
    found = Binned(Edges30())(t, y).value
    assert found == pytest.approx(oracle.entropy(published) - within, abs=1e-12)


def test_of_distinct_inputs_a_layer_has_its_entropy():
    t = layer()
    found = Binned(FixedWidth(0.3), x_rule=Distinct())(CUBE, t)
    assert found.value == pytest.approx(Binned(FixedWidth(0.3)).entropy(t).value, abs=1e-12)
    assert "(H(x) = log2 n)" in found.notes[0] and "read it as that entropy" in found.notes[0]


def test_an_injective_layer_has_all_twelve_bits_and_a_dead_one_none():
    assert Binned(FixedWidth(0.5))(CUBE, CUBE).value == pytest.approx(12)
    assert Binned(FixedWidth(0.5))(CUBE, np.zeros((4096, 3))).value == pytest.approx(0)
    y = CUBE.sum(1).astype(int) % 2
    assert Binned(Edges30())(layer(), y).value <= PlugIn().entropy(y).value + 1e-12


def test_random_numbers_in_narrow_bins_have_all_of_the_labels_and_it_is_said_loudly():
    """What is published without a warning: ln 2 nat between a random layer and the labels."""
    r = np.random.default_rng(0)
    t, y = r.standard_normal((4096, 10)), r.integers(0, 2, 4096)
    found = Binned(FixedWidth(0.07))(t, y)
    assert found.value == pytest.approx(PlugIn().entropy(y).value, abs=1e-12)
    assert found.notes[0] == (
        "Every one of 4096 samples has a state of its own (H(x) = log2 n), so the value would be "
        "H(y) whatever x is: take wider bins, fewer columns or more samples."
    )


def test_labels_and_rows_of_integers_stay_as_they_are():
    x = np.arange(200) % 7
    y = (x + np.arange(200) % 2) % 7
    assert Binned(Adaptive(2))(x, y).value == pytest.approx(PlugIn()(x, y).value, abs=1e-12)
    pair = np.stack([x, y], 1)
    assert Binned(Adaptive(2)).entropy(pair).value == pytest.approx(
        PlugIn().entropy(pair).value, abs=1e-12
    )


def test_other_forms_are_those_of_the_states():
    r = np.random.default_rng(1)
    x, noise = r.standard_normal((2, 500, 1))
    y, z = x + noise, (noise > 0)[:, 0].astype(int)
    binned = Binned(Quantile(3), correction="miller-madow")
    counting = PlugIn("miller-madow")
    a, b = binned.states(x), binned.states(y)
    assert binned(x, y).value == pytest.approx(counting(a, b).value, abs=1e-12)
    conditional = binned.conditional(x, y, z)
    assert conditional.value == pytest.approx(counting.conditional(a, b, z).value, abs=1e-12)
    joint = binned.joint_entropy(x, y, z).value
    assert joint == pytest.approx(counting.joint_entropy(a, b, z).value, abs=1e-12)
    orders = torch.stack([torch.randperm(500) for _ in range(4)])
    assert binned.shuffled(x, y, orders) == pytest.approx(
        [binned(x, y[order.numpy()]).value for order in orders], abs=1e-12
    )


def test_an_interval_of_the_bins_is_none_of_the_numbers():
    x = np.random.default_rng(0).standard_normal((1000, 1))
    found = Binned(Quantile(2))(x, x + 1)
    assert found.interval is None and found.stderr is not None
    assert not Binned(Quantile(2)).properties.interval
    assert found.method == repr(Binned(Quantile(2)))


def test_values_outside_the_published_range_are_told():
    y = np.arange(100) % 2
    relu = np.abs(np.random.default_rng(0).standard_normal((100, 2))) * 3
    assert "lie outside [−1, 1]" in Binned(Edges30())(relu, y).notes[0]
    assert any("of variable 0 lie outside" in n for n in Binned(Edges30()).entropy(relu).notes)


def test_what_binned_activations_determine():
    t = np.linspace(-1, 1, 400)[:, None]
    prediction = (t[:, 0] > 0).astype(int)
    assert Binned(FixedWidth(0.5)).determines(t, prediction).value == 0
    coarse = Binned(FixedWidth(2.0)).determines(t - 0.5, prediction)
    expected = oracle.entropy(
        list(zip(np.floor((t[:, 0] - 0.5) / 2), prediction, strict=True))
    ) - oracle.entropy(np.floor((t[:, 0] - 0.5) / 2))
    assert coarse.value == pytest.approx(expected, abs=1e-12) and coarse.value > 0.5
    assert "narrower bins" in coarse.notes[0] and coarse.bounds == pytest.approx((0, 1))
    narrow = Binned(FixedWidth(1e-4)).determines(t, prediction)
    assert narrow.value == 0 and "determines anything" in narrow.notes[0]


def test_properties_follow_the_rules():
    assert Binned(Adaptive(5)).properties.scale_invariant
    assert not Binned(FixedWidth()).properties.scale_invariant
    assert not Binned(Adaptive(5), x_rule=Edges30()).properties.scale_invariant
    assert Binned(FixedWidth()).properties.symmetric
    assert not Binned(FixedWidth(), x_rule=Distinct()).properties.symmetric
    assert not Binned(FixedWidth(), correction="miller-madow").properties.nonnegative


def test_its_words_name_every_parameter():
    binned = Binned(Adaptive(8, over="whole"), x_rule=Distinct(), correction="miller-madow")
    for part in ("8 bins", "of all columns together", "x: every distinct", "Miller"):
        assert part in binned.words
    assert {"chelombiev2019adaptive", "miller1955note"} <= set(binned.sources)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: Binned(30), "'rule'|rule=30"),
        (lambda: Binned(FixedWidth(), x_rule="distinct"), "x_rule"),
        (lambda: Binned(FixedWidth(), correction="?"), "correction"),
        (lambda: Binned(FixedWidth()).determines(np.zeros((5, 1)), np.zeros(5)), "argmax"),
        (lambda: Binned(FixedWidth()).determines(np.zeros((5, 1)), np.arange(4)), "5 samples"),
        (lambda: Binned(FixedWidth()).entropy(np.array([[0.0], [math.nan]])), "NaN"),
        (lambda: Binned(FixedWidth()).joint_entropy(), "No variable"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, match):
    with pytest.raises((InfoplaneError, TypeError), match=match):
        call()

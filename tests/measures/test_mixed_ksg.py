"""Information with ties and labels against its definition, Ross's, and closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma

from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.neighbours.mixed_ksg import MixedKSG
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles import neighbours as oracle


def some(kind, n, seed):
    r = np.random.default_rng(seed)
    return {
        "numbers": r.standard_normal((n, 2)),
        "ties": np.round(r.standard_normal((n, 1)) * 1.5),
        "rectified": np.maximum(r.standard_normal((n, 2)), 0),
        "labels": r.integers(0, 4, n),
        "rows": r.integers(0, 2, (n, 2)),
        "rare": r.integers(0, n, n),
    }[kind]


KINDS = st.sampled_from(["numbers", "ties", "rectified", "labels", "rows", "rare"])


def distances(x):
    return oracle.max_distances(x) if x.dtype.kind == "f" else oracle.equality_distances(x)


@settings(max_examples=40)
@given(KINDS, KINDS, st.integers(1, 4), st.integers(0, 99))
def test_every_pair_is_its_definition(first, second, k, seed):
    x, y = some(first, 25, seed), some(second, 25, seed + 1)
    nothing = oracle.max_distances(np.empty((25, 0)))
    numeric = "f" in x.dtype.kind + y.dtype.kind
    expected = oracle.mixed(distances(x), distances(y), nothing, k, numeric)
    estimate = MixedKSG(k)(x, y)
    assert estimate.value * LN2 == pytest.approx(expected, abs=1e-12)
    assert MixedKSG(k)(y, x).value == pytest.approx(estimate.value, abs=1e-12)
    assert estimate.value <= estimate.ceiling + 1e-12


@settings(max_examples=30)
@given(KINDS, KINDS, KINDS, st.integers(1, 3), st.integers(0, 99))
def test_every_trio_is_its_definition(first, second, third, k, seed):
    x, y, z = (some(kind, 20, seed + i) for i, kind in enumerate((first, second, third)))
    numeric = "f" in x.dtype.kind + y.dtype.kind + z.dtype.kind
    expected = oracle.mixed(distances(x), distances(y), distances(z), k, numeric)
    assert MixedKSG(k).conditional(x, y, z).value * LN2 == pytest.approx(expected, abs=1e-12)


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(0, 99))
def test_without_ties_it_is_kraskov_s_and_frenzel_s(k, seed):
    r = np.random.default_rng(seed)
    x, y, z = r.standard_normal((3, 40, 2))
    assert MixedKSG(k)(x, y).value == pytest.approx(KSG(k)(x, y).value, abs=1e-12)
    expected = KSG(k).conditional(x, y, z).value
    assert MixedKSG(k).conditional(x, y, z).value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(0, 99), st.integers(1, 12))
def test_with_labels_it_is_ross_s(k, seed, kinds):
    r = np.random.default_rng(seed)
    x, labels = r.standard_normal((30, 1)), r.integers(0, kinds, 30)
    expected = oracle.ross(x, labels, k)
    assert MixedKSG(k)(x, labels).value * LN2 == pytest.approx(expected, abs=1e-12)


def test_two_discrete_variables_need_no_neighbours():
    """ψ(n) + ⟨ψ(n_xy) − ψ(n_x) − ψ(n_y)⟩ of counts, whatever k."""
    x = np.repeat([0, 0, 1, 1], [30, 10, 5, 55])
    y = np.repeat([0, 1, 0, 1], [30, 10, 5, 55])
    cells = {(0, 0): 30, (0, 1): 10, (1, 0): 5, (1, 1): 55}
    rows, columns = {0: 40, 1: 60}, {0: 35, 1: 65}
    expected = sum(
        c * (digamma(100) + digamma(c) - digamma(rows[i]) - digamma(columns[j]))
        for (i, j), c in cells.items()
    )
    for k in (1, 4, 99):
        assert MixedKSG(k)(x, y).value * LN2 == pytest.approx(expected / 100, abs=1e-12)


def test_counts_are_all_but_unbiased():
    """The plug-in estimate of independent 4 × 4 states is 0.065 bit too high at n = 100."""
    r = np.random.default_rng(0)
    values = [MixedKSG()(*r.integers(0, 4, (2, 100))).value for _ in range(150)]
    assert np.mean(values) == pytest.approx(0, abs=0.012)


def test_a_label_and_a_uniform_number():
    """x uniform over 5 labels, y = x + U(0, 2): I = ln 5 − 4/5·ln 2 nat."""
    r = np.random.default_rng(0)
    x = r.integers(0, 5, 4000)
    y = x + 2 * r.random(4000)
    truth = (math.log(5) - 0.8 * math.log(2)) / LN2
    for pair in ((x, y), (y, x), (x.astype(float), y)):
        assert MixedKSG()(*pair).value == pytest.approx(truth, abs=0.06)


def test_a_line_and_its_mirror_image_stay_below_the_ceiling():
    line = torch.arange(200.0)  # most samples have two nearest others
    found = MixedKSG()(line, line.flip(0))
    assert found.value <= found.ceiling


def test_a_unit_that_is_on_or_off_tells_one_bit_though_half_of_its_values_are_tied():
    """y is 0 where x is off and a number of its own where it is on: I = H(½)."""
    r = np.random.default_rng(0)
    x, noise = r.standard_normal((2, 4000))
    on = x > 0
    y = np.where(on, 10 + noise, 0.0)
    estimate = MixedKSG()(on.astype(float), y)
    assert estimate.value == pytest.approx(1.0, abs=0.02)
    assert KSG()(on.astype(float), y).notes


def test_a_constant_shares_nothing_with_anything():
    for kind in ("numbers", "ties", "labels"):
        for constant in (np.zeros(60), np.zeros(60, dtype=int)):
            value = MixedKSG()(some(kind, 60, 0), constant).value
            assert value == pytest.approx(0, abs=1e-12), kind


def test_what_a_label_explains_is_no_longer_shared():
    r = np.random.default_rng(0)
    label = r.integers(0, 3, 2000)
    x, y = label + 0.1 * r.standard_normal(2000), label + 0.1 * r.standard_normal(2000)
    assert MixedKSG()(x, y).value == pytest.approx(math.log2(3), abs=0.1)
    assert MixedKSG().conditional(x, y, label).value == pytest.approx(0, abs=0.06)


def test_labels_bound_the_truth_and_are_told_where_they_are_rare():
    r = np.random.default_rng(0)
    x, labels = r.standard_normal(100), np.repeat([0, 1], 50)
    assert MixedKSG()(x, labels).bounds == (None, pytest.approx(1.0))
    labels[0] = 7
    (note,) = MixedKSG()(x, labels).notes
    assert note.startswith("1 of 100 samples are the only ones") and "merge" in note
    alone = MixedKSG()(x, np.arange(100))
    assert alone.value == 0 and alone.notes[0].startswith("100 of 100")


def test_shuffled_values_are_those_of_as_many_calls():
    x, y = torch.randn(60, 2), torch.arange(60) % 4
    orders = torch.stack([torch.randperm(60) for _ in range(3)])
    for pair in ((x, y), (y, x), (x.round(), y)):
        expected = [MixedKSG()(pair[0], pair[1][order]).value for order in orders]
        assert MixedKSG().shuffled(*pair, orders) == pytest.approx(expected, abs=1e-12)


def test_bad_parameters_and_samples():
    with pytest.raises(InfoplaneError, match="k=-1"):
        MixedKSG(-1)
    with pytest.raises(InfoplaneError, match="more than 4 samples, got 3"):
        MixedKSG()(np.zeros(3), np.arange(3))
    with pytest.raises(InfoplaneError, match="9 samples and y has 8"):
        MixedKSG()(np.zeros(9), np.arange(8))

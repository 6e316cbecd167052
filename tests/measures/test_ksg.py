"""Kraskov's estimators against their definitions, published values and closed forms."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma

from infoplane.measures.neighbours.ksg import KSG, largest
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles import neighbours as oracle


def correlated(n, d, rho=0.6, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * r.standard_normal((n, d))


def test_the_value_that_all_peers_agree_on():
    """n = 5000, 5 + 5 columns, k = 5: NPEET, JIDT, IDTxl and others print 0.83087 nat."""
    x, y = correlated(5000, 5)
    estimate = KSG(k=5)(x, y)
    assert estimate.value * LN2 == pytest.approx(0.83087, abs=5e-6)
    assert estimate.ceiling == pytest.approx((digamma(5000) - digamma(5)) / LN2)
    assert estimate.interval is None and estimate.shared and estimate.unit == "bit"
    assert "10 columns" in estimate.notes[0]  # the truth is 1.116 nat


@settings(max_examples=25)
@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_both_variants_are_their_definitions(seed, k, d, tied):
    """Ties too: strict counts mean what they say."""
    x, y = correlated(30, d, seed=seed)
    if tied:
        x, y = np.round(x), np.round(y, 1)
    first = KSG(k)(x, y).value * LN2
    assert first == pytest.approx(oracle.kraskov_1(x, y, k), abs=1e-12)
    assert KSG(k)(x, y).value <= KSG(k)(x, y).ceiling + 1e-12
    if not tied:  # which of several at the k-th place is a neighbour is not defined
        second = KSG(k, variant=2)(x, y).value * LN2
        assert second == pytest.approx(oracle.kraskov_2(x, y, k), abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 99), st.integers(1, 4), st.booleans())
def test_conditional_information_and_entropy_are_their_definitions(seed, k, tied):
    x, y = correlated(25, 2, seed=seed)
    z = np.random.default_rng(seed + 1).standard_normal((25, 1)) + x[:, :1]
    if tied:
        z = np.round(z)
    expected = oracle.frenzel_pompe(x, y, z, k)
    assert KSG(k).conditional(x, y, z).value * LN2 == pytest.approx(expected, abs=1e-12)
    expected = oracle.kozachenko_leonenko(np.hstack([x, y]), k)
    assert KSG(k).joint_entropy(x, y).value * LN2 == pytest.approx(expected, abs=1e-12)


def test_a_copy_shares_as_much_as_the_ceiling():
    x = np.random.default_rng(0).standard_normal(300)
    for variant in (1, 2):
        estimate = KSG(3, variant=variant)(x, x)
        assert estimate.value == pytest.approx(estimate.ceiling, abs=1e-12) and estimate.saturated


def test_a_constant_shares_exactly_nothing():
    x = np.random.default_rng(0).standard_normal((100, 2))
    assert KSG()(x, np.ones(100)).value == pytest.approx(0, abs=1e-12)
    assert KSG()(x, np.ones(100)).notes == ()


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_bivariate_normals(variant, rho):
    values = [KSG(4, variant)(*correlated(1000, 1, rho, seed)).value for seed in range(12)]
    assert np.mean(values) == pytest.approx(-math.log2(1 - rho**2) / 2, abs=0.05)


def test_a_little_independence_can_come_out_negative():
    values = [KSG()(*correlated(100, 1, 0.0, seed)).value for seed in range(10)]
    assert min(values) < 0 < max(values)


def test_entropies_of_known_densities():
    r = np.random.default_rng(0)
    assert KSG().entropy(r.random(4000) / 8).value == pytest.approx(-3, abs=0.06)
    normal = math.log2(2 * math.pi * math.e) / 2
    assert KSG().entropy(r.standard_normal(4000)).value == pytest.approx(normal, abs=0.06)
    pair = r.standard_normal((4000, 1)), r.random((4000, 1)) * 4
    assert KSG().joint_entropy(*pair).value == pytest.approx(normal + 2, abs=0.08)


def test_what_is_given_explains_a_common_cause_away():
    r = np.random.default_rng(0)
    z = r.standard_normal(2000)
    x, y = z + 0.5 * r.standard_normal(2000), z + 0.5 * r.standard_normal(2000)
    assert KSG()(x, y).value > 0.5
    assert KSG().conditional(x, y, z).value == pytest.approx(0, abs=0.06)


def test_doubling_everything_changes_nothing_and_standardising_forgets_every_scale():
    x, y = correlated(300, 2)
    assert KSG()(4 * x, 4 * y).value == KSG()(x, y).value
    whole = KSG(standardise=True)(x, y).value
    scaled = KSG(standardise=True)(x * [1e-3, 8.0] + 5, y * 1e6).value
    assert scaled == pytest.approx(whole, abs=0.02)
    constant = np.column_stack([x, np.ones(300)])
    assert KSG(standardise=True)(constant, y).value == pytest.approx(whole, abs=1e-12)


def test_shuffled_values_are_those_of_as_many_calls():
    x, y = (torch.from_numpy(one) for one in correlated(80, 2))
    orders = torch.stack([torch.randperm(80) for _ in range(3)])
    for one in (KSG(), KSG(variant=2), KSG(standardise=True)):
        expected = [one(x, y[order]).value for order in orders]
        assert one.shuffled(x, y, orders) == pytest.approx(expected, abs=1e-12)


def test_repeated_values_are_counted_and_told_with_the_remedy():
    x, y = correlated(200, 1)
    x[:7] = x[7]
    estimate = KSG()(x, y)
    assert estimate.notes == (
        "8 of 200 samples of x repeat another exactly, and repeated values are no sample of a "
        "density: use MixedKSG, which allows for ties.",
    )
    assert estimate.ceiling == math.inf
    atoms = KSG().entropy(np.zeros((20, 1)) + np.arange(20)[:, None] // 10)
    assert atoms.value == -math.inf and "Binned" in atoms.notes[0]


LINE = np.arange(200.0)
GRID = np.stack(np.meshgrid(*2 * [np.arange(20.0)]), -1).reshape(-1, 2)
ROUNDED = [np.round(one * 2) / 2 for one in correlated(300, 9, 0.0)]
TIED = {
    "one direction": (LINE, LINE[::-1].copy()),
    "tenths, equal up to rounding": (LINE / 10, LINE / 10 + 0.3),
    "grid": (GRID, GRID),
    "rounded columns": ROUNDED,
}


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("samples", TIED.values(), ids=TIED)
def test_tied_distances_are_told_and_have_no_ceiling(samples, variant):
    x, y = samples
    estimate = KSG(variant=variant)(x, y)
    assert estimate.ceiling == math.inf and not estimate.saturated
    assert "as on a lattice" in estimate.notes[0] and "MixedKSG" in estimate.notes[0]


def test_tied_distances_are_told_of_a_conditional_value_too():
    x, y = TIED["grid"]
    estimate = KSG().conditional(x, y, np.random.default_rng(0).standard_normal(400) / 9)
    assert estimate.ceiling == math.inf and "as on a lattice" in estimate.notes[0]


@pytest.mark.parametrize("shift", [0, 1e6])
def test_continuous_numbers_have_no_ties_and_few_by_chance_raise_the_ceiling_a_little(shift):
    x = np.random.default_rng(0).random(4000)
    assert KSG()(x + shift, x).notes == ()
    single = np.unique(np.floor(x * 2**20))  # as fine as what float32 keeps
    estimate = KSG()(single, single)
    assert estimate.notes == () and estimate.saturated
    usual = (digamma(len(single)) - digamma(4)) / LN2
    assert usual < estimate.value <= estimate.ceiling + 1e-12 < usual + 0.01


@settings(max_examples=25)
@given(st.integers(0, 99), st.integers(1, 5), st.booleans())
def test_no_value_exceeds_the_ceiling_that_ties_leave(seed, k, copied):
    points = np.random.default_rng(seed).permutation(60)[:20].astype(float)
    x, y = points, points if copied else points[::-1].copy()
    one = KSG(k)
    local, distances = one._local(*one._clouds(one._numbers({"x": x, "y": y})).values())
    top = largest(distances, k, 1)
    assert local.mean() / LN2 <= top + 1e-12
    assert top >= (digamma(20) - digamma(k)) / LN2 - 1e-12


def test_neighbourhoods_as_wide_as_the_data_are_told():
    wide = KSG()(*correlated(200, 10))
    assert any(
        "200 samples" in note and "20 columns" in note and "too low" in note for note in wide.notes
    )
    assert KSG()(*correlated(1000, 1)).notes == ()


def test_unequal_scales_are_told_unless_they_are_removed():
    x, y = correlated(300, 1)
    (note,) = KSG()(1e3 * x, y).notes
    assert note.startswith("x spreads 1") and "standardise=True" in note
    assert KSG(standardise=True)(1e3 * x, y).notes == ()


@pytest.mark.parametrize(
    ("k", "variant", "told"),
    [
        (0, 1, "k=0"),
        (2.5, 1, "k=2.5"),
        (True, 1, "k=True"),
        (4, 3, "variants 1 and 2"),
    ],
)
def test_bad_parameters_are_refused_without_type_checks_too(k, variant, told):
    with pytest.raises(InfoplaneError, match=told):
        KSG.__post_init__(SimpleNamespace(k=k, variant=variant))


def test_bad_samples():
    x, y = correlated(50, 2)
    with pytest.raises(InfoplaneError, match="y is discrete.*MixedKSG"):
        KSG()(x, np.arange(50) % 3)
    with pytest.raises(InfoplaneError, match="x is discrete.*MixedKSG"):
        KSG()(np.zeros((50, 2), dtype=int), y)
    with pytest.raises(InfoplaneError, match="more than 4 samples, got 4"):
        KSG()(x[:4], y[:4])
    with pytest.raises(InfoplaneError, match="NaN"):
        KSG()(x * np.nan, y)
    with pytest.raises(InfoplaneError, match="50 samples and y has 49"):
        KSG()(x, y[1:])
    with pytest.raises(InfoplaneError, match="variant 1 alone"):
        KSG(variant=2).conditional(x, y, x)
    with pytest.raises(InfoplaneError, match="No variable"):
        KSG().joint_entropy()


def test_any_float_and_shape_is_taken():
    x, y = (torch.from_numpy(one) for one in correlated(64, 4))
    expected = KSG()(x.float().double(), y).value
    assert KSG()(x.float().reshape(64, 1, 2, 2).requires_grad_(), y).value == expected
    assert math.isfinite(KSG()(x.bfloat16(), y).value)

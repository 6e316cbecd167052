"""The dual: its closed forms, its error exponents, and how far from the curve it lies."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import rel_entr

from infoplane.bottleneck import (
    Joint,
    cluster_exponents,
    curve,
    error_exponent,
    exponential_family,
    geometric_mean,
    solve,
    thresholds,
)
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles import bottleneck as oracle


@pytest.mark.parametrize(
    ("error", "critical", "times", "rate", "relevance"),
    [
        (0.1, 0.8285354497, 2.0, 0.6638405749, 0.3907388424),
        (0.1, 0.8285354497, 1.1, 0.0947681542, 0.0601522445),
        (0.25, 3.3141417988, 2.0, 0.8023563738, 0.1653236145),
    ],
)
def test_the_symmetric_source_has_its_closed_form(error, critical, times, rate, relevance):
    ratio = np.log((1 - error) / error)
    exact = 4 / ratio**2
    assert exact == pytest.approx(critical, abs=6e-11)
    found = solve(oracle.binary_source(error), times * exact, dual=True)
    assert (found.rate, found.relevance) == pytest.approx((rate, relevance), abs=2e-10)
    a = 1 - 2 * found.encoder.min()
    assert a == pytest.approx(
        np.tanh(times * exact * ratio / 2 * np.tanh(a * ratio / 2)), abs=1e-10
    )
    if (error, times) == (0.1, 2.0):
        assert found.encoder.min() == pytest.approx(0.0622108670, abs=6e-11)
        assert found.decoder.max() == pytest.approx(0.872566, abs=6e-7)
    assert not np.allclose(found.decoder, found.bayes_decoder)


@pytest.mark.parametrize("error", [0.1, 0.25])
def test_the_dual_splits_at_its_critical_beta(error):
    critical = 4 / np.log((1 - error) / error) ** 2
    below, above = (
        solve(oracle.binary_source(error), times * critical, dual=True) for times in (0.98, 1.02)
    )
    assert below.rate < 1e-10 and below.clusters == 1
    assert above.rate > 1e-3 and above.clusters == 2


@pytest.mark.parametrize("seed", range(200))
def test_the_least_distortion_is_minus_log_z(seed):
    rng = np.random.default_rng(seed)
    rows, weights = rng.dirichlet(np.ones(4), 5), rng.dirichlet(np.ones(5))
    q, least = geometric_mean(weights, rows)
    spent = sum(w * rel_entr(q, row).sum() for w, row in zip(weights, rows, strict=True))
    assert least * LN2 == pytest.approx(spent, abs=1e-12)
    other = rng.dirichlet(np.ones(4))
    assert sum(w * rel_entr(other, r).sum() for w, r in zip(weights, rows, strict=True)) >= spent


def test_the_dual_s_distortion_is_the_mean_of_its_exponents():
    found = solve(oracle.FIVE, 20.0, dual=True)
    assert found.marginal @ cluster_exponents(found) == pytest.approx(found.distortion, abs=1e-12)
    with pytest.raises(InfoplaneError, match="dual=True"):
        cluster_exponents(solve(oracle.FIVE, 20.0))


@given(st.integers(0, 10_000))
@example(282)
def test_the_exponent_of_two_hypotheses_is_chernoff_s(seed):
    rows = np.random.default_rng(seed).dirichlet(np.ones(4), 2)
    best = minimize_scalar(
        lambda s: np.log((rows[0] ** s * rows[1] ** (1 - s)).sum()),
        bounds=(0, 1),
        method="bounded",
        options={"xatol": 1e-10},
    )
    found = error_exponent(rows)
    assert found.value * LN2 == pytest.approx(-best.fun, abs=1e-9)
    assert found.value + found.gap >= -best.fun / LN2 - 1e-12


@given(
    st.integers(0, 10_000),
    st.integers(1, 64),
    st.integers(2, 12),
    st.floats(0.05, 2),
    st.booleans(),
)
def test_the_exponent_s_own_bounds_meet_for_any_hypotheses(seed, x, y, alike, twice):
    rows = np.random.default_rng(seed).dirichlet(np.full(y, alike), x) + 1e-12
    rows /= rows.sum(1, keepdims=True)
    found = error_exponent(np.tile(rows, (1 + twice, 1)))
    assert found.gap < 1e-12
    assert (found.weights >= 0).all() and found.weights.sum() == pytest.approx(1, abs=1e-12)
    assert found.decoder.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("tiny", [1e-30, 1e-100, 1e-300])
def test_hypotheses_that_all_but_exclude_outcomes_have_their_exponent(tiny):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = rng.dirichlet(np.ones(5), 4)
        rows = np.maximum(np.where(rng.random(rows.shape) < 0.4, tiny, rows), tiny)
        found = error_exponent(rows / rows.sum(1, keepdims=True))
        assert np.isfinite(found.value) and found.gap < 1e-9


def test_the_exponent_of_many_is_the_largest_over_weights():
    rng = np.random.default_rng(3)
    rows = rng.dirichlet(np.ones(4), 3)
    found = error_exponent(rows)
    tried = [geometric_mean(w, rows)[1] for w in rng.dirichlet(np.ones(3), 2000)]
    assert max(tried) <= found.value + found.gap
    assert max(tried) == pytest.approx(found.value, rel=1e-2)


def of_two_statistics(seed, x=6, y=5):
    """A joint whose rows belong to a family of two statistics, with a state of X that never is."""
    rng = np.random.default_rng(seed)
    raw = np.exp(-rng.normal(size=(x, 2)) @ rng.normal(size=(2, y)))
    rows = raw / raw.sum(1, keepdims=True)
    return np.insert(rng.dirichlet(np.ones(x))[:, None] * rows, 2, 0.0, axis=0)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_an_exponential_family_is_closed_under_the_dual_decoder_alone(seed):
    joint = of_two_statistics(seed)
    found = exponential_family(joint)
    assert found.dimension == 2
    there = joint.sum(1) > 0
    rows = joint[there] / joint[there].sum(1, keepdims=True)
    assert np.allclose(found.member(found.statistics)[there], rows, rtol=0, atol=1e-12)
    spread = joint.sum(1) @ found.statistics**2
    assert 1 / spread[0] == pytest.approx(thresholds(joint, dual=True).local, rel=1e-9)
    dual = solve(joint, 3 / spread[0], dual=True, evaluations=2_000)
    own = found.member(found.of_clusters(dual))
    assert np.allclose(own, dual.decoder, rtol=0, atol=1e-11)
    if 1 < dual.clusters < there.sum():
        assert np.abs(own - dual.bayes_decoder).max() > 1e-6


def test_a_family_of_every_row_is_all_distributions():
    found = exponential_family(oracle.FIVE)
    assert found.dimension == 1 and repr(found) == "ExponentialFamily(1 statistics, 2 outcomes)"
    assert exponential_family(np.outer([0.4, 0.6], [0.3, 0.7])).dimension == 0
    with pytest.raises(InfoplaneError, match="logarithm of every"):
        exponential_family([[0.5, 0.0], [0.2, 0.3]])
    with pytest.raises(InfoplaneError, match=r"\(n, 1\) is needed"):
        found.member(np.zeros((2, 3)))
    with pytest.raises(InfoplaneError, match="none of the joint"):
        found.of_clusters(solve(oracle.LATE, 8.0, dual=True))
    with pytest.raises(InfoplaneError, match="none of the joint"):
        found.of_clusters(solve(oracle.FIVE[:, ::-1], 8.0, dual=True))  # of the same p(x)
    with pytest.raises(InfoplaneError, match="of shape"):
        error_exponent(np.zeros((0, 3)))


def test_the_dual_lies_below_the_curve_and_near_it():
    points = curve(oracle.FIVE, betas=[4.0, 6.0, 25.0], dual=True)
    above = curve(oracle.FIVE, rates=points.rates)
    gaps = above.relevances - points.relevances
    assert (gaps >= -1e-9).all() and 1e-5 < gaps.max() <= 4e-4


def test_the_logarithm_of_0_is_refused_and_softening_helps():
    table = np.array([[0.5, 0.0], [0.2, 0.3]])
    with pytest.raises(InfoplaneError, match=r"y=1\|x=0.*softened"):
        solve(table, 2.0, dual=True)
    soft = Joint.of_table(table).softened(0.01)
    assert solve(soft, 9.0, dual=True).relevance > 0
    assert np.allclose(soft.px, [0.5, 0.5]) and np.allclose(soft.py, [0.7, 0.3])

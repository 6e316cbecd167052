"""Whole curves: Mrs Gerber's lemma, lumping, chords, bifurcations, thresholds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from infoplane.bottleneck import Status, agglomerate, curve, solve, thresholds
from infoplane.datasets.known import icosahedron
from infoplane.values.errors import InfoplaneError
from oracles import bottleneck as oracle


def gerber(rate, error):
    """I(T;Y) of the doubly symmetric binary source at a rate, in bits."""
    noise = 0.0
    if rate < 1 - 1e-15:
        noise = brentq(lambda d: oracle.binary_entropy(d) - (1 - rate), 1e-18, 0.5, xtol=1e-16)
    return 1 - oracle.binary_entropy(error * (1 - noise) + (1 - error) * noise)


@pytest.mark.parametrize("error", [0.1, 0.25])
def test_the_symmetric_source_lies_on_mrs_gerber_s_curve(error):
    critical = 1 / (1 - 2 * error) ** 2
    above = np.r_[np.geomspace(1.0001, 1.02, 6), np.geomspace(1.03, 6, 25), np.geomspace(8, 1e3, 6)]
    found = curve(oracle.binary_source(error), betas=critical * above)
    for rate, relevance in zip(found.rates, found.relevances, strict=True):
        assert relevance == pytest.approx(gerber(rate, error), abs=1e-9)
    assert (np.diff(found.rates) >= 0).all() and found.rates[0] < 1e-3 < 1 - 1e-9 < found.rates[-1]


def test_asked_for_rates_it_gives_them():
    asked = [0.0, 0.05, 0.5, 0.9]
    found = curve(oracle.binary_source(0.1), rates=asked)
    assert found.rates == pytest.approx(asked, abs=1e-9)
    assert found.relevances[1:] == pytest.approx([gerber(r, 0.1) for r in asked[1:]], abs=1e-9)
    more = curve(oracle.binary_source(0.1), rates=[1.5]).solutions[0]
    assert more.status == Status.SUFFICIENT
    assert more.relevance == pytest.approx(more.joint.information)


@pytest.mark.parametrize("dual", [False, True])
def test_a_rate_too_near_0_to_be_told_apart_has_the_slope_of_the_onset(dual):
    (found,) = curve(oracle.FIVE, rates=[2e-6], dual=dual).solutions
    assert found.rate == pytest.approx(2e-6, abs=1e-9)
    (least,) = curve(oracle.FIVE, rates=[1e-12], dual=dual).solutions
    assert least.rate == pytest.approx(1e-12, rel=0.02) and least.beta > 3
    if not dual:
        onset = thresholds(oracle.FIVE).onset
        assert found.relevance == pytest.approx(2e-6 / onset, rel=1e-3)


def test_a_function_of_x_is_traced_along_its_chord():
    joint = np.array([[0.3, 0.0], [0.1, 0.0], [0.0, 0.2], [0.0, 0.4]])
    h = oracle.binary_entropy(0.4)
    found = curve(joint, rates=[0.4, 1.4])
    assert found.rates == pytest.approx([0.4, h], abs=1e-9)
    assert found.relevances == pytest.approx([0.4, h], abs=1e-9)
    assert found.solutions[0].status == Status.SHARED
    assert found.solutions[0].beta == pytest.approx(1, abs=1e-6)


def test_who_takes_turns_says_nothing_twice():
    joint = np.array([[0.3, 0.0], [0.1, 0.0], [0.0, 0.2], [0.0, 0.4]])
    (found,) = curve(joint, rates=[0.4]).solutions
    assert found.status == Status.SHARED and found.clusters == 3  # two, and one that tells nothing
    apart = np.abs(found.decoder[:, None] - found.decoder[None]).max(2) + np.eye(3)
    assert apart.min() > 0.1


def test_a_cluster_that_appears_elsewhere_begins_without_mass():
    (found,) = curve(oracle.LATE, rates=[0.005]).solutions
    assert found.status == Status.CONVERGED and found.rate == pytest.approx(0.005, abs=1e-9)
    assert found.beta > 7.41503 and found.critical[found.marginal.argmax()] > 17


def test_bifurcations_lie_where_clusters_split_or_appear():
    found = curve(oracle.FIVE, betas=[3.0, 10.0, 20.0]).bifurcations
    assert [(one.before, one.after) for one in found] == [(1, 2), (2, 3)]
    assert found[0].beta == pytest.approx(4.4432381230, rel=1e-5) and found[0].splits
    (onset,) = curve(oracle.LATE, betas=[5.0, 9.0]).bifurcations
    assert onset.beta == pytest.approx(7.41503, abs=1e-4) and not onset.splits


def test_the_dual_bifurcates_at_its_own_onset_and_where_its_clusters_change():
    slope = np.log(9)
    (split,) = curve(oracle.binary_source(0.1), betas=[0.8, 0.9], dual=True).bifurcations
    assert split.beta == pytest.approx(4 / slope**2, abs=1e-9) and split.splits
    found = curve(oracle.FIVE, betas=[3.0, 10.0, 30.0], dual=True).bifurcations
    assert [(one.before, one.after) for one in found] == [(1, 2), (2, 3)]
    assert found[0].beta == thresholds(oracle.FIVE, dual=True).onset and not found[0].splits
    for one in found:
        low, high = (solve(oracle.FIVE, b * one.beta, dual=True) for b in (0.995, 1.005))
        assert (low.clusters, high.clusters) == (one.before, one.after)


def test_the_critical_beta_of_a_cluster_is_where_it_splits():
    trivial = solve(oracle.FIVE, 1.0)
    assert trivial.critical[0] == pytest.approx(4.4432381230, abs=6e-11)
    assert solve(oracle.FIVE, 1.0, dual=True).critical[0] == pytest.approx(3.3369906309, abs=6e-11)
    assert (solve(oracle.FIVE, 20.0).critical > 20).all()


def test_thresholds_are_the_recorded_ones():
    found = thresholds(oracle.LATE)
    assert found.local == pytest.approx(17.25, abs=1e-10)
    assert found.onset == pytest.approx(7.41503, abs=6e-6) and found.first_order
    found = thresholds(oracle.FIVE)
    assert found.local == pytest.approx(4.4432381230, abs=6e-11) and not found.first_order
    near = 4.4432380661626  # one distribution's ratio, with 40 digits
    assert found.local * (1 - 1e-7) < found.onset <= near
    found = thresholds(oracle.binary_source(0.1))
    assert (found.local, found.onset) == pytest.approx((1.5625, 1.5625), abs=1e-10)


@pytest.mark.parametrize("joint", [oracle.FIVE, oracle.LATE])
def test_the_dual_s_onset_is_the_least_ratio_of_cost_to_gain(joint):
    found = thresholds(joint, dual=True)
    if joint is oracle.FIVE:
        assert found.local == pytest.approx(3.3369906309, abs=6e-11)
    assert found.first_order
    p, w = joint.sum(1), joint / joint.sum(1, keepdims=True)
    assert found.onset == pytest.approx(oracle.dual_onset(p, w), rel=1e-8)


@settings(max_examples=10)  # each solves next to a bifurcation, twice
@given(st.integers(0, 10_000), st.booleans())
def test_the_onset_is_where_the_solver_leaves_the_trivial_solution(seed, dual):
    joint = oracle.problem(seed, 4, 3)
    found = thresholds(joint, dual)
    assert (dual or found.onset >= 1) and found.onset <= found.local * (1 + 1e-12)
    assert solve(joint, 0.995 * found.onset, dual=dual, evaluations=20_000).clusters == 1
    assert solve(joint, 1.005 * found.onset, dual=dual, evaluations=20_000).clusters > 1


def test_thresholds_of_functions_and_of_independence():
    function = thresholds([[0.5, 0.0], [0.2, 0.0], [0.0, 0.3]])
    assert (function.local, function.onset) == pytest.approx((1, 1))
    with pytest.raises(InfoplaneError, match="logarithm of every"):
        thresholds([[0.5, 0.0], [0.2, 0.0], [0.0, 0.3]], dual=True)
    for dual in (False, True):
        alone = thresholds(np.outer([0.4, 0.6], [0.3, 0.7]), dual)
        assert alone.local == alone.onset == np.inf


def test_lumping_orbits_leaves_the_curve_unchanged():
    soft = icosahedron.soft_rule()
    whole, lumped = (icosahedron.joint(soft, lumped=one) for one in (False, True))
    for beta in (1.1, 1.2, 3.0):
        one, other = solve(whole, beta), solve(lumped, beta)
        assert one.rate == pytest.approx(other.rate, abs=1e-9)
        assert one.relevance == pytest.approx(other.relevance, abs=1e-9)


@pytest.mark.parametrize(
    ("beta", "rate", "relevance"),
    [
        (1.1, 0.277703, 0.254944),
        (1.2, 0.732001, 0.655076),
        (2.0, 0.986024, 0.842657),
        (3.0, 0.998458, 0.848129),
    ],
)
def test_the_12_bit_problem_has_the_recorded_points(beta, rate, relevance):
    joint = icosahedron.joint(icosahedron.soft_rule(), lumped=True)
    found = solve(joint, beta)
    assert (found.rate, found.relevance) == pytest.approx((rate, relevance), abs=6e-7)


@pytest.mark.parametrize(
    ("beta", "rate", "relevance"), [(5.0, 0.999551, 0.848451), (10.0, 1.161357, 0.873399)]
)
def test_above_the_recorded_points_of_the_12_bit_problem_nothing_is_lost(beta, rate, relevance):
    joint = icosahedron.joint(icosahedron.soft_rule(), lumped=True)
    assert solve(joint, beta).lagrangian <= rate - beta * relevance + 2e-5


def test_the_12_bit_problem_begins_before_its_local_threshold():
    found = thresholds(icosahedron.joint(icosahedron.soft_rule(), lumped=True))
    assert found.local == pytest.approx(1.0811442880, abs=6e-11)
    assert found.first_order


def test_merges_cost_what_they_cost():
    tree = agglomerate(oracle.FIVE)
    lost = np.cumsum(tree.costs)
    told = [tree.relevance(k) for k in range(4, 0, -1)]
    assert told == pytest.approx(0.1735106551 - lost, abs=1e-9)
    assert list(tree.labels(5)) == [0, 1, 2, 3, 4] and set(tree.labels(1)) == {0}
    pairs = [(i, j) for i in range(5) for j in range(i)]

    def after(i, j):
        table = oracle.FIVE.copy()
        table[j] += table[i]
        return oracle.information(np.delete(table, i, 0))

    i, j = max(pairs, key=lambda pair: after(*pair))
    assert tuple(tree.merges[0]) == (j, i)
    with pytest.raises(InfoplaneError, match="between 1 and 5"):
        tree.labels(6)


@pytest.mark.parametrize("said", [{}, {"betas": [2.0], "rates": [0.1]}])
def test_a_curve_is_asked_for_betas_or_for_rates(said):
    with pytest.raises(InfoplaneError, match="for one of them"):
        curve(oracle.FIVE, **said)


def test_a_gap_is_asked_for_along_beta_alone():
    with pytest.raises(InfoplaneError, match="solved to the end"):
        curve(oracle.FIVE, rates=[0.1], gap=1e-3)


def test_no_rate_is_negative():
    with pytest.raises(InfoplaneError, match="at least 0"):
        curve(oracle.FIVE, rates=[-0.1])

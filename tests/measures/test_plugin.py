"""Plug-in information against the books, its corrections, its spread, and what it refuses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import (
    ConditionalEstimator,
    EntropyEstimator,
    Estimator,
    JointEntropyEstimator,
    ShuffledEstimator,
    Told,
)
from infoplane.quantities.tables import CORRECTIONS
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles import discrete as oracle

few = settings(max_examples=30)
every_correction = pytest.mark.parametrize("correction", CORRECTIONS)


def coupled(n: int, k: int = 3, keep: float = 0.5, seed: int = 0):
    r = np.random.default_rng(seed)
    x = r.integers(0, k, n)
    return x, np.where(r.random(n) < keep, x, r.integers(0, k, n))


def true_information(k: int, keep: float) -> float:
    joint = np.full((k, k), (1 - keep) / k**2) + np.eye(k) * keep / k
    return oracle.table_information(joint)


@every_correction
def test_it_has_every_form(correction):
    forms = (
        Estimator,
        EntropyEstimator,
        JointEntropyEstimator,
        ConditionalEstimator,
        ShuffledEstimator,
        Told,
    )
    assert all(isinstance(PlugIn(correction), form) for form in forms)


def test_the_known_value_of_the_field():
    """1.10866 nat on 100 000 samples of 16 × 10 states, as four libraries have it."""
    r = np.random.default_rng(0)
    x = r.integers(0, 16, 100_000)
    y = np.where(r.random(100_000) < 0.7, x % 10, r.integers(0, 10, 100_000))
    found = PlugIn()(x, y)
    assert found.value * LN2 == pytest.approx(1.10866, abs=5e-6)
    assert found.notes == () and found.interval is not None
    assert found.interval[0] < 1.1022 / LN2 < found.interval[1]


def test_information_against_the_books():
    x, y = coupled(60)
    z = np.random.default_rng(5).integers(0, 2, 60)
    assert PlugIn()(x, y).value == pytest.approx(oracle.information(x, y), abs=1e-12)
    corrected = PlugIn("miller-madow")
    assert corrected(x, y).value == pytest.approx(oracle.miller_madow_information(x, y), abs=1e-12)
    shrunk = PlugIn("shrinkage")(x, y).value
    assert shrunk == pytest.approx(oracle.shrunk_information(x, y), abs=1e-12)
    conditional = PlugIn().conditional(x, y, z).value
    assert conditional == pytest.approx(oracle.conditional_information(x, y, z), abs=1e-12)
    joint = PlugIn().joint_entropy(x, y, z).value
    assert joint == pytest.approx(oracle.entropy(list(zip(x, y, z, strict=True))), abs=1e-12)


def test_rows_of_integers_are_states_as_their_numbers_are():
    x, y = coupled(200, k=4)
    rows = np.stack([x // 2, x % 2, 7 * x], axis=1)
    assert PlugIn()(rows, y).value == pytest.approx(PlugIn()(x, y).value, abs=1e-12)
    assert PlugIn()(10**12 * x - 5, y).value == pytest.approx(PlugIn()(x, y).value, abs=1e-12)
    assert PlugIn()(x == 1, y == 1).value == pytest.approx(
        PlugIn()((x == 1).astype(int), (y == 1).astype(int)).value
    )


@every_correction
def test_shuffles_are_those_of_as_many_calls(correction):
    x, y = coupled(80)
    orders = torch.stack([torch.randperm(80) for _ in range(7)])
    quick = PlugIn(correction).shuffled(x, y, orders)
    slow = [PlugIn(correction)(x, y[order.numpy()]).value for order in orders]
    assert quick == pytest.approx(slow, abs=1e-12)


@every_correction
@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_the_bounds_hold(correction, keep):
    found = PlugIn(correction)(*coupled(300, k=5, keep=keep))
    assert found.bounds[1] is not None and found.value <= found.bounds[1] + 1e-12
    assert found.value <= found.ceiling + 1e-12
    if PlugIn(correction).properties.nonnegative:
        assert found.value >= -1e-12


@every_correction
def test_one_variable_with_itself_has_its_entropy(correction):
    x = np.repeat([0, 1, 2, 3], [4, 4, 8, 16])
    if correction != "shrinkage":  # which pulls the table off its diagonal
        entropy = PlugIn(correction).entropy(x).value
        assert PlugIn(correction)(x, x).value == pytest.approx(entropy, abs=1e-12)
    assert PlugIn().entropy(x).value == pytest.approx(1.75, abs=1e-12)


@every_correction
def test_nothing_is_shared_with_a_constant(correction):
    found = PlugIn(correction)(np.zeros(50, dtype=int), coupled(50)[0])
    assert found.value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("keep", "k"), [(0.0, 2), (0.0, 4), (0.2, 4), (0.5, 3), (0.95, 4)])
def test_intervals_contain_the_truth_as_often_as_they_say(keep, k):
    truth, inside, runs = true_information(k, keep), 0, 300
    for seed in range(runs):
        low, high = PlugIn()(*coupled(1000, k, keep, seed)).interval
        inside += low <= truth <= high
    assert 0.85 <= inside / runs <= 0.96


def test_the_interval_is_about_the_value_without_bias_whatever_was_corrected():
    plain, corrected = (PlugIn(c)(*coupled(500, 8, 0.2)) for c in ("none", "miller-madow"))
    assert plain.interval == pytest.approx(corrected.interval)
    assert plain.interval[0] < corrected.value < plain.interval[1]
    assert PlugIn("shrinkage")(*coupled(500, 8, 0.2)).interval is None


def test_a_value_outside_its_own_interval_is_told_and_only_that():
    x, y = coupled(1000, 10, 0.0)
    found = PlugIn()(x, y)
    assert found.value > found.interval[1]
    (note,) = found.notes
    assert "bias of +0.058 bit" in note and "PlugIn('miller-madow')" in note
    corrected = PlugIn("miller-madow")(x, y)
    assert corrected.interval == found.interval and corrected.notes == ()
    assert PlugIn("shrinkage")(x, y).notes == ()
    within = PlugIn()(*coupled(1000, 3, 0.5))
    assert within.interval[0] <= within.value <= within.interval[1] and within.notes == ()
    # all four cells alike, where the bias taken off leaves less than independence explains
    even = np.repeat([0, 0, 1, 1], 50), np.repeat([0, 1, 0, 1], 50)
    below = PlugIn("miller-madow")(*even)
    assert below.value < below.interval[0] and "read the interval" in below.notes[0]
    assert PlugIn()(*even).notes == ()


@pytest.mark.parametrize(("fold", "skew"), [(1, 0.0), (2, 0.0), (1, 0.2), (2, 0.2)])
def test_intervals_of_functions_contain_the_truth_though_degrees_are_negative(fold, skew):
    """Of 8 states and of y = x // fold, a function of them, H(y) is shared."""
    r, inside, runs = np.random.default_rng(0), 0, 300
    p = (1 + skew * np.arange(8)) / (1 + skew * np.arange(8)).sum()
    truth = oracle.table_entropy(p.reshape(-1, fold).sum(1))
    for _ in range(runs):
        x = r.choice(8, 1000, p=p)
        low, high = PlugIn()(x, x // fold).interval
        inside += low <= truth <= high
    assert 0.85 <= inside / runs <= 0.98


@few
@given(st.integers(0, 10**6))
def test_merging_states_never_gains_information(seed):
    r = np.random.default_rng(seed)
    x, y = r.integers(0, 6, (2, 50))
    merged = r.integers(0, 6, 6)[y]
    assert PlugIn()(x, merged).value <= PlugIn()(x, y).value + 1e-12


def test_the_standard_error_is_the_spread_over_samples():
    values = [PlugIn()(*coupled(800, 4, 0.5, seed)) for seed in range(200)]
    spread = np.std([v.value for v in values])
    assert np.mean([v.stderr for v in values]) == pytest.approx(spread, rel=0.15)
    assert values[0].stderr_source == "delta method"


def test_correction_takes_the_bias_away():
    runs = [coupled(200, 6, 0.3, seed) for seed in range(100)]
    truth = true_information(6, 0.3)
    bias = {c: np.mean([PlugIn(c)(*xy).value for xy in runs]) - truth for c in CORRECTIONS}
    expected = 25 / (2 * 200 * LN2)
    assert bias["none"] == pytest.approx(expected, rel=0.2)
    assert abs(bias["miller-madow"]) < bias["none"] / 5


def test_as_many_states_as_samples_are_told_loudly():
    y = np.arange(64) % 4
    found = PlugIn()(np.arange(64), y)
    assert found.value == pytest.approx(2)
    assert found.interval is None
    (note,) = found.notes
    assert note.startswith("Every one of 64 samples has a state of its own (H(x) = log2 n), so the")
    assert "would be H(y) whatever x is" in note and "take more samples" in note
    nearly = np.arange(64)
    nearly[0] = 1
    assert PlugIn()(y, nearly).notes[0].startswith("Nearly every one of 64 samples")
    assert "the prior's alone" in PlugIn("shrinkage")(np.arange(64), y).notes[0]
    assert "log2 n" in PlugIn().entropy(np.arange(64)).notes[0]


def test_too_few_samples_for_the_table_are_told():
    x, y = coupled(100, k=6, keep=0)
    (note,) = PlugIn()(x, y).notes
    bias = (len(set(zip(x, y, strict=True))) - 11) / (200 * LN2)
    assert "100 samples for 36 combinations" in note and f"{bias:+.2g} bit" in note
    assert PlugIn()(x, y).interval is None
    assert "combinations" in PlugIn().conditional(x, y, x).notes[0]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: PlugIn("jackknife"), "correction"),
        (lambda: PlugIn()(np.zeros(5), np.arange(5)), "x holds floats.*Binned"),
        (lambda: PlugIn()(np.arange(5), np.zeros(5)), "y holds floats"),
        (lambda: PlugIn().conditional(np.arange(5), np.arange(5), np.zeros(5)), "given holds"),
        (lambda: PlugIn()(np.arange(5), np.arange(6)), "5 samples and y has 6"),
        (lambda: PlugIn().joint_entropy(), "No variable"),
        (lambda: PlugIn().entropy(np.array(["a", "b"])), "encode it first"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, match):
    with pytest.raises((InfoplaneError, TypeError), match=match):
        call()

"""Spreads that are what new samples would show, nulls of series, and many tests judged."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import Estimator, Properties
from infoplane.measures.evidence.null import Batched, WithNull, block_orders, significant
from infoplane.measures.evidence.resampling import Bootstrapped, Subsampled
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.samples import paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.seeds import stream
from infoplane.values.units import LN2


@dataclass(frozen=True)
class Correlation:
    """Information of a bivariate normal, by its correlation, with the interval of large n."""

    properties: Properties = Properties(interval=True)

    def __call__(self, x, y) -> Estimate:
        rho = float(torch.corrcoef(torch.stack([one.ravel() for one in paired(x, y)]))[0, 1])
        value, reach = -0.5 * math.log2(1 - rho**2), 1.645 * abs(rho) / math.sqrt(len(x)) / LN2
        interval = (value - reach, value + reach) if self.properties.interval else None
        return Estimate(value, len(x), "Correlation", interval=interval, shared=True)


@dataclass(frozen=True)
class Mean:
    """The mean of x·y: its standard error is known in closed form."""

    properties: Properties = Properties()

    def __call__(self, x, y) -> Estimate:
        x, y = paired(x, y)
        return Estimate(float((x * y).mean()), len(x), "Mean")


@dataclass(frozen=True)
class Distinct:
    """How many samples are not repeated: repetition is all that moves it."""

    properties: Properties = Properties(interval=True)

    def __call__(self, x, y) -> Estimate:
        return Estimate(float(len(torch.unique(x, dim=0))), len(x), "Distinct")


def normal(rho: float, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    x, noise = torch.randn(2, n, 1, generator=stream(seed, "normal"), dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def slow(n: int, seed: int, memory: float = 0.95) -> Tensor:
    """A series that forgets its past within some dozens of steps."""
    noise = torch.randn(n, generator=stream(seed, "slow"), dtype=torch.float64)
    series = [noise[0]]
    for one in noise[1:]:
        series.append(memory * series[-1] + math.sqrt(1 - memory**2) * one)
    return torch.stack(series)[:, None]


WRAPPERS = {
    "bootstrap": lambda inner: Bootstrapped(inner, draws=200),
    "half": lambda inner: Subsampled(inner, draws=200),
    "tenth": lambda inner: Subsampled(inner, 40, draws=200),
    "most": lambda inner: Subsampled(inner, 380, draws=200),
}
each = pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)


@each
def test_of_a_mean_it_is_the_standard_error_in_closed_form(wrapped):
    x, y = normal(0.5, 400)
    found = wrapped(Mean())(x, y)
    assert found.stderr == pytest.approx(float((x * y).std()) / 20, rel=0.15)
    assert found.value == Mean()(x, y).value and found.n == 400


@each
@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_it_is_how_far_new_samples_scatter_and_its_intervals_contain_the_truth(wrapped, rho):
    few = replace(wrapped(Correlation()), draws=40)
    found = [few(*normal(rho, 400, seed)) for seed in range(40)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.stderr for one in found]) == pytest.approx(spread, rel=0.3)
    truth = -0.5 * math.log2(1 - rho**2)
    inside = np.mean([one.interval[0] <= truth <= one.interval[1] for one in found])
    assert 0.8 <= inside <= 0.98


@each
def test_an_interval_is_given_only_where_the_inner_estimator_claims_one(wrapped):
    x, y = normal(0.6, 400)
    found = wrapped(Correlation())(x, y)
    assert sum(found.interval) / 2 == pytest.approx(found.value)
    assert found.interval[1] - found.value == pytest.approx(1.6449 * found.stderr, rel=1e-4)
    modest = Correlation(Properties(interval=False))
    assert (
        wrapped(modest)(x, y).interval is None and wrapped(modest).properties == modest.properties
    )


@pytest.mark.parametrize("wrapped", [Subsampled, lambda inner: Bootstrapped(inner, 40)])
def test_about_a_biased_value_no_interval_is_given(wrapped):
    r = np.random.default_rng(0)
    for _ in range(10):  # whose plug-in value is 0.058 bit too high, six standard errors
        found = wrapped(PlugIn())(*r.integers(0, 10, (2, 1000)))
        assert found.interval is None and found.stderr is not None
    few = wrapped(PlugIn())(*r.integers(0, 10, (2, 200)))  # PlugIn itself gives none
    assert few.interval is None and "combinations" in few.notes[0]
    x = r.integers(0, 3, 1000)
    fair = wrapped(PlugIn())(x, np.where(r.random(1000) < 0.5, x, r.integers(0, 3, 1000)))
    assert fair.interval is not None and fair.notes == ()


def test_why_no_interval_is_given_is_told():
    x, y = np.random.default_rng(0).integers(0, 10, (2, 1000))
    own = PlugIn()(x, y).interval
    note = Subsampled(PlugIn())(x, y).notes[-1]
    assert note.startswith("No interval of 20 subsamples of 500 is given: the value lies +0.0")
    assert f"{own[0]:.4f} … {own[1]:.4f}" in note


def test_the_source_of_the_standard_error_is_told():
    x, y = normal(0.6, 100)
    assert Bootstrapped(Mean(), 7)(x, y).stderr_source == "7 bootstrap draws"
    assert Subsampled(Mean(), 30, 7)(x, y).stderr_source == "7 subsamples of 30"
    assert Subsampled(Mean())(x, y).stderr_source == "20 subsamples of 50"


def test_repeated_samples_are_told_and_their_spread_makes_no_interval():
    x, y = normal(0.6, 100)
    found = Bootstrapped(Distinct())(x, y)
    assert found.interval is None and found.stderr > 0
    assert "-36." in found.notes[0] and "Take Subsampled" in found.notes[0]
    assert Subsampled(Distinct())(x, y).notes == ()
    assert any("Subsampled" in note for note in Bootstrapped(Renyi(), 20)(x, y).notes)
    assert Bootstrapped(Correlation())(x, y).notes == ()


@each
def test_evidence_composes_in_either_order(wrapped):
    x, y = normal(0.6, 400)
    inner = Correlation()
    outside = WithNull(wrapped(inner), 9)(x, y)
    assert outside == wrapped(WithNull(inner, 9))(x, y)
    assert outside.null == WithNull(inner, 9)(x, y).null and outside.p_value == 0.1
    assert outside.stderr == wrapped(inner)(x, y).stderr


def test_the_null_of_a_resampled_estimator_takes_its_quick_way():
    x, y = normal(0.6, 40)
    plain = WithNull(Renyi(), 9)(x, y)
    for one in (Bootstrapped(Renyi(), 3), Subsampled(Renyi(), draws=3)):
        found = WithNull(one, 9)(x, y)
        assert (found.null, found.p_value) == (plain.null, plain.p_value)


def test_the_seed_says_which_samples_are_drawn():
    x, y = normal(0.6, 50)
    state = torch.get_rng_state()
    for one in (Bootstrapped(Mean(), 5), Subsampled(Mean(), draws=5)):
        assert one(x, y) == one(x, y) != replace(one, seed=1)(x, y)
    assert torch.equal(torch.get_rng_state(), state)


def test_labels_stay_labels():
    labels = torch.arange(60) % 3
    found = Subsampled(Renyi(), draws=4)(torch.randn(60, 2), labels)
    assert found.stderr > 0 and found.bounds[1] is not None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Bootstrapped(Mean(), draws=1),
        lambda: Subsampled(Mean(), draws=1),
        lambda: Subsampled(Mean(), size=1),
        lambda: Subsampled(Mean(), size=30)(*normal(0.5, 30)),
        lambda: Subsampled(Mean())(*normal(0.5, 3)),
        lambda: WithNull(Mean(), blocks=0),
        lambda: WithNull(Mean(), within=5, blocks=5),
        lambda: WithNull(Mean(), blocks=20)(*normal(0.5, 60)),
        lambda: WithNull(Mean(), blocks=100)(*normal(0.5, 60)),
        lambda: Batched(WithNull(Mean())),
        lambda: significant([Estimate(0.0, 9, "any")], rate=1.0),
        lambda: significant({"a": Estimate(0.0, 9, "any")}),
    ],
)
def test_bad_arguments_are_refused(wrong):
    with pytest.raises(InfoplaneError):
        wrong()


def test_wrappers_say_what_they_add():
    assert WithNull(Renyi(), 9, blocks=7).words == (
        f"{Renyi().words}; null of 9 permutations of blocks of 7, seed 0"
    )
    assert "within blocks of 7" in WithNull(Renyi(), within=7).words
    assert Batched(Renyi(), 50).words.endswith("mean of batches of 50")
    assert "half the samples" in Subsampled(Renyi()).words
    assert Bootstrapped(Mean()).words.startswith("Mean(")
    assert Bootstrapped(Renyi()).sources == (*Renyi().sources, "efron1979bootstrap")
    wrappers = [WithNull(Mean()), Batched(Mean()), Bootstrapped(Mean()), Subsampled(Mean())]
    assert all(isinstance(one, Estimator) for one in wrappers)


def test_a_mean_of_batches_promises_nothing_of_all_samples():
    found = Batched(Correlation(), 50)
    assert not found.properties.interval and found(*normal(0.5, 100)).interval is None


# ---------------------------------------------------------------- blocks


@pytest.mark.parametrize("length", [1, 3, 7])
def test_blocks_change_places_and_stay_as_they_are_inside(length):
    n = 41
    drawn = block_orders(0, "blocks", n=n, count=50, length=length)
    assert torch.equal(drawn.sort(1).values, torch.arange(n).expand(50, n))
    inside = torch.arange(n - 1) % length != length - 1
    for order in drawn:
        follows = torch.zeros(n, dtype=torch.bool)
        follows[order[:-1]] = order.diff() == 1
        assert follows[:-1][inside].all(), "whoever followed inside a block follows still"
    assert (drawn[:, -1] != n - 1).any(), "the shorter block moves, too"


def test_too_few_blocks_have_too_few_orders():
    with pytest.raises(InfoplaneError, match=r"60 samples are 3 block\(s\) of 20, which have 6"):
        block_orders(0, n=60, count=6, length=20)
    assert len(block_orders(0, n=60, count=5, length=20)) == 5


def test_slow_series_share_nothing_under_a_null_of_blocks_only():
    """Shuffled one by one, independent slow series seem dependent nearly always."""
    pairs = [(slow(300, 2 * seed), slow(300, 2 * seed + 1)) for seed in range(60)]
    single = WithNull(Correlation(), 19)
    whole = WithNull(Correlation(), 19, blocks=50)
    found = {one: np.mean([one(x, y).p_value <= 0.1 for x, y in pairs]) for one in (single, whole)}
    assert found[single] > 0.4 and found[whole] < 0.3


# ---------------------------------------------------------------- many tests


def test_names_of_a_mapping_and_places_of_a_sequence():
    p_values = {"a": 0.09, "b": 0.001, "c": 0.6, "d": 0.04}
    found = {name: Estimate(1.0, 9, "any", p_value=p) for name, p in p_values.items()}
    assert significant(found) == ["b", "d"] and significant([*found.values()]) == [1, 3]
    assert significant(found, rate=0.01) == ["b"] and significant(found, rate=0.2) == [
        "a",
        "b",
        "d",
    ]
    assert significant({}) == [] and significant([]) == []


def test_an_estimate_without_p_value_is_named():
    found = [Estimate(1.0, 9, "any", p_value=0.5), Estimate(1.0, 9, "any")]
    with pytest.raises(InfoplaneError, match="^1 of 2 estimates: no p-value.*WithNull"):
        significant(found)


def test_of_many_nulls_few_are_discoveries():
    one = WithNull(Correlation(), 39)
    estimates = [one(*normal(0.0, 30, seed)) for seed in range(60)]
    assert len(significant(estimates)) <= 1

"""Several seeds become one Trace: means and intervals in closed form, refusals, and NaN."""

import json
import math

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from infoplane.analysis.across import PROBE_BATCHES, combined
from infoplane.analysis.claims import Claim, judge
from infoplane.analysis.repeated import (
    error,
    error_words,
    half_interval,
    repeated_over,
    repetitions,
    standard_error,
    summarised,
)
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Interval
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Row, Trace, settings_of, trace_of

STEPS = (0, 1, 10)
LAYERS = ("a", "b")


def of_seed(seed: int, *, layers=LAYERS, steps=STEPS, batches=4, unit="bit", k=3) -> Trace:
    """Information ``seed`` + 0.1·batch at every step, in every layer."""
    dims = ("estimator", "batch", "layer")
    coords = {"estimator": ["tapia"], "layer": list(layers)}
    base = seed + 0.1 * np.arange(batches, dtype=float)[None, :, None]
    values = np.broadcast_to(base, (1, batches, len(layers))).copy()
    rows = []
    for step in steps:
        measured = {
            name: xr.DataArray(values.copy(), dims=dims, coords=coords, attrs={"unit": unit})
            for name in ("I_XT", "I_XT_p")
        }
        measured["loss"] = xr.DataArray(float(seed), attrs={"unit": "1"})
        rows.append(Row(step, float(step), measured))
    settings = json.dumps({"k": k, "seed": seed})
    words = f"Net with k = {k}, seed {seed}"
    attributes = {"experiment": "made-up", "seed": seed, "settings": settings}
    return trace_of(rows, {**attributes, "description": words, "address": f"of {seed}"})


def test_one_seed_keeps_its_batches_and_is_told_in_the_form_of_several():
    alone = of_seed(5)
    whole = combined([alone])
    xr.testing.assert_equal(whole, alone)
    assert settings_of(whole) == {"k": 3, "seeds": [5]}
    assert set(whole.attrs) == set(combined([alone, of_seed(6)]).attrs)
    assert whole.attrs["description"] == "Net with k = 3, seed 5"
    assert settings_of(alone) == {"k": 3, "seed": 5}, "the run itself says what it said"


def test_what_has_no_seed_stays_as_it_is():
    unseeded = of_seed(5)
    del unseeded.attrs["seed"]
    assert combined([unseeded]) is unseeded


def test_the_mean_over_seeds_and_half_of_its_interval():
    seeds = (0, 1, 5)
    trace = combined([of_seed(seed) for seed in seeds])
    assert trace["seed"].values.tolist() == [0, 1, 5]
    assert trace["I_XT"].dims == ("snapshot", "estimator", "layer", "seed")
    mean, half = summarised("I_XT", trace["I_XT"])
    expected = Interval.of([seed + 0.15 for seed in seeds])
    assert mean.values == pytest.approx(np.full((3, 1, 2), expected.mean))
    assert half.values == pytest.approx(np.full((3, 1, 2), expected.high - expected.mean))
    t = stats.t.ppf(0.95, 2) * np.std(seeds, ddof=1) / math.sqrt(3)
    assert half.values == pytest.approx(np.full((3, 1, 2), t))
    loss, spread = summarised("loss", trace["loss"])
    assert loss.values == pytest.approx(np.full(3, 2.0)) and spread.values == pytest.approx(t)


def test_the_largest_p_value_of_all_batches_and_seeds():
    trace = combined([of_seed(seed) for seed in (0, 1)])
    largest, none = summarised("I_XT_p", trace["I_XT_p"])
    assert largest.values == pytest.approx(np.full((3, 1, 2), 1.3)) and none.isnull().all()


def test_the_order_of_the_seeds_changes_nothing():
    traces = [of_seed(seed) for seed in (0, 1, 5)]
    xr.testing.assert_identical(combined(traces), combined(traces[::-1]))


def test_what_it_says_of_itself():
    trace = combined([of_seed(seed) for seed in (4, 2)])
    assert settings_of(trace) == {"k": 3, "seeds": [2, 4]}
    assert trace.attrs["description"] == "Net with k = 3, seeds 2, 4"
    assert trace.attrs[PROBE_BATCHES] == 4 and "seed" not in trace.attrs
    assert "address" not in trace.attrs and trace["I_XT"].attrs == {"unit": "bit"}


def test_words_of_errors():
    one, many = of_seed(0), combined([of_seed(seed) for seed in (0, 1)])
    assert error_words(one) == "±1 standard error over 4 probe batches"
    assert error_words(many) == "the 90% interval of the mean over 2 seeds"
    assert error_words(of_seed(0, batches=1)) == error_words(one["loss"]) == ""
    assert error(one["I_XT"]).name == "standard error"
    assert error(many["I_XT"]).name == "half of the 90% interval"
    assert (repetitions(one), repetitions(many), repetitions(one["loss"])) == (4, 2, 1)


def test_of_one_run_it_is_the_standard_error_over_its_batches():
    values = of_seed(0)["I_XT"]
    mean, slight = summarised("I_XT", values)
    assert mean.values == pytest.approx(np.full((3, 1, 2), 0.15))
    assert slight.values == pytest.approx(np.full((3, 1, 2), 0.1 * math.sqrt(5 / 3) / 2))
    for none in (of_seed(0, batches=1)["I_XT"], of_seed(0)["loss"]):
        for one in (standard_error(none), half_interval(none), error(none).values):
            assert one.isnull().all()


@pytest.mark.parametrize("dims", [("init", "batch"), ("seed", "init", "batch"), ("batch",)])
def test_the_most_independent_is_what_numbers_are_repeated_over(dims):
    """The others are averaged first: the closed form is that of their means."""
    numbers = np.random.default_rng(0).standard_normal((3, 4, 5)[: len(dims)])
    values = xr.DataArray(numbers, dims=dims)
    means = numbers.reshape(len(numbers), -1).mean(1)
    expected = Interval.of(means)
    assert repeated_over(values) == dims[0] and repetitions(values) == 3
    mean, slight = summarised("I_XT", values)
    assert float(mean) == pytest.approx(expected.mean)
    assert float(half_interval(values)) == pytest.approx(expected.high - expected.mean)
    assert float(standard_error(values)) == pytest.approx(means.std(ddof=1) / math.sqrt(3))
    chosen = standard_error if dims == ("batch",) else half_interval
    assert float(slight) == float(chosen(values))


@pytest.mark.parametrize("over", ["init", "batch"])
def test_a_figure_and_a_verdict_are_over_the_same(over):
    """Networks that began from weights of their own: half of the interval that decides."""
    numbers = np.random.default_rng(0).standard_normal((1, 3, 4))
    inner = "batch" if over == "init" else "sample"
    values = xr.DataArray(
        numbers.mean(2) if inner == "sample" else numbers,
        dims=("estimator", over, inner)[: 2 if inner == "sample" else 3],
        coords={"estimator": ["tapia"]},
    )
    trace = values.to_dataset(name="I_XT")
    claim = Claim("up", "It rises.", "made-up", lambda one: one["I_XT"], lambda one: one["I_XT"])
    found = judge(claim, [trace])
    assert found.over is repeated_over(trace["I_XT"]) is Replicate(over)
    assert found.spread == {"init": "3 networks", "batch": "3 probe batches, one seed"}[over]
    effect = found.readings[0].effect
    assert float(half_interval(values)[0]) == pytest.approx(effect.high - effect.mean)


def test_a_seed_that_was_not_measured_leaves_no_mean_of_fewer():
    traces = [of_seed(seed) for seed in (0, 1, 5)]
    traces[1]["I_XT"][{"snapshot": 2, "layer": 1, "batch": 0}] = np.nan
    trace = combined(traces)
    for part in summarised("I_XT", trace["I_XT"]):
        absent = part.isnull().values
        assert absent[2, 0, 1] and absent.sum() == 1
    mean, slight = summarised("I_XT", traces[1]["I_XT"])
    assert mean.isnull().values.sum() == slight.isnull().values.sum() == 1


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"layers": ("a", "c")}, "layer"),
        ({"steps": (0, 1)}, "step"),
        ({"batches": 3}, "batch"),
        ({"unit": "nat"}, "variable I_XT"),
    ],
)
def test_seeds_that_measured_something_else_are_refused(other, words):
    with pytest.raises(
        InfoplaneError, match=f"Seeds 0 and 1 of one setting differ in their {words}"
    ):
        combined([of_seed(0), of_seed(1, **other)])


def test_seeds_with_other_variables_are_refused():
    with pytest.raises(InfoplaneError, match="variable loss: .* and none"):
        combined([of_seed(0), of_seed(1).drop_vars("loss")])


def test_what_are_no_seeds_of_one_setting_is_refused():
    with pytest.raises(InfoplaneError, match="differ in more than their seed: k"):
        combined([of_seed(0), of_seed(1, k=4)])
    with pytest.raises(InfoplaneError, match="must differ"):
        combined([of_seed(0), of_seed(0)])
    with pytest.raises(InfoplaneError, match="none was given"):
        combined([])

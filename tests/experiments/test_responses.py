"""What is left at the end of training against a number that settings differ in."""

import numpy as np
import pytest

from infoplane.analysis.across import combined
from infoplane.experiments.comparison.figures import MOST, few_of, not_shown, panels
from infoplane.experiments.comparison.naming import differing, named
from infoplane.experiments.comparison.responses import numbers, responses
from infoplane.experiments.comparison.verdicts import summary
from infoplane.experiments.gaps import diverged_seeds
from infoplane.values.finding import Interval

SEEDS = (0, 1, 5)


@pytest.fixture
def settings(swept_trace):
    """Builder of settings by name, each of some seeds together."""

    def built(ks, seeds=SEEDS, **other):
        return {f"k={k}": combined([swept_trace(k, seed, **other) for seed in seeds]) for k in ks}

    return built


def by_title(runs):
    return {one.title: one for one in responses(runs)}


def test_one_number_has_a_line_per_layer_with_the_interval_over_seeds(settings):
    found = by_title(settings((4, 2, 3)))
    assert set(found) == {
        f"{words}, {estimator}"
        for words in ("I(input; layer)", "I(layer; output)")
        for estimator in ("silverman", "tapia")
    } | {"loss_test"}
    panel = found["I(input; layer), tapia"]
    lines = {line.name: line for line in panel.series}
    assert list(lines) == ["first", "first (null)", "code", "code (null)"]
    assert lines["code"].x.tolist() == [2, 3, 4], "in the order of the number"
    expected = [Interval.of([0.02 * (k + seed + 0.1) for seed in SEEDS]) for k in (2, 3, 4)]
    assert lines["code"].y == pytest.approx([one.mean for one in expected])
    assert lines["code"].y_error == pytest.approx([one.high - one.mean for one in expected])
    assert lines["code (null)"].dashed and lines["code (null)"].y == pytest.approx(
        [one.mean / 10 for one in expected]
    )
    assert lines["code"].error_is == "half of the 90% interval"
    assert "90% interval of the mean over 3 seeds" in panel.caption and "null" in panel.caption


def test_they_are_no_moments_of_a_training(settings):
    for panel in responses(settings((2, 3))):
        assert not panel.over_time and all(line.at is None for line in panel.series)
    for panel in panels(settings((2, 3))):
        assert panel.over_time == (not panel.key.startswith("response"))


def test_the_loss_is_there_too(settings):
    (line,) = by_title(settings((2, 3)))["loss_test"].series
    assert line.y == pytest.approx([3.0, 3.0])  # 1 + the mean of the seeds


@pytest.mark.parametrize(
    ("ks", "log", "ticks"),
    [
        ((2, 16), False, (2.0, 16.0)),
        ((2, 17), True, (2.0, 17.0)),
        ((0, 17), False, (0.0, 17.0)),
        (tuple(range(1, 16)), True, (1, 3, 5, 7, 9, 11, 13, 15)),
    ],
)
def test_numbers_over_more_than_a_factor_of_eight_are_drawn_logarithmically(
    swept_trace, ks, log, ticks
):
    (number,) = numbers({str(k): swept_trace(k) for k in ks})
    assert (number.axis.log, number.axis.ticks) == (log, ticks) and number.axis.label == "k"


def test_several_numbers_have_a_figure_each_with_a_line_per_combination_of_the_others(settings):
    runs = {
        f"{name}, width={width}": trace
        for width in (10, 20)
        for name, trace in settings((2, 3), more={"net": {"width": width}}).items()
    }
    found = responses(runs)
    by_k = [one for one in found if one.x.label == "k"]
    assert {one.x.label for one in found} == {"k", "width"} and len(by_k) == 2 * 2 * 2 + 1
    panel = next(one for one in by_k if one.title == "code" and "tapia" in one.group)
    assert [line.name for line in panel.series] == ["width=10", "width=20"]
    assert panel.group in ("I(input; layer) against k, tapia", "I(layer; output) against k, tapia")
    assert len({one.key for one in found}) == len(found)


def test_what_is_no_number_only_parts_the_lines(swept_trace):
    runs = {
        f"{k}{mode}": swept_trace(k, more={"mode": mode, "fast": mode == "a"})
        for k in (2, 3)
        for mode in "ab"
    }
    (number,) = numbers(runs)
    assert list(number.lines) == ["mode=a, fast=true", "mode=b, fast=false"]


def test_single_runs_of_several_seeds_have_a_line_per_seed(swept_trace):
    runs = {f"{k} {seed}": swept_trace(k, seed) for k in (2, 3) for seed in (0, 1)}
    (number,) = numbers(runs)
    assert list(number.lines) == ["seed=0", "seed=1"]
    panel = responses(runs)[0]
    assert panel.series[0].error_is == "standard error"
    assert "±1 standard error over 3 probe batches" in panel.caption


def test_without_two_numbers_in_one_line_there_is_nothing_to_show(swept_trace):
    assert responses({"one": swept_trace(2)}) == []
    assert responses({"a": swept_trace(2, 0), "b": swept_trace(2, 1)}) == []
    together = {f"{k}": swept_trace(k, more={"mode": f"m{k}"}) for k in (2, 3)}
    assert responses(together) == []


def test_a_layer_that_one_setting_lacks_has_a_gap(settings):
    runs = {**settings((2, 3)), **settings((4,), layers=("first",))}
    lines = {line.name: line for line in by_title(runs)["I(input; layer), tapia"].series}
    assert np.isnan(lines["code"].y).tolist() == [False, False, True]


# many settings


def test_of_many_settings_figures_over_time_show_some_and_say_so(settings):
    runs = settings(range(1, 15), seeds=(0, 1), layers=("code",))
    assert len(few_of(runs)) == MOST and list(few_of(runs))[0] == "k=1"
    assert list(few_of(runs))[-1] == "k=14"
    (told,) = not_shown(runs)
    assert "12 of 14 settings, evenly chosen: k=1;" in told
    found = panels(runs)
    assert all(len(one.series) == MOST for one in found if one.over_time and not one.plane)
    assert sum(one.plane for one in found) == 2 * MOST
    assert all(len(one.series[0].x) == 14 for one in found if not one.over_time)
    assert not_shown(settings((1, 2))) == []
    assert "14 settings side by side, which differ in k (1 … 14)" in summary(runs, [])[0]


def test_curves_of_settings_say_that_their_bands_are_over_seeds(settings, swept_trace):
    runs = settings((2, 3))
    for panel in (one for one in panels(runs) if one.over_time):
        assert "over 3 seeds" in panel.caption and "standard error" not in panel.caption
    mixed = {**runs, "k=4": combined([swept_trace(4)])}
    curve = next(one for one in panels(mixed) if one.over_time and not one.plane)
    assert "over 3 seeds (k=2, k=3); ±1 standard error over 3 probe batches (k=4)" in curve.caption


def test_settings_of_one_seed_and_of_several_are_one_line(settings, swept_trace):
    """A sweep of which some seeds are missing: every point says what its bar is."""
    runs = {**settings((2, 3)), **settings((4,), seeds=(1,))}
    assert differing(list(runs.values())) == {"k": ("2", "3", "4")}
    assert named(list(runs.values()), [("a",), ("b",), ("c",)]) == ["k=2", "k=3", "k=4"]
    (number,) = numbers(runs)
    assert number.lines == {"": ["k=2", "k=3", "k=4"]}
    panel = by_title(runs)["I(input; layer), tapia"]
    line = next(one for one in panel.series if one.name == "code")
    assert line.x.tolist() == [2, 3, 4]
    assert line.error_is == (*["half of the 90% interval"] * 2, "standard error")
    batches = [0.02 * (4 + 1 + 0.1 * batch) for batch in range(3)]
    assert line.y[-1] == pytest.approx(np.mean(batches))
    assert line.y_error[-1] == pytest.approx(np.std(batches, ddof=1) / np.sqrt(3))
    assert "over 3 seeds (k=2, k=3); ±1 standard error over 3 probe batches (k=4)" in panel.caption
    assert "3 settings side by side" in summary(runs, [])[0]
    lacking = {**runs, "k=5": combined([swept_trace(5, layers=("first",))])}
    gap = next(
        one for one in by_title(lacking)["I(input; layer), tapia"].series if one.name == "code"
    )
    assert gap.error_is[-1] == "" and np.isnan(gap.y_error[-1])


def test_one_setting_alone_is_shown_whole(settings):
    found = panels(settings((2,)))
    assert sum(one.plane for one in found) == 2
    assert {one.title for one in found if not one.plane} == {"first", "code", "loss_test"}
    told = summary(settings((2,)), [])
    assert told[0] == "Net, k = 2, seeds 0, 1, 5." and len(told) == 2


def test_seeds_are_no_part_of_a_setting_s_name(settings):
    traces = [*settings((2,)).values(), *settings((3,), seeds=(7, 8)).values()]
    assert named(traces, [("a",), ("b",)]) == ["k=2", "k=3"]


def test_a_seed_that_diverged_is_named(watched_trace):
    def seed(number):
        trace = watched_trace()
        return trace.assign_attrs(seed=number, settings="{}")

    broken = seed(3)
    broken["norm_T"].loc[{"layer": "last"}] = np.nan
    told = diverged_seeds(combined([seed(1), broken]))
    assert told[0].startswith("Seed 3: Training diverged") and "last from step 0" in told[0]
    assert "the mean over the seeds has none" in told[-1]
    assert diverged_seeds(combined([seed(1), seed(2)])) == []
    assert diverged_seeds(broken)[0].startswith("Training diverged")

"""Members of a family at the end of training: a made-up family of which one diverged."""

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.claims import Claim, judge
from infoplane.analysis.curves import together
from infoplane.analysis.family import family
from infoplane.experiments.members import (
    NO_NUMBER,
    above_null_at,
    first,
    in_figures,
    last,
    members,
    null_at,
    of_member,
    training_seconds,
)
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.trace import Row, trace_of

STEPS = {"a": (0, 10, 100), "b": (0, 10, 50, 100, 1000)}
LOSSES = {"a": (1.0, 0.5, np.nan), "b": (1.0, 0.6, 0.5, 0.4, 0.3)}
INFORMATION = {"a": (1.0, 2.0, np.nan), "b": (1.0, 2.0, 2.5, 3.0, 4.0)}
NULL = {"a": (0.5, 0.7, np.nan), "b": (0.5, np.nan, np.nan, 0.7, np.nan)}
"""Member a has a null at every moment, b at some, and not at its last one."""


def run(name):
    """One run: a loss, and I(X;T) of two estimators, two batches and one layer with its null."""
    coords = {"estimator": ["one", "two"], "layer": ["code"]}
    attrs = {
        "unit": "bit",
        "long_name": "I",
        CEILINGS: ceilings_json(dict.fromkeys(("one", "two"), 4.0)),
    }

    def measured(value):
        values = np.full((2, 2, 1), value) + 0.01 * np.arange(2)[None, :, None]
        return xr.DataArray(values, coords, ("estimator", "batch", "layer"), attrs=attrs)

    rows = []
    for place, step in enumerate(STEPS[name]):
        values = {
            "loss": xr.DataArray(LOSSES[name][place], attrs={"unit": "1"}),
            "I_XT": measured(INFORMATION[name][place]),
            "I_XT_null": measured(NULL[name][place]),
        }
        rows.append(Row(step, float(step), values))
    settings = f'{{"k": "{name}", "seed": 0}}'
    return trace_of(rows, {"experiment": "made-up", "settings": settings, "seed": 0})


@pytest.fixture
def whole():
    """Both members, whose moments are not the same."""
    return family({name: run(name) for name in STEPS}, "k")


def part(whole, name):
    return whole.sel({"k": name, "layer": "code"}, drop=True)


def test_the_last_moment_is_the_last_that_a_member_was_looked_at(whole):
    assert np.isnan(last(part(whole, "a")["loss"])), "not 0.5, of the moment before it diverged"
    assert float(last(part(whole, "b")["loss"])) == 0.3
    assert int(last(part(whole, "a")["loss"])["step"]) == 100
    assert int(last(part(whole, "b")["loss"])["step"]) == 1000
    assert [float(first(part(whole, name)["loss"])) for name in "ab"] == [1.0, 1.0]


def test_of_a_run_by_itself_and_of_a_member_as_it_was_it_is_the_same(whole):
    for of in (run, members(whole, "k").get):
        assert np.isnan(last(of("a")["loss"])) and float(last(of("b")["loss"])) == 0.3
        assert bool(last(of("a")["I_XT"]).isnull().all())


def test_a_null_is_that_of_the_last_moment_that_has_one(whole):
    one = part(whole, "b")
    assert null_at(last, one, "I_XT").values.tolist() == [[0.7, 0.71]] * 2
    assert null_at(first, one, "I_XT").values.tolist() == [[0.5, 0.51]] * 2
    assert above_null_at(last, one, "I_XT").values == pytest.approx(2.3)
    assert above_null_at(first, one, "I_XT").values == pytest.approx(0.5)


def test_of_what_diverged_there_is_no_null_at_the_end(whole):
    for of in (null_at, above_null_at):
        for one in (part(whole, "a"), run("a").sel(layer="code")):
            assert bool(of(last, one, "I_XT").isnull().all())
            assert bool(of(first, one, "I_XT").notnull().all())


def test_what_several_members_rest_on_is_as_saturated_as_the_worst(whole):
    """b ends at its ceiling of 4 bits; the attributes come along."""
    ends = together(
        {"b": last(part(whole, "b")["I_XT"]), "b first": first(part(whole, "b")["I_XT"])}
    )
    assert ends.attrs[CEILINGS] and ends.dims == ("part", "estimator", "batch")
    claim = _claim(lambda trace: ends.isel(part=0, drop=True), lambda trace: ends)
    assert [one.saturated for one in judge(claim, [whole]).readings] == [1.0, 1.0]


def _claim(statistic, rests_on):
    return Claim("made-up", "It is positive.", "nobody", statistic, rests_on)


def test_in_figures_it_is_the_mean_or_no_number(whole):
    one = part(whole, "b")
    assert in_figures(last(one["I_XT"]).sel(estimator="one"), ".3f") == "4.005"
    assert in_figures(last(one["loss"]), ".2f") == "0.30"
    assert in_figures(last(part(whole, "a")["loss"]), ".2f") == NO_NUMBER
    assert in_figures(xr.DataArray([0.1, np.nan], dims="seed"), ".1f") == NO_NUMBER
    assert in_figures(xr.DataArray(np.inf), ".1f") == NO_NUMBER


def test_the_seconds_of_a_member_are_those_of_its_updates():
    seconds = {
        of_member("pairs", "training: a"): 1.0,
        of_member("pairs", "training: b"): 2.0,
        of_member("pairs", "plane"): 4.0,
        of_member("pairs-2", "training: a"): 8.0,
    }
    assert training_seconds(seconds, "pairs") == 3.0
    assert training_seconds(seconds, "random") is None

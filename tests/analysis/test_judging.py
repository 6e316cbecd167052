"""What a claim's readings are: one per estimator, or one of none."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.claims import Claim, judge, judged
from infoplane.experiments.members import no_estimator, per_run
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import NO_ESTIMATOR, Interval, Verdict
from infoplane.values.trace import Row, trace_of

ESTIMATORS = ["one", "other", "third"]


def trace(error, seed=0):
    information = xr.DataArray(
        np.ones((3, 2)), {"estimator": ESTIMATORS}, ("estimator", "batch"), attrs={"unit": "bit"}
    )
    rows = [Row(0, 0.0, {"I": information, "error": xr.DataArray(error)})]
    return trace_of(rows, {"seed": seed, "settings": json.dumps({"seed": seed})})


def low(error_of=lambda one: per_run(1 - one["error"].isel(snapshot=-1))):
    return Claim(
        key="low",
        statement="The error is below 1.",
        source="ours",
        statistic=error_of,
        controls={"twice the error": lambda one: 2 * error_of(one) - 1},
        rests_on=no_estimator,
        evidence=lambda one: {NO_ESTIMATOR: {"error": float(one["error"][-1])}},
        unit="1",
        needs=lambda one: (error_of(one),),
    )


def test_what_needs_no_estimator_has_one_reading():
    errors = [0.2, 0.3, 0.25]
    found = judge(low(), [trace(error, seed) for seed, error in enumerate(errors)])
    (reading,) = found.readings
    assert reading.estimator == NO_ESTIMATOR and reading.saturated == 0
    assert reading.effect == Interval.of([1 - error for error in errors])
    assert reading.at_controls["twice the error"].mean == pytest.approx(0.5)
    assert reading.evidence["seed 1"] == {"error": 0.3}
    assert found.verdict is Verdict.SUPPORTED and not any("Not" in note for note in found.notes)


def test_one_number_of_one_run_decides_nothing():
    (reading,) = judge(low(), [trace(0.1)]).readings
    assert reading.n == 1 and reading.verdict is Verdict.UNDECIDED


def test_an_error_that_is_no_number_is_not_read():
    seeds = [trace(0.1), trace(math.nan, 1)]
    assert judged([low()], seeds) == []
    with pytest.raises(InfoplaneError, match="cannot be judged"):
        judge(low(), seeds)


def test_beside_it_every_estimator_reads_what_it_measured():
    positive = Claim("I", "I > 0.", "ours", lambda one: one["I"][-1], lambda one: one["I"][-1])
    assert [one.estimator for one in judge(positive, [trace(0.1)]).readings] == ESTIMATORS

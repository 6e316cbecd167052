import json
import math

import numpy as np
import pytest

from infoplane.values.finding import Finding, Interval, Reading, Verdict, as_json

UP, DOWN, AROUND = Interval.of([1.0, 1.1, 1.2]), Interval.of([-1.0, -1.1]), Interval.of([-1.0, 1.0])


def finding(*readings):
    return Finding("k", "statement", "source", tuple(readings), "bit", "3 seeds")


def reading(effect, saturated=0.0):
    return Reading("e", effect, None, saturated)


def test_the_interval_is_student_s_at_ninety_percent():
    """Three samples: ± 2.92 standard errors."""
    samples = np.array([0.2, 0.5, 0.9])
    interval = Interval.of(samples)
    half = 2.9199855 * samples.std(ddof=1) / math.sqrt(3)
    assert interval.high - interval.mean == pytest.approx(half)
    assert interval.mean - interval.low == pytest.approx(half)


def test_one_sample_decides_nothing():
    assert reading(Interval.of([3.0])).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ([UP, UP], Verdict.SUPPORTED),
        ([DOWN, DOWN], Verdict.CONTRADICTED),
        ([AROUND, AROUND], Verdict.UNDECIDED),
        ([UP, DOWN], Verdict.ESTIMATOR_DEPENDENT),
        ([UP, AROUND], Verdict.ESTIMATOR_DEPENDENT),
    ],
)
def test_readings_that_decide_differently_make_the_verdict_depend_on_the_estimator(
    readings, verdict
):
    assert finding(*map(reading, readings)).verdict is verdict


def test_saturated_readings_decide_nothing():
    assert finding(reading(UP, saturated=0.9)).verdict is Verdict.NOT_MEASURABLE
    assert finding(reading(UP, saturated=0.9), reading(DOWN)).verdict is Verdict.CONTRADICTED


def test_a_control_that_shows_the_same_effect_is_noticed():
    assert Reading("e", UP, control=UP).shared_with_control
    assert not Reading("e", UP, control=AROUND).shared_with_control


def test_json_has_no_infinities():
    text = json.dumps(as_json(finding(reading(Interval.of([1.0])))), allow_nan=False)
    assert json.loads(text)["readings"][0]["effect"]["low"] is None
    assert json.loads(text)["verdict"] == "undecided"

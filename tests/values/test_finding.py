import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, Interval, Reading, Verdict, as_json

UP, DOWN, AROUND = Interval.of([1.0, 1.1, 1.2]), Interval.of([-1.0, -1.1]), Interval.of([-1.0, 1.0])


def finding(*readings):
    return Finding("k", "statement", "source", tuple(readings), "bit", "3 seeds")


def reading(effect, saturated=0.0):
    return Reading("e", {"": effect}, saturated=saturated)


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
        ([UP, AROUND], Verdict.UNDECIDED),
        ([UP, DOWN, AROUND], Verdict.ESTIMATOR_DEPENDENT),
    ],
)
def test_only_a_contradiction_between_estimators_makes_a_verdict_depend_on_them(readings, verdict):
    assert finding(*map(reading, readings)).verdict is verdict


def test_saturated_readings_decide_nothing():
    assert finding(reading(UP, saturated=0.9)).verdict is Verdict.NOT_MEASURABLE
    one = finding(reading(UP, saturated=0.9), reading(DOWN))
    assert one.verdict is Verdict.CONTRADICTED and one.unmeasured == ("e",)


def test_a_control_that_shows_the_same_effect_is_noticed():
    one = Reading("e", {"": UP}, {"null": {"": UP}, "untrained": {"": AROUND}, "PCA": {"": UP}})
    assert one.shared_with == ("null", "PCA")
    assert one.at_controls["untrained"] == AROUND
    assert Reading("e", {"": UP}).shared_with == ()
    assert Reading("e", {"": DOWN}, {"null": {"": UP}}).shared_with == ()


def test_a_control_shares_a_claim_only_if_it_shows_every_part_of_it():
    parts = {"a": UP, "b": UP}
    one = Reading("e", parts, {"null": {"a": UP, "b": AROUND}, "PCA": parts})
    assert one.shared_with == ("PCA",)


def test_json_has_no_infinities():
    text = json.dumps(as_json(finding(reading(Interval.of([1.0])))), allow_nan=False)
    assert json.loads(text)["readings"][0]["parts"][""]["low"] is None
    assert json.loads(text)["verdict"] == "undecided"


def test_a_claim_of_many_parts_holds_only_if_all_do():
    assert Reading("e", {"a": UP, "b": UP}).verdict is Verdict.SUPPORTED
    assert Reading("e", {"a": UP, "b": AROUND}).verdict is Verdict.UNDECIDED
    mixed = Reading("e", {"a": UP, "b": DOWN})
    assert mixed.verdict is Verdict.CONTRADICTED
    assert mixed.weakest == "b" and mixed.effect is DOWN


@pytest.mark.parametrize("parts", [1, 4, 8])
@pytest.mark.parametrize("samples", [3, 5, 10])
def test_ties_are_seldom_contradicted_however_many_parts_and_samples(parts, samples):
    rng = np.random.default_rng(0)
    trials = 400
    contradicted = 0
    for _ in range(trials):
        noise = rng.standard_normal((parts, samples))
        reading_ = Reading("e", {str(i): Interval.of(part) for i, part in enumerate(noise)})
        contradicted += reading_.verdict is Verdict.CONTRADICTED
    assert contradicted / trials < 0.08  # nominally 5 %


def test_what_was_not_measured_has_no_interval():
    with pytest.raises(InfoplaneError, match="not measured"):
        Interval.of([1.0, math.nan])


SAMPLES = st.lists(
    st.floats(-1e300, 1e300) | st.sampled_from([math.inf, -math.inf, 1.7e308, -1.7e308]),
    min_size=2,
    max_size=6,
)


@given(SAMPLES, st.sampled_from([math.inf, -math.inf]))
def test_infinite_samples_decide_nothing(samples, infinite):
    found = Interval.of([*samples, infinite])
    assert (found.p_value, found.low, found.high) == (1.0, -math.inf, math.inf)
    assert reading(found).verdict is Verdict.UNDECIDED
    assert reading(found).p_value == 1.0


@given(SAMPLES)
def test_a_decision_has_a_finite_mean_and_a_finite_interval(samples):
    """Samples near the largest number overflow in their mean, or in its error."""
    found = Interval.of(samples)
    assert 0 <= found.p_value <= 1 and not math.isnan(found.low) and not math.isnan(found.high)
    if reading(found).verdict is not Verdict.UNDECIDED:
        assert math.isfinite(found.mean)
        assert math.isfinite(found.low if found.mean > 0 else found.high)


@pytest.mark.parametrize("samples", [[math.inf, 1.0, 2.0], [math.inf] * 3, [math.inf, -math.inf]])
def test_a_part_that_is_not_finite_leaves_the_claim_undecided(samples):
    one = Reading("e", {"a": UP, "b": Interval.of(samples)})
    assert one.verdict is Verdict.UNDECIDED and one.weakest == "b"
    assert one.shared_with == ()
    text = json.dumps(as_json(finding(one)), allow_nan=False)
    assert json.loads(text)["readings"][0]["parts"]["b"]["high"] is None


def test_a_contradicted_claim_shows_the_part_that_contradicts_it():
    wide, sure = Interval.of([-3.0, 1.0, 1.4]), Interval.of([-0.3, -0.31, -0.29])
    one = Reading("tapia", {"wide": wide, "sure": sure})
    assert one.verdict is Verdict.CONTRADICTED and wide.low < sure.low
    assert one.weakest == "sure" and one.effect.high < 0

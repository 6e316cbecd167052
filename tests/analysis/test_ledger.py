"""What a verdict is worth among many: the ledger against a slow twin, and its laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.analysis.ledger import RATE, Ledger
from infoplane.quantities.discoveries import q_values
from infoplane.values.finding import Finding, Interval, Reading, Verdict
from infoplane.values.replicates import Replicate
from oracles import discoveries as oracle

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def interval(p_value: float, sign: int = 1, n: int = 3) -> Interval:
    return Interval(1.0 * sign, math.nan, math.nan, p_value, n)


def finding(
    key: str,
    readings: dict[str, Reading],
    statement: str = "It rises.",
    over: Replicate = Replicate.SEED,
) -> Finding:
    told = tuple(readings.values())
    return Finding(key, statement, "source", told, "bit", over.counted(3), over=over)


def settings(p_values, over=Replicate.SEED, first=0) -> dict[str, list[Finding]]:
    """One setting per p-value, with one claim under one estimator."""
    return {
        f"setting {i}": [finding("rise", {"e": Reading("e", {"": interval(p)})}, over=over)]
        for i, p in enumerate(p_values, first)
    }


def of(p_values, over=Replicate.SEED) -> Ledger:
    return Ledger.of(settings(p_values, over))


@given(P_VALUES)
def test_what_survives_is_what_the_procedure_rejects(p_values):
    bounds = [k * RATE / len(p_values) for k in range(1, len(p_values) + 1)]
    if any(math.isclose(p, bound, rel_tol=1e-9) for p in p_values for bound in bounds):
        return  # a tie, which rounding decides
    kept = {place for place, one in enumerate(of(p_values).entries) if one.survives}
    assert kept == oracle.survivors(p_values, RATE)


@given(P_VALUES)
def test_who_survives_was_decided_and_no_q_value_is_below_its_p_value(p_values):
    ledger = of(p_values)
    assert all(one.q_value >= one.p_value * (1 - 1e-12) for one in ledger.entries)
    assert all(one.decided for one in ledger.entries if one.survives)
    assert len(ledger.decided) == len(ledger.lost) + sum(one.survives for one in ledger.entries)


@given(P_VALUES, st.lists(st.floats(RATE, 1), max_size=12))
def test_more_readings_that_decide_nothing_never_make_more_survive(p_values, nulls):
    before, after = of(p_values), of([*p_values, *nulls])
    kept = [one.survives for one in before.entries]
    then = [one.survives for one in after.entries]
    assert all(now <= once for once, now in zip(kept, then, strict=False))
    assert not any(then[len(kept) :])


@given(P_VALUES, st.randoms(use_true_random=False))
def test_their_order_changes_nothing(p_values, random):
    places = list(range(len(p_values)))
    random.shuffle(places)
    straight, mixed = q_values(p_values), q_values([p_values[place] for place in places])
    assert mixed == pytest.approx([straight[place] for place in places])


def test_one_reading_alone_is_what_it_is():
    assert q_values([0.03]) == [0.03] and q_values([]) == []
    assert of([0.03]).words() == [] and Ledger.of({}).entries == ()


def test_ten_readings_of_a_book():
    """Ten p-values of which five lie below 10 %, and three of these below their bounds."""
    p_values = [0.001, 0.008, 0.025, 0.09, 0.095, 0.3, 0.4, 0.6, 0.8, 1.0]
    ledger = of(p_values)
    assert len(ledger.decided) == 5 and len(ledger.lost) == 2
    assert ledger.by_chance == pytest.approx(1.0)
    assert [one.q_value for one in ledger.entries][:3] == pytest.approx([0.01, 0.04, 0.25 / 3])
    decided, kept, assumed = ledger.words("[7]")
    assert "Of 10 readings over seeds" in decided and "independent" in assumed
    assert "5 are decided at 90%" in decided and "1.0" in decided
    assert kept.endswith("[7]) 3 of them stay decided; 2 do not: rise (2).")


@given(P_VALUES, P_VALUES)
def test_readings_over_trainings_and_over_batches_of_one_network_are_corrected_apart(many, one):
    over_batches = settings(one, Replicate.BATCH, first=len(many))
    mixed = Ledger.of(settings(many) | over_batches)
    alone = [*of(many).entries, *Ledger.of(over_batches).entries]
    assert list(mixed.entries) == alone
    turned = Ledger.of(over_batches | settings(many))
    assert {*turned.entries} == {*alone}, "in whatever order they come"
    assert [len(family.entries) for family in mixed.families] == [len(many), len(one)]


def test_networks_of_their_own_are_trainings_and_batches_of_one_network_are_not():
    ledger = Ledger.of(settings([0.01], Replicate.INIT) | settings([0.02], Replicate.SEED, 1))
    assert [entry.q_value for entry in ledger.entries] == [0.02, 0.02]
    assert "Of 2 readings over seeds or networks " in ledger.words()[0]


def test_the_words_tell_both_counts_and_of_what_each_speaks():
    found = settings([0.01] * 3) | settings([0.09, *[1.0] * 4], Replicate.BATCH, 3)
    told = " ".join(Ledger.of(found).words())
    assert "Of 3 readings over seeds " in told and "Of 5 readings over probe batches " in told
    assert "3 of them stay decided." in told and "; 1 do not: rise (1)." in told
    assert "speak of one network each, not of its training" in told
    assert "probe batches" not in " ".join(of([0.01] * 3).words())
    assert "marked" not in told, "whoever shows it says how"


def test_only_what_could_be_decided_is_counted():
    one = Reading("one", {"": interval(1.0, n=1)})
    full = Reading("full", {"": interval(0.0)}, saturated=0.9)
    fair = Reading("fair", {"": interval(0.0)})
    ledger = Ledger.of({"a": [finding("k", {"1": one, "2": full, "3": fair})]})
    assert [entry.estimator for entry in ledger.entries] == ["fair"]


def test_a_lost_reading_is_found_by_setting_claim_words_and_estimator():
    p_values = [0.09, *[1.0] * 9]
    ledger = of(p_values)
    found = finding("rise", {"e": Reading("e", {"": interval(0.09)})})
    assert ledger.is_lost("setting 0", found, "e")
    assert not ledger.is_lost("setting 1", found, "e") and not ledger.is_lost(
        "setting 0", found, "f"
    )
    other = finding("rise", {}, statement="It falls.")
    assert not ledger.is_lost("setting 0", other, "e")
    assert ledger.entry("setting 0", found, "e") == ledger.entries[0]
    assert ledger.entry("setting 0", other, "e") is None
    assert ledger.entries[0].verdict is Verdict.SUPPORTED, "the verdict itself is unchanged"


@given(
    st.lists(
        st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=4), min_size=1, max_size=4
    )
)
def test_a_reading_is_decided_exactly_if_its_p_value_is_small(parts):
    reading = Reading("e", {str(i): Interval.of(part) for i, part in enumerate(parts)})
    decided = reading.verdict in (Verdict.SUPPORTED, Verdict.CONTRADICTED)
    assert decided == (reading.p_value < RATE)
    lows = [part.low for part in reading.parts.values()]
    near = any(abs(low) < 1e-9 for low in lows)
    assert near or (reading.verdict is Verdict.SUPPORTED) == all(low > 0 for low in lows)


def test_p_values_of_readings_in_closed_form():
    """Two samples: the t-distribution is Cauchy's, and p = 1 − 2/π·arctan t."""
    up, down = Interval.of([1.0, 3.0]), Interval.of([-1.0, -3.0])
    p = 1 - 2 / math.pi * math.atan(2.0)
    assert Reading("e", {"": up}).p_supported == pytest.approx(p)
    assert Reading("e", {"": up}).p_contradicted == 1.0
    both = Reading("e", {"a": up, "b": down})
    assert both.p_supported == 1.0 and both.p_contradicted == pytest.approx(2 * p)
    assert both.p_value == pytest.approx(2 * p)


def test_equal_samples_decide_by_their_sign():
    same = {value: Reading("e", {"": Interval.of([value, value])}) for value in (-1.0, 0.0, 1.0)}
    assert [one.p_value for one in same.values()] == [0.0, 1.0, 0.0]
    assert [one.verdict for one in same.values()] == [
        Verdict.CONTRADICTED,
        Verdict.UNDECIDED,
        Verdict.SUPPORTED,
    ]


def test_of_many_readings_without_effect_few_stay_decided():
    rng = np.random.default_rng(0)
    p_values = [Interval.of(rng.standard_normal(5)).p_value for _ in range(400)]
    ledger = of(p_values)
    assert abs(len(ledger.decided) - ledger.by_chance) < 3 * math.sqrt(ledger.by_chance)
    assert sum(one.survives for one in ledger.entries) <= 1

"""What several variables share: textbook values, definitions by counting, identities, bad input."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.estimator import Properties
from infoplane.measures.evidence.null import Batched
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.gram.trio import chosen_pairs, standard_error, trio
from infoplane.measures.interaction import (
    dual_total_correlation,
    o_information,
    total_correlation,
)
from infoplane.measures.samples import as_numbers, paired
from infoplane.numerics.bandwidth import Fixed, Silverman, Tapia
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from oracles import interaction as slow

SHANNON = Renyi(alpha=1.0)
"""Of labels it is Shannon's information of their frequencies."""

few = settings(max_examples=10)
BITS = torch.cartesian_prod(*[torch.arange(2)] * 3)
A, B, C = BITS.unbind(1)


@dataclass(frozen=True)
class Normal:
    """Differential entropies of a fitted normal, one call each."""

    properties = Properties(takes=("numbers",))

    def joint_entropy(self, *variables) -> Estimate:
        covariance = torch.cat([as_numbers(x, "x", "") for x in variables], 1).T.cov()
        scaled = 2 * math.pi * math.e * torch.atleast_2d(covariance)
        value = float(torch.logdet(scaled)) / (2 * math.log(2))
        return Estimate(value, len(variables[0]), repr(self))

    def __call__(self, x, y) -> Estimate:
        x, y = paired(x, y)
        parts = [self.joint_entropy(*v).value for v in ((x,), (y,), (x, y))]
        return Estimate(parts[0] + parts[1] - parts[2], len(x), repr(self))


@dataclass(frozen=True)
class OneByOne:
    """An estimator without its quicker way, which keeps what was asked of it."""

    inner: Renyi
    asked: list

    def joint_entropy(self, *variables) -> Estimate:
        self.asked.append(tuple(id(x) for x in variables))
        return self.inner.joint_entropy(*variables)


@st.composite
def tables(draw, least=3, most=5):
    """Columns of few states, some of them functions of others."""
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    columns = list(generator.integers(0, 3, (draw(st.integers(least, most)), 40)))
    columns[-1] = (columns[0] + columns[1] * draw(st.integers(0, 2))) % 3
    return columns


TEXTBOOK = {
    "independent": ((A, B, C), 0, 0, 0),
    "copies": ((A, A, A), 2, 1, 1),
    "exclusive or": ((A, B, A ^ B), 1, 2, -1),
    "and": ((A, B, A & B), 0.8112781, 1, 0.8112781 - 1),
    "two copies and a stranger": ((A, A, B), 1, 1, 0),
    "parity of four": ((A, B, C, A ^ B ^ C), 1, 3, -2),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_values(name):
    columns, total, dual, balance = TEXTBOOK[name]
    assert total_correlation(*columns, estimator=SHANNON).value == pytest.approx(total)
    assert dual_total_correlation(*columns, estimator=SHANNON).value == pytest.approx(dual)
    assert o_information(*columns, estimator=SHANNON).value == pytest.approx(balance)


@given(tables())
@few
def test_counting_tuples_gives_the_same(columns):
    total, dual = slow.total_correlation(*columns), slow.dual_total_correlation(*columns)
    found = total_correlation(*columns, estimator=SHANNON)
    assert found.value == pytest.approx(total, abs=1e-9)
    assert found.value <= found.ceiling and found.n == 40 and found.shared
    found = dual_total_correlation(*columns, estimator=SHANNON)
    assert found.value == pytest.approx(dual, abs=1e-9) and found.value <= found.ceiling
    found = o_information(*columns, estimator=SHANNON)
    assert found.value == pytest.approx(total - dual, abs=1e-9)
    assert abs(found.value) <= found.ceiling == (len(columns) - 2) * math.log2(40)


@given(tables(3, 3))
@few
def test_of_three_variables_it_is_the_interaction_information(columns):
    expected = slow.interaction_information(*columns)
    assert o_information(*columns, estimator=SHANNON).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.01, 2.0, 5.0, math.inf])
@pytest.mark.parametrize("kind", ["numbers", "mixed"])
def test_of_two_variables_both_are_their_information(alpha, kind):
    x, y = torch.randn(20, 2), torch.randn(20, 3)
    y = y if kind == "numbers" else torch.arange(20) % 3
    estimator = Renyi(alpha)
    expected = pytest.approx(estimator(x, y).value)
    assert total_correlation(x, y, estimator=estimator).value == expected
    assert dual_total_correlation(x, y, estimator=estimator).value == expected


def test_of_normals_it_is_the_determinant_of_their_correlations():
    x = torch.randn(200, 4, dtype=torch.float64) @ torch.randn(4, 4, dtype=torch.float64)
    expected = -torch.logdet(x.T.corrcoef()) / (2 * math.log(2))
    found = total_correlation(*x.unbind(1), estimator=Normal())
    assert found.value == pytest.approx(float(expected))
    assert math.isinf(found.ceiling) and not found.saturated


def test_copies_share_everything_there_is():
    copies = [torch.arange(12) % 4] * 3
    assert total_correlation(*copies).value == pytest.approx(4)
    assert dual_total_correlation(*copies).value == pytest.approx(2)
    for share in (total_correlation, dual_total_correlation):
        found = share(*copies, normalised=True)
        assert found.value == pytest.approx(1) and found.unit == "1" and not found.saturated


@given(tables())
@few
def test_shares_lie_between_0_and_1(columns):
    for share in (total_correlation, dual_total_correlation):
        assert -1e-9 <= share(*columns, estimator=SHANNON, normalised=True).value <= 1 + 1e-9


def test_a_share_of_nothing_is_explained():
    dead = torch.zeros(20, 3)
    for share in (total_correlation, dual_total_correlation):
        found = share(dead, dead, normalised=True)
        assert math.isnan(found.value) and "constant" in " ".join(found.notes)


def test_three_copies_share_no_more_than_their_ceiling():
    x = torch.randn(20, 3)
    found = total_correlation(x, x, x, estimator=Renyi(bandwidth=Fixed(1e-3)))
    assert found.value == pytest.approx(2 * math.log2(20)) and found.saturated
    assert found.value <= found.ceiling + 1e-9


def test_a_saturated_joint_entropy_is_told_and_a_resolved_one_is_not():
    x = torch.randn(20, 3, 2).unbind(1)
    told = total_correlation(*x, estimator=Renyi(bandwidth=Fixed(1e-3))).notes
    assert len(told) == 1 and "3 variables together, 4.322 bit, is saturated" in told[0]
    assert "wider kernel" in told[0]
    assert not total_correlation(*x, estimator=Renyi(bandwidth=Fixed(3.0))).notes


def test_the_quick_way_and_one_by_one_agree_and_no_entropy_is_measured_twice():
    variables, target = torch.randn(30, 4, 2).unbind(1), torch.arange(30) % 3
    one_by_one = OneByOne(Renyi(), [])
    found = trio(variables, target, estimator=one_by_one)
    expected = trio(variables, target)
    for name in ("trade_off", "non_redundant", "pairwise", "whole"):
        quick = getattr(expected, name).value
        assert getattr(found, name).value == pytest.approx(quick, abs=1e-12)
    assert len(one_by_one.asked) == len(set(one_by_one.asked)) == 1 + 2 * (4 + 6 + 1)


TRIOS = {
    "exclusive or": ((A, B), A ^ B, -1, 2, 1),
    "copies": ((A, A), A, 1, 0, 1),
    "half each": ((A, B), 2 * A + B, 0, 2, 2),
    "nothing": ((A, B), C, 0, 0, 0),
    "and": ((A, B), A & B, 2 * 0.3112781 - 0.8112781, 2 * 0.8112781 - 2 * 0.3112781, 0.8112781),
}


@pytest.mark.parametrize("name", TRIOS)
def test_textbook_pairs(name):
    variables, target, trade_off, non_redundant, whole = TRIOS[name]
    found = trio(variables, target, estimator=SHANNON)
    assert found.trade_off.value == pytest.approx(trade_off)
    assert found.non_redundant.value == pytest.approx(non_redundant)
    assert found.whole.value == pytest.approx(whole)
    assert found.pairwise.value == pytest.approx(whole)
    assert found.pairs == 1 and found.trade_off.stderr is None


@given(tables())
@few
def test_pairs_by_counting_tuples(columns):
    *variables, target = columns
    found = trio(variables, target, estimator=SHANNON)
    expected = slow.pairs_of(variables, target)
    for which, estimate in enumerate((found.trade_off, found.non_redundant, found.pairwise)):
        assert estimate.value == pytest.approx(slow.mean([p[which] for p in expected]), abs=1e-9)
        if len(variables) > 2:
            error = slow.jackknife(variables, target, which)
            assert estimate.stderr == pytest.approx(error, abs=1e-9)
            assert estimate.stderr_source == f"jackknife over {len(variables)} variables"
    assert found.whole.value == pytest.approx(slow.information(target, *variables), abs=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.01, 2.0])
@pytest.mark.parametrize("pairs", [None, 4])
def test_trade_off_and_non_redundant_information_sum_to_that_of_pairs(alpha, pairs):
    layer, target = torch.randn(40, 5, 3, 3), torch.arange(40) % 4
    found = trio(layer.unbind(1), target, estimator=Renyi(alpha), pairs=pairs)
    together = found.trade_off.value + found.non_redundant.value
    assert together == pytest.approx(found.pairwise.value)
    assert found.trade_off_share + found.non_redundant_share == pytest.approx(1)
    assert found.pairs == (pairs or 10)


def test_the_order_of_variables_does_not_matter():
    layer, target = torch.randn(40, 4, 3), torch.arange(40) % 4
    found, turned = (trio(v.unbind(1), target) for v in (layer, layer.flip(1)))
    for name in ("trade_off", "non_redundant", "whole"):
        one, other = getattr(found, name), getattr(turned, name)
        assert one.value == pytest.approx(other.value)
        assert one.stderr == other.stderr or one.stderr == pytest.approx(other.stderr)


def test_shares_of_nothing_are_no_number():
    found = trio([torch.zeros(10, 1)] * 2, torch.arange(10) % 2)
    assert math.isnan(found.trade_off_share) and math.isnan(found.non_redundant_share)


def test_pairs_are_all_few_or_drawn_from_the_seed():
    assert chosen_pairs(4, None, 0) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert len(chosen_pairs(64, None, 0)) == len(set(chosen_pairs(65, None, 0))) == 2016
    drawn = [chosen_pairs(20, 30, seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2] and drawn[0] == sorted(set(drawn[0]))


def test_the_error_of_drawn_pairs_is_their_spread_about_all_pairs():
    values = np.random.default_rng(0).exponential(size=190)
    every = {pair: value for pair, value in zip(chosen_pairs(20, None, 0), values, strict=True)}
    means, errors = [], []
    for seed in range(200):
        pairs = chosen_pairs(20, 60, seed)
        drawn = torch.tensor([every[pair] for pair in pairs], dtype=torch.float64)
        error, source = standard_error(drawn, pairs, 20)
        means.append(float(drawn.mean()))
        errors.append(error)
    assert source == "60 of 190 pairs, drawn without replacement"
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
    assert np.mean(means) == pytest.approx(values.mean(), abs=4 * np.std(means) / 200**0.5)


def test_the_error_of_all_pairs_is_their_spread_over_other_variables():
    pairs, generator = chosen_pairs(12, None, 0), np.random.default_rng(0)
    means, errors = [], []
    i, j = torch.tensor(pairs).unbind(1)
    for _ in range(300):
        kinds = torch.from_numpy(generator.normal(size=12))
        values = kinds[i] + kinds[j] + 0.5 * kinds[i] * kinds[j]
        means.append(float(values.mean()))
        errors.append(standard_error(values, pairs, 12)[0])
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(means), rel=0.15)


def test_saturated_pairs_are_counted():
    layer, target = torch.randn(20, 3, 2), torch.arange(20) % 2
    found = trio(layer.unbind(1), target, estimator=Renyi(bandwidth=Fixed(1e-3)))
    assert "3 of 3 pairs" in found.trade_off.notes[0] and "untrained" in found.trade_off.notes[0]
    assert "4 variables together" in found.whole.notes[0]
    assert not trio(layer.unbind(1), target, estimator=Renyi(bandwidth=Fixed(9.0))).pairwise.notes


def test_notes_of_single_entropies_are_passed_on_but_not_by_the_thousand():
    @dataclass(frozen=True)
    class Talker:
        def joint_entropy(self, *variables) -> Estimate:
            total = sum(float(x.double().sum()) for x in variables)
            return Estimate(1.0, 20, "", notes=(f"Sum {total:.6f}: see to it.",))

    notes = total_correlation(*torch.randn(20, 9, 1).unbind(1), estimator=Talker()).notes
    assert [note[:3] for note in notes] == ["Sum"] * 3 + ["7 m"]


def test_what_is_infinite_on_both_sides_is_explained():
    class Infinite:
        def joint_entropy(self, *variables) -> Estimate:
            return Estimate(-math.inf if len(variables) > 1 else 1.0, 20, "")

    x = torch.randn(20, 3, 1).unbind(1)
    assert total_correlation(*x, estimator=Infinite()).value == math.inf
    found = dual_total_correlation(*x, estimator=Infinite())
    assert math.isnan(found.value) and "not defined" in found.notes[-1]


def test_one_rule_for_x_has_no_place_among_several_variables():
    x, y = torch.randn(2, 30, 2).unbind(0)
    own = Renyi(x_bandwidth=Silverman())
    with pytest.raises(InfoplaneError, match="x_bandwidth .* of 2 variables none"):
        total_correlation(x, y, estimator=own)
    nothing = torch.zeros(30, 1)
    assert own.conditional(x, y, nothing).value == pytest.approx(own(x, y).value)


good = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
BAD = {
    "one variable": (lambda: dual_total_correlation(good), "1 variable given: at least two"),
    "none": (lambda: total_correlation(), "0 variables given: at least two"),
    "balance of two": (lambda: o_information(good, good), "at least three.*always 0"),
    "a single map": (lambda: trio([good], good), "at least three variables are two and a target"),
    "unpaired": (lambda: total_correlation(good, good[:7]), "10 samples and y has 7"),
    "unpaired target": (lambda: trio([good, good], good[:7]), "10 samples and y has 7"),
    "no pairs": (lambda: trio([good] * 3, good, pairs=0), "pairs=0: 3 variables have 3 pairs"),
    "many pairs": (lambda: trio([good] * 3, good, pairs=4), "pairs=4: 3 variables have 3 pairs"),
    "not finite": (lambda: total_correlation(good, good / 0), "variable 1 holds .* infinite"),
    "pairs alone": (
        lambda: total_correlation(good, good, estimator=Batched(Renyi())),
        "knows no joint entropies of several variables; Renyi, ",
    ),
    "shares of densities": (
        lambda: total_correlation(good, good.square(), estimator=Normal(), normalised=True),
        "differential entropies, which may be negative",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_remedy(name):
    call, message = BAD[name]
    with pytest.raises(InfoplaneError, match=message):
        call()


def test_every_kernel_rule_and_wide_maps_are_taken():
    layer = torch.rand(12, 3, 8, 8)
    for rule in (Tapia(), Tapia(standardise="whole"), Silverman()):
        found = trio(layer.unbind(1), torch.arange(12) % 2, estimator=Renyi(bandwidth=rule))
        assert found.whole.value <= 1 + 1e-9 and found.whole.method == repr(Renyi(bandwidth=rule))

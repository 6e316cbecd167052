"""Every check speaks where it should and is silent where it should."""

import math
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from infoplane.measures.catalogue import ESTIMATORS, TRAINED
from infoplane.measures.diagnostics import checks as diagnostics
from infoplane.measures.diagnostics import determined
from infoplane.measures.diagnostics.checks import diagnose, neighbour_share, scale_moves
from infoplane.measures.diagnostics.determined import (
    common_direction,
    equal_column,
    occur_once,
    shrinkage,
)
from infoplane.measures.estimator import Properties
from infoplane.measures.front import mutual_information
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.samples import as_samples, pair_of, paired
from infoplane.numerics.bandwidth import Fixed
from infoplane.values.estimate import Estimate


@dataclass(frozen=True)
class Stub:
    """An estimator with promises; what it returns is given to the checks directly."""

    properties: Properties = Properties()

    def __call__(self, x, y) -> Estimate:
        raise AssertionError("a quick check measures nothing")


def normal(n: int, d: int = 1, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def said(x, y, value=0.3, properties: Properties | None = None, **fields) -> list[str]:
    """All sentences about a value, a sensible one unless said."""
    estimate = Estimate(value, len(x), "Stub()", shared=True, **fields)
    return list(diagnose(*paired(x, y), Stub(properties or Properties()), estimate))


def folded(y: Tensor) -> Tensor:
    """Two columns that do not say which sign the first had."""
    return torch.stack([y[:, 0].abs(), (y[:, 1] + 0.3 * y[:, 0].abs()).tanh()], 1)


LABELS = torch.arange(200) % 4
NUMBERS = ("numbers",)
QUICK = [name for name in ESTIMATORS if name not in TRAINED]
FIRES = {
    "constant numbers": (
        lambda: said(torch.full((50, 2), 0.1), normal(50)),
        "50 samples of x are the same",
    ),
    "a single class": (
        lambda: said(normal(50), torch.zeros(50).long()),
        "All 50 samples of y are the same",
    ),
    "saturated": (
        lambda: said(normal(64), normal(64, 1, 1), 5.9, ceiling=6.0),
        "saturated: .* 6.0",
    ),
    "above H(y)": (lambda: said(normal(200), LABELS, 2.1), r"above H\(y\) = 2.000 bit.*null"),
    "above H(x)": (lambda: said(LABELS, normal(200), 2.1), r"above H\(x\) = 2.000 bit.*null"),
    "above its bound": (
        lambda: said(normal(200), normal(200, 1, 1), 1.1, bounds=(None, 1.0)),
        "above its upper bound = 1.000",
    ),
    "negative": (lambda: said(normal(50), normal(50, 1, 1), -0.2), "negative.*off by 0.200 bit"),
    "sample numbers": (
        lambda: said(torch.arange(200), LABELS, 2.0),
        "Every one of the 200 samples has a state of its own in x.*Merge",
    ),
    "rows of integers": (
        lambda: said(LABELS, torch.randint(0, 9**9, (200, 3)), 2.0),
        "state of its own in y",
    ),
    "labels as floats": (
        lambda: said(normal(200), LABELS.double()),
        "floats of y are 4 different whole",
    ),
    "repeated rows": (
        lambda: said(normal(50, 2).repeat(2, 1), normal(100, 1, 1), properties=Properties(NUMBERS)),
        "Of the 100 samples of x, 100 repeat another.*MixedKSG",
    ),
    "too few": (lambda: said(normal(50, 10), normal(50, 5, 1)), "far between in 15 dimensions"),
    "too few beside labels": (lambda: said(normal(200, 40), LABELS), "in 40 dimensions"),
    "equal columns": (
        lambda: said(normal(200, 3), torch.cat([normal(200, 1, 1), normal(200, 3)[:, 2:]], 1)),
        "Column 1 of y is column 2 of x.*infinite.*NoisyChannel",
    ),
    "a linear layer": (
        lambda: said(normal(200, 3), normal(200, 3) @ normal(3, 5, 1)),
        "A linear combination.*infinite",
    ),
    "a bent layer of many samples": (
        lambda: said(normal(9000, 2), normal(9000, 2).exp()),
        "As far as 2000 samples tell",
    ),
    "a bent layer": (
        lambda: said(normal(1000, 3), (normal(1000, 3) @ normal(3, 5, 1)).tanh()),
        "As far as 1000 samples tell, y is a function of x.*infinite",
    ),
    "x of y": (lambda: said(folded(normal(1000, 2)), normal(1000, 2)), "x is a function of y"),
}


@pytest.mark.parametrize("name", FIRES)
def test_it_speaks(name):
    call, message = FIRES[name]
    (sentence,) = call()
    assert re.search(message, sentence), sentence
    assert sentence[-1] == "." and sentence[0].isupper()


noisy = normal(1000, 2) + normal(1000, 2, 1)
SILENT = {
    "numbers": lambda: said(normal(200, 2), normal(200, 2, 1)),
    "noise": lambda: said(normal(1000, 2), noisy, 1.0),
    "labels": lambda: said(LABELS, LABELS // 2, 1.0),
    "mixed": lambda: said(normal(200), LABELS),
    "at H(y)": lambda: said(normal(200), LABELS, 2.001),
    "above H(y) by its error": lambda: said(normal(200), LABELS, 2.2, stderr=0.1),
    "below its bound": lambda: said(normal(200), normal(200, 1, 1), 1.0, bounds=(None, 1.0)),
    "negative by its error": lambda: said(normal(200), normal(200, 1, 1), -0.2, stderr=0.1),
    "negative by rounding": lambda: said(normal(200), normal(200, 1, 1), -1e-9),
    "infinite, and explained": lambda: said(normal(200), normal(200), math.inf, notes=("Linear.",)),
    "saturated, and said so": lambda: said(
        normal(64), normal(64, 1, 1), 6.0, ceiling=6.0, notes=("It is saturated: more noise.",)
    ),
    "own states, and said so": lambda: said(
        torch.arange(200), LABELS, 2.0, notes=("Every one of 200 has a state of its own.",)
    ),
    "saturated by own states, and said so": lambda: said(
        normal(64), normal(64, 1, 1), 6.0, ceiling=6.0, notes=("Each has a state of its own.",)
    ),
    "own states that tell little": lambda: said(torch.arange(200), LABELS, 1.2),
    "many whole numbers": lambda: said(normal(200), (1000 * normal(200, 1, 1)).round()),
    "few whole numbers": lambda: said(normal(30), (2 * normal(30, 1, 1)).round()),
    "halves": lambda: said(normal(200), LABELS / 2 + normal(200, 1, 1) * 0.1),
    "rows of whole numbers": lambda: said(normal(200), LABELS.double()[:, None].repeat(1, 2)),
    "repeated rows of who takes all": lambda: said(normal(50).repeat(2, 1), normal(100, 1, 1)),
    "repeated rows, and said so": lambda: said(
        normal(50).repeat(2, 1),
        normal(100, 1, 1),
        properties=Properties(NUMBERS),
        notes=("100 samples of x repeat another: MixedKSG.",),
    ),
    "wide for who knows": lambda: said(
        normal(50, 10), normal(50, 5, 1), properties=Properties(interval=True)
    ),
    "wide, on a curve": lambda: said(
        torch.cat([normal(200) * k for k in range(1, 30)], 1), normal(200, 1, 1)
    ),
    "steps": lambda: said(normal(1000), normal(1000).mul(3).round() + 0.5),
}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_silent(name):
    assert SILENT[name]() == []


@pytest.mark.parametrize(("columns", "found"), [((0, 1), (0, 1)), ((2, 0), (2, 0)), (None, None)])
def test_columns_that_both_have_are_found_by_their_places(columns, found):
    x, y = normal(100, 3), normal(100, 2, 1)
    if columns is not None:
        y[:, columns[1]] = x[:, columns[0]]
    assert equal_column(x, y) == found


def test_columns_of_few_numbers_and_of_other_precision_are_told_from_continuous_ones():
    x = normal(100, 2)
    assert equal_column(x.sign(), x.sign()) is None
    assert equal_column(x, x.float()) is None and equal_column(x.float(), x.float()) == (0, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 5, 40])
def test_a_common_direction_is_found_up_to_rounding_and_no_noise_is_one(dtype, d):
    x, scales = normal(500, d).to(dtype), torch.logspace(-2, 2, d, dtype=dtype)
    mixed = (x * scales) @ normal(d, d, 1).to(dtype) + 1
    beside = torch.cat([normal(500, 4, 2).to(dtype), mixed[:, :1]], 1)
    assert common_direction(x, mixed) and common_direction(x, beside)
    assert common_direction(beside, x)
    assert not common_direction(x, mixed + mixed.std(0) * 0.01 * normal(500, d, 3).to(dtype))
    assert not common_direction(x, normal(500, d, 4).to(dtype))


def test_directions_are_not_decided_by_too_few_samples_or_digits():
    x = normal(20, 6)
    assert not common_direction(x, x @ normal(6, 6, 1))
    assert not common_direction(normal(200).half(), 2 * normal(200).half())
    assert not common_direction(torch.zeros(50, 1), normal(50))


def test_rows_that_occur_once():
    rows = torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 1.0]])
    assert occur_once(rows).tolist() == [False, True, False, True]


def slow_shrinkage(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and resolution by loops, on samples in the order in which they are looked at."""
    x, y = ((v - v.mean(0)) / v.std(0) for v in (x, y))
    n = len(x)

    def nearest(i: int, others: range) -> int:
        return min((j for j in others if j != i), key=lambda j: ((x[i] - x[j]) ** 2).sum())

    def logs(i: int, others: range) -> np.ndarray:
        near = nearest(i, others)
        return np.log([np.linalg.norm(x[i] - x[near]), np.linalg.norm(y[i] - y[near])])

    def rank(i: int) -> int:
        apart = np.linalg.norm(y - y[i], axis=1)
        return sorted(np.delete(apart, i)).index(apart[nearest(i, range(n))]) + 1

    rows = [
        np.mean([logs(i, range(q, n, 4)) for q in range(4)], 0) - logs(i, range(n))
        for i in range(n)
    ]
    in_x, in_y = np.mean(rows, 0)
    return in_y / in_x, np.mean([np.log(n / rank(i)) for i in range(n)]) / np.log(n)


@pytest.mark.parametrize("d", [1, 4])
def test_shrinkage_is_what_its_definition_says(d):
    x, y = normal(120, d), normal(120, d) + normal(120, d, 1)
    order = torch.randperm(120, generator=determined.stream(0, "neighbours"))
    found = shrinkage(x, y)
    expected = slow_shrinkage(x[order].numpy(), y[order].numpy())
    assert (found.slope, found.resolved) == pytest.approx(expected)


def test_shrinkage_is_looked_for_among_samples_that_occur_once():
    x = normal(500)
    assert shrinkage(x, x.relu()).slope == pytest.approx(1)
    assert shrinkage(x[:150], x[:150].relu()) is None
    assert shrinkage(x, x.sign()) is None


def layer(kind: str, x: Tensor, seed: int) -> Tensor:
    """A random layer as wide as its input."""
    d = x.shape[1]
    weights = torch.linalg.qr(normal(d, d, seed))[0]
    return {"linear": x @ weights, "tanh": (x @ weights).tanh()}[kind]


def noisy_layer(kind: str, x: Tensor, bits: float, seed: int) -> Tensor:
    """The same with noise before it bends: so many bits in truth, bending loses none."""
    d = x.shape[1]
    turned = x @ torch.linalg.qr(normal(d, d, seed))[0]
    noise = normal(*x.shape, seed + 1000)
    turned = turned + (2 ** (2 * bits / d) - 1) ** -0.5 * noise if bits else noise
    return turned.tanh() if kind == "tanh" else turned


@pytest.mark.parametrize("kind", ["linear", "tanh"])
@pytest.mark.parametrize("d", [1, 2, 5, 10])
def test_functions_are_told_from_noise_that_leaves_measurable_information(kind, d):
    for seed in range(5):
        x = normal(1000, d, 100 + seed)
        assert shrinkage(x, layer(kind, x, seed)).is_a_function
        for bits in (0.0, 2.0, 5.0):
            assert not shrinkage(x, noisy_layer(kind, x, bits, seed)).is_a_function


def test_noise_that_a_narrow_output_hides_from_so_few_samples_is_no_function():
    x = normal(1000, 5)
    found = shrinkage(x, x[:, :1] + normal(1000, 1, 1) / 31)
    assert found.slope == pytest.approx(1, abs=0.3) and found.resolved < determined.RESOLVED
    assert not found.is_a_function


def test_the_share_of_neighbours():
    grid = torch.arange(100.0, dtype=torch.float64)[:, None]
    assert neighbour_share(grid) == pytest.approx(1 / 33, abs=0.005)
    assert neighbour_share(normal(100, 1000)) > 0.9
    assert neighbour_share(normal(100, 1000)[:, :1].repeat(1, 50)) < 0.1


def test_units_are_told_of_who_depends_on_them_and_by_how_much():
    x, y = normal(60, 2), normal(60, 2, 1)
    one = Renyi(bandwidth=Fixed(1.0))
    (sentence,) = scale_moves(one, x, y, one(x, y))
    moved = one(2 * x, y).value - one(x, y).value
    assert f"by {moved:+.3f} bit if x is doubled" in sentence and "y is doubled" in sentence
    for still in (Renyi(), Renyi(bandwidth=Fixed(1e6))):
        assert not scale_moves(still, x, y, still(x, y))


def test_labels_have_no_units():
    x, y = normal(60, 2), torch.arange(60) % 3
    one = Renyi(bandwidth=Fixed(1.0))
    (sentence,) = scale_moves(one, x, y, one(x, y))
    assert "x is doubled" in sentence and "y is doubled" not in sentence
    assert not scale_moves(one, y, y, one(y, y))


def test_images_of_bytes_are_doubled_without_overflow():
    x = as_samples(np.random.default_rng(0).integers(100, 255, (40, 4), dtype=np.uint8), "x")
    one = Renyi(bandwidth=Fixed(100.0))
    (sentence,) = scale_moves(one, x, LABELS[:40], one(x, LABELS[:40]))
    expected = one(2.0 * x.double(), LABELS[:40]).value - one(x, LABELS[:40]).value
    assert f"{expected:+.3f} bit if x is doubled" in sentence


@pytest.mark.parametrize("name", QUICK)
def test_no_estimator_of_the_catalogue_says_twice_what_it_said_itself(name):
    one, ids = ESTIMATORS[name], torch.arange(200)
    twice = normal(100).repeat(2, 1)
    for words, x, y in (
        (diagnostics.OWN_STATES, ids, LABELS),
        (diagnostics.REPEATED, twice, normal(200, 1, 1)),
    ):
        if pair_of(*paired(x, y)) in one.properties.takes:
            notes = mutual_information(x, y, estimator=one).notes
            assert sum(any(word in note for word in words) for note in notes) <= 1


def test_many_wide_samples_are_looked_at_in_part():
    x = torch.randn(20_000, 50)
    sentences = diagnostics.diagnose(
        x, x.square(), Stub(), replace(Estimate(1.0, len(x), ""), shared=True)
    )
    assert [s for s in sentences if "in 100 dimensions" in s] == list(sentences)

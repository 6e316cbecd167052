"""Data that break naive code: right values, or an error with the numbers and a remedy."""

import math
import re

import numpy as np
import pytest
import torch

from infoplane.measures.evidence.null import Batched, WithNull
from infoplane.measures.front import entropy, mutual_information
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import (
    Alignment,
    Bandwidth,
    Fixed,
    LeeJo,
    MedianDistance,
    Silverman,
    Tapia,
)
from infoplane.values.errors import InfoplaneError

RULES = [Silverman(), LeeJo(), Fixed(1.0), MedianDistance(), Tapia(), Tapia(standardise="whole")]


def with_an_outlier() -> torch.Tensor:
    x = torch.randn(30, 5)
    x[0] = 1e8
    return x


def firing_once() -> torch.Tensor:
    x = torch.zeros(200, 3)
    x[7] = torch.tensor([1.0, 2.0, 0.0])
    return x


HARD = {
    "far from the origin": 1e4 + 1e-2 * torch.randn(40, 50),
    "duplicates": torch.randn(10, 3).repeat(3, 1),
    "dead": torch.full((20, 4), 0.3),
    "outlier": with_an_outlier(),
    "firing once": firing_once(),
    "two samples": torch.randn(2, 3),
    "wide": torch.randn(8, 100_000),
    "half": torch.randn(30, 3).half(),
    "bfloat16": (1 + torch.randn(30, 3)).bfloat16(),
    "bfloat16 firing once": firing_once().repeat(30, 1)[:5000:40].bfloat16(),
}


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("name", HARD)
def test_hard_samples_are_measured_like_their_float64_selves(name: str, rule: Bandwidth):
    x = HARD[name]
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1))
    estimator = Renyi(1.0, bandwidth=rule)
    information, entropy_ = estimator(x, y).value, estimator.entropy(x).value
    assert information == pytest.approx(estimator(x.double(), y).value, abs=1e-9)
    assert -1e-9 <= information <= entropy_ + 1e-9
    assert entropy_ == pytest.approx(0, abs=1e-9) or name != "dead"


def test_a_cloud_far_from_the_origin_is_the_same_cloud():
    cloud = 2.0**-7 * torch.randint(-8, 8, (40, 50)).double()
    far = (2.0**13 + cloud).float()
    for rule in RULES:
        near = Renyi(bandwidth=rule).entropy(cloud).value
        assert Renyi(bandwidth=rule).entropy(far).value == pytest.approx(near, abs=1e-9)


@pytest.mark.parametrize(
    "same",
    [
        lambda x: torch.from_numpy(x),
        lambda x: x.tolist(),
        lambda x: x.astype(">f8"),
        lambda x: x.astype(np.longdouble),
        lambda x: np.asfortranarray(x),
        lambda x: x[::-1][::-1],
        lambda x: np.frombuffer(x.tobytes()).reshape(x.shape),
        lambda x: x.reshape(12, 2, 2, 1),
        lambda x: torch.from_numpy(x).requires_grad_(),
    ],
)
def test_any_array_of_the_same_numbers_is_the_same_variable(same):
    x = np.random.default_rng(0).standard_normal((12, 4))
    assert entropy(same(x)).value == pytest.approx(entropy(x).value, abs=1e-12)


def test_bits_of_a_boolean_input_are_numbers_and_a_boolean_column_is_a_label():
    bits = np.random.default_rng(0).random((30, 12)) > 0.5
    assert entropy(bits).value == pytest.approx(entropy(bits.astype(float)).value)
    assert entropy(np.arange(8) < 4).value == pytest.approx(1)


good, labels = np.random.default_rng(0).standard_normal((10, 3)), torch.arange(20).reshape(2, 10)


def spoiled(value: float) -> np.ndarray:
    broken = good.copy()
    broken[3:5, 1] = value
    return broken


BAD = {
    "NaN": (lambda: entropy(spoiled(np.nan)), "2 NaN or infinite values of 30; remove"),
    "infinity": (lambda: entropy(spoiled(np.inf)), "2 NaN or infinite values of 30; remove"),
    "unpaired": (lambda: mutual_information(good, good[:7]), "x has 10 samples and y has 7.*pairs"),
    "unpaired parts": (lambda: Renyi().joint_entropy(good, good[:7]), "10 samples.*has 7"),
    "one sample": (lambda: entropy(good[:1]), r"shape \(1, 3\): at least two"),
    "a number": (lambda: entropy(torch.tensor(3.0)), r"shape \(\): at least two"),
    "no samples": (lambda: entropy([]), r"shape \(0,\): at least two"),
    "no columns": (lambda: entropy(good[:, :0]), r"shape \(10, 0\): there is nothing"),
    "strings": (lambda: entropy(["cat", "dog"]), "dtype <U3.*encode"),
    "objects": (lambda: entropy([None, None]), "dtype object.*encode"),
    "ragged": (lambda: entropy([[1.0, 2.0], [3.0]]), "not a rectangular array"),
    "complex": (lambda: entropy(good + 1j), "complex128"),
    "complex tensor": (lambda: entropy(torch.ones(3) + 1j), "is complex; pass real and imaginary"),
    "no variables": (lambda: Renyi().joint_entropy(), "No variable"),
    "order 0": (lambda: Renyi(0.0), "alpha=0.*must be positive"),
    "order -1": (lambda: Renyi(-1.0), "alpha=-1.*must be positive"),
    "order NaN": (lambda: Renyi(math.nan), "alpha=nan.*must be positive"),
    "h": (lambda: Silverman(0.0), r"Silverman\(h=0.0\).*must be positive"),
    "gamma": (lambda: LeeJo(-1.0), r"LeeJo\(gamma=-1.0\).*must be positive"),
    "Tapia": (lambda: Tapia(math.nan), r"Tapia\(gamma=nan\).*must be positive"),
    "width": (lambda: Fixed(math.inf), r"Fixed\(width=inf\).*must be positive and finite"),
    "factor": (lambda: MedianDistance(0.0), r"MedianDistance\(factor=0.0\).*must be positive"),
    "one batch": (lambda: entropy(good, estimator=Renyi(bandwidth=Alignment(labels))), "two batch"),
    "permutations": (lambda: WithNull(Renyi(), 0), "permutations=0: at least one"),
    "small batches": (lambda: Batched(Renyi(), 1), "size=1: a batch needs at least two"),
    "few batches": (lambda: mutual_information(good, good, batch_size=6), "10 samples.*Lower"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_the_numbers_and_a_remedy(name: str):
    call, message = BAD[name]
    with pytest.raises(InfoplaneError) as refused:
        call()
    assert re.search(message, str(refused.value)), str(refused.value)


def test_a_standardisation_nobody_knows_is_refused():
    with pytest.raises((InfoplaneError, TypeError), match="standardise"):
        Tapia(standardise="rows")

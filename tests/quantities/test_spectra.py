"""Rényi entropy of a spectrum against Rényi's own formula."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infoplane.quantities.spectra import collision_entropy, renyi_entropy
from infoplane.values.errors import InfoplaneError
from oracles import renyi as oracle

weights = st.lists(st.floats(1e-12, 1) | st.just(0.0), min_size=1, max_size=8).filter(any)
orders = st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.01, 1.5, 2.0, 5.0, 400.0, math.inf])


def normalised(values: list[float]) -> torch.Tensor:
    spectrum = torch.tensor(values, dtype=torch.float64)
    return spectrum / spectrum.sum()


@given(weights, orders)
def test_it_is_renyis_entropy(values: list[float], alpha: float):
    spectrum = normalised(values)
    largest = spectrum.max().item()
    if alpha == 400:  # the sum itself underflows: factor the largest weight out
        ratio = sum((p / largest) ** alpha for p in spectrum.tolist())
        expected = (alpha * math.log2(largest) + math.log2(ratio)) / (1 - alpha)
    else:
        expected = oracle.classical_entropy(spectrum.numpy(), alpha)
    assert renyi_entropy(spectrum, alpha).item() == pytest.approx(expected, abs=1e-9)


@given(weights)
def test_collision_entropy_is_order_2(values: list[float]):
    spectrum = normalised(values)
    purity = spectrum.square().sum()
    assert collision_entropy(purity).item() == pytest.approx(
        renyi_entropy(spectrum, 2.0).item(), abs=1e-12
    )


@given(weights, st.sampled_from([-1e-9, 1e-9]))
def test_nothing_happens_at_order_1(values: list[float], step: float):
    spectrum = normalised(values)
    beside, at = renyi_entropy(spectrum, 1 + step), renyi_entropy(spectrum, 1.0)
    assert beside.item() == pytest.approx(at.item(), abs=1e-7)


@given(weights, st.sampled_from([1.0, 1.01, 2.0, 5.0, math.inf]))
def test_gradients_are_finite_where_weights_are_zero(values: list[float], alpha: float):
    spectrum = normalised([*values, 0.0]).requires_grad_()
    renyi_entropy(spectrum, alpha).backward()
    assert spectrum.grad.isfinite().all()


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.nan])
def test_orders_that_are_none_are_refused(alpha: float):
    with pytest.raises(InfoplaneError, match=rf"alpha={alpha}.*must be positive"):
        renyi_entropy(normalised([1, 2]), alpha)

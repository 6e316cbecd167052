"""Distances that stay right where the quick formula cancels."""

import numpy as np
import pytest
import torch

from infoplane.numerics import kernels
from infoplane.numerics.kernels import (
    column_scales,
    gaussian_,
    row_norms,
    squared_distances,
    whole_scale,
)
from oracles import renyi as oracle

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_distances_equal_those_of_differences(dtype):
    x = torch.randn(12, 5).to(dtype)
    expected = oracle.squared_distances(x.double().numpy())
    np.testing.assert_allclose(squared_distances(x), expected, rtol=1e-12, atol=0)


def test_a_narrow_cloud_far_from_the_origin_keeps_its_distances():
    x = (1e4 + 1e-2 * torch.randn(30, 50)).float()
    expected = oracle.squared_distances(x.double().numpy())
    np.testing.assert_allclose(squared_distances(x), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("place", [0, 7])
@pytest.mark.parametrize("spread", [1.0, 1e-3])
def test_an_outlier_spoils_no_distance_among_the_rest(place, spread):
    x = spread * torch.randn(30, 5, dtype=torch.float64)
    x[place] = 1e8
    expected = oracle.squared_distances(x.numpy())
    np.testing.assert_allclose(squared_distances(x), expected, rtol=1e-6, atol=0)


def test_equal_samples_are_exactly_0_apart():
    x = torch.randn(10, 3).repeat(2, 1) + 1e4
    squared = squared_distances(x)
    assert (squared.diagonal() == 0).all()
    assert (squared.diagonal(10) == 0).all()


def test_one_convention_for_the_kernel():
    squared = torch.tensor([[0.0, 8.0], [8.0, 0.0]], dtype=torch.float64)
    kernel = gaussian_(squared.clone(), torch.tensor(2.0, dtype=torch.float64))
    np.testing.assert_allclose(kernel, [[1, np.exp(-1)], [np.exp(-1), 1]], rtol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_constant_column_becomes_0_whatever_its_value(dtype):
    x = torch.stack([torch.full((64,), 0.1), torch.randn(64)], 1).to(dtype)
    constant, other = column_scales(x)
    assert constant == 0
    assert (x[:, 1].double() * other).var(correction=0).item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_unit_that_fires_once_is_not_constant(dtype):
    x = torch.zeros(5000, 1, dtype=dtype)
    x[3] = 1
    assert (x[:, 0].double() * column_scales(x)).var(correction=0).item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_one_scale_for_all_entries(dtype):
    x = (3 + 2 * torch.randn(2, 40, 7)).to(dtype)
    scaled = x.double() * whole_scale(x)[..., None]
    np.testing.assert_allclose(scaled.flatten(1).var(1, correction=0), 1, rtol=1e-9)
    assert (whole_scale(torch.full((5, 4), 0.1, dtype=dtype)) == 0).all()


def test_wide_samples_taken_a_few_columns_at_a_time_are_the_same(monkeypatch):
    x = torch.randn(2, 9, 50).float()
    x[0, 3] = x[0, 4] + 1e-6  # a distance that cancels

    def everything():
        scales = (None, column_scales(x), whole_scale(x))
        return [row_norms(x), *scales[1:], *(squared_distances(x, scale) for scale in scales)]

    at_once = everything()
    monkeypatch.setattr(kernels, "WIDE", 100)
    monkeypatch.setattr(kernels, "CHUNK", 60)
    for one, other in zip(at_once, everything(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_distances_of_huge_and_of_constant_columns(dtype):
    x = torch.tensor([[3e37, 0.1], [2e37, 0.1], [3e37, 0.1]], dtype=dtype).repeat(20, 1)
    squared = squared_distances(x)
    assert squared.isfinite().all()
    assert squared[0, 2] == 0 and squared[0, 1] == pytest.approx(1e74, rel=1e-6)
    assert (squared_distances(x[:, 1:]) == 0).all()

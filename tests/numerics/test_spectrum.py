"""Eigenvalues by either library, and what becomes of rounding."""

import numpy as np
import pytest
import torch

from infoplane.numerics.spectrum import SMALL, spectrum


@pytest.mark.parametrize("n", [2, SMALL, SMALL + 1])
def test_singular_values_agree(n: int):
    factor = torch.randn(n, n, dtype=torch.float64)
    matrix = factor @ factor.mT
    expected = np.linalg.svd(matrix.numpy(), compute_uv=False)[::-1]
    np.testing.assert_allclose(spectrum(matrix), expected / expected.sum(), atol=1e-13)


@pytest.mark.parametrize("n", [20, SMALL + 20])
def test_rank_is_counted_exactly(n: int):
    factor = torch.randn(n, 3, dtype=torch.float64)
    weights = spectrum(factor @ factor.mT)
    assert (weights > 0).sum() == 3
    assert (weights >= 0).all()
    assert weights.sum().item() == pytest.approx(1, abs=1e-14)

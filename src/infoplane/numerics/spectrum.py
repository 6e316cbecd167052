"""Eigenvalues of Gram matrices: float64, no eigenvectors, non-negative, summing to one."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SMALL = 128
"""Up to this size torch's LAPACK is the faster of the two on a CPU, above it NumPy's is."""


def spectrum(matrices: Float[Tensor, "*batch n n"]) -> Float[Tensor, "*batch n"]:
    """Eigenvalues divided by their sum, ascending; what is mere rounding of zero becomes zero.

    The solver reads the lower triangle alone, so nothing needs to be symmetrised. Differentiable.
    """
    weights = _eigenvalues(matrices)
    largest = weights[..., -1:].detach()
    rounding = weights.shape[-1] * torch.finfo(weights.dtype).eps * largest
    weights = weights.masked_fill(weights <= rounding, 0)
    return weights / weights.sum(-1, keepdim=True)


def _eigenvalues(matrices: Tensor) -> Tensor:
    elsewhere = matrices.device.type != "cpu"
    if elsewhere or matrices.requires_grad or matrices.shape[-1] <= SMALL:
        return torch.linalg.eigvalsh(matrices)
    return torch.from_numpy(np.linalg.eigvalsh(matrices.numpy()))

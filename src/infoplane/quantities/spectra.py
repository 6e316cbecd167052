"""Rényi entropy of a given spectrum: any order, in bits."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2


def renyi_entropy(spectrum: Float[Tensor, "*batch m"], alpha: float) -> Float[Tensor, "*batch"]:
    """S_α = log2(Σ λ^α)/(1−α) of weights λ ≥ 0 that sum to 1, in bits.

    α = 1 is von Neumann's (Shannon's) −Σ λ log2 λ, α = ∞ the min-entropy −log2 max λ, and small α
    counts what is not zero. Differentiable; a weight of zero contributes nothing, nor to the
    gradient.

    Source: giraldo2015measures, Definition 2; yu2019understanding, Definition 1.

    Raises:
        InfoplaneError: α is not positive.
    """
    require_order(alpha)
    if alpha == 1:
        return -torch.special.xlogy(spectrum, _or_one(spectrum)).sum(-1) / LN2
    if math.isinf(alpha):
        return -spectrum.amax(-1).log2()
    if abs(alpha - 1) < 0.5:
        # near α = 1 the sum is 1 plus something tiny: keep the tiny part apart
        excess = (spectrum * torch.expm1((alpha - 1) * _or_one(spectrum).log())).sum(-1)
        return torch.log1p(excess) / ((1 - alpha) * LN2)
    logs = (alpha * _or_one(spectrum).log()).masked_fill(spectrum <= 0, -torch.inf)
    return logs.logsumexp(-1) / ((1 - alpha) * LN2)


def collision_entropy(purity: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """S_2 = −log2 Σλ² from the purity Σλ² alone, in bits."""
    return -purity.log2()


def require_order(alpha: float) -> None:
    """Refuses an order for which S_α is not an entropy."""
    if not alpha > 0:
        raise InfoplaneError(f"alpha={alpha}: the Rényi order must be positive (1.01 is usual).")


def _or_one(spectrum: Tensor) -> Tensor:
    """The weights with 1 in place of 0, so that logarithms and their gradients stay finite."""
    return torch.where(spectrum > 0, spectrum, 1.0)

"""From samples to squared distances to Gaussian kernels, without (n, n, d) arrays."""

import torch
from jaxtyping import Float, Num
from torch import Tensor

CANCELLED = 1e-8
"""Squared distances below this share of the points' squared norms have lost eight digits."""
CHUNK = 1 << 22
"""Largest number of differences held at once while cancelled distances are taken again."""


def squared_distances(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n n"]:
    """‖x_i − x_j‖² of all pairs; exactly 0 on the diagonal and between equal samples.

    One matrix product of the centred samples does the work. Where that cancels (two close points
    far from the mean, such as beside an outlier) the distance is taken directly.
    """
    x = x.double()
    x = x - x[..., :1, :]  # exact zeros for a constant layer, which a subtracted mean is not
    x = x - x.mean(-2, keepdim=True)
    norms = x.square().sum(-1)
    squared = (x @ x.mT).mul_(-2).add_(norms[..., :, None]).add_(norms[..., None, :]).clamp_min_(0)
    squared.diagonal(dim1=-2, dim2=-1).zero_()
    scale = norms[..., :, None] + norms[..., None, :]
    lost = (squared < scale.mul_(CANCELLED)).nonzero()
    lost = lost[lost[:, -2] != lost[:, -1]]
    return _directly(x, squared, lost) if len(lost) else squared


def _directly(x: Tensor, squared: Tensor, pairs: Tensor) -> Tensor:
    """``squared`` with the distances at ``pairs`` (rows of indices) taken from differences."""
    for some in pairs.split(max(1, CHUNK // x.shape[-1])):
        *batch, i, j = some.unbind(-1)
        differences = x[(*batch, i)] - x[(*batch, j)]
        squared = squared.index_put((*batch, i, j), differences.square().sum(-1))
    return squared


def gaussian(
    squared: Float[Tensor, "*batch n n"], sigma: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch n n"]:
    """exp(−d²/(2σ²)): the only kernel convention in this package."""
    return (squared * (-0.5 / sigma.square())[..., None, None]).exp_()


def standardised_columns(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n d"]:
    """Every column with mean 0 and variance 1; a column that is constant becomes 0."""
    wide = x.double()
    centred = wide - wide.mean(-2, keepdim=True)
    spread = centred.square().mean(-2, keepdim=True).sqrt()
    return centred / _or_infinite(spread, x, wide.abs().amax(-2, keepdim=True))


def standardised_whole(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n d"]:
    """All columns divided by one scale, the deviation of all entries about their common mean."""
    wide = x.double()
    centred = wide - wide.mean((-2, -1), keepdim=True)
    spread = centred.square().mean((-2, -1), keepdim=True).sqrt()
    return centred / _or_infinite(spread, x, wide.abs().amax((-2, -1), keepdim=True))


def _or_infinite(spread: Tensor, x: Tensor, largest: Tensor) -> Tensor:
    """The spread, infinite where it is no more than rounding of the samples' own type."""
    rounding = torch.finfo(x.dtype if x.is_floating_point() else torch.float64).eps
    return spread.masked_fill(spread <= 2 * rounding * largest, torch.inf)

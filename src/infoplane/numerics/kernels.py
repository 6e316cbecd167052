"""From samples to squared distances to Gaussian kernels, without (n, n, d) arrays."""

import math

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
    given, x = x, x.to(torch.float64, copy=True)
    x.sub_(x[..., :1, :].clone())  # exact zeros for a constant layer, which a bare mean is not
    x.sub_(x.mean(-2, keepdim=True))
    norms = torch.linalg.vecdot(x, x)
    squared = _inner_products(x).mul_(-2).add_(norms[..., :, None]).add_(norms[..., None, :])
    diagonal = squared.clamp_min_(0).diagonal(dim1=-2, dim2=-1)
    diagonal.fill_(torch.inf)
    nearest = squared.detach().amin()
    diagonal.zero_()
    if nearest >= CANCELLED * 2 * norms.max():
        return squared
    lost = squared < CANCELLED * (norms[..., :, None] + norms[..., None, :])
    pairs = lost.triu_(1).nonzero()
    return _directly(given.double(), squared, pairs) if len(pairs) else squared


def _inner_products(x: Tensor) -> Tensor:
    """Of all pairs: NumPy sees that both factors are the same and does half of the work."""
    if x.requires_grad or x.device.type != "cpu":
        return x @ x.mT
    array = x.numpy()
    return torch.from_numpy(array @ array.swapaxes(-1, -2))


def _directly(x: Tensor, squared: Tensor, pairs: Tensor) -> Tensor:
    """``squared`` with the distances at ``pairs`` (rows of indices, i < j) from differences."""
    *batch, i, j = pairs.unbind(-1)
    chunks = pairs.split(max(1, CHUNK // x.shape[-1]))
    distances = torch.cat([_squared_distances_at(x, some) for some in chunks])
    squared = squared.index_put((*batch, i, j), distances)
    return squared.index_put((*batch, j, i), distances)


def _squared_distances_at(x: Tensor, pairs: Tensor) -> Tensor:
    *batch, i, j = pairs.unbind(-1)
    return (x[(*batch, i)] - x[(*batch, j)]).square_().sum(-1)


def gaussian_(
    squared: Float[Tensor, "*batch n n"], sigma: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch n n"]:
    """exp(−d²/(2σ²)), the only kernel convention in this package; overwrites ``squared``.

    In place, because for a thousand samples a fresh matrix costs more than its exponentials.
    """
    return squared.mul_((-0.5 / sigma.square())[..., None, None]).exp_()


def standardised_columns(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n d"]:
    """Every column with mean 0 and variance 1; a column that is constant becomes 0."""
    return _standardised(x, (-2,))


def standardised_whole(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n d"]:
    """All columns divided by one scale, the deviation of all entries about their common mean."""
    return _standardised(x, (-2, -1))


def _standardised(x: Tensor, over: tuple[int, ...]) -> Tensor:
    """Mean 0 and variance 1 over some axes; 0 where the spread is rounding of the own type."""
    wide = x.double()
    centred = wide - wide.mean(over, keepdim=True)
    rounding = 2 * torch.finfo(x.dtype if x.is_floating_point() else torch.float64).eps
    constant = _root_mean_square(centred, over) <= rounding * _root_mean_square(wide, over)
    # replaced before the root is taken, whose slope at 0 would make a dead unit's gradient NaN
    alive = torch.where(constant, torch.inf, centred) if x.requires_grad else centred
    return centred / _root_mean_square(alive, over).masked_fill(constant, torch.inf)


def _root_mean_square(x: Tensor, over: tuple[int, ...]) -> Tensor:
    count = math.prod(x.shape[axis] for axis in over)
    return torch.linalg.vector_norm(x, dim=over, keepdim=True) / math.sqrt(count)

"""From samples to squared distances to Gaussian kernels, without (n, n, d) arrays.

Wide samples are taken a few columns at a time, so that no float64 copy of all of them is made.
"""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float, Num
from torch import Tensor

CANCELLED = 1e-8
"""Squared distances below this share of the points' squared norms have lost eight digits."""
WIDE, CHUNK = 1 << 20, 1 << 18
"""Arrays of more than ``WIDE`` numbers are worked on in groups of ``CHUNK``."""


def squared_distances(
    x: Num[Tensor, "*batch n d"], scale: Float[Tensor, "*batch c"] | None = None
) -> Float[Tensor, "*batch n n"]:
    """‖s·(x_i − x_j)‖² of all pairs; exactly 0 on the diagonal and between equal samples.

    Matrix products of the centred samples do the work. Where they cancel (two close points far
    from the mean, such as beside an outlier) the distance is taken directly.

    Args:
        x: Samples.
        scale: Factor s of every column (c = d), or one of all (c = 1); None for 1.
    """
    norms, squared = _norms_and_products(x, scale)
    squared = squared.mul_(-2).add_(norms[..., :, None]).add_(norms[..., None, :])
    diagonal = squared.clamp_min_(0).diagonal(dim1=-2, dim2=-1)
    diagonal.fill_(torch.inf)
    nearest = squared.detach().amin()
    diagonal.zero_()
    if nearest >= CANCELLED * 2 * norms.max():
        return squared
    lost = squared < CANCELLED * (norms[..., :, None] + norms[..., None, :])
    pairs = lost.triu_(1).nonzero()
    return _directly(x, scale, squared, pairs) if len(pairs) else squared


def _norms_and_products(x: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor]:
    """‖x_i‖² and ⟨x_i, x_j⟩ of the centred and scaled samples, summed over groups of columns."""
    n = x.shape[-2]
    groups = _column_groups(x, at_least=2 * n * n)  # else adding up costs more than multiplying
    first = next(groups)
    products = _of_group(x[..., first], _factor(scale, first))
    for group in groups:
        products.add_(_of_group(x[..., group], _factor(scale, group)))
    return products.diagonal(dim1=-2, dim2=-1).clone(), products


def _of_group(x: Tensor, scale: Tensor | None) -> Tensor:
    """The products of a few columns."""
    centred = x - _centre(x.detach())  # distances do not depend on the centre, nor do gradients
    return _inner_products(centred if scale is None else centred.mul_(scale[..., None, :]))


def _centre(x: Tensor) -> Tensor:
    """About the mean of every column, in float64; its first entry if that is the mean to rounding.

    So what a constant column leaves is exactly 0, which beside a bare mean it is not. The mean is
    taken in single precision where samples have that: any centre near the samples will do.
    """
    own = x.dtype if x.dtype == torch.float32 else torch.float64
    mean, first = x.mean(-2, keepdim=True, dtype=own).double(), x[..., :1, :].double()
    rounding = x.shape[-2] * torch.finfo(own).eps
    alike = (mean - first).abs() <= rounding * first.abs()
    return torch.where(alike | ~mean.isfinite(), first, mean)  # a sum can overflow


def _inner_products(x: Tensor) -> Tensor:
    """Of all pairs: NumPy sees that both factors are the same and does half of the work."""
    if x.requires_grad or x.device.type != "cpu":
        return x @ x.mT
    array = x.numpy()
    return torch.from_numpy(array @ array.swapaxes(-1, -2))


def _directly(x: Tensor, scale: Tensor | None, squared: Tensor, pairs: Tensor) -> Tensor:
    """``squared`` with the distances at ``pairs`` (rows of indices, i < j) from differences."""
    *batch, i, j = pairs.unbind(-1)
    chunks = pairs.split(max(1, CHUNK // x.shape[-1]))
    distances = torch.cat([_squared_distances_at(x, scale, some) for some in chunks])
    squared = squared.index_put((*batch, i, j), distances)
    return squared.index_put((*batch, j, i), distances)


def _squared_distances_at(x: Tensor, scale: Tensor | None, pairs: Tensor) -> Tensor:
    *batch, i, j = pairs.unbind(-1)
    difference = x[(*batch, i)].double() - x[(*batch, j)].double()
    if scale is not None:
        difference = difference * scale[tuple(batch)]
    return difference.square_().sum(-1)


def gaussian_(
    squared: Float[Tensor, "*batch n n"], sigma: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch n n"]:
    """exp(−d²/(2σ²)), the only kernel convention in this package; overwrites ``squared``.

    In place, because for a thousand samples a fresh matrix costs more than its exponentials.
    """
    return squared.mul_((-0.5 / sigma.square())[..., None, None]).exp_()


def column_scales(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch d"]:
    """The factor that gives every column variance 1; 0 for a column that is constant."""
    scales = []
    for group in _column_groups(x):
        wide = x[..., group].double()
        mean = wide.mean(-2, keepdim=True)
        centred = wide - mean
        spread = _root_mean_square(centred)
        constant = spread <= _rounding(x) * torch.hypot(spread, mean[..., 0, :])
        alive = _root_mean_square(_alive(centred, constant)) if x.requires_grad else spread
        scales.append(_inverse(alive, constant))
    return torch.cat(scales, -1)


def whole_scale(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch 1"]:
    """The factor that gives all entries together variance 1; 0 if they are all the same."""
    groups = [x[..., group] for group in _column_groups(x)]
    entries = x.shape[-2] * x.shape[-1]
    mean = sum(group.double().sum((-2, -1), keepdim=True) for group in groups) / entries

    def deviation(about: Tensor | float, alive: Tensor | None = None) -> Tensor:
        """Root mean square of all entries about a number, group by group."""
        parts = []
        for group in groups:
            centred = group.double() - about
            centred = centred if alive is None else _alive(centred, alive)
            parts.append(torch.linalg.vector_norm(centred, dim=(-2, -1)))
        return torch.linalg.vector_norm(torch.stack(parts), dim=0) / math.sqrt(entries)

    constant = deviation(mean) <= _rounding(x) * deviation(0.0)
    return _inverse(deviation(mean, constant), constant)[..., None]


def row_norms(x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch n"]:
    """Euclidean norm of every sample, in float64."""
    parts = [x[..., group].double().square_().sum(-1) for group in _column_groups(x)]
    return torch.stack(parts).sum(0).sqrt()


def _column_groups(x: Tensor, at_least: int = 0) -> Iterator[slice]:
    """All columns, a few at a time where the array is wide.

    Args:
        x: The array.
        at_least: So many numbers are taken at a time even where ``CHUNK`` is fewer.
    """
    d = x.shape[-1]
    width = max(1, max(CHUNK, at_least) * d // x.numel()) if x.numel() > WIDE else d
    return (slice(start, start + width) for start in range(0, d, width))


def _factor(scale: Tensor | None, group: slice) -> Tensor | None:
    """The factors of some columns; one that is common to all stays as it is."""
    return scale if scale is None or scale.shape[-1] == 1 else scale[..., group]


def _rounding(x: Tensor) -> float:
    """A relative spread below this is rounding of the samples' own type."""
    return 2 * torch.finfo(x.dtype if x.is_floating_point() else torch.float64).eps


def _alive(centred: Tensor, constant: Tensor) -> Tensor:
    """Without what is constant, before a root is taken whose slope at 0 would be NaN."""
    if not centred.requires_grad:
        return centred
    return centred.masked_fill(constant[..., None, :] if constant.ndim else constant, 1.0)


def _inverse(deviation: Tensor, constant: Tensor) -> Tensor:
    """1/σ, and 0 where there is no spread."""
    return (1 / deviation.masked_fill(constant, 1.0)).masked_fill(constant, 0.0)


def _root_mean_square(x: Tensor) -> Tensor:
    """Of every column."""
    return torch.linalg.vector_norm(x, dim=-2) / math.sqrt(x.shape[-2])

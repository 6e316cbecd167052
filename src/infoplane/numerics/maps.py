"""Feature maps as variables that are taken together: one Gram matrix of all, and one of each.

The joint variable of several maps has the product of their Gaussian kernels, which is the
exponential of one sum: ∏_c exp(−d_c²/(2σ_c²)) = exp(−Σ_c d_c²/(2σ_c²)). So squared distances are
summed and exponentiated once; of C maps there are never C matrices at a time. With one σ for all
maps this is the kernel of the flattened tensor.
"""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from infoplane.numerics.bandwidth import Bandwidth, FromShape
from infoplane.numerics.gram import Dense, gaussian_gram
from infoplane.numerics.kernels import squared_distances


def maps_gram(
    maps: Num[Tensor, "*batch n c d"], rule: Bandwidth
) -> tuple[Dense, Float[Tensor, "*batch"]]:
    """The Gram matrix of all maps together, and the mean of their widths.

    Args:
        maps: Of every sample c maps of d numbers.
        rule: Chooses the width of each map, which is a variable of d columns.

    Source: yu2020understanding, multivariate functional; as a kernel of tensors
    wickstrom2019information.
    """
    n, _, d = maps.shape[-3:]
    batches = maps.reshape(-1, *maps.shape[-3:])
    if isinstance(rule, FromShape):
        exponents, widths = _at_once(batches, rule, rule.width_for(n, d))
    else:
        exponents, widths = _one_by_one(batches, rule)
    kernel = exponents.neg_().exp_()
    return Dense(kernel.reshape(*maps.shape[:-3], n, n)), widths.reshape(maps.shape[:-3])


def map_grams(maps: Num[Tensor, "n c d"], rule: Bandwidth) -> tuple[Dense, Float[Tensor, " c"]]:
    """The Gram matrix of every map by itself, shape (c, n, n), and their widths."""
    return gaussian_gram(maps.movedim(1, 0), rule)


def _at_once(maps: Tensor, rule: Bandwidth, width: float) -> tuple[Tensor, Tensor]:
    """Σ_c d_c²/(2σ²) from one product of matrices per batch, where all maps have one width."""
    squared = torch.stack([squared_distances(one.flatten(1), _scales(one, rule)) for one in maps])
    return squared.mul_(0.5 / width**2), squared.new_full((len(maps),), width)


def _one_by_one(maps: Tensor, rule: Bandwidth) -> tuple[Tensor, Tensor]:
    """Σ_c d_c²/(2σ_c²) with a width for every map and batch, map after map."""
    exponents, widths = None, []
    for one in maps.unbind(2):
        squared = torch.stack([squared_distances(x, rule.scale(x)) for x in one])
        sigma = rule.sigma(squared.detach(), one.shape[-1])
        widths.append(sigma)
        weighted = squared.mul_((0.5 / sigma.square())[:, None, None])
        exponents = weighted if exponents is None else exponents.add_(weighted)
    assert exponents is not None  # there is a map
    return exponents, torch.stack(widths).mean(0)


def _scales(maps: Tensor, rule: Bandwidth) -> Tensor | None:
    """The rule's factors of maps (n, c, d), each scaled as a variable of its own; shape (c·d,)."""
    columns = maps.flatten(1)
    scales = rule.scale(columns)
    if scales is None or len(scales) == columns.shape[1]:
        return scales
    each = [rule.scale(one) for one in maps.unbind(1)]  # one factor for every map
    factors = torch.stack([one for one in each if one is not None])
    return factors.expand(*maps.shape[1:]).flatten()

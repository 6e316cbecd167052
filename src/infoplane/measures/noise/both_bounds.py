"""Both bounds by pairwise distances, with and without classes, from one pass over all pairs."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.noise.layer import cancels, exponents, scaled, tiles
from infoplane.values.units import LN2

FARTHEST = -21.5
"""Logarithm of the least wide kernel: what is smaller counts as this, 5e-10 of a point's own. Its
fourth power is the least number of single precision with all digits; smaller ones are slow."""


class Spread(NamedTuple):
    """What a noisy layer keeps, by one of the bounds, in bits.

    Attributes:
        of_input: Of n equally likely inputs, at most log2 n.
        of_class: Of the class: a difference of two bounds of one kind, and so no bound.
    """

    of_input: float
    of_class: float


def both_bounds(
    points: Float[Tensor, "n d"], p: Float[Tensor, "n k"], variance: float
) -> tuple[Spread, Spread]:
    """The upper and the lower bound of ``PairwiseKDE``, for the price of less than one.

    The kernel of the lower bound has four times the variance, so that its fourth power is that of
    the upper one; and the sums over all points are the sums over those of every class. Kernels are
    summed in single precision, which errs by about 1e-5 bit.

    Args:
        points: The layer.
        p: Probability of every class at every point; labels are rows of 0 and 1.
        variance: Of the noise in every dimension.

    Returns:
        Upper and lower.

    Source: kolchinsky2017estimating; saxe2018information.
    """
    p = p.to(points.device, torch.float64)
    sums = _class_sums(points.double(), p, variance)
    upper, lower = (_spread(one, p) for one in sums)
    return upper, lower


def _class_sums(
    points: Float[Tensor, "n d"], p: Float[Tensor, "n k"], variance: float
) -> Float[Tensor, "2 n k"]:
    """Σ_j p_j(k) kernel(i, j) for every point and class, under both kernels; every pair once."""
    points = scaled(points, 4 * variance)
    directly, some = cancels(points), tiles(len(points))
    by_class = p.mT.float()
    sums = torch.zeros(2, *by_class.shape, dtype=torch.float64, device=points.device)
    for place, rows in enumerate(some):
        for columns in some[place:]:
            # distances want double precision; their exponentials, as parts of a sum, do not
            far = exponents(points[rows], points[columns], directly).float()
            wide = far.clamp_(FARTHEST, 0).exp_()
            narrow = wide.square().square_()
            for kernel, total in ((narrow, sums[0]), (wide, sums[1])):
                # few classes: one vector at a time is three times as fast as a narrow matrix
                total[:, rows] += torch.stack([kernel.mv(one[columns]) for one in by_class])
                if columns != rows:
                    total[:, columns] += by_class[:, rows] @ kernel
    return sums.mT


def _spread(sums: Float[Tensor, "n k"], p: Float[Tensor, "n k"]) -> Spread:
    n, of_class = len(p), p.sum(0)
    kept = -float((sums.sum(1) / n).log().mean())
    present = of_class > 0
    # where a class has probability 0, the logarithm of its sum does not count
    logs = torch.where(p > 0, sums / of_class, 1.0).log()
    within = -float((p * logs).sum(0)[present].sum()) / n
    return Spread(kept / LN2, (kept - within) / LN2)

"""How estimates of normal samples are biased and scatter, and the interval that follows."""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import digamma, polygamma
from torch import Tensor

from infoplane.values.estimate import NINETY


def entropy_bias(n: int, d: int) -> float:
    """Mean of ½ ln det of the covariance of n normal samples, less that of the truth, in nats.

    ½ Σ_{i=1}^{d} [ψ((n − i)/2) − ln(n/2)] for the maximum-likelihood covariance (divided by n).

    Source: misra2005estimation; anderson2003introduction, chapter 7 (the Wishart determinant is a
    product of χ² variables).
    """
    return 0.5 * float((digamma(_halved(n, 1, d)) - math.log(n / 2)).sum())


def entropy_variance(n: int, d: int) -> float:
    """Variance of the same, ¼ Σ_{i=1}^{d} ψ′((n − i)/2), in nats²."""
    return 0.25 * float(polygamma(1, _halved(n, 1, d)).sum())


def information_bias(n: int, r_x: int, r_y: int) -> float:
    """What n normal samples add in the mean to the information of r_x and r_y columns, in nats."""
    return entropy_bias(n, r_x) + entropy_bias(n, r_y) - entropy_bias(n, r_x + r_y)


def unrelated_variance(n: int, r_x: int, r_y: int) -> float:
    """Variance of the information of n independent normal samples, exactly, in nats².

    There Π(1 − ρ²) is a product of independent beta variables.

    Source: anderson2003introduction, chapter 8.
    """
    few, many = sorted((r_x, r_y))
    left, whole = _halved(n, many + 1, many + few), _halved(n, 1, few)
    return 0.25 * float((polygamma(1, left) - polygamma(1, whole)).sum())


def related_variance(nats: float, pairs: float, n: int, r_x: int, r_y: int) -> float:
    """What is added to it where the variables share ``nats``: Σρ²/n to the first order, in nats².

    Of one pair of scalars it is what Fisher's z gives, whose variance is 1/(n − 3).

    Args:
        nats: The information; as if it were 0 where it is negative.
        pairs: Over how many equal canonical correlations it is spread.
        n: Samples.
        r_x: Columns of x.
        r_y: Columns of y.

    Source: derived from anderson2003introduction, chapters 4 and 12.
    """
    if nats <= 0:
        return 0.0
    return pairs * -math.expm1(-2 * nats / pairs) / (n - 1 - r_x - r_y)


def effective_pairs(correlations: Float[Tensor, " r"]) -> float:
    """Over how many canonical correlations the information is spread: (Σ I_i)²/Σ I_i²; 0 of none.

    >>> effective_pairs(torch.tensor([0.5, 0.5, 0.0]))
    2.0
    """
    informations = -torch.log1p(-correlations.double().square())
    total = float(informations.sum())
    return total**2 / float(informations.square().sum()) if total else 0.0


def interval_of(value: float, deviation: Callable[[float], float]) -> tuple[float, float]:
    """All truths under which ``value`` is no rarer than one in ten.

    The standard error is that under each truth, not at the value: weak relations are measured more
    closely than the value of a single sample tells.
    """

    def too_far(truth: float) -> float:
        return abs(value - truth) - NINETY * deviation(truth)

    if deviation(value) == 0:
        return value, value
    reach = 2 * NINETY * deviation(value)
    while too_far(value + reach) < 0:
        reach *= 2
    return brentq(too_far, value - reach, value), brentq(too_far, value, value + reach)


def _halved(n: int, first: int, last: int) -> np.ndarray:
    """(n − i)/2 for i from the first to the last."""
    return (n - np.arange(first, last + 1)) / 2

"""Exact information of a normal distribution: from its covariance alone, in bits.

Information does not change under invertible linear maps, so variables may have constant columns and
columns that repeat others: only the dimensions in which they vary count. What is a linear function
of the other variable shares infinitely much with it: +∞, no error.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

SINGULAR = 1e-12
"""A smaller share of a variance is rounding; that of single precision is about 1e-14."""
EPS = torch.finfo(torch.float64).eps


def entropy(covariance: Float[Tensor, "d d"]) -> Float[Tensor, ""]:
    """Differential entropy ½ log2 det(2πe Σ) in bits; −∞ where Σ is singular.

    Source: cover2006elements, theorem 8.4.1.

    Raises:
        InfoplaneError: It is no covariance.
    """
    correlation = _correlation(require_covariance(covariance))
    eigenvalues = torch.linalg.eigvalsh(correlation)
    volume = 0.5 * eigenvalues.clamp_min(0).log2().sum()
    scale = 0.5 * covariance.diagonal().log2().sum()
    value = volume + scale + 0.5 * len(covariance) * math.log2(2 * math.pi * math.e)
    flat = eigenvalues[0] <= SINGULAR * eigenvalues[-1]
    return torch.where(flat, -torch.inf, value)


def mutual_information(covariance: Float[Tensor, "d d"], d_x: int) -> Float[Tensor, ""]:
    """I(x; y) = −½ Σ log2(1 − ρ²) over the canonical correlations ρ, in bits.

    Args:
        covariance: Of the columns of x and then those of y.
        d_x: How many columns x has.

    Source: cover2006elements, section 8.5; anderson2003introduction, chapter 12.

    Raises:
        InfoplaneError: It is no covariance, or one of the variables has no column.
    """
    return shared_information(canonical_correlations(covariance, d_x))


def shared_information(correlations: Float[Tensor, "*batch r"]) -> Float[Tensor, "*batch"]:
    """−½ Σ log2(1 − ρ²) of canonical correlations, in bits; +∞ if one of them is 1.

    >>> float(shared_information(torch.tensor([0.6, 0.8])))  # log2(1/0.8) + log2(1/0.6)
    1.0588937...
    """
    return -0.5 * torch.log1p(-correlations.double().square()).sum(-1) / LN2


def canonical_correlations(
    covariance: Float[Tensor, "d d"], d_x: int
) -> Float[Tensor, " correlations"]:
    """Correlations of the best matched directions of x and y, largest first.

    As many as the variable of the lower rank has dimensions; what lies within rounding of 1 is 1.

    Source: hotelling1936relations; anderson2003introduction, chapter 12.

    Raises:
        InfoplaneError: It is no covariance, or one of the variables has no column.
    """
    require_covariance(covariance)
    _require_columns(d_x, len(covariance) - d_x)
    correlation = _correlation(covariance)
    of_x, of_y = whitening(correlation[:d_x, :d_x]), whitening(correlation[d_x:, d_x:])
    found = torch.linalg.svdvals(of_x.mT @ correlation[:d_x, d_x:] @ of_y)
    # whitening stretches the rounding of Σ by the length of its longest column
    stretched = len(covariance) * EPS * _longest(of_x) * _longest(of_y)
    return torch.where(1 - found <= max(SINGULAR, 4 * stretched) / 2, 1.0, found)


def conditional_covariance(covariance: Float[Tensor, "d d"], d: int) -> Float[Tensor, "k k"]:
    """Σ of the first ``d`` columns given all others: the Schur complement.

    Exactly 0 for a column that the others determine.

    Source: anderson2003introduction, section 2.5.

    Raises:
        InfoplaneError: It is no covariance, or one of the variables has no column.
    """
    require_covariance(covariance)
    _require_columns(d, len(covariance) - d)
    correlation = _correlation(covariance)
    explained = correlation[:d, d:] @ whitening(correlation[d:, d:])
    left = correlation[:d, :d] - explained @ explained.mT
    free = left.diagonal() > SINGULAR
    deviations = covariance.diagonal()[:d].sqrt() * free
    return left * deviations[:, None] * deviations


def conditional_mutual_information(
    covariance: Float[Tensor, "d d"], d_x: int, d_y: int
) -> Float[Tensor, ""]:
    """I(x; y | z) in bits: the information of the covariance that is left once z is known.

    Args:
        covariance: Of the columns of x, then of y, then of z.
        d_x: How many columns x has.
        d_y: How many columns y has.

    Raises:
        InfoplaneError: It is no covariance, or one of the variables has no column.
    """
    return mutual_information(conditional_covariance(covariance, d_x + d_y), d_x)


def total_correlation(
    covariance: Float[Tensor, "d d"], sizes: Sequence[int] | None = None
) -> Float[Tensor, ""]:
    """Σ H(x_i) − H(x_1, x_2, …) in bits: what every variable shares with those before it.

    Args:
        covariance: Of all columns.
        sizes: How many columns each variable has, in order; None for one each.

    Source: watanabe1960information.

    Raises:
        InfoplaneError: It is no covariance, or the sizes do not add up to its columns.
    """
    require_covariance(covariance)
    sizes = [1] * len(covariance) if sizes is None else list(sizes)
    if sum(sizes) != len(covariance) or min(sizes) < 1:
        raise InfoplaneError(
            f"sizes={sizes}: positive numbers of columns that add up to {len(covariance)} are "
            "needed."
        )
    ends = torch.tensor(sizes).cumsum(0).tolist()
    steps = [
        mutual_information(covariance[:end, :end], start)
        for start, end in zip(ends, ends[1:], strict=False)
    ]
    return torch.stack([covariance.new_zeros(()), *steps]).sum()


def rank(covariance: Float[Tensor, "d d"]) -> int:
    """In how many dimensions the variable varies."""
    return whitening(covariance).shape[1]


def divergence(
    mean: Float[Tensor, "d k"],
    covariance: Float[Tensor, "d d"],
    other_mean: Float[Tensor, "d k"],
    other: Float[Tensor, "d d"],
) -> Float[Tensor, ""]:
    """KL(N(m, Σ) ‖ N(m′, Σ′)) in bits, summed over k independent normals of these covariances.

    ½[tr Σ′⁻¹Σ + (m′ − m)ᵀ Σ′⁻¹ (m′ − m) − d − ln det Σ/det Σ′]; +∞ where Σ is singular.

    Args:
        mean: One column m for each of the k.
        covariance: Σ.
        other_mean: m′.
        other: Σ′.

    Source: cover2006elements, chapter 8.

    Raises:
        InfoplaneError: Σ′ is singular, so that most points have no density under it.
    """
    values, vectors = torch.linalg.eigh(other)
    if not float(values[0]) > len(values) * EPS * float(values[-1].abs()):
        raise InfoplaneError(
            f"The covariance compared with is singular (eigenvalues {float(values[0]):.3g} to "
            f"{float(values[-1]):.3g}): variables repeat each other. Leave some out, or add noise "
            f"of a variance of {2 * len(values) * EPS * float(values[-1].abs()):.1g} or more to "
            "both diagonals."
        )
    white = vectors / values.sqrt()
    inner = white.T @ covariance @ white
    shares = torch.linalg.eigvalsh(0.5 * (inner + inner.T))
    wide = shares > len(shares) * EPS * shares[-1]  # the rest is rounding of 0
    volume = torch.where(wide, shares.clamp_min(0).log(), -torch.inf).sum()
    apart = (white.T @ (mean - other_mean)).square().sum()
    return 0.5 * (mean.shape[1] * (shares.sum() - len(shares) - volume) + apart) / LN2


def whitening(covariance: Float[Tensor, "d d"]) -> Float[Tensor, "d r"]:
    """W with WᵀΣW = 1 over the r dimensions in which the variable varies."""
    inverse = _inverse_deviations(covariance)
    eigenvalues, vectors = torch.linalg.eigh(covariance * inverse[:, None] * inverse)
    varies = eigenvalues > SINGULAR * eigenvalues[-1].clamp_min(0)
    return inverse[:, None] * vectors[:, varies] / eigenvalues[varies].sqrt()


def require_covariance(covariance: Tensor) -> Tensor:
    """Refuses a matrix that is the covariance of nothing.

    Raises:
        InfoplaneError: It is not square, not finite, not symmetric or not positive semi-definite.
    """
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1] or not len(covariance):
        raise InfoplaneError(
            f"The covariance has shape {tuple(covariance.shape)}: a square matrix is needed."
        )
    if covariance.dtype != torch.float64:
        raise InfoplaneError(f"The covariance is {covariance.dtype}; pass it as float64.")
    if not torch.isfinite(covariance).all():
        raise InfoplaneError("The covariance holds NaN or infinite values.")
    if not torch.allclose(covariance, covariance.mT, rtol=1e-9, atol=1e-12 * _largest(covariance)):
        raise InfoplaneError("The covariance is not symmetric; average it with its transpose.")
    smallest = torch.linalg.eigvalsh(covariance)[0]
    if smallest < -1e-9 * _largest(covariance):
        raise InfoplaneError(
            f"The covariance has the eigenvalue {float(smallest):.3g}: variances are not negative."
        )
    return covariance


def _correlation(covariance: Tensor) -> Tensor:
    """The same in units of the standard deviations; 0 for what is constant."""
    inverse = _inverse_deviations(covariance)
    return covariance * inverse[:, None] * inverse


def _inverse_deviations(covariance: Tensor) -> Tensor:
    """1/σ of every column; 0 for what is constant."""
    variances = covariance.diagonal()
    return variances.clamp_min(0).rsqrt().masked_fill(variances <= 0, 0.0)


def _longest(whitened: Tensor) -> float:
    return float(torch.linalg.vector_norm(whitened, dim=0).amax()) if whitened.shape[1] else 0.0


def _largest(covariance: Tensor) -> float:
    return float(covariance.abs().max())


def _require_columns(*columns: int) -> None:
    if min(columns) < 1:
        raise InfoplaneError(
            f"The variables would have {' and '.join(map(str, columns))} columns: "
            "each needs one at least."
        )

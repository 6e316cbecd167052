"""What the dual bottleneck minimises: error exponents. Distributions as rows; bits outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import logsumexp
from torch import Tensor

from infoplane.bottleneck.joint import Table, as_array, numbers
from infoplane.bottleneck.solution import Solution
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

CLOSE = 1e-13
"""Nats between the bounds of an error exponent."""
FAR = 2.0
"""Nats by which ln q may move in one step, some outcomes against others."""
ROUNDING = 8 * np.finfo(np.float64).eps
"""How exactly those bounds can be known, in units of the largest logarithm."""
STEPS = 2_000
"""Newton steps of the search for it at most: about 20 are needed, more by p(y|x) near 0."""


@final
@dataclass(frozen=True, eq=False)
class Exponent:
    """How fast that falls which all hypotheses have in common, Σ min_x p(y_1|x) … p(y_n|x).

    For two hypotheses that is the chance of an error. To tell more of them apart errs as often as
    the two that are hardest to tell apart: the least ``error_exponent(rows[[i, j]])`` of all pairs.

    Attributes:
        value: max over weights of −log2 Σ_y Π_x p(y|x)^weight, in bits a sample; for two
            hypotheses their Chernoff information, for more at least that of the easiest pair.
        weights: Those weights, shape (x,).
        decoder: The distribution equally far from all hypotheses that have weight, shape (y,).
        gap: By how much the value may be too small at most, in bits.
    """

    value: float
    weights: Float[ndarray, " x"]
    decoder: Float[ndarray, " y"]
    gap: float


def geometric_mean(
    weights: Sequence[float] | Float[ndarray, " x"] | Tensor, rows: Table
) -> tuple[Float[ndarray, " y"], float]:
    """The q with the least Σ_x weight D[q ‖ p(·|x)], and that minimum, −log2 Z, in bits.

    It is Π_x p(y|x)^weight/Z: the dual's decoder p(y|t) for the weights p(x|t).

    Args:
        weights: Sum to 1, shape (x,).
        rows: p(y|x) > 0, shape (x, y), NumPy or torch.

    Raises:
        InfoplaneError: Some p(y|x) = 0, or weights that are none.
    """
    rows, weights = _required(rows), numbers(weights)
    if weights.shape != (len(rows),) or (weights < 0).any() or abs(weights.sum() - 1) > 1e-9:
        raise InfoplaneError(f"Weights of {len(rows)} rows are at least 0 and sum to 1.")
    q, free = _mixed(weights, np.log(rows))
    return q, -free / LN2 + 0.0


def error_exponent(rows: Table) -> Exponent:
    """The exponent of what several hypotheses have in common, with one weight for each.

    −ln Z is concave in the weights w, and its derivative is −E_q ln p(y|x) at its own q, so that
    the largest derivative less the mean one bounds what is missing. The maximum on the simplex
    is found by a primal-dual interior-point method, whose steps stay few however near or however
    many the hypotheses are.

    Args:
        rows: p(y|x) > 0, one hypothesis a row, shape (x, y), NumPy or torch.

    Raises:
        InfoplaneError: Some p(y|x) = 0.

    Source: cover2006elements, section 11.9 (Chernoff information).
    """
    rows = _required(rows)
    logs, count = np.log(rows), len(rows)
    weights = np.full(count, 1 / count)
    q, free = _mixed(weights, logs)
    slopes = -logs @ q
    level = float(slopes.max()) + 1
    slacks = level - slopes
    finest = max(CLOSE, ROUNDING * float(-logs.min()))
    for _ in range(STEPS):
        # the second: what is left of the gap is rounding
        if slopes.max() - weights @ slopes <= finest or weights @ slacks <= finest / 1000:
            break
        weights, slacks, level = _closer(weights, slacks, level, slopes, logs, q)
        q, free = _mixed(weights, logs)
        slopes = -logs @ q
    gap = max(0.0, float(slopes.max() - weights @ slopes))
    return Exponent(-free / LN2 + 0.0, weights, q, gap / LN2)


def _mixed(
    weights: Float[ndarray, " x"], logs: Float[ndarray, "x y"]
) -> tuple[Float[ndarray, " y"], float]:
    """Π_x p(y|x)^weight / Z, and ln Z."""
    mixed = weights @ logs
    free = float(logsumexp(mixed))
    return np.exp(mixed - free), free


def _closer(
    weights: Float[ndarray, " x"],
    slacks: Float[ndarray, " x"],
    level: float,
    slopes: Float[ndarray, " x"],
    logs: Float[ndarray, "x y"],
    q: Float[ndarray, " y"],
) -> tuple[Float[ndarray, " x"], Float[ndarray, " x"], float]:
    """One Newton step towards slopes + slacks = level, weights · slacks = a tenth of their mean."""
    count = len(weights)
    target = 0.1 * float(weights @ slacks) / count
    about = logs + slopes[:, None]
    curvature = (about * q) @ about.T + np.diag(slacks / weights)
    ones = np.ones((count, 1))
    system = np.block([[curvature, ones], [ones.T, np.zeros((1, 1))]])
    solved = np.linalg.solve(system, np.append(slopes - level + target / weights, 0.0))
    toward = solved[:count]
    slack = (target - weights * slacks - slacks * toward) / weights
    # No weight and no slack may reach 0, where the next system would be singular.
    steepest = max(float((-toward / weights).max()), float((-slack / slacks).max()), 0.95)
    # Nor is the curvature that of the place where logarithms have moved by much.
    length = min(0.95 / steepest, FAR / max(float(np.ptp(toward @ logs)), FAR))
    moved = weights + length * toward
    return moved / moved.sum(), slacks + length * slack, level + length * float(solved[count])


def cluster_exponents(solution: Solution) -> Float[ndarray, " t"]:
    """−log2 Z_t of every cluster of a dual solution, in bits; E d is their mean under p(t).

    Raises:
        InfoplaneError: The solution is none of the dual.

    Source: piran2020dual.
    """
    if not solution.dual:
        raise InfoplaneError("Only clusters of a dual solution have these: solve(…, dual=True).")
    reduced = solution.joint.reduced
    encoder = reduced.merged(solution.encoder, solution.joint.px)
    inverse = (reduced.p[:, None] * encoder / (reduced.p @ encoder)).T
    return -logsumexp(inverse @ np.log(reduced.w), axis=1) / LN2 + 0.0


def _required(rows: Table) -> Float[ndarray, "x y"]:
    found = as_array(rows).astype(np.float64)
    if found.ndim != 2 or found.size == 0:
        raise InfoplaneError(f"Rows p(y|x) of shape (x, y) are needed; these have {found.shape}.")
    if not (found > 0).all() or np.abs(found.sum(1) - 1).max() > 1e-9:
        raise InfoplaneError(
            "Rows p(y|x) > 0 that sum to 1 are needed; the smallest entry of these is "
            f"{found.min()}. Soften them: 0.999 p(y|x) + 0.001 p(y)."
        )
    return found

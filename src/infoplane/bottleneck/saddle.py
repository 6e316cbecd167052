"""Away from saddles: where the map's Jacobian has an eigenvalue above 1, the objective falls."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.descent import Descent, Stop, accelerated
from infoplane.bottleneck.maps import Point, Problem, centred, jacobian_product
from infoplane.bottleneck.steps import lowest, sized
from infoplane.bottleneck.tidy import tidied

PRODUCTS = 24
"""Jacobian products at most that a leading eigenvalue may take."""
UNSTABLE = 1 + 1e-7
"""Eigenvalue from which on a direction counts as one in which the objective falls."""
ESCAPES = 20
"""Saddles at most that one descent may leave."""


@final
@dataclass(frozen=True, eq=False)
class Leading:
    """The leading eigenvalue of the map's Jacobian, or a lower bound of it above 1.

    Attributes:
        value: The eigenvalue; how fast plain iteration converges, and above 1 a way down.
        direction: Its eigenvector as a change of ln q, of size 1 at most.
        products: How many Jacobian products it took.
    """

    value: float
    direction: Float[ndarray, "x t"]
    products: int


def settled(problem: Problem, log_q: Float[ndarray, "x t"], stop: Stop) -> Descent:
    """Descends, leaves saddles along their leading eigenvectors, and goes on until there is none.

    A root finder is drawn to saddles which the plain iteration leaves, so that acceleration
    without this check would find fewer minima than no acceleration.
    """
    used = 0
    for _ in range(ESCAPES):
        found = accelerated(problem, log_q, Stop(stop.tolerance, stop.evaluations - used))
        used += found.evaluations
        lead = leading(problem, found.at)  # before clusters are merged, whose parting may lead down
        used += lead.products
        at, converged = found.at, False
        if lead.value > UNSTABLE and used < stop.evaluations:
            lower, tried = lowest(problem, found.at, lead.direction)
            used += tried
            if lower is not found.at:
                at, log_q = lower, lower.log_q
                if used >= stop.evaluations:
                    break
                continue
        at, merging = tidied(problem, found.at)
        used += merging
        converged = found.converged and stop.reached(problem, at)
        if used >= stop.evaluations:
            return Descent(at, used, converged)
        if found.converged and not converged:  # what was merged moves a little
            log_q = at.log_q
            continue
        return Descent(at, used, converged)
    return Descent(at, used, converged)


def leading(problem: Problem, at: Point) -> Leading:
    """The leading eigenvalue of the map's Jacobian, by Lanczos' method in the right inner product.

    It stops as soon as a Ritz value, which is a lower bound, exceeds 1.
    """
    weights = problem.p[:, None] * at.q
    start = _start(at)
    size = _norm(weights, start)
    if problem.alpha == 0 or len(at.r) == 1 or size == 0:
        return Leading(0.0, np.zeros_like(at.q), 0)
    basis, projected = [start / size], np.zeros((PRODUCTS, PRODUCTS))
    last = -1.0
    for k in range(PRODUCTS):
        moved = centred(at, jacobian_product(problem, at, basis[k]))
        for _ in range(2):  # twice is enough to stay orthogonal
            for i, one in enumerate(basis):
                overlap = float((weights * one * moved).sum())
                projected[i, k] += overlap
                moved = moved - overlap * one
        square = projected[: k + 1, : k + 1]
        values, vectors = np.linalg.eigh(square, UPLO="U")
        size = _norm(weights, moved)
        error = size * abs(vectors[-1, -1])  # the residual of the leading Ritz pair
        exhausted = size <= 1e-13 or k + 1 == PRODUCTS
        known = error <= 1e-3 * abs(1 - values[-1]) and abs(values[-1] - last) <= 1e-6
        if values[-1] > UNSTABLE or exhausted or known:
            break
        last = float(values[-1])
        basis.append(moved / size)
    direction = sum(c * one for c, one in zip(vectors[:, -1], basis, strict=True))
    return Leading(float(values[-1]), sized(weights, direction), k + 1)


def _start(at: Point) -> Float[ndarray, "x t"]:
    """A direction with a part of everything: waves that no symmetry of a problem shares."""
    i = np.arange(at.q.size, dtype=np.float64).reshape(at.q.shape)
    return centred(at, np.sin(1 + 2.3 * i) + np.cos(0.7 * i**1.3))


def _norm(weights: ndarray, v: ndarray) -> float:
    return float(np.sqrt((weights * v**2).sum()))

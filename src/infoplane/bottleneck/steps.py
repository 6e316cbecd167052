"""Steps for where the plain one is too short: Newton's, and along a direction that leads down."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.log_space import normalised
from infoplane.bottleneck.maps import Point, Problem, alive, centred, evaluate, jacobian_product

PRODUCTS = 40
"""Jacobian products at most that a Newton step may take."""
ACCURATE = 1e-4
"""The share of its residual to which the linear equation is solved."""
LENGTHS = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Changes of ln q that are tried along a direction."""
STRETCH, STRETCHES = 4.0, 16
"""By so much longer is the next of plain steps that are stretched, and how many there are at most.
"""


@final
@dataclass(frozen=True, eq=False)
class Newton:
    """A Newton step, or the direction of negative curvature that was met on the way.

    Attributes:
        log_q: Where the step leads; where ``down`` was met, as far as it had come.
        down: A change of ln q along which the objective is concave, of size 1; None if none is.
        products: Jacobian products it took.
    """

    log_q: Float[ndarray, "x t"]
    down: Float[ndarray, "x t"] | None
    products: int


def newton(problem: Problem, at: Point) -> Newton:
    """Solves (1 − J) u = ln q_next − ln q by conjugate gradients, for u; α > 0.

    Both J and the inner product Σ p(x) q(t|x) u v are those in which J is self-adjoint.
    """
    weights = problem.p[:, None] * at.q
    rest = centred(at, at.step)
    solution, direction = np.zeros_like(rest), rest
    square = first = float((weights * rest**2).sum())
    used, down = 0, None
    while used < PRODUCTS and square > ACCURATE**2 * first:
        image = direction - centred(at, jacobian_product(problem, at, direction))
        used += 1
        curvature = float((weights * direction * image).sum())
        if curvature <= 0:
            down = sized(weights, direction)
            break
        length = square / curvature
        solution, rest = solution + length * direction, rest - length * image
        after = float((weights * rest**2).sum())
        direction, square = rest + after / square * direction, after
    return Newton(moved(at, solution), down, used)


def lowest(problem: Problem, at: Point, direction: Float[ndarray, "x t"]) -> tuple[Point, int]:
    """The lowest of points along a direction on both sides, or ``at``; and the evaluations."""
    tried = [
        evaluate(problem, alive(problem, moved(at, sign * length * direction)))
        for length in LENGTHS
        for sign in (1, -1)
    ]
    best = min(tried, key=lambda point: point.objective)
    return (best if best.objective < at.objective - at.noise else at), len(tried)


def stretched(problem: Problem, at: Point) -> tuple[Point, int]:
    """The lowest of ever longer plain steps, or ``at``; and the evaluations.

    Where a cluster's mass grows from next to nothing, plain steps are short, all alike, and grow
    themselves, so that what looks for where they vanish is drawn back to where they began.
    """
    step, best, used = centred(at, at.step), at, 0
    for used in range(1, STRETCHES + 1):
        further = evaluate(problem, alive(problem, moved(at, STRETCH**used * step)))
        if further.objective > best.objective + at.noise:
            break
        best = min(best, further, key=lambda one: one.objective)
    worth = best.objective < at.objective - max(used * at.fall, at.noise)
    return (best if worth else at), used


def moved(at: Point, change: Float[ndarray, "x t"]) -> Float[ndarray, "x t"]:
    """The normalised ln q after a change; what has probability 0 stays there."""
    return normalised(at.log_q + change)


def sized(weights: Float[ndarray, "x t"], v: Float[ndarray, "x t"]) -> Float[ndarray, "x t"]:
    """A change of ln q whose largest entry with more than a trace of mass is 1."""
    largest = np.abs(np.where(weights > 1e-12, v, 0.0)).max()
    return np.clip(v / largest, -1.0, 1.0) if largest > 0 else v

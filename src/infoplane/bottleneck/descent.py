"""Alternating minimisation, plain or accelerated; either way the objective never rises."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.maps import Point, Problem, alive, evaluate
from infoplane.bottleneck.mixing import Mixing
from infoplane.bottleneck.steps import lowest, newton, stretched
from infoplane.bottleneck.tidy import emptied, tidied
from infoplane.values.errors import InfoplaneError

ROUNDING = 64 * np.finfo(np.float64).eps
"""How exactly an encoder can be known, in units of β (or of 1, for small β)."""
IDLE = 3
"""Mixed candidates in a row that were refused or left the residual no smaller: the point may lie
near a saddle, to which mixing is drawn, or on a long way with plain steps that are all alike."""
PATIENCE = 10
"""Steps after which help that did not help is tried again."""
Seen = Callable[[Point], None]
"""Is shown every point that was accepted, for those who watch."""


@final
@dataclass(frozen=True)
class Stop:
    """When to stop.

    Attributes:
        tolerance: Largest change of an entry of the encoder by one plain step. The objective must
            rest as well: the fall a plain step promises is at most ``tolerance`` of its size.
        evaluations: Evaluations of the map, all told, and one remedy more at most: what is begun
            is ended.
        gap: Nats that the objective may lie above its global minimum where that is bounded: the
            search ends as soon as this is certain. 0: only where the map leaves the point.

    Raises:
        InfoplaneError: A negative or not finite tolerance or gap, or no evaluation.
    """

    tolerance: float = 1e-12
    evaluations: int = 200_000
    gap: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tolerance", "gap"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InfoplaneError(f"{name}={value}: it is a finite number of at least 0.")
        if not (isinstance(self.evaluations, Integral) and self.evaluations >= 1):
            raise InfoplaneError(f"evaluations={self.evaluations}: it is an integer of at least 1.")

    def reached(self, problem: Problem, at: Point) -> bool:
        """Whether the map leaves the point where it is."""
        finest = max(self.tolerance, ROUNDING * max(1.0, problem.beta / max(problem.alpha, 1e-3)))
        resting = at.fall <= max(at.noise, finest * abs(at.objective))
        return bool(resting and at.residual <= finest)


@final
@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended.

    Attributes:
        at: The last point.
        evaluations: Evaluations of the map, Jacobian products and rejected candidates included.
        converged: Whether the map leaves it where it is.
    """

    at: Point
    evaluations: int
    converged: bool


def plain(
    problem: Problem, log_q: Float[ndarray, "x t"], stop: Stop, seen: Seen | None = None
) -> Descent:
    """The map, again and again.

    Source: tishby1999information; blahut1972computation.
    """
    at, used = evaluate(problem, alive(problem, log_q)), 1
    while True:
        if seen is not None:
            seen(at)
        done = stop.reached(problem, at)
        if done or used >= stop.evaluations:
            return Descent(at, used, done)
        at, used = evaluate(problem, alive(problem, at.log_next)), used + 1


def accelerated(
    problem: Problem, log_q: Float[ndarray, "x t"], stop: Stop, seen: Seen | None = None
) -> Descent:
    """The map with Anderson mixing of ln q.

    A mixed candidate is taken only if the objective falls by at least what the plain step is known
    to bring; where that drowns in rounding, only if the residual shrinks. Otherwise the plain step
    is taken. The deterministic bottleneck has steps too coarse to be mixed and is left plain.

    Source: walker2011anderson (the mixing).
    """
    if problem.alpha == 0:
        return plain(problem, log_q, stop, seen)
    at, used, mixing = evaluate(problem, alive(problem, log_q)), 1, Mixing()
    idle = patience = 0
    while True:
        if seen is not None:
            seen(at)
        done = stop.reached(problem, at)
        if done or used >= stop.evaluations:
            return Descent(at, used, done)
        if patience == 0 and (at.drowned or idle >= IDLE):
            found, spent = _helped(problem, at)
            used, patience, idle = used + spent, 0 if found is not at else PATIENCE, 0
            if found is not at:
                at = found
                mixing.forget()
                continue
        patience = max(0, patience - 1)
        proposed = mixing.proposed(problem, at)
        if proposed is not None:
            candidate, used = evaluate(problem, alive(problem, proposed)), used + 1
            if _better(at, candidate):
                idle = 0 if candidate.residual < at.residual else idle + 1
                at = candidate
                continue
            idle += 1
            mixing.forget()
        at, used = evaluate(problem, alive(problem, at.log_next)), used + 1


def _helped(problem: Problem, at: Point) -> tuple[Point, int]:
    """What helps: no empty clusters, a stretched step, or what Newton's step tells; its cost.

    Where a plain step promises less than rounding, Newton's is the first to try.
    """
    steps = (_by_newton, stretched) if at.drowned else (stretched, _by_newton)
    found, used = at, 0
    for remedy in (emptied, *steps):
        found, tried = remedy(problem, at)
        used += tried
        if found is not at:
            break
    return found, used


def _by_newton(problem: Problem, at: Point) -> tuple[Point, int]:
    """A step down from a saddle, fewer clusters, or Newton's step; and its cost."""
    step = newton(problem, at)
    used = step.products
    if step.down is not None:
        lower, tried = lowest(problem, at, step.down)
        used += tried
        if lower is not at:
            return lower, used
    fewer, tried = tidied(problem, at)
    used += tried
    if fewer is not at:
        return fewer, used
    candidate = evaluate(problem, alive(problem, step.log_q))
    helps = candidate.residual < at.residual / 2 and _better(at, candidate)
    return (candidate if helps else at), used + 1


def _better(at: Point, candidate: Point) -> bool:
    if candidate.objective <= at.objective - max(at.fall, at.noise):
        return True
    same = candidate.objective <= at.objective + at.noise
    return bool(at.drowned and same and candidate.residual < at.residual)

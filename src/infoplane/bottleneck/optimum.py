"""The global optimum of the bottleneck: what a further cluster could gain, and a bound of it.

For α = 1 the objective depends on the clusters through a measure over decoders alone,
F = −Σ_x p(x) ln Z(x) with Z(x) = Σ_t p(t) exp(−β d(x, t)), and is convex in it. So a cluster with
decoder m lowers F if and only if c(m) = Σ_x p(x) exp(−β d(x, m))/Z(x) > 1, the point is optimal if
no m has c(m) > 1, and by Jensen's inequality F lies above the optimum by at most ln max c(m).
The search for max c(m) is local, from many places, so what it says is evidence, not proof.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from infoplane.bottleneck.ascent import Ascent, ascended
from infoplane.bottleneck.descent import Descent, Stop
from infoplane.bottleneck.log_space import log_sum, normalised
from infoplane.bottleneck.maps import Point, Problem, weighed
from infoplane.bottleneck.saddle import settled
from infoplane.bottleneck.splitting import split_directions

GAIN = 1e-11
"""Nats of ln c(m) below which a further cluster is not worth it."""
CUT = 300
"""Evaluations after which it is asked for the first time whether a gap is enough."""
LONGER = 1.3
"""By so much longer is the next descent: a descent cut short leaves more clusters than needed."""
ROUNDS = 60
"""Times at most that clusters are added."""
ASCENT = 30
"""Steps of the search for max c(m) from all places."""
FOLLOWED = 8
"""So many of the highest of them are followed to the end."""
MOST = 600
"""Steps of the search at most; what is left to rise then is extrapolated, and part of the gap."""
PROMISING = 24
"""From so many places with the largest c(m) the search begins; from all only if that finds none."""
AT_ONCE = 2
"""Clusters that may be added in one round, or half of those that there are, if these are more."""
NUDGES = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4)
"""How far from a cluster the search for its parts begins, as changes of ln p(y|t): close to where
a cluster begins to split its parts are close to it, and the gain is of fourth order."""


@final
@dataclass(frozen=True, eq=False)
class Optimum:
    """The lowest point that was found.

    Attributes:
        descent: The point, with all evaluations.
        gap: ln of the largest c(m) found, in nats, at least 0: how far above the global optimum
            the point lies at most, if the search missed nothing; ∞ if nobody knows.
    """

    descent: Descent
    gap: float


@final
@dataclass(frozen=True, eq=False)
class Newcomers:
    """Decoders that would lower the objective.

    Attributes:
        m: The decoders, shape (t, y), best first; may be none.
        gap: ln of the largest c(m) that was found, and what was left to rise, in nats, at least 0;
            ∞ if nobody knows.
        evaluations: Steps of the search, each as long as an evaluation of the map.
    """

    m: Float[ndarray, "t y"]
    gap: float
    evaluations: int


def optimised(problem: Problem, log_q: Float[ndarray, "x t"], stop: Stop) -> Optimum:
    """Descends, adds clusters wherever one would lower the objective, and descends again.

    Where a gap is enough, descents are cut short to ask whether it is reached.
    """
    at_once = CUT if stop.gap > 0 else stop.evaluations
    found = settled(problem, log_q, replace(stop, evaluations=min(at_once, stop.evaluations)))
    used = found.evaluations
    for _ in range(ROUNDS):
        new = newcomers(problem, found.at)
        used += new.evaluations
        enough = stop.gap > 0 and new.gap <= stop.gap
        ended = found.converged or used >= stop.evaluations
        if enough or (ended and len(new.m) == 0):
            break
        if used >= stop.evaluations:
            found = Descent(found.at, used, converged=False)
            break
        at_once = int(at_once * LONGER)
        log_q = joined(problem, found.at, new.m) if len(new.m) else found.at.log_q
        left = max(1, min(at_once, stop.evaluations - used))
        further = settled(problem, log_q, replace(stop, evaluations=left))
        used += further.evaluations
        gained = found.at.objective - further.at.objective
        if gained <= found.at.noise and (ended or further.converged):
            break
        found = further
    return Optimum(Descent(found.at, used, found.converged), new.gap)


def newcomers(problem: Problem, at: Point) -> Newcomers:
    """Where a further cluster would lower the objective: maxima of c(m), searched from many places.

    The search begins at every p(y|x), and beside every cluster in the direction in which it would
    split: first at the most promising of these, and at all of them if none of those will do.
    """
    base = np.log(problem.p) - log_sum(at.scores, 1)
    m = np.concatenate([problem.w, *_beside(problem, at)])
    used, few = 0, m
    if len(m) > PROMISING:
        now, used = log_sum(base[:, None] - weighed(problem, m), 0), 1
        few = m[_highest(now, PROMISING)]
    found = _searched(problem, base, few)
    if len(few) < len(m) and found.gains.max() <= GAIN:
        used += found.evaluations
        found = _searched(problem, base, m)
    better = np.flatnonzero(found.gains > GAIN)
    most = max(AT_ONCE, len(at.r) // 2)
    chosen = _distinct(found.m, better[np.argsort(-found.gains[better], kind="stable")], most)
    gap = max(0.0, float((found.gains + found.left).max()))
    return Newcomers(found.m[chosen], gap, used + found.evaluations)


def _searched(problem: Problem, base: Float[ndarray, " x"], m: Float[ndarray, "s y"]) -> Ascent:
    """The maxima above some places; the highest of them after a while are followed to the end."""
    begun = ascended(problem, base, m, ASCENT)
    last = _highest(begun.gains, FOLLOWED)
    ended = ascended(problem, base, begun.m[last], MOST)
    return replace(ended, evaluations=begun.evaluations + ended.evaluations)


def _highest(gains: Float[ndarray, " s"], most: int) -> Int[ndarray, " k"]:
    return np.sort(np.argsort(-gains, kind="stable")[:most])


def joined(problem: Problem, at: Point, m: Float[ndarray, "s y"]) -> Float[ndarray, "x ts"]:
    """The encoder with further clusters, of that mass together which lowers the objective most."""
    free = log_sum(at.scores, 1)
    new = log_sum(-weighed(problem, m), 1) - np.log(len(m))
    share = _lowest(
        lambda e: -float(problem.p @ np.logaddexp(np.log1p(-e) + free, np.log(e) + new))
    )
    added = np.log(share / len(m)) - weighed(problem, m)
    scores = np.concatenate([np.log1p(-share) + at.scores, added], 1)
    return normalised(scores)


def _lowest(f: Callable[[float], float]) -> float:
    """Where a convex function of a share is lowest: of shares by factors of 2, then by thirds."""
    shares = 0.5 ** np.arange(1, 30)
    best = int(np.argmin([f(share) for share in shares]))
    low, high = shares[min(best + 1, 28)], shares[max(best - 1, 0)]
    for _ in range(12):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if f(a) <= f(b) else (a, high)
    return float((low + high) / 2)


def _beside(problem: Problem, at: Point) -> list[Float[ndarray, "t y"]]:
    direction, critical = split_directions(problem, at)
    ready = critical < problem.beta * (1 + 1e-12)
    if not ready.any():
        return []
    shifts = [sign * nudge * direction[ready] for nudge in NUDGES for sign in (1, -1)]
    places = [at.m[ready] * np.exp(shift) for shift in shifts]
    return [place / place.sum(1, keepdims=True) for place in places]


def _distinct(m: Float[ndarray, "s y"], order: ndarray, most: int) -> list[int]:
    chosen: list[int] = []
    for i in order:
        if all(np.abs(m[i] - m[j]).max() > 1e-3 for j in chosen) and len(chosen) < most:
            chosen.append(int(i))
    return chosen

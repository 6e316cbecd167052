"""The global optimum of the bottleneck: what a further cluster could gain, and a bound of it.

For α = 1 the objective depends on the clusters through a measure over decoders alone,
F = −Σ_x p(x) ln Z(x) with Z(x) = Σ_t p(t) exp(−β d(x, t)), and is convex in it. So a cluster with
decoder m lowers F if and only if c(m) = Σ_x p(x) exp(−β d(x, m))/Z(x) > 1, the point is optimal if
no m has c(m) > 1, and by Jensen's inequality F lies above the optimum by at most ln max c(m).
The search for max c(m) is local, from many places, so what it says is evidence, not proof.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import logsumexp

from infoplane.bottleneck.descent import Descent, Stop
from infoplane.bottleneck.maps import Point, Problem, decoder, weighed
from infoplane.bottleneck.saddle import settled
from infoplane.bottleneck.splitting import split_directions

GAIN = 1e-11
"""Nats of ln c(m) below which a further cluster is not worth it."""
ROUNDS = 60
"""Times at most that clusters are added."""
ASCENT = 40
"""Steps of the search for max c(m)."""
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
            the point lies at most, if the search missed nothing.
    """

    descent: Descent
    gap: float


@final
@dataclass(frozen=True, eq=False)
class Newcomers:
    """Decoders that would lower the objective.

    Attributes:
        m: The decoders, shape (t, y), best first; may be none.
        gap: ln of the largest c(m) that was found, in nats, at least 0.
        evaluations: Steps of the search, each as long as an evaluation of the map.
    """

    m: Float[ndarray, "t y"]
    gap: float
    evaluations: int


def optimised(problem: Problem, log_q: Float[ndarray, "x t"], stop: Stop) -> Optimum:
    """Descends, adds clusters wherever one would lower the objective, and descends again."""
    found = settled(problem, log_q, stop)
    used = found.evaluations
    for _ in range(ROUNDS):
        new = newcomers(problem, found.at)
        used += new.evaluations
        if len(new.m) == 0:
            break
        if used >= stop.evaluations:
            found = Descent(found.at, used, converged=False)
            break
        log_q = joined(problem, found.at, new.m)
        further = settled(problem, log_q, Stop(stop.tolerance, max(1, stop.evaluations - used)))
        used += further.evaluations
        gained = found.at.objective - further.at.objective
        if gained <= found.at.noise:
            break
        found = further
    return Optimum(Descent(found.at, used, found.converged), new.gap)


def newcomers(problem: Problem, at: Point) -> Newcomers:
    """Where a further cluster would lower the objective: maxima of c(m), searched from many places.

    The search begins at every p(y|x), and beside every cluster in the direction in which it would
    split: first at the most promising of these, and at all of them if none of those will do.
    """
    base = np.log(problem.p) - logsumexp(at.scores, axis=1)
    m = np.concatenate([problem.w, *_beside(problem, at)])
    used, few = 0, m
    if len(m) > PROMISING:
        now, used = logsumexp(base[:, None] - weighed(problem, m), axis=0), 1
        few = m[np.sort(np.argsort(-now, kind="stable")[:PROMISING])]
    gains, best = _risen(problem, base, few)
    used += ASCENT
    if len(few) < len(m) and gains.max() <= GAIN:
        gains, best = _risen(problem, base, m)
        used += ASCENT
    better = np.flatnonzero(gains > GAIN)
    most = max(AT_ONCE, len(at.r) // 2)
    chosen = _distinct(best, better[np.argsort(-gains[better], kind="stable")], most)
    return Newcomers(best[chosen], max(0.0, float(gains.max())), used)


def _risen(
    problem: Problem, base: Float[ndarray, " x"], m: Float[ndarray, "s y"]
) -> tuple[Float[ndarray, " s"], Float[ndarray, "s y"]]:
    """The largest ln c on the way up from every m, and where it is.

    m ← the decoder of the weights p(x) exp(−β d(x, m))/Z(x) raises c(m) with every step.
    """
    gains, best = np.full(len(m), -np.inf), m
    for _ in range(ASCENT):
        shares = base[:, None] - weighed(problem, m)
        now = logsumexp(shares, axis=0)
        gains, best = np.maximum(gains, now), np.where((now >= gains)[:, None], m, best)
        m = decoder(problem, np.exp(shares - now).T)
    return gains, best


def joined(problem: Problem, at: Point, m: Float[ndarray, "s y"]) -> Float[ndarray, "x ts"]:
    """The encoder with further clusters, of that mass together which lowers the objective most."""
    free = logsumexp(at.scores, axis=1)
    new = logsumexp(-weighed(problem, m), axis=1) - np.log(len(m))
    share = _lowest(
        lambda e: -float(problem.p @ np.logaddexp(np.log1p(-e) + free, np.log(e) + new))
    )
    added = np.log(share / len(m)) - weighed(problem, m)
    scores = np.concatenate([np.log1p(-share) + at.scores, added], 1)
    return scores - logsumexp(scores, axis=1)[:, None]


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

"""Where a further cluster would lower the objective most: maxima of c(m) over decoders m.

c(m) = Σ_x b(x) exp(−β d(x, m)) with fixed weights b. The step m ← decoder of the weights
b(x) exp(−β d(x, m))/c(m) never lowers it, but crawls where a maximum is shallow, as close to where
a cluster appears. Two steps tell the rate at which it crawls, and the limit is extrapolated from
them (squared extrapolation); what is no higher than the steps themselves is refused.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.log_space import normalised
from infoplane.bottleneck.maps import Problem, decoder, weighed

STILL = 1e-14
"""Change of m by one step that is none."""
LOWEST = -1e300
"""The logarithm of 0, where differences are taken."""
NOTHING = 1e-13
"""Nats of ln c(m) that may be left to rise where the search ends."""


@final
@dataclass(frozen=True, eq=False)
class Ascent:
    """How high c(m) was found to be.

    Attributes:
        gains: ln c(m), shape (s,).
        m: Where that is, shape (s, y).
        left: How much higher it would come, extrapolated from the last steps; ∞ if nobody knows.
        evaluations: Steps, each as long as an evaluation of the map.
    """

    gains: Float[ndarray, " s"]
    m: Float[ndarray, "s y"]
    left: Float[ndarray, " s"]
    evaluations: int


def ascended(
    problem: Problem, base: Float[ndarray, " x"], m: Float[ndarray, "s y"], most: int
) -> Ascent:
    """The way up from every m, until nothing is left of it or ``most`` steps were made.

    Args:
        problem: Rows and β.
        base: ln b(x), shape (x,).
        m: Where to begin, shape (s, y).
        most: Steps at most.
    """
    gains, best, used = np.full(len(m), -np.inf), m.copy(), 0
    left, on = np.full(len(m), np.inf), np.arange(len(m))
    while used < most and len(on):
        before, once = _step(problem, base, m)
        between, twice = _step(problem, base, once)
        far = _extrapolated(m, once, twice)
        after, further = _step(problem, base, far)
        higher = after >= between  # of no number it is false
        used += 3
        rise = np.maximum(between, LOWEST) - np.maximum(before, LOWEST)
        rest = _left(rise, _norm(once - m), _norm(twice - once))
        best[on], gains[on] = np.where(higher[:, None], far, once), np.where(higher, after, between)
        left[on], going = rest, rest > NOTHING
        m, on = np.where(higher[:, None], further, twice)[going], on[going]
    return Ascent(gains, best, left, used)


def _step(
    problem: Problem, base: Float[ndarray, " x"], m: Float[ndarray, "s y"]
) -> tuple[Float[ndarray, " s"], Float[ndarray, "s y"]]:
    """The ln c(m), and the next m; an m infinitely far from every row stays where it is."""
    shares = base[:, None] - weighed(problem, m)
    top = shares.max(0)
    reached = np.isfinite(top)
    weights = np.exp(shares - np.where(reached, top, 0.0))
    total = np.where(reached, weights.sum(0), 1.0)
    following = decoder(problem, (weights / total).T)
    return np.log(total) + top, np.where(reached[:, None], following, m)


def _extrapolated(
    m: Float[ndarray, "s y"], once: Float[ndarray, "s y"], twice: Float[ndarray, "s y"]
) -> Float[ndarray, "s y"]:
    """Where ln m is heading; the second step itself where that cannot be told."""
    seen = (m > 0) & (once > 0) & (twice > 0)
    a, b, c = (np.log(one, out=np.zeros_like(one), where=seen) for one in (m, once, twice))
    first, turn = b - a, (c - b) - (b - a)
    length = np.divide(_norm(first), _norm(turn), out=np.ones(len(m)), where=_norm(turn) > 0)
    length = np.maximum(length, 1.0)[:, None]
    heading = a + 2 * length * first + length**2 * turn
    heading = np.where(seen, heading, -np.inf)
    reached = np.exp(normalised(heading))
    return np.where(np.isfinite(reached).all(1)[:, None], reached, twice)


def _norm(change: Float[ndarray, "s y"]) -> Float[ndarray, " s"]:
    return np.sqrt((change**2).sum(1))


def _left(
    rise: Float[ndarray, " s"], first: Float[ndarray, " s"], second: Float[ndarray, " s"]
) -> Float[ndarray, " s"]:
    """What is left to rise if steps go on to shrink as these did; ∞ where they do not shrink."""
    shrinks = np.divide(second, first, out=np.zeros_like(first), where=first > 0)
    rest = np.divide(rise, 1 - shrinks**2, out=np.full_like(rise, np.inf), where=shrinks < 1)
    return np.where((first <= STILL) | (rise <= NOTHING / 100), 0.0, rest)

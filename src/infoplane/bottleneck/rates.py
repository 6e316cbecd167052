"""The solution of a given rate: β is sought, or two solutions are used by turns."""

import math
from dataclasses import replace
from itertools import cycle

import numpy as np

from infoplane.bottleneck.descent import Stop
from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.solution import Solution, Status, notes
from infoplane.bottleneck.solver import solved_from

HIT = 1e-10
"""Bits by which a rate may be missed, or a hundredth of it."""
JUMP = 1e-4
"""Bits from which on a rise of the rate at one β is a jump and not a steep rise."""
EQUAL = 1e-12
"""Bits, relative to the objective, by which two objectives may differ and count as one."""
STRAIGHT = 1e-10
"""Bits of I(T;Y) by which a chord from the origin may lie below the curve and count as it."""
SAME = 1e-6
"""Decoders no entry of which differs by more say the same of Y."""
FINEST = 1e-13
"""The relative width of β at which the search ends in any case."""
STEEPEST = 1e9
"""β above which a solution counts as the sufficient statistic."""


def at_rate(joint: Joint, rate: float, dual: bool, stop: Stop) -> Solution:
    """The solution of that rate, in bits.

    Two solutions enclose it. The β at which both have one objective either has a third that is
    lower, which then replaces one of them, or the chord between them belongs to the curve, as far
    as anybody can tell, and the point lies on it. By turns with it, β is sought where a straight
    line through the two nearest rates says.

    Args:
        joint: p(x, y).
        rate: I(X;T) in bits; above that of the sufficient statistic, it is this.
        dual: Reverse the distortion.
        stop: When a descent ends.
    """
    low, high = solved_from(joint, 0.0, dual, None, stop), _sufficient(joint, dual)
    if rate >= high.rate - HIT:
        return high
    if rate == 0:
        return low
    seen, used, hit = [low], 0, min(HIT, rate / 100)
    for by_chord in cycle((True, False)):
        jump = high.rate - low.rate > JUMP
        beta = _of_chord(low, high) if by_chord else _of_line(seen, low, high, rate)
        if not (jump or low.beta < beta < high.beta):  # both have one objective but for rounding
            by_chord, beta = False, _middle(low, high)
        if beta >= STEEPEST or high.beta - low.beta <= low.beta * FINEST or _straight(low, high):
            break
        found = solved_from(joint, beta, dual, low, stop)
        used += found.iterations
        if abs(found.rate - rate) <= hit:
            return replace(found, iterations=used)
        between = low.rate + hit < found.rate < high.rate - hit
        if by_chord and not (between and (not jump or _below(found, low))):
            return replace(_shared(low, high, rate, beta), iterations=used)
        seen.append(found)
        low, high = (low, found) if found.rate > rate else (found, high)
    beta = min(max(_of_chord(low, high), low.beta), high.beta)
    return replace(_shared(low, high, rate, beta), iterations=used)


def _of_chord(low: Solution, high: Solution) -> float:
    """The β at which both have the same objective: the slope of the line between them."""
    return (high.rate - low.rate) / max(low.distortion - high.distortion, 1e-300)


def _of_line(seen: list[Solution], low: Solution, high: Solution, rate: float) -> float:
    """Where a line through the two nearest rates says, if that is enclosed; else the middle."""
    nearest = sorted(seen, key=lambda one: abs(one.rate - rate))[:2]
    if len(nearest) == 2 and nearest[0].rate != nearest[1].rate:
        one, other = nearest
        beta = one.beta + (rate - one.rate) * (other.beta - one.beta) / (other.rate - one.rate)
        if low.beta < beta < high.beta:
            return beta
    return _middle(low, high)


def _middle(low: Solution, high: Solution) -> float:
    return (low.beta + high.beta) / 2 if math.isfinite(high.beta) else 2 * max(low.beta, 1.0)


def _straight(low: Solution, high: Solution) -> bool:
    """Whether the curve cannot leave its chord from 0 by anything that counts.

    Slopes of the concave curve lie between 1/β of both ends. Next to an onset it is this that ends
    the search: solutions there take for ever, and differ by nothing.
    """
    if low.clusters > 1 or high.rate > JUMP or low.beta == 0:
        return False
    return high.rate * (1 / low.beta - 1 / high.beta) / 4 <= STRAIGHT


def _below(found: Solution, low: Solution) -> bool:
    """Whether a solution lies below the chord from the lower end with the slope of its own β."""
    chord = low.rate + found.beta * low.distortion
    return found.objective < chord - EQUAL * max(1.0, abs(chord))


def _sufficient(joint: Joint, dual: bool) -> Solution:
    """β → ∞: a cluster for every distinct p(y|x)."""
    encoder = joint.reduced.spread(np.eye(len(joint.reduced.p)))
    return Solution(
        joint,
        math.inf,
        1.0,
        dual,
        encoder,
        joint.reduced.widened(joint.reduced.w),
        Status.SUFFICIENT,
        0,
        0.0,
        notes(joint, dual),
    )


def _shared(low: Solution, high: Solution, rate: float, beta: float) -> Solution:
    """Both solutions by turns; clusters of both that say the same of Y are one.

    Telling these apart would tell who had the turn, and nothing of Y: along a chord of the curve it
    tells nothing of X either, or the chord would not belong to the curve.
    """
    share = (rate - low.rate) / (high.rate - low.rate)
    encoder = np.concatenate([(1 - share) * low.encoder, share * high.encoder], 1)
    decoder = np.concatenate([low.decoder, high.decoder])
    apart = replace(
        low, beta=beta, encoder=encoder, decoder=decoder, status=Status.SHARED, gap=None
    )
    far = np.abs(decoder[:, None] - decoder[None]).max(2)
    first = (far <= SAME).argmax(1)
    names, which = np.unique(first, return_inverse=True)
    joined = replace(apart, encoder=encoder @ np.eye(len(names))[which], decoder=decoder[names])
    lossless = abs(joined.rate - apart.rate) + abs(joined.relevance - apart.relevance) <= HIT
    return joined if lossless else apart

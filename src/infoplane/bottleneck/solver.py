"""One β: the lowest of several descents, with the evidence that there is nothing lower."""

import math
from numbers import Integral, Real

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.descent import Descent, Stop
from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.bottleneck.maps import Problem, logs
from infoplane.bottleneck.optimum import Optimum, optimised
from infoplane.bottleneck.saddle import settled
from infoplane.bottleneck.solution import Solution, solution
from infoplane.bottleneck.starts import MANY, identity, shaken, starts, trivial
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

LEAST_ALPHA = 1e-9
"""The smallest α but 0: scores are divided by it."""


def solve(
    joint: Joint | Table,
    beta: float,
    *,
    dual: bool = False,
    alpha: float = 1.0,
    clusters: int | None = None,
    start: Float[ndarray, "x t"] | None = None,
    tolerance: float = 1e-12,
    evaluations: int = 200_000,
    gap: float = 0.0,
) -> Solution:
    """The information bottleneck of a given joint distribution at one β.

    Minimises H(T) − α H(T|X) + β E D[p(y|x) ‖ p(y|t)] over p(t|x); for α = 1 that is
    I(X;T) − β I(T;Y) up to the constant β I(X;Y), and for α = 0 the deterministic bottleneck. The
    dual has D[p(y|t) ‖ p(y|x)].

    With α = 1 and any number of clusters the problem is convex in the measure over decoders, and
    descents add clusters until none lowers the objective; ``gap`` then bounds what a global minimum
    could still gain. Otherwise the lowest of many descents is returned.

    >>> import infoplane as ip
    >>> found = ip.bottleneck.solve([[0.45, 0.05], [0.05, 0.45]], beta=3.125)
    >>> print(f"{found.rate:.6f} {found.relevance:.6f} bit in {found.clusters} clusters")
    0.958265 0.519639 bit in 2 clusters

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.
        beta: β ≥ 0, which weighs relevance in the same unit as the rate.
        dual: Reverse the distortion.
        alpha: In [0, 1].
        clusters: At most so many; None: as many as help.
        start: p(t|x) of shape (x, t) to descend from instead; the answer is the local minimum that
            is reached, with at most as many clusters.
        tolerance: Change of p(t|x) by one step of the plain map that counts as none.
        evaluations: Evaluations of the map in each descent, and one remedy more at most: what is
            begun is ended.
        gap: Bits that the objective may lie above its global minimum: where that is bounded, the
            search ends as soon as it is certain, which near a bifurcation is long before the
            encoder rests. 0: only where it rests.

    Raises:
        InfoplaneError: No joint distribution, β, α, clusters, start or stop that cannot be meant,
            or the dual where some p(y|x) = 0.

    Source: tishby1999information; strouse2017deterministic; piran2020dual.
    """
    given = as_joint(joint)
    problem = posed(given, beta, alpha, dual)
    require_clusters(clusters)
    stop = Stop(tolerance, evaluations, gap * LN2)
    if start is not None:
        log_q = logs(given.reduced.merged(_encoder(given, start), given.px))
        return solution(given, problem, local(problem, [log_q], stop))
    if alpha == 1 and clusters is None:
        begun = [trivial(problem)] + ([identity(problem)] if len(problem.p) <= MANY else [])
        return solution(given, problem, best(problem, begun, stop), stop.gap)
    return solution(given, problem, local(problem, starts(problem, clusters), stop))


def posed(joint: Joint, beta: float, alpha: float = 1.0, dual: bool = False) -> Problem:
    """The problem of the merged rows of a joint.

    Raises:
        InfoplaneError: β or α cannot be meant, or the dual has to take the logarithm of 0.
    """
    if not (isinstance(beta, Real) and math.isfinite(beta) and beta >= 0):
        raise InfoplaneError(f"beta={beta}: it is a finite number of at least 0.")
    if not (isinstance(alpha, Real) and (alpha == 0 or LEAST_ALPHA <= alpha <= 1)):
        raise InfoplaneError(
            f"alpha={alpha}: it is 0, the deterministic bottleneck, or lies between "
            f"{LEAST_ALPHA:g} and 1, the usual one."
        )
    reduced = joint.reduced
    if dual and (reduced.w == 0).any():
        x = int(np.flatnonzero(joint.reduced.place == np.argwhere(reduced.w == 0)[0, 0])[0])
        y = int(np.flatnonzero((joint.table[x] == 0) & (joint.py > 0))[0])
        raise InfoplaneError(
            f"The dual takes the logarithm of every p(y|x), and p(y={y}|x={x}) = 0. Soften the "
            "joint, such as Joint.of_table(table).softened(0.001), which mixes p(y|x) with p(y)."
        )
    return Problem(reduced.p, reduced.w, float(beta), float(alpha), dual)


def solved_from(
    joint: Joint, beta: float, dual: bool, near: Solution | None, stop: Stop
) -> Solution:
    """The solution at β, begun from one cluster and from a neighbour's encoder."""
    problem = posed(joint, beta, dual=dual)
    begun = [trivial(problem)]
    if near is not None:
        begun.append(shaken(logs(joint.reduced.merged(near.encoder, joint.px))))
    return solution(joint, problem, best(problem, begun, stop), stop.gap)


def best(problem: Problem, begun: list[ndarray], stop: Stop) -> Optimum:
    """The lowest of descents that add clusters, with all their evaluations.

    None is begun after one whose gap is enough.
    """
    found: list[Optimum] = []
    for log_q in begun:
        found.append(optimised(problem, log_q, stop))
        if stop.gap > 0 and found[-1].gap <= stop.gap:
            break
    return _lowest(found)


def local(problem: Problem, begun: list[ndarray], stop: Stop) -> Optimum:
    """The lowest of descents that keep their clusters, with all their evaluations."""
    return _lowest([Optimum(settled(problem, log_q, stop), math.inf) for log_q in begun])


def require_clusters(clusters: int | None) -> None:
    """Refuses less than one cluster.

    Raises:
        InfoplaneError: There is less.
    """
    if clusters is not None and not (isinstance(clusters, Integral) and clusters >= 1):
        raise InfoplaneError(f"clusters={clusters}: there is at least one, or None for any number.")


def _lowest(found: list[Optimum]) -> Optimum:
    """The lowest; among equals that which converged, has fewer clusters, came first."""
    used = sum(one.descent.evaluations for one in found)
    floor = min(one.descent.at.objective for one in found)
    equal = [one for one in found if one.descent.at.objective <= floor + one.descent.at.noise]
    lowest = min(equal, key=lambda one: (not one.descent.converged, len(one.descent.at.r)))
    least = lowest.descent
    return Optimum(Descent(least.at, used, least.converged), min(one.gap for one in equal))


def _encoder(joint: Joint, start: ndarray) -> Float[ndarray, "x t"]:
    given = np.asarray(start, dtype=np.float64)
    wrong = given.ndim != 2 or len(given) != len(joint.table)
    if wrong or not (given >= 0).all() or np.abs(given.sum(1) - 1).max() > 1e-9:
        raise InfoplaneError(
            f"start has shape {given.shape}: an encoder p(t|x) of shape ({len(joint.table)}, t) is "
            "needed whose rows are probabilities and sum to 1."
        )
    return given

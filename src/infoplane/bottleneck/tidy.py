"""Clusters that coincide are one cluster, and one without mass is none."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.log_space import log_sum, normalised
from infoplane.bottleneck.maps import Point, Problem, evaluate

COINCIDE = 1e-4
"""Decoders no entry of which differs by more may be one and the same."""
EMPTY = 1e-6
"""A cluster of less mass may be none."""


def tidied(problem: Problem, at: Point) -> tuple[Point, int]:
    """The point without needless clusters, and how many evaluations of the map that took.

    Only what leaves the objective where it is, or lowers it, is done.
    """
    found, used = _if_no_higher(problem, at, _merged(at))
    if found is not at:
        return found, used
    found, further = emptied(problem, at)
    return found, used + further


def emptied(problem: Problem, at: Point) -> tuple[Point, int]:
    """The point without clusters of next to no mass, and the evaluations that took.

    They do not count, but ln p(t|x) of such a cluster may change more than anything that does.
    """
    light, used = [t for t in range(len(at.r)) if at.r[t] <= EMPTY], 0
    for without in (light, *([t] for t in light if len(light) > 1)):
        kept = [[t] for t in range(len(at.r)) if t not in without]
        found, tried = _if_no_higher(problem, at, kept)
        used += tried
        if found is not at:
            return found, used
    return at, used


def _if_no_higher(problem: Problem, at: Point, columns: list[list[int]]) -> tuple[Point, int]:
    """The point with groups of clusters as one each if that does not raise the objective."""
    if len(columns) in (0, len(at.r)) or (fewer := _columns(at.log_q, columns)) is None:
        return at, 0
    candidate = evaluate(problem, fewer)
    return (candidate if candidate.objective <= at.objective + at.noise else at), 1


def _merged(at: Point) -> list[list[int]]:
    """Groups of clusters that coincide, in the order of their first members."""
    groups: list[list[int]] = []
    for t, row in enumerate(at.m):
        near = [g for g in groups if np.abs(at.m[g[0]] - row).max() <= COINCIDE]
        if near:
            near[0].append(t)
        else:
            groups.append([t])
    return groups


def _columns(log_q: Float[ndarray, "x t"], groups: list[list[int]]) -> Float[ndarray, "x g"] | None:
    """Groups of clusters as one each; None if a state would be left in no cluster."""
    found = np.stack([log_sum(log_q[:, group], 1) for group in groups], 1)
    return normalised(found) if np.isfinite(found).any(1).all() else None

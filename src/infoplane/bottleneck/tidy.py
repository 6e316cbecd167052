"""Clusters that coincide are one cluster, and one without mass is none."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.maps import Point, Problem, evaluate

COINCIDE = 1e-4
"""Decoders no entry of which differs by more may be one and the same."""
EMPTY = 1e-10
"""A cluster of less mass may be none."""


def tidied(problem: Problem, at: Point) -> tuple[Point, int]:
    """The point without needless clusters, and how many evaluations of the map that took.

    Only what leaves the objective where it is, or lowers it, is done.
    """
    used = 0
    for columns in (_merged(at), _kept(at)):
        fewer = None if len(columns) == len(at.r) else _columns(at.log_q, columns)
        if fewer is None:
            continue
        candidate, used = evaluate(problem, fewer), used + 1
        if candidate.objective <= at.objective + at.noise:
            return candidate, used
    return at, used


def _merged(at: Point) -> list[list[int]]:
    """Groups of clusters that coincide, in the order of their first members."""
    groups: list[list[int]] = []
    for t, row in enumerate(at.m):
        near = [g for g in groups if np.abs(at.m[g[0]] - row).max() <= COINCIDE]
        if near:
            near[0].append(t)
        else:
            groups.append([t])
    heavy = [g for g in groups if at.r[g].sum() > EMPTY]
    return heavy


def _kept(at: Point) -> list[list[int]]:
    return [[t] for t in range(len(at.r)) if at.r[t] > EMPTY]


def _columns(log_q: Float[ndarray, "x t"], groups: list[list[int]]) -> Float[ndarray, "x g"] | None:
    """Groups of clusters as one each; None if a state would be left in no cluster."""
    joined = [np.logaddexp.reduce(log_q[:, group], axis=1) for group in groups]
    found = np.stack(joined, 1)
    total = np.logaddexp.reduce(found, axis=1)[:, None]
    return found - total if np.isfinite(total).all() else None

"""Where a cluster would split: the critical β of each."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.maps import Point, Problem


def split_directions(
    problem: Problem, at: Point
) -> tuple[Float[ndarray, "t y"], Float[ndarray, " t"]]:
    """Of every cluster the direction of its first split, as a change of ln p(y|t), and its β.

    A cluster is stable while β is below 1/σ², where σ is the largest singular value of
    √p(x|t) (p(y|x)/p(y|t) − 1) √p(y|t), the second of √p(x|t) p(y|x)/√p(y|t). For the dual it is
    that of √p(x|t) N √p(y|t), where N is ln p(y|x) less its means over x and over y.

    Returns:
        Directions of shape (t, y), largest entry 1, and critical β, shape (t,); ∞ where all p(y|x)
        of a cluster are alike.

    Source: gedeon2012mathematical; piran2020dual.
    """
    inverse = (problem.p[:, None] * at.q / at.r).T
    directions, critical = np.zeros_like(at.m), np.full(len(at.r), np.inf)
    for t, (share, m) in enumerate(zip(inverse, at.m, strict=True)):
        used = share > 0
        operator = np.sqrt(share[used])[:, None] * contrast(problem, share, m)[used]
        root = np.sqrt(m)
        gram = (operator * root).T @ (operator * root)
        values, vectors = np.linalg.eigh(gram)
        if values[-1] > 1e-30:
            critical[t] = 1 / values[-1]
            change = np.divide(vectors[:, -1], root, out=np.zeros_like(root), where=root > 0)
            directions[t] = change / np.abs(change).max()
    return directions, critical


def contrast(
    problem: Problem, share: Float[ndarray, " x"], m: Float[ndarray, " y"]
) -> Float[ndarray, "x y"]:
    """By how much rows differ from a cluster: p(y|x)/p(y|t) − 1, or N for the dual."""
    if problem.dual:
        rows = problem.log_w - problem.log_w @ m[:, None]
        return rows - share @ rows
    return np.divide(problem.w, m, out=np.ones_like(problem.w), where=m > 0) - 1

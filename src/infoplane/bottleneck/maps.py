"""The self-consistent equations: one evaluation of the map, and its Jacobian. Nats inside."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import xlogy

from infoplane.bottleneck.log_space import log_sum, normalised

FLAT = 1e-14
"""A fall of the objective below so much of its own size cannot be told from rounding."""


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """min_q H(T) − α H(T|X) + β E d, which for α = 1 is I(X;T) + β E d.

    The distortion is d(x, t) = D[p(y|x) ‖ p(y|t)], or for the dual d(x, t) = D[p(y|t) ‖ p(y|x)].

    Attributes:
        p: p(x) > 0, shape (x,).
        w: p(y|x), shape (x, y).
        beta: β ≥ 0.
        alpha: 1 for the bottleneck, 0 for the deterministic one.
        dual: Whether the distortion is reversed; then every p(y|x) > 0.

    Source: tishby1999information; strouse2017deterministic (α); piran2020dual.
    """

    p: Float[ndarray, " x"]
    w: Float[ndarray, "x y"]
    beta: float
    alpha: float = 1.0
    dual: bool = False

    @cached_property
    def negative_entropy(self) -> Float[ndarray, " x"]:
        """−H(Y|X = x) = Σ_y p(y|x) ln p(y|x) of every x."""
        return xlogy(self.w, self.w).sum(1)

    @cached_property
    def log_w(self) -> Float[ndarray, "x y"]:
        """Logarithms ln p(y|x); the dual asks for it, and there every p(y|x) > 0."""
        return np.log(self.w)

    @cached_property
    def needed(self) -> Float[ndarray, "x y"] | None:
        """1 where p(y|x) > 0; None if that is everywhere."""
        return None if (self.w > 0).all() else (self.w > 0).astype(np.float64)


@final
@dataclass(frozen=True, eq=False)
class Point:
    """An encoder, what follows from it, and the next encoder.

    Attributes:
        log_q: ln p(t|x), shape (x, t).
        q: p(t|x).
        r: p(t), shape (t,).
        m: The decoder p(y|t) that is best for q, shape (t, y).
        scores: ln p(t) − β d(x, t).
        objective: H(T) − α H(T|X) + β E d, in nats.
        log_next: ln of the encoder that is best for p(t) and the decoder.
        fall: By how much the objective falls at least on the way there:
            α Σ p(x) D[q ‖ q_next] for α > 0.
        noise: Differences of the objective below this cannot be told from rounding, which grows
            with β.
    """

    log_q: Float[ndarray, "x t"]
    q: Float[ndarray, "x t"]
    r: Float[ndarray, " t"]
    m: Float[ndarray, "t y"]
    scores: Float[ndarray, "x t"]
    objective: float
    log_next: Float[ndarray, "x t"]
    fall: float
    noise: float

    @cached_property
    def residual(self) -> float:
        """Largest |q_next − q|."""
        return float(np.abs(np.exp(self.log_next) - self.q).max())

    @cached_property
    def step(self) -> Float[ndarray, "x t"]:
        """The change of ln q by one plain step, 0 where one of both is −∞."""
        zero = np.isneginf(self.log_next) | np.isneginf(self.log_q)
        return np.where(zero, 0.0, self.log_next) - np.where(zero, 0.0, self.log_q)

    @property
    def drowned(self) -> bool:
        """Whether what a plain step promises is less than rounding."""
        return bool(self.fall <= self.noise)


def evaluate(problem: Problem, log_q: Float[ndarray, "x t"]) -> Point:
    """One evaluation of the map; every column of the encoder must have some mass."""
    q = np.exp(log_q)
    weighted = problem.p[:, None] * q
    r = weighted.sum(0)
    m = decoder(problem, (weighted / r).T)
    scores = np.log(r) - weighed(problem, m)
    log_next, free = best_encoder(problem, scores)
    used = q > 0  # elsewhere both logarithms may be −∞
    inside = problem.alpha * np.where(used, log_q, 0.0) - np.where(used, scores, 0.0)
    objective = float((weighted * inside).sum())
    fall = objective + float(problem.p @ free)
    noise = FLAT * max(1.0, abs(objective), 0.1 * problem.beta)
    return Point(log_q, q, r, m, scores, objective, log_next, fall, noise)


def decoder(problem: Problem, inverse: Float[ndarray, "t x"]) -> Float[ndarray, "t y"]:
    """The p(y|t) that is best for p(x|t): its mean, or for the dual its geometric mean."""
    if not problem.dual:
        return inverse @ problem.w
    return np.exp(normalised(inverse @ problem.log_w))


def distortion(problem: Problem, m: Float[ndarray, "t y"]) -> Float[ndarray, "x t"]:
    """d(x, t) in nats; ∞ exactly where p(y|t) = 0 < p(y|x)."""
    if problem.dual:
        return xlogy(m, m).sum(1) - problem.log_w @ m.T
    if problem.needed is None or (m > 0).all():
        with np.errstate(divide="ignore"):  # an m that is 0 by rounding is infinitely far
            return problem.negative_entropy[:, None] - problem.w @ np.log(m).T
    zero = m == 0
    found = problem.negative_entropy[:, None] - problem.w @ np.log(np.where(zero, 1.0, m)).T
    return np.where(problem.needed @ zero.T > 0, np.inf, found)


def weighed(problem: Problem, m: Float[ndarray, "t y"]) -> Float[ndarray, "x t"]:
    """β d(x, t), shape (x, t); 0 for β = 0 even where d is ∞."""
    if problem.beta == 0:
        return np.zeros((len(problem.p), len(m)))
    return problem.beta * distortion(problem, m)


def best_encoder(
    problem: Problem, scores: Float[ndarray, "x t"]
) -> tuple[Float[ndarray, "x t"], Float[ndarray, " x"]]:
    """The best ln q, scores/α normalised, and α ln Σ_t exp(scores/α), for α = 0 the maximum.

    Ties of the deterministic bottleneck go to the lowest index.
    """
    if problem.alpha == 0:
        hard = np.full(scores.shape, -np.inf)
        hard[np.arange(len(scores)), scores.argmax(1)] = 0.0
        return hard, scores.max(1)
    scaled = scores / problem.alpha
    free = log_sum(scaled, 1)
    return scaled - free[:, None], problem.alpha * free


def jacobian_product(problem: Problem, at: Point, v: Float[ndarray, "x t"]) -> ndarray:
    """What the map makes of a small change v of ln q, rows centred under q; α > 0.

    In the inner product Σ p(x) q(t|x) u v it is self-adjoint with eigenvalues of at least 0, and
    the objective's second derivative is α times (1 − it): an eigenvalue above 1 is a direction in
    which the objective falls.
    """
    inverse = (problem.p[:, None] * at.q / at.r).T
    mean = (inverse.T * v).sum(0)
    moved = inverse * (v - mean).T
    if problem.dual:
        logs = moved @ problem.log_w
        change = at.m * (logs - (at.m * logs).sum(1, keepdims=True))
        seen = problem.log_w @ change.T - xlogy(change, at.m).sum(1)
    else:
        change = moved @ problem.w
        relative = np.divide(change, at.m, out=np.zeros_like(change), where=at.m > 0)
        seen = problem.w @ relative.T
    return centred(at, mean + problem.beta * seen) / problem.alpha


def centred(at: Point, v: Float[ndarray, "x t"]) -> Float[ndarray, "x t"]:
    """A change of ln q without what normalising a row takes away; 0 where q = 0."""
    return np.where(at.q > 0, v - (at.q * v).sum(1, keepdims=True), 0.0)


def logs(q: Float[ndarray, "x t"]) -> Float[ndarray, "x t"]:
    """Logarithms of an encoder, −∞ where it is 0."""
    return np.log(q, out=np.full(q.shape, -np.inf), where=q > 0)


def alive(problem: Problem, log_q: Float[ndarray, "x t"]) -> Float[ndarray, "x s"]:
    """The encoder without clusters whose mass is 0 in floating point."""
    mass = problem.p @ np.exp(log_q)
    return log_q if (mass > 0).all() else log_q[:, mass > 0]

"""How much of a small preference among the states of X can reach Y: contraction coefficients.

Let r be a distribution over x. It costs D(r‖p) to prefer r to p(x), and what that brings is a
Bregman divergence of the least distortion: D(rW‖pW) for the bottleneck, and D(m_p‖m_r) for its
dual, m_r ∝ exp Σ_x r(x) ln p(·|x) being the geometric mean. The largest ratio η of what it brings
to what it costs is one over the β from which on more than one cluster is worth it.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize
from scipy.special import logsumexp

from infoplane.values.seeds import stream

STEPS = 300
"""Steps of the ascent, after which the best are followed by quasi-Newton steps."""
SIFTED, PROMISING = 10, 32
"""After so many steps only so many of the best go on."""
BEST = 4
"""How many of them are."""
NEAR = 1e-9
"""Divergence from p(x) in nats below which a distribution counts as p(x) itself: the ratio of two
smaller ones has less than eleven digits."""
SEEDED = 16
"""Random distributions from which the ascent begins as well."""
TILTS = (0.5, 0.1, 0.01, 0.001)
"""How far from p(x) it begins along the leading singular vector, on both sides."""
NEVER = -1e30
"""The logarithm of 0."""

Brought = Callable[[Float[ndarray, "s x"]], tuple[Float[ndarray, " s"], Float[ndarray, "s x"]]]
"""Of r/p − 1, shape (s, x): the divergence that r brings, in nats, and its derivative by r up to a
constant. Both are accurate for r near p."""


def by_mean(p: Float[ndarray, " x"], w: Float[ndarray, "x y"]) -> Brought:
    """What the bottleneck sees of r: D(rW‖pW)."""
    out = p @ w

    def brought(away: Float[ndarray, "s x"]) -> tuple[ndarray, ndarray]:
        moved = np.maximum((away * p) @ w / out, -1.0)  # it is, but for rounding
        return _excess(moved) @ out, _relative(moved) @ w.T

    return brought


def by_geometric_mean(p: Float[ndarray, " x"], w: Float[ndarray, "x y"]) -> Brought:
    """What the dual sees of r: D(m_p‖m_r); every p(y|x) > 0."""
    logs = np.log(w)
    mixed = p @ logs
    m = np.exp(mixed - logsumexp(mixed))

    def brought(away: Float[ndarray, "s x"]) -> tuple[ndarray, ndarray]:
        shift = (away * p) @ logs  # ln m_r/m_p up to a constant
        shift = shift - (shift @ m)[:, None]
        divergence = _log_mean_exp(shift, m)
        change = m * np.expm1(shift - divergence[:, None])
        return divergence, change @ logs.T

    return brought


def contraction(
    p: Float[ndarray, " x"], brought: Brought, direction: Float[ndarray, " x"], squared: float
) -> float:
    """η = sup_r of what r brings per D(r‖p), at least its limit for r → p.

    For given η the distribution r ∝ p exp(derivative/η) raises brought/η − D(r‖p), whose first part
    is convex; then η is raised to what r gives. Both only rise, slowly where the supremum lies near
    p, so that quasi-Newton steps follow.

    Args:
        p: p(x) > 0, shape (x,).
        brought: What a distribution brings.
        direction: ln r/p of the leading singular vector, shape (x,).
        squared: The limit, the square of the largest singular value.

    Source: wu2019learnability; dinkelbach1967nonlinear (η).
    """
    tilt = _begun(p, direction)
    eta = max(squared, float(_ratios(tilt, p, brought)[0].max()))
    for step in range(STEPS):
        ratios, told = _ratios(tilt, p, brought)
        kept = np.flatnonzero(ratios > 0)
        if step == SIFTED:
            kept = kept[np.argsort(-ratios[kept], kind="stable")[:PROMISING]]
        if len(kept) == 0:
            break
        ratios, told = ratios[kept], told[kept]
        eta = max(eta, float(ratios.max()))
        tilt = _normalised(told / ratios[:, None], p)
    ratios = _ratios(tilt, p, brought)[0]
    best = tilt[np.argsort(-ratios)[:BEST]]
    nearby = _normalised(np.array([s * t * direction for t in TILTS for s in (1, -1)]), p)
    inside = [one for one in (*best, *nearby) if np.exp(one).min() > 0]
    return max(eta, *(_climbed(one, p, brought) for one in inside))


def _ratios(
    tilt: Float[ndarray, "s x"], p: Float[ndarray, " x"], brought: Brought
) -> tuple[Float[ndarray, " s"], Float[ndarray, "s x"]]:
    """What r = p exp(tilt) brings per D(r‖p), 0 for an r that is p itself; and the derivative."""
    away = np.expm1(tilt)
    spread, (kept, told) = _excess(away) @ p, brought(away)
    far = spread > NEAR
    return np.divide(kept, spread, out=np.zeros_like(kept), where=far), told


def _relative(away: ndarray) -> ndarray:
    """ln(1 + away), with a large negative number in place of −∞, so that 0 times it is 0."""
    return np.where(away > -1, np.log1p(np.where(away > -1, away, 0.0)), NEVER)


def _excess(away: ndarray) -> ndarray:
    """(1 + a) ln(1 + a) − a, of which the mean under p is D(r‖p) if a = r/p − 1."""
    return (1 + away) * _relative(away) - away


def _normalised(tilt: Float[ndarray, "s x"], p: Float[ndarray, " x"]) -> Float[ndarray, "s x"]:
    """The tilt less a constant, so that p exp(tilt) sums to 1."""
    below = tilt - tilt.max(1, keepdims=True)
    short = np.expm1(below) @ p  # exact near p; far from it the sum itself is
    near = short > -0.5
    total = np.where(near, np.log1p(np.where(near, short, 0.0)), logsumexp(below, axis=1, b=p))
    return below - total[:, None]


def _log_mean_exp(shift: Float[ndarray, "s y"], m: Float[ndarray, " y"]) -> Float[ndarray, " s"]:
    """The ln Σ m exp(shift) of shifts whose mean under m is 0; of second order in small ones."""
    near = np.abs(shift).max(1) < 1
    small = np.where(near[:, None], shift, 0.0)
    return np.where(near, np.log1p((np.expm1(small) - small) @ m), logsumexp(shift, axis=1, b=m))


def _climbed(begun: Float[ndarray, " x"], p: Float[ndarray, " x"], brought: Brought) -> float:
    """The highest ratio that quasi-Newton steps reach from a tilt."""
    scale = float(np.abs(begun).max()) or 1.0  # steps as long as the way from p

    def falling(scaled: ndarray) -> tuple[float, ndarray]:
        tilt = _normalised(scale * scaled[None], p)
        ratio, told = _ratios(tilt, p, brought)
        r = p * np.exp(tilt[0])
        spread = float(_excess(np.expm1(tilt[0])) @ p)
        slope = told[0] - ratio[0] * tilt[0]
        return -float(ratio[0]), -scale * r * (slope - r @ slope) / max(spread, NEAR)

    found = minimize(
        falling,
        begun / scale,
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-14},
    )
    return -float(found.fun)


def _begun(p: Float[ndarray, " x"], direction: Float[ndarray, " x"]) -> Float[ndarray, "s x"]:
    """Tilts to every vertex, to both sides of the leading singular vector, and to seeded draws."""
    draws = stream(0, "contraction").initial_seed() % 2**32
    seeded = np.random.default_rng(draws).dirichlet(np.ones(len(p)), SEEDED)
    others = _relative(np.concatenate([np.eye(len(p)), seeded]) / p - 1)
    sides = np.array([s * tilt * direction for tilt in TILTS for s in (1, -1)])
    return np.concatenate([others, _normalised(sides, p)])

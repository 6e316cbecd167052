"""From which β on there is anything to be gained: local and global thresholds of a joint."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize
from scipy.special import logsumexp

from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.bottleneck.maps import Problem, evaluate
from infoplane.bottleneck.splitting import split_directions
from infoplane.bottleneck.starts import trivial
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
WEAK = 1e-6
"""The relative distance of both thresholds from which on a transition is said to be of first order.
Where p(x, y) has no symmetry the onset lies at least a trace below the local threshold."""


@final
@dataclass(frozen=True)
class Thresholds:
    """Values of β; all ∞ where X and Y are independent.

    Attributes:
        local: 1/ρ², ρ being the maximal correlation: above it the solution of one cluster is no
            local minimum.
        onset: The learnability threshold 1/η, η being the contraction coefficient
            sup_r D(rW‖pW)/D(r‖p): above it that solution is no global minimum. It is never above
            ``local``; where it lies below, the second cluster does not split off.
        dual: Above it the dual's solution of one cluster is no local minimum; None where some
            p(y|x) = 0, for which the dual is not defined.
    """

    local: float
    onset: float
    dual: float | None

    @property
    def first_order(self) -> bool:
        """Whether the second cluster appears apart from the first, its mass rising from 0.

        It is the decoder that is new at a distance, as in a transition of first order; the rate
        rises from 0 without a jump. Otherwise the first splits.
        """
        return self.onset < self.local * (1 - WEAK)


def thresholds(joint: Joint | Table) -> Thresholds:
    """From which β on the bottleneck and its dual have more than one cluster.

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.

    Raises:
        InfoplaneError: The table is no joint distribution.

    Source: anantharam2013maximal (ρ² and η); wu2019learnability; piran2020dual.
    """
    given = as_joint(joint)
    reduced = given.reduced
    if len(reduced.p) == 1:
        return Thresholds(np.inf, np.inf, np.inf)
    local, direction = _split(reduced.p, reduced.w, dual=False)
    dual = _split(reduced.p, reduced.w, dual=True)[0] if (reduced.w > 0).all() else None
    squared = 0.0 if np.isinf(local) else 1 / local
    eta = contraction(reduced.p, reduced.w, direction, squared)
    return Thresholds(local, np.inf if eta == 0 else 1 / eta, dual)


def contraction(
    p: Float[ndarray, " x"], w: Float[ndarray, "x y"], direction: ndarray, squared: float
) -> float:
    """η = sup_r D(rW‖pW)/D(r‖p), at least ρ², which is its limit for r → p.

    For given η the distribution r ∝ p exp((1/η) Σ_y W ln(rW/pW)) raises D(rW‖pW)/η − D(r‖p),
    whose first part is convex; then η is raised to what r gives. Both only rise, slowly where the
    supremum lies near p, so that quasi-Newton steps follow.

    Args:
        p: p(x) > 0, shape (x,).
        w: p(y|x), shape (x, y).
        direction: ln r/p of the leading singular vector, shape (x,).
        squared: ρ².

    Source: wu2019learnability; dinkelbach1967nonlinear (η).
    """
    tilt = _begun(p, direction)
    eta = max(squared, float(_ratios(tilt, p, w)[0].max()))
    for step in range(STEPS):
        ratios, told = _ratios(tilt, p, w)
        kept = np.flatnonzero(ratios > 0)
        if step == SIFTED:
            kept = kept[np.argsort(-ratios[kept], kind="stable")[:PROMISING]]
        if len(kept) == 0:
            break
        ratios, told = ratios[kept], told[kept]
        eta = max(eta, float(ratios.max()))
        tilt = _normalised(told / ratios[:, None], p)
    ratios = _ratios(tilt, p, w)[0]
    best = tilt[np.argsort(-ratios)[:BEST]]
    nearby = _normalised(np.array([s * t * direction for t in TILTS for s in (1, -1)]), p)
    inside = [one for one in (*best, *nearby) if np.exp(one).min() > 0]
    return max(eta, *(_climbed(one, p, w) for one in inside))


def _ratios(
    tilt: Float[ndarray, "s x"], p: Float[ndarray, " x"], w: Float[ndarray, "x y"]
) -> tuple[Float[ndarray, " s"], Float[ndarray, "s x"]]:
    """D(rW‖pW)/D(r‖p) of r = p exp(tilt), 0 for an r that is p itself; and Σ_y W ln(rW/pW).

    Everything is computed from r/p − 1, so that it is accurate for r near p.
    """
    out, away = p @ w, np.expm1(tilt)
    moved = np.maximum((away * p) @ w / out, -1.0)  # it is, but for rounding
    spread, kept = _excess(away) @ p, _excess(moved) @ out
    far = spread > NEAR
    ratios = np.divide(kept, spread, out=np.zeros_like(kept), where=far)
    return ratios, _relative(moved) @ w.T


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


def _climbed(begun: Float[ndarray, " x"], p: ndarray, w: ndarray) -> float:
    """The highest ratio that quasi-Newton steps reach from a tilt."""
    scale = float(np.abs(begun).max()) or 1.0  # steps as long as the way from p

    def falling(scaled: ndarray) -> tuple[float, ndarray]:
        tilt = _normalised(scale * scaled[None], p)
        ratio, told = _ratios(tilt, p, w)
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


def _begun(p: Float[ndarray, " x"], direction: ndarray) -> Float[ndarray, "s x"]:
    """Tilts to every vertex, to both sides of the leading singular vector, and to seeded draws."""
    draws = stream(0, "contraction").initial_seed() % 2**32
    seeded = np.random.default_rng(draws).dirichlet(np.ones(len(p)), SEEDED)
    others = _relative(np.concatenate([np.eye(len(p)), seeded]) / p - 1)
    sides = np.array([s * tilt * direction for tilt in TILTS for s in (1, -1)])
    return np.concatenate([others, _normalised(sides, p)])


def _split(p: ndarray, w: ndarray, dual: bool) -> tuple[float, Float[ndarray, " x"]]:
    problem = Problem(p, w, 1.0, dual=dual)
    directions, critical = split_directions(problem, evaluate(problem, trivial(problem)))
    over_x = w @ directions[0]
    return float(critical[0]), over_x / max(np.abs(over_x).max(), 1e-300)

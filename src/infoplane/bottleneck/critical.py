"""From which β on there is anything to be gained: local and global thresholds of a joint."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import kl_div

from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.bottleneck.maps import Problem, evaluate
from infoplane.bottleneck.splitting import split_directions
from infoplane.bottleneck.starts import trivial
from infoplane.values.seeds import stream

STEPS = 20_000
"""Steps of the ascent at most."""
NEAR = 1e-13
"""Divergence from p(x) in nats below which a distribution counts as p(x) itself."""
SEEDED = 16
"""Random distributions from which the ascent begins as well."""
TILTS = (0.5, 0.1, 0.01)
"""How far from p(x) it begins along the leading singular vector, on both sides."""


@final
@dataclass(frozen=True)
class Thresholds:
    """Values of β; all ∞ where X and Y are independent.

    Attributes:
        local: 1/ρ², ρ being the maximal correlation: above it the solution of one cluster is no
            local minimum.
        onset: 1/η, η being the contraction coefficient sup_r D(rW‖pW)/D(r‖p): above it that
            solution is no global minimum. It is never above ``local``; where it lies below, the
            transition is of first order.
        dual: Above it the dual's solution of one cluster is no local minimum; None where some
            p(y|x) = 0, for which the dual is not defined.
    """

    local: float
    onset: float
    dual: float | None

    @property
    def first_order(self) -> bool:
        """Whether clusters appear at once, with a rate that jumps."""
        return self.onset < self.local * (1 - 1e-9)


def thresholds(joint: Joint | Table) -> Thresholds:
    """From which β on the bottleneck and its dual have more than one cluster.

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.

    Raises:
        InfoplaneError: The table is no joint distribution.

    Source: anantharam2013maximal (ρ² and η); wu2020learnability; piran2020dual.
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
    whose first part is convex; then η is raised to what r gives. Both only rise.

    Args:
        p: p(x) > 0, shape (x,).
        w: p(y|x), shape (x, y).
        direction: ln r/p of the leading singular vector, shape (x,).
        squared: ρ².

    Source: wu2020learnability; dinkelbach1967nonlinear (η).
    """
    r, out = _begun(p, direction), p @ w
    eta = squared
    for _ in range(STEPS):
        spread = kl_div(r, p).sum(1)
        moving = spread > NEAR
        r, spread = r[moving], spread[moving]
        if len(r) == 0:
            return eta
        ratios = kl_div(r @ w, out).sum(1) / spread
        eta = max(eta, float(ratios.max()))
        relative = np.log((r @ w) / out, out=np.zeros((len(r), len(out))), where=(r @ w) > 0)
        log_r = np.log(p) + relative @ w.T / ratios[:, None]
        log_r[(((r @ w) == 0) @ (w > 0).T.astype(float)) > 0] = -np.inf
        following = np.exp(log_r - np.logaddexp.reduce(log_r, axis=1)[:, None])
        if np.abs(following - r).max() <= 1e-15:
            return eta
        r = following
    return eta


def _begun(p: Float[ndarray, " x"], direction: ndarray) -> Float[ndarray, "s x"]:
    """Every vertex, both sides of the leading singular vector, and seeded distributions."""
    tilted = np.array([p * np.exp(s * tilt * direction) for tilt in TILTS for s in (1, -1)])
    draws = stream(0, "contraction").initial_seed() % 2**32
    seeded = np.random.default_rng(draws).dirichlet(np.ones(len(p)), SEEDED)
    begun = np.concatenate([np.eye(len(p)), tilted, seeded])
    return begun / begun.sum(1, keepdims=True)


def _split(p: ndarray, w: ndarray, dual: bool) -> tuple[float, Float[ndarray, " x"]]:
    problem = Problem(p, w, 1.0, dual=dual)
    directions, critical = split_directions(problem, evaluate(problem, trivial(problem)))
    over_x = w @ directions[0]
    return float(critical[0]), over_x / max(np.abs(over_x).max(), 1e-300)

"""What two sources tell of a target: redundant, unique and synergistic parts of a given table.

The three informations I(X1; T), I(X2; T) and I(X1, X2; T) fix the four parts up to one number; a
measure of redundancy is the assumption that fixes the last one. Tables are p(x1, x2, t), in bits.
"""

import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.quantities.tables import entropy, mutual_information, require_table
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

Redundancy = Literal["I_min", "MMI", "BROJA"]
"""Williams and Beer's, the minimum of both informations, or Bertschinger et al.'s."""
REDUNDANCIES: tuple[Redundancy, ...] = ("I_min", "MMI", "BROJA")

GAP = 1e-9
"""Nats by which the unique information may be too small at most."""
UNKNOWNS = 4000
"""|T|·(|X1| + |X2|) that one Newton step can hold; its matrix has the square of that."""
CENTRED = 1e-6
"""Newton decrement at which a point counts as the centre for its sharpness."""
HALVINGS = 60
STEPS = 60


@final
@dataclass(frozen=True)
class Parts:
    """The four parts of I(X1, X2; T), in bits; their sum is that information."""

    redundant: float
    unique_x1: float
    unique_x2: float
    synergistic: float


def parts(joint: Float[Tensor, "a b t"], redundancy: Redundancy) -> Parts:
    """The parts of I(X1, X2; T) under a measure of redundancy.

    Raises:
        InfoplaneError: The table is none of probabilities, or too large for "BROJA".
    """
    require_table(joint, axes=3)
    joint = joint.double()
    first, second = joint.sum(1), joint.sum(0)
    from_first, from_second = (mutual_information(one) for one in (first, second))
    from_both = mutual_information(joint.flatten(0, 1))
    if redundancy == "I_min":
        shared = specific_minimum(joint)
    elif redundancy == "MMI":
        shared = min(from_first, from_second)
    else:
        shared = from_first + from_second - least_information(joint)
    only_first, only_second = from_first - shared, from_second - shared
    return Parts(shared, only_first, only_second, from_both - shared - only_first - only_second)


def specific_minimum(joint: Float[Tensor, "a b t"]) -> float:
    """I_min = Σ_t p(t) min_i I(T = t; X_i), in bits.

    I(T = t; X) = Σ_x p(x|t) log2(p(t|x)/p(t)) is what a source tells of one value of the target;
    two sources that tell equally much of different things count as redundant.

    Source: williams2010nonnegative.
    """
    told = torch.stack([_specific(joint.sum(axis)) for axis in (1, 0)])
    return float(told.amin(0).sum())


def least_information(joint: Float[Tensor, "a b t"]) -> float:
    """The least I_Q(X1, X2; T) of all Q with Q(x1, t) = P(x1, t) and Q(x2, t) = P(x2, t), in bits.

    The unique information of X1 is this minimum minus I(X2; T). The dual problem is to maximise
    Σ P(x1, t) λ + Σ P(x2, t) μ under Σ_t exp(λ_{t x1} + μ_{t x2}) ≤ 1 for every (x1, x2). It is
    solved by Newton's method with a logarithmic barrier; its centres at sharpness τ lie below the
    optimum by at most (number of pairs)/τ, so that what is returned is the minimum from below,
    within 1e-9 nat.

    Source: bertschinger2014quantifying (the problem).

    Raises:
        InfoplaneError: The table has too many states for a Newton step.
    """
    table = joint.double().permute(2, 0, 1)
    table = table[table.sum((1, 2)) > 0]
    left, right = table.sum(2), table.sum(1)
    if left.numel() + right.numel() > UNKNOWNS:
        raise InfoplaneError(
            f"BROJA on {left.shape[1]} × {right.shape[1]} states and a target of {len(left)} needs "
            f"{left.numel() + right.numel()} unknowns, at most {UNKNOWNS} fit: use coarser states, "
            "or redundancy='MMI'."
        )
    dual = _Dual(left, right)
    point = dual.start()
    sharpness, last = 1.0, left.shape[1] * right.shape[1] / GAP
    while sharpness < last:
        sharpness = min(10 * sharpness, last)
        point = dual.centre(point, sharpness)
    return entropy(left.sum(1)) + dual.objective(point) / LN2


@final
@dataclass(frozen=True)
class _Dual:
    """The dual of the least information with its barrier.

    Attributes:
        left: P(x1, t), one row a value of the target.
        right: P(x2, t).
    """

    left: Float[Tensor, "t a"]
    right: Float[Tensor, "t b"]

    def start(self) -> Float[Tensor, " m"]:
        """A point inside: all exponentials sum to ½."""
        values = len(self.left)
        first = torch.full_like(self.left, -math.log(2 * values))
        return torch.cat([first.flatten(), torch.zeros_like(self.right).flatten()])

    def objective(self, point: Float[Tensor, " m"]) -> float:
        """Σ P(x1, t) λ + Σ P(x2, t) μ, nats."""
        return float(self._weights @ point)

    def centre(self, point: Float[Tensor, " m"], sharpness: float) -> Float[Tensor, " m"]:
        """The maximum of sharpness · objective + Σ log(1 − Σ_t exp(λ + μ)), from a point inside."""
        for _ in range(STEPS):
            direction, decrement = self._newton(point, sharpness)
            if decrement < CENTRED:
                break
            moved = self._along(point, direction, sharpness, decrement)
            if moved is None:  # rounding hides what is left to gain
                break
            point = moved
        return point

    @property
    def _weights(self) -> Float[Tensor, " m"]:
        return torch.cat([self.left.flatten(), self.right.flatten()])

    def _exponentials(self, point: Tensor) -> Float[Tensor, "t a b"]:
        """exp(λ + μ), 0 where Q must be 0."""
        first, second = point.split([self.left.numel(), self.right.numel()])
        sums = first.view_as(self.left)[:, :, None] + second.view_as(self.right)[:, None, :]
        possible = (self.left > 0)[:, :, None] & (self.right > 0)[:, None, :]
        return torch.where(possible, sums, -torch.inf).exp()

    def _barrier(self, point: Tensor, sharpness: float) -> float:
        """What is minimised; +∞ outside."""
        slack = 1 - self._exponentials(point).sum(0)
        if bool((slack <= 0).any()):
            return math.inf
        return -sharpness * self.objective(point) - float(slack.log().sum())

    def _along(
        self, point: Tensor, direction: Tensor, sharpness: float, decrement: float
    ) -> Tensor | None:
        """The first of ever shorter steps that gains enough."""
        before, length = self._barrier(point, sharpness), 1.0
        for _ in range(HALVINGS):
            moved = point + length * direction
            if self._barrier(moved, sharpness) < before - 0.1 * length * decrement:
                return moved
            length /= 2
        return None

    def _newton(self, point: Tensor, sharpness: float) -> tuple[Tensor, float]:
        """Newton's direction, and the decrement: gradient times direction."""
        e = self._exponentials(point)
        force = 1 / (1 - e.sum(0))
        pull = e * force
        gradient = torch.cat([pull.sum(2).flatten(), pull.sum(1).flatten()])
        gradient = gradient - sharpness * self._weights
        curvature = self._curvature(pull)
        free = self._weights == 0  # what is 0 in P has no multiplier
        scale = torch.where(free, 1.0, curvature.diagonal()).rsqrt()
        scaled = scale[:, None] * curvature * scale
        scaled = scaled + torch.diag(free.double()) + self._gauge(scale)
        direction = -scale * torch.linalg.solve(scaled, scale * gradient)
        direction = direction.masked_fill(free, 0.0)
        return direction, float(-gradient @ direction)

    def _curvature(self, pull: Float[Tensor, "t a b"]) -> Float[Tensor, "m m"]:
        """Second derivatives of the barrier in (λ, μ)."""
        values, a, b = pull.shape
        pairs = pull[:, None] * pull[None]
        index = torch.arange(values, device=pull.device)
        pairs[index, index] += pull
        first = torch.diag_embed(pairs.sum(3)).permute(0, 2, 1, 3).reshape(values * a, -1)
        second = torch.diag_embed(pairs.sum(2)).permute(0, 2, 1, 3).reshape(values * b, -1)
        mixed = pairs.permute(0, 2, 1, 3).reshape(values * a, values * b)
        return torch.cat([torch.cat([first, mixed], 1), torch.cat([mixed.T, second], 1)])

    def _gauge(self, scale: Float[Tensor, " m"]) -> Float[Tensor, "m m"]:
        """Curvature along λ_t + c, μ_t − c, which change nothing, so that Newton has one answer."""
        values = len(self.left)
        rows = torch.eye(values, dtype=scale.dtype, device=scale.device)
        first = (rows[:, :, None] * (self.left > 0)).flatten(1)
        second = (rows[:, :, None] * (self.right > 0)).flatten(1)
        along = torch.cat([first, -second], 1) / scale
        along = torch.where(self._weights > 0, along, 0.0)
        along = along / along.norm(dim=1, keepdim=True)
        return along.T @ along


def _specific(pair: Float[Tensor, "x t"]) -> Float[Tensor, " t"]:
    """p(t)·I(T = t; X) of a table p(x, t), in bits."""
    independent = pair.sum(1, keepdim=True) * pair.sum(0, keepdim=True)
    ratio = torch.where(pair > 0, pair / independent, 1.0)
    return (pair * ratio.log()).sum(0) / LN2

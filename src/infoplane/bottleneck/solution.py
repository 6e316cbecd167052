"""What a solver found: an encoder, and what follows from it. Bits outside."""

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.maps import Point, Problem, distortion, evaluate, logs
from infoplane.bottleneck.optimum import Optimum
from infoplane.bottleneck.splitting import split_directions
from infoplane.quantities.tables import entropy, mutual_information
from infoplane.values.units import LN2


class Status(Enum):
    """How a solution came to be."""

    CONVERGED = "The map leaves the encoder where it is."
    TRIVIAL = "One cluster holds everything."
    CERTIFIED = (
        "The objective is known to lie no further above its global minimum than gap= allows."
    )
    EXHAUSTED = "The evaluations were used up: raise evaluations=, or start from a neighbour's."
    SHARED = (
        "No β gives this rate that could be told: two solutions of one objective take turns, with "
        "shares that give it, so that the point lies on the chord between them."
    )
    SUFFICIENT = "The rate is not needed: T tells apart whatever differs in p(y|x), and no more."


@final
@dataclass(frozen=True, eq=False)
class Solution:
    """A point of the bottleneck, or of a relative of it.

    Attributes:
        joint: The joint distribution p(x, y).
        beta: β; ∞ for the sufficient statistic.
        alpha: 1 for the bottleneck, 0 for the deterministic one.
        dual: Whether the distortion is D[p(y|t) ‖ p(y|x)].
        encoder: p(t|x), shape (x, t); p(t) where p(x) = 0.
        decoder: p(y|t) of the self-consistent equations, shape (t, y): Bayes', or for the dual the
            geometric mean.
        status: How it came to be.
        iterations: Evaluations of the map in all descents behind this solution; Jacobian products,
            refused candidates and steps of the search for further clusters are counted too.
        gap: How far the objective may lie above its global minimum, in bits, if the search for
            further clusters missed nothing, loose where some p(x) is tiny, and no finer than β
            times the rounding of ln p(y|x); None where there is no such bound (α < 1, a given
            number of clusters, a start of one's own, a point of a chord, or a search that did not
            come to rest).
        notes: What must be known, as sentences.
    """

    joint: Joint
    beta: float
    alpha: float
    dual: bool
    encoder: Float[ndarray, "x t"]
    decoder: Float[ndarray, "t y"]
    status: Status
    iterations: int
    gap: float | None
    notes: tuple[str, ...] = ()

    @cached_property
    def marginal(self) -> Float[ndarray, " t"]:
        """p(t), shape (t,)."""
        return self.joint.px @ self.encoder

    @cached_property
    def rate(self) -> float:
        """I(X;T) in bits."""
        return mutual_information(self.joint.px[:, None] * self.encoder)

    @cached_property
    def relevance(self) -> float:
        """I(T;Y) in bits, with Bayes' decoder, for the dual too."""
        return mutual_information(self.encoder.T @ self.joint.table)

    @cached_property
    def entropy(self) -> float:
        """H(T) in bits."""
        return entropy(self.marginal)

    @cached_property
    def bayes_decoder(self) -> Float[ndarray, "t y"]:
        """p(y|t) = Σ_x p(y|x) p(x|t), shape (t, y)."""
        return (self.encoder.T @ self.joint.table) / self.marginal[:, None]

    @cached_property
    def distortion(self) -> float:
        """E d(x, t) in bits: I(X;Y) − I(T;Y), or for the dual its own."""
        if not self.dual:
            return self.joint.information - self.relevance
        problem, at = self._within
        each = distortion(problem, at.m)
        return float((problem.p[:, None] * np.where(at.q > 0, at.q * each, 0.0)).sum()) / LN2

    @cached_property
    def objective(self) -> float:
        """H(T) − α H(T|X) + β E d in bits; I(X;T) + β E d for α = 1."""
        spent = self.rate if self.alpha == 1 else self._spent
        return spent if math.isinf(self.beta) else spent + self.beta * self.distortion

    @property
    def lagrangian(self) -> float:
        """I(X;T) − β I(T;Y) in bits."""
        return self.rate - self.beta * self.relevance

    def __repr__(self) -> str:
        """Where it lies, in a line."""
        kind = "dual, " if self.dual else "" if self.alpha == 1 else f"alpha = {self.alpha:g}, "
        return (
            f"Solution({kind}beta = {self.beta:.6g}: rate {self.rate:.6f}, relevance "
            f"{self.relevance:.6f} bit, {self.clusters} clusters, {self.status.name.lower()})"
        )

    @property
    def clusters(self) -> int:
        """|T|, no two clusters being alike."""
        return self.encoder.shape[1]

    @property
    def indexed(self) -> bool:
        """Whether it belongs to one finite β."""
        return math.isfinite(self.beta) and self.status is not Status.SHARED

    @property
    def assignment(self) -> Int[ndarray, " x"]:
        """The likeliest cluster of every x, shape (x,); ties to the lowest."""
        return self.encoder.argmax(1)

    @cached_property
    def critical(self) -> Float[ndarray, " t"]:
        """The β at which each cluster would split, shape (t,); ∞ where all its p(y|x) are alike."""
        return split_directions(*self._within)[1]

    @property
    def _spent(self) -> float:
        return self.alpha * self.rate + (1 - self.alpha) * self.entropy

    @cached_property
    def _within(self) -> tuple[Problem, Point]:
        """The encoder of the merged rows, and what follows from it whatever β is."""
        reduced = self.joint.reduced
        problem = Problem(reduced.p, reduced.w, 1.0, 1.0, self.dual)
        return problem, evaluate(problem, logs(reduced.merged(self.encoder, self.joint.px)))


def solution(joint: Joint, problem: Problem, found: Optimum, enough: float = 0.0) -> Solution:
    """The solution of the joint that a point of its merged rows is.

    Args:
        joint: The joint.
        problem: That of its merged rows.
        found: The point.
        enough: The gap in nats that was asked for.
    """
    at = found.descent.at
    status = _status(found, found.gap <= enough)
    return Solution(
        joint,
        problem.beta,
        problem.alpha,
        problem.dual,
        joint.reduced.spread(at.q),
        joint.reduced.widened(at.m),
        status,
        found.descent.evaluations,
        # the objective is at least 0, which is nearer where some p(x) is tiny
        max(0.0, min(found.gap, at.objective)) / LN2 if math.isfinite(found.gap) else None,
        notes(joint, problem.dual),
    )


def _status(found: Optimum, certified: bool) -> Status:
    if not found.descent.converged:
        return Status.CERTIFIED if certified else Status.EXHAUSTED
    return Status.TRIVIAL if len(found.descent.at.r) == 1 else Status.CONVERGED


def notes(joint: Joint, dual: bool) -> tuple[str, ...]:
    """What must be known of a joint."""
    said = []
    absent = int((joint.px == 0).sum())
    if absent:
        which = "1 state of X has" if absent == 1 else f"{absent} states of X have"
        said.append(f"{which} probability 0, where p(t|x) is put to p(t).")
    if joint.deterministic and not dual and joint.information > 0:
        said.append(
            "Y is a function of X: the curve is I(T;Y) = min(I(X;T), H(Y)), every β below 1 gives "
            "its origin and every β above 1 its corner, so that β does not index it: ask for "
            "rates, as curve(rates=…) or --rates [kolchinsky2019caveats]."
        )
    return tuple(said)

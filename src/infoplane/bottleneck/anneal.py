"""The whole curve: solutions along β, each begun from its neighbours, or at given rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.bifurcation import Bifurcation, bifurcations
from infoplane.bottleneck.descent import Descent, Stop
from infoplane.bottleneck.joint import Joint, Table, as_joint, numbers
from infoplane.bottleneck.maps import Problem
from infoplane.bottleneck.optimum import Optimum
from infoplane.bottleneck.rates import at_rate
from infoplane.bottleneck.solution import Solution, solution
from infoplane.bottleneck.solver import best, posed
from infoplane.bottleneck.starts import MANY, identity, shaken, trivial
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """Solutions along a curve, in the order of β or of the rates that were asked for.

    Attributes:
        joint: The joint distribution.
        dual: Whether the distortion is D[p(y|t) ‖ p(y|x)].
        solutions: One for every β, or for every rate.
    """

    joint: Joint
    dual: bool
    solutions: tuple[Solution, ...]

    def __repr__(self) -> str:
        """How many points, and where."""
        kind = "dual, " if self.dual else ""
        return (
            f"Curve({kind}{len(self.solutions)} solutions, beta {self.betas.min():.6g} to "
            f"{self.betas.max():.6g})"
        )

    @property
    def betas(self) -> Float[ndarray, " n"]:
        """β of every solution."""
        return np.array([one.beta for one in self.solutions])

    @property
    def rates(self) -> Float[ndarray, " n"]:
        """I(X;T) of every solution, in bits."""
        return np.array([one.rate for one in self.solutions])

    @property
    def relevances(self) -> Float[ndarray, " n"]:
        """I(T;Y) of every solution, in bits."""
        return np.array([one.relevance for one in self.solutions])

    @cached_property
    def bifurcations(self) -> tuple[Bifurcation, ...]:
        """Where the number of clusters changes between neighbours, by bisection."""
        return tuple(bifurcations(self.solutions))


def curve(
    joint: Joint | Table,
    *,
    betas: Sequence[float] | Float[ndarray, " n"] | None = None,
    rates: Sequence[float] | Float[ndarray, " n"] | None = None,
    dual: bool = False,
    tolerance: float = 1e-12,
    evaluations: int = 200_000,
    gap: float = 0.0,
) -> Curve:
    """The bottleneck's curve, at given β or at given rates.

    Along β every solution is found twice, and the lower one kept: upwards from one cluster, adding
    those that help, and downwards from one cluster a state (up to 200 distinct states), each time
    from the neighbour's encoder with 0.1 % of it spread evenly. Where the rate jumps
    no β gives a rate in between, and the point lies on the chord between two solutions, who are
    used by turns: its status says so.

    >>> import infoplane as ip
    >>> found = ip.bottleneck.curve([[0.45, 0.05], [0.05, 0.45]], rates=[0.5])
    >>> print(f"{found.relevances[0]:.6f} bit at beta = {found.betas[0]:.4f}")
    0.302684 bit at beta = 1.7862

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.
        betas: Values of β, in any order; solutions come in rising order.
        rates: Values of I(X;T) in bits instead; solutions come in their order.
        dual: Reverse the distortion.
        tolerance: Change of p(t|x) by one step of the plain map that counts as none.
        evaluations: Evaluations of the map at most in each descent.
        gap: As that of ``solve``; for betas only.

    Raises:
        InfoplaneError: Neither betas nor rates or both, a gap with rates, no joint, a negative β
            or rate, or the dual where some p(y|x) = 0.

    Source: tishby1999information; kolchinsky2019caveats (rates); piran2020dual.
    """
    given, stop = as_joint(joint), Stop(tolerance, evaluations, gap * LN2)
    if (betas is None) == (rates is None):
        raise InfoplaneError("Ask for betas=… or for rates=…, for one of them.")
    if rates is not None and gap:
        raise InfoplaneError(
            f"gap={gap:g} ends a search at a β; solutions of given rates are solved to the end."
        )
    if betas is not None:
        problems = [posed(given, float(beta), dual=dual) for beta in np.sort(numbers(betas))]
        found = _annealed(problems, stop)
        pairs = zip(problems, found, strict=True)
        return Curve(given, dual, tuple(solution(given, p, o, stop.gap) for p, o in pairs))
    asked = numbers(rates if rates is not None else ())
    if (asked < 0).any():
        raise InfoplaneError(f"A rate is at least 0 bit; {asked.min():g} was asked for.")
    return Curve(given, dual, tuple(at_rate(given, float(r), dual, stop) for r in asked))


def _annealed(problems: list[Problem], stop: Stop) -> list[Optimum]:
    """Of every problem, β rising, the lower of both ways."""
    log_q, upwards = trivial(problems[0]), []
    for problem in problems:
        upwards.append(best(problem, [log_q], stop))
        log_q = shaken(upwards[-1].descent.at.log_q)
    last = problems[-1]
    log_q, downwards = identity(last) if len(last.p) <= MANY else log_q, []
    for problem in reversed(problems):
        downwards.append(best(problem, [log_q], stop))
        log_q = shaken(downwards[-1].descent.at.log_q)
    return [_lower(*both) for both in zip(upwards, reversed(downwards), strict=True)]


def _lower(up: Optimum, down: Optimum) -> Optimum:
    first, second = up.descent, down.descent
    better = second.at.objective < first.at.objective - first.at.noise
    kept = down if better or (second.converged and not first.converged) else up
    used = first.evaluations + second.evaluations
    return Optimum(Descent(kept.descent.at, used, kept.descent.converged), kept.gap)

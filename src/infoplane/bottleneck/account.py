"""All that is to be said of one joint distribution: thresholds, curve, bifurcations, dual."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from infoplane.bottleneck.anneal import curve
from infoplane.bottleneck.bifurcation import Bifurcation, bifurcations
from infoplane.bottleneck.critical import Thresholds, thresholds
from infoplane.bottleneck.joint import Joint, Table, as_joint, entropy, numbers
from infoplane.bottleneck.solution import Solution, Status
from infoplane.bottleneck.solver import posed, solve
from infoplane.values.errors import InfoplaneError

STEPS_PER_OCTAVE = 4
"""Values of β in every doubling."""
OCTAVES = 10
"""Doublings of the onset up to which β goes at the most."""
ENOUGH = 0.99
"""The share of I(X;Y) that the last values of β must keep, at least."""
FURTHER = 2
"""Values of β beyond the first at which every distinct p(y|x) has its cluster."""
RATES = 9
"""Rates in place of values of β where these do not index the curve."""


@final
@dataclass(frozen=True, eq=False)
class Beside:
    """A solution of the dual, held against the bottleneck.

    Attributes:
        solution: Of the dual.
        below: How far its I(T;Y) lies below that of the bottleneck at the same I(X;T), in bits.
    """

    solution: Solution
    below: float


@final
@dataclass(frozen=True, eq=False)
class Account:
    """What is known of a joint distribution, so far.

    Attributes:
        joint: The joint distribution.
        thresholds: From which β on anything is gained.
        solutions: Along β, or at the rates that were asked for.
        bifurcations: Where the number of clusters changes between neighbours in β.
        dual: Solutions of the dual; none if nobody asked.
        part: What is being computed: the curve, the dual, bifurcations; empty once all is done.
        doing: The same, and how far it has come.
    """

    joint: Joint
    thresholds: Thresholds
    solutions: tuple[Solution, ...] = ()
    bifurcations: tuple[Bifurcation, ...] = ()
    dual: tuple[Beside, ...] = ()
    part: str = ""
    doing: str = ""

    @property
    def distinct(self) -> int:
        """How many different p(y|x) there are: the number of clusters for β → ∞."""
        return len(self.joint.reduced.p)

    @property
    def entropies(self) -> tuple[float, float]:
        """H(X) and H(Y) in bits."""
        return entropy(self.joint.px), entropy(self.joint.py)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of it, as sentences, each once."""
        each = [one.notes for one in (*self.solutions, *(b.solution for b in self.dual))]
        weak = sum(one.status == Status.EXHAUSTED for one in self.solutions)
        return (
            *dict.fromkeys(note for notes in each for note in notes),
            *([f"{weak} solutions: {Status.EXHAUSTED.value}"] if weak else []),
            *self._independent(),
            *self._further(),
        )

    def _independent(self) -> list[str]:
        if math.isfinite(self.thresholds.onset):
            return []
        return ["X and Y are independent: one cluster is optimal at every β."]

    def _further(self) -> list[str]:
        last = max((one.clusters for one in self.solutions), default=self.distinct)
        if self.doing or last >= self.distinct or not math.isfinite(self.thresholds.onset):
            return []
        return [
            f"There are {self.distinct} different p(y|x), and at most {last} clusters here: "
            "further bifurcations lie beyond."
        ]

    def lost(self, solution: Solution) -> float:
        """What a solution lacks of I(X;Y), in per cent of it; NaN where there is none."""
        whole = self.joint.information
        return 100 * (1 - solution.relevance / whole) if whole > 0 else math.nan


def in_order(one: Solution) -> Int[ndarray, " t"]:
    """Clusters by the mean place of Y that they tell of, so that they stand alike at every β."""
    return np.argsort(one.bayes @ np.arange(one.bayes.shape[1]), kind="stable")


def account_of(
    joint: Joint | Table,
    *,
    betas: Sequence[float] = (),
    rates: Sequence[float] = (),
    dual: bool = False,
) -> Account:
    """All of it at once; see ``accounts``.

    >>> import infoplane as ip
    >>> found = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[1.25, 3.125])
    >>> [f"{one.beta:.4f} {one.splits}" for one in found.bifurcations]
    ['1.5625 True']
    """
    *_, last = accounts(joint, betas=betas, rates=rates, dual=dual)
    return last


def accounts(
    joint: Joint | Table,
    *,
    betas: Sequence[float] = (),
    rates: Sequence[float] = (),
    dual: bool = False,
) -> Iterator[Account]:
    """The account as it grows, once after everything that was computed.

    Where neither betas nor rates are given, β is the onset times 2^(k/4 + 1/8) for k = −2, −1, …,
    up to two values beyond the first at which every distinct p(y|x) has its cluster and I(T;Y) is
    at least 99 % of I(X;Y), and at most 2^10 times the onset. If Y is a function of X, β does not
    index the curve, and nine rates from 0 to H(Y) take its place. The dual has a grid of its own
    that begins in the same way at its own threshold.

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.
        betas: Values of β, of the bottleneck and of the dual.
        rates: Values of I(X;T) in bits instead.
        dual: Whether to solve the dual as well.

    Raises:
        InfoplaneError: Both betas and rates, no joint, a negative β or rate, or the dual where some
            p(y|x) = 0.
    """
    given = as_joint(joint)
    if len(betas) and len(rates):
        raise InfoplaneError("Ask for betas or for rates, for one of them.")
    for asked in (betas, rates):
        _require(asked)
    posed(given, 0.0, dual=dual)  # refuses the dual before anything is computed
    yield (known := Account(given, thresholds(given), part="the curve", doing="the curve"))
    rates = rates or (() if len(betas) else _default_rates(given))
    for one in _solutions(known, betas, rates, dual=False):
        known = _at(replace(known, solutions=(*known.solutions, one)), "the curve", one.beta)
        yield known
    if dual:
        for one in _solutions(known, betas, rates, dual=True):
            beside = Beside(one, _below(given, one))
            known = _at(replace(known, dual=(*known.dual, beside)), "the dual", one.beta)
            yield known
    yield (known := replace(known, part="bifurcations", doing="bifurcations"))
    for at in bifurcations(known.solutions, known.thresholds):
        found = (*known.bifurcations, at)
        known = _at(replace(known, bifurcations=found), "bifurcations", at.beta)
        yield known
    yield replace(known, part="", doing="")


def _require(asked: Sequence[float]) -> None:
    """Refuses what is no β and no rate, before anything is computed."""
    wrong = [value for value in (numbers(asked) if len(asked) else ()) if value < 0]
    if wrong:
        raise InfoplaneError(f"{wrong[0]:g} was asked for: β and rates are at least 0.")


def _default_rates(joint: Joint) -> Sequence[float]:
    if not joint.deterministic or joint.information == 0:
        return ()
    return tuple(np.linspace(0, entropy(joint.py), RATES).tolist())


def _solutions(
    known: Account, betas: Sequence[float], rates: Sequence[float], dual: bool
) -> Iterator[Solution]:
    """One after the other, as they were asked for; β rising."""
    if len(rates):
        yield from (curve(known.joint, rates=[rate], dual=dual).solutions[0] for rate in rates)
    elif len(betas):
        yield from (solve(known.joint, beta, dual=dual) for beta in sorted(betas))
    else:
        yield from _along_grid(known, dual)


def _along_grid(known: Account, dual: bool) -> Iterator[Solution]:
    """The default values of β."""
    start = known.thresholds.dual if dual else known.thresholds.onset
    if start is None or not math.isfinite(start):
        yield solve(known.joint, 1.0, dual=dual)
        return
    left = FURTHER
    for step in range(-2, OCTAVES * STEPS_PER_OCTAVE):
        one = solve(known.joint, start * 2 ** ((step + 0.5) / STEPS_PER_OCTAVE), dual=dual)
        yield one
        kept = one.relevance >= ENOUGH * known.joint.information
        left -= kept and one.clusters >= known.distinct
        if left < 0:
            return


def _at(known: Account, part: str, beta: float) -> Account:
    return replace(known, part=part, doing=f"{part}, after β = {beta:.4g}")


def _below(joint: Joint, dual: Solution) -> float:
    """How far a point lies below the curve at its rate, in bits."""
    best = curve(joint, rates=[dual.rate]).solutions[0]
    return best.relevance - dual.relevance

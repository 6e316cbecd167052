"""All that is known of one joint distribution: thresholds, curve, bifurcations, dual."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from infoplane.bottleneck.bifurcation import Bifurcation
from infoplane.bottleneck.critical import Thresholds
from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.solution import Solution, Status
from infoplane.quantities.tables import entropy

CURVE, DUAL = "the curve", "the dual"
BIFURCATIONS, DUAL_BIFURCATIONS = "the bifurcations", "the dual's bifurcations"
"""What is computed, in this order."""
BLURRED = 0.01
"""The share of I(X;Y) up to which a gap needs no word."""
NO_MORE = 1e-6
"""Bits by which a rate that was asked for may exceed the largest that is of use, and count as it.
"""


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
class Search:
    """Bifurcations, and where they were sought so far.

    Attributes:
        found: Where the number of clusters changes between neighbours in β.
        between: From which β to which they were sought; None if nowhere.
    """

    found: tuple[Bifurcation, ...] = ()
    between: tuple[float, float] | None = None


@final
@dataclass(frozen=True, eq=False)
class Account:
    """What is known of a joint distribution, so far.

    Attributes:
        joint: The joint distribution.
        thresholds: From which β on anything is gained.
        dual_thresholds: From which β on by the dual; None where some p(y|x) = 0, for which it is
            not defined.
        solutions: Along β, or at the rates that were asked for.
        dual: Solutions of the dual; none if nobody asked.
        search: For bifurcations of the bottleneck.
        dual_search: For those of the dual.
        parts: What is to be computed: the curve, and the dual or bifurcations if asked for.
        rates: The rates that were asked for, in bits, one for each of the solutions to come.
        part: What is being computed, one of ``parts``; empty once all is done.
        done: How much of it: solutions, or neighbours in β between which bifurcations were sought.
        total: Of how many, at the most.
        doing: What is being computed, and how far it has come, in words.
    """

    joint: Joint
    thresholds: Thresholds
    dual_thresholds: Thresholds | None
    solutions: tuple[Solution, ...] = ()
    dual: tuple[Beside, ...] = ()
    search: Search = Search()
    dual_search: Search = Search()
    parts: tuple[str, ...] = (CURVE,)
    rates: tuple[float, ...] = ()
    part: str = ""
    done: int = 0
    total: int = 0
    doing: str = ""

    @property
    def bifurcations(self) -> tuple[Bifurcation, ...]:
        """Those that were found, of the bottleneck and then of the dual."""
        return (*self.search.found, *self.dual_search.found)

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
        every = (*self.solutions, *(one.solution for one in self.dual))
        weak = sum(one.status == Status.EXHAUSTED for one in every)
        return (
            *dict.fromkeys(note for one in every for note in one.notes),
            *([f"{counted(weak, 'solution')}: {Status.EXHAUSTED.value}"] if weak else []),
            *self._blurred(every),
            *self._independent(),
            *self._further(),
        )

    def _blurred(self, solutions: Sequence[Solution]) -> list[str]:
        """What a gap says that is not small beside all there is to keep."""
        whole = self.joint.information
        count = sum(1 for one in solutions if one.gap is not None and one.gap > BLURRED * whole)
        if count == 0 or whole == 0:
            return []
        return [
            f"{counted(count, 'solution')} may lie above the global minimum by more than "
            f"{BLURRED:.0%} of I(X;Y): β times rounding, or a search cut short; rates and clusters "
            "there are uncertain."
        ]

    def _independent(self) -> list[str]:
        if math.isfinite(self.thresholds.onset):
            return []
        return ["X and Y are independent: one cluster is optimal at every β."]

    def _further(self) -> list[str]:
        last = max((one.clusters for one in self.solutions), default=self.distinct)
        if self.doing or last >= self.distinct or not math.isfinite(self.thresholds.onset):
            return []
        return [
            f"There are {self.distinct} different p(y|x), and at most {counted(last, 'cluster')} "
            "here: further bifurcations lie beyond."
        ]

    @property
    def complete(self) -> bool:
        """Whether all of it was computed."""
        return not self.part

    @property
    def missing(self) -> tuple[str, ...]:
        """Which parts are not complete, the first of them perhaps begun; none once all is done."""
        return self.parts[self.parts.index(self.part) :] if self.part else ()

    def beyond(self, solution: Solution) -> float | None:
        """The rate in bits that was asked for, if it is more than a solution has any use for."""
        if solution.status != Status.SUFFICIENT:
            return None
        every = self.solutions, tuple(one.solution for one in self.dual)
        pairs = [pair for each in every for pair in zip(each, self.rates, strict=False)]
        asked = next((rate for one, rate in pairs if one is solution), 0.0)
        return asked if asked > solution.rate + NO_MORE else None

    def lost(self, solution: Solution) -> float:
        """What a solution lacks of I(X;Y), in per cent of it; NaN where there is none."""
        whole = self.joint.information
        return 100 * (1 - solution.relevance / whole) if whole > 0 else math.nan


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "cluster"), counted(2, "cluster")
    ('1 cluster', '2 clusters')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def in_order(one: Solution) -> Int[ndarray, " t"]:
    """Clusters by the mean place of Y that they tell of, so that they stand alike at every β."""
    return np.argsort(one.bayes_decoder @ np.arange(one.bayes_decoder.shape[1]), kind="stable")

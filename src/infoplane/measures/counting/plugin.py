"""Information of discrete variables from counts, with the corrections of its bias."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Int
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.samples import Samples, checked, is_discrete
from infoplane.numerics.counts import (
    Contingency,
    States,
    contingency,
    joined,
    shuffled_cells,
    states,
)
from infoplane.quantities import tables
from infoplane.quantities.tables import CORRECTIONS, Correction, Counted
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import NINETY, Estimate, is_saturated
from infoplane.values.units import LN2

ENOUGH = 5
"""Samples per cell of a table from which on first-order bias and spread are to be trusted."""
DELTA = "delta method"
COARSER = "use fewer states or take more samples"
"""The remedy of everything that comes from too many states."""
OTHERS = "cut them into bins with Binned(…), or take an estimator of numbers such as KSG"
"""The remedy of numbers."""
CORRECTED: dict[Correction, str] = {
    "none": "",
    "miller-madow": ", Miller and Madow's correction of the bias",
    "shrinkage": ", James-Stein shrinkage to the uniform distribution",
}
SOURCES: dict[Correction, tuple[str, ...]] = {
    "none": ("paninski2003estimation",),
    "miller-madow": ("paninski2003estimation", "miller1955note"),
    "shrinkage": ("hausser2009entropy",),
}
ERRORS: dict[Correction, float] = {"none": 0.2, "miller-madow": 0.2, "shrinkage": 0.2}
"""Bits on 1000 samples of a bivariate normal cut at their quartiles, which loses 0.09 of them."""


@final
@dataclass(frozen=True)
class PlugIn:
    """Entropies of relative frequencies, and everything built from them.

    Integers of shape (n,) are class labels; of an (n, d) array of integers every distinct row is a
    state. The plug-in value is biased upwards by (K_xy − K_x − K_y + 1)/(2n ln 2) bit to first
    order, K counting states that occur, and is worthless where states are as many as samples. The
    90 % interval is about the value without that bias; it is given from 5 samples per cell on, and
    a note says where the value lies outside it.

    Attributes:
        correction: "none"; "miller-madow" adds (K − 1)/(2n) nat to every entropy; "shrinkage"
            mixes the joint frequencies with the uniform distribution over all combinations of the
            states that occur, by the James-Stein intensity.

    Source: paninski2003estimation; miller1955note; hausser2009entropy.
    """

    correction: Correction = "none"

    def __post_init__(self) -> None:
        if self.correction not in CORRECTIONS:
            raise InfoplaneError(
                f"PlugIn(correction={self.correction!r}): choose one of "
                f"{', '.join(map(repr, CORRECTIONS))}."
            )

    @property
    def properties(self) -> Properties:
        """Uncorrected it obeys the laws of information exactly: it is that of the frequencies."""
        return Properties(
            takes=("labels",),
            nonnegative=self.correction != "miller-madow",
            processing=self.correction == "none",
            scale_invariant=True,
            interval=self.correction != "shrinkage",
            error=ERRORS[self.correction],
        )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"plug-in of relative frequencies{CORRECTED[self.correction]}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return SOURCES[self.correction]

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) in bits.

        Args:
            x: Labels (n,), or rows of integers (n, d).
            y: As many samples.

        Raises:
            InfoplaneError: One of them is not discrete, or they are not paired.
        """
        first, second = discrete(OTHERS, x=x, y=y)
        return self.of_states(first, second)

    def of_states(self, x: States, y: States, remedy: str = COARSER) -> Estimate:
        """I(x; y) of variables whose states are known, in bits.

        Args:
            x: A discrete variable.
            y: As many samples.
            remedy: What the notes advise if there are too many states.
        """
        found = tables.counted(contingency(x, y), tables.INFORMATION, self.correction)
        entropies = found.entropies[(0,)], found.entropies[(1,)]
        cells = found.occupied[(0,)] * found.occupied[(1,)]
        notes = [
            note
            for axis, name, other in ((0, "x", "y"), (1, "y", "x"))
            for note in self._alone(name, other, found, axis, remedy)
        ]
        return self._information(
            found,
            cells,
            upper=min(entropies),
            notes=tuple(notes) or _biased(found, cells, remedy),
        )

    def entropy(self, x: Samples) -> Estimate:
        """H(x) in bits."""
        return self.joint_entropy(x)

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """H(x, y, …) of samples of several variables, in bits."""
        if not variables:
            raise InfoplaneError("No variable was given.")
        named = {f"variable {i}": x for i, x in enumerate(variables)}
        return self.entropy_of_states(*discrete(OTHERS, **named))

    def entropy_of_states(self, *variables: States, remedy: str = COARSER) -> Estimate:
        """H(x, y, …) of variables whose states are known, in bits."""
        counts, n = joined(*variables).counts(), variables[0].n
        cells = math.prod(len(one.counts()) for one in variables)
        note = (
            f"Every one of {n} samples has a state of its own, so the entropy is log2 n and says "
            f"nothing else: {remedy}."
        )
        return Estimate(
            value=tables.corrected_entropy(counts, cells, self.correction),
            n=n,
            method=repr(self),
            stderr=math.sqrt(tables.surprise_variance(counts) / n),
            stderr_source=DELTA,
            ceiling=self.ceiling(n),
            bounds=(0.0, None),
            notes=(note,) if len(counts) == n else (),
        )

    def conditional(self, x: Samples, y: Samples, given: Samples) -> Estimate:
        """I(x; y | given) in bits."""
        first, second, third = discrete(OTHERS, x=x, y=y, given=given)
        return self.conditional_of_states(first, second, third)

    def conditional_of_states(
        self, x: States, y: States, given: States, remedy: str = COARSER
    ) -> Estimate:
        """I(x; y | given) of variables whose states are known, in bits."""
        return self.conditional_of_table(contingency(x, y, given), remedy)

    def conditional_of_table(self, table: Contingency, remedy: str = COARSER) -> Estimate:
        """I(x; y | given) of a table of the three, in this order, in bits."""
        found = tables.counted(table, tables.CONDITIONAL, self.correction)
        cells = math.prod(table.marginal((axis,)).occupied for axis in range(3))
        upper = min(found.entropies[axes] for axes in ((0, 2), (1, 2))) - found.entropies[(2,)]
        notes = _biased(found, cells, remedy)
        return self._information(found, cells, upper, notes)

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) in bits for every order; many tables are counted at once."""
        first, second = discrete(OTHERS, x=x, y=y)
        return self.shuffled_states(first, second, orders)

    def shuffled_states(self, x: States, y: States, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) in bits for every order of variables whose states are known."""
        if self.correction == "shrinkage":
            return [self.of_states(x, y.reordered(order)).value for order in orders]
        counts = x.counts(), y.counts()
        marginals = sum(tables.counted_entropy(one) for one in counts)
        values: list[float] = []
        for rows, joint, many in shuffled_cells(x, y, orders):
            c = joint.double()
            sums = c.new_zeros(many).index_add_(0, rows, torch.special.xlogy(c, c) / LN2)
            found = marginals - math.log2(x.n) + sums / x.n
            if self.correction == "miller-madow":
                occupied = c.new_zeros(many).index_add_(0, rows, torch.ones_like(c))
                excess = sum(map(len, counts)) - occupied
                found += (excess - 1) / (2 * x.n * LN2)
            values += found.tolist()
        return values

    def _information(
        self, found: Counted, cells: int, upper: float, notes: tuple[str, ...]
    ) -> Estimate:
        n = found.n
        claims = self.properties.interval and n >= ENOUGH * cells
        interval = tables.information_interval(found, NINETY) if claims else None
        return Estimate(
            value=found.value,
            n=n,
            method=repr(self),
            stderr=math.sqrt(found.variance / n),
            stderr_source=DELTA,
            interval=interval,
            ceiling=self.ceiling(n),
            bounds=(0.0 if self.properties.nonnegative else None, upper),
            notes=(*notes, *_outside(found, interval)),
            shared=True,
        )

    def _alone(self, name: str, other: str, found: Counted, axis: int, remedy: str) -> list[str]:
        """What must be said if (nearly) every sample has its own state of a variable."""
        entropy, seen, n = found.entropies[(axis,)], found.occupied[(axis,)], found.n
        value = "the prior's alone" if self.correction == "shrinkage" else f"H({other})"
        if seen == n:
            return [
                f"Every one of {n} samples has a state of its own (H({name}) = log2 n), so the "
                f"value would be {value} whatever {name} is: {remedy}."
            ]
        if is_saturated(entropy, math.log2(n)):
            return [
                f"Nearly every one of {n} samples has a state of its own (H({name}) = "
                f"{entropy:.3f}, log2 n = {math.log2(n):.3f} bit), so the value is close to "
                f"{value} whatever {name} is: {remedy}."
            ]
        return []

    def ceiling(self, n: int) -> float:
        """log2 n, and what the correction adds to that if no two samples are equal."""
        corrected = self.correction == "miller-madow"
        return math.log2(n) + (tables.miller_madow(n, n) if corrected else 0.0)


def discrete(remedy: str, **variables: Samples) -> list[States]:
    """States of paired samples.

    Args:
        remedy: What to do with numbers.
        **variables: Samples by the name that an error calls them.

    Raises:
        InfoplaneError: Some hold numbers, or they are not paired.
    """
    tensors = checked(variables)
    for name, x in tensors.items():
        if not is_discrete(x):
            raise InfoplaneError(
                f"{name} holds floats, which have no states to be counted: {remedy}. Integers that "
                "are stored as floats: convert them first, x.astype(int) or x.long()."
            )
    return [states(x) for x in tensors.values()]


def _outside(found: Counted, interval: tuple[float, float] | None) -> tuple[str, ...]:
    """What must be said if the value lies outside its own interval."""
    if interval is None or interval[0] <= found.value <= interval[1]:
        return ()
    if found.value != found.plain:
        return (
            "The value less its bias is below 0 and below its interval, which holds what would "
            "explain the counts: read the interval.",
        )
    bias = found.degrees / (2 * found.n * LN2)
    return (
        f"The interval is about the value less its bias of {bias:+.3f} bit to first order, and "
        "does not contain the value itself: PlugIn('miller-madow') subtracts it.",
    )


def scarce(n: int, cells: int, follows: str) -> tuple[str, ...]:
    """What must be said if there are too few samples for the cells of a table.

    Args:
        n: Samples.
        cells: Combinations of the states that occur.
        follows: What comes of it, and the remedy.
    """
    if n >= ENOUGH * cells:
        return ()
    return (f"{n} samples for {cells} combinations of states are {n / cells:.2g} each; {follows}",)


def _biased(found: Counted, cells: int, remedy: str) -> tuple[str, ...]:
    bias = found.degrees / (2 * found.n * LN2)
    # with less than one sample each most cells are empty, and first order says nothing
    known = f"the plug-in value is biased by {bias:+.2g} bit or so"
    told = known if found.n >= cells else "the plug-in value is mostly bias"
    return scarce(found.n, cells, f"{told}: {remedy}, and look at the value above its null.")

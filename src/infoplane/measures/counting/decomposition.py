"""Redundant, unique and synergistic information of two discrete sources about a target."""

import math
from dataclasses import dataclass
from typing import final

from infoplane.measures.counting.plugin import COARSER, PlugIn, discrete, scarce
from infoplane.measures.samples import Samples
from infoplane.numerics.counts import dense_table, joined
from infoplane.quantities.decomposition import REDUNDANCIES, Redundancy, parts
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

CELLS = 1 << 24
"""Combinations of states of both sources and the target that fit into one table."""
CUT = "cut them first, Binned(Adaptive(4)).states(x)"
"""The remedy of numbers."""
FEW = (
    f"the parts, synergy most of all, are too large where samples are few: {COARSER}, and "
    "decompose shuffled targets for a null."
)
"""What comes of few samples, and the remedy."""
NAMES: dict[Redundancy, str] = {
    "I_min": "I_min, the least that a source tells of each value of the target",
    "MMI": "the minimum of both informations",
    "BROJA": "that of Bertschinger, Rauh, Olbrich, Jost and Ay",
}
SOURCES: dict[Redundancy, tuple[str, ...]] = {
    "I_min": ("williams2010nonnegative",),
    "MMI": ("barrett2015exploration",),
    "BROJA": ("bertschinger2014quantifying",),
}


@final
@dataclass(frozen=True)
class Decomposition:
    """What two sources tell of a target, in four parts whose sum is ``total``.

    Attributes:
        redundant: What both tell, in bits.
        unique_x1: What the first alone tells.
        unique_x2: What the second alone tells.
        synergistic: What only both together tell.
        total: I(x1, x2; target), which needs no assumption.
        redundancy: The measure of redundancy that the split rests on.
    """

    redundant: Estimate
    unique_x1: Estimate
    unique_x2: Estimate
    synergistic: Estimate
    total: Estimate
    redundancy: Redundancy

    @property
    def assumption(self) -> str:
        """What has to be said wherever the parts are shown."""
        return (
            "The split is an assumption, not a measurement: the redundancy was taken to be "
            f"{NAMES[self.redundancy]}; another measure gives other parts. Only their sums "
            "I(x1;t), I(x2;t) and I(x1,x2;t) are facts about the samples."
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return SOURCES[self.redundancy]

    def __str__(self) -> str:
        parts = ("redundant", "unique_x1", "unique_x2", "synergistic")
        told = ", ".join(f"{part} {getattr(self, part).value:.4f}" for part in parts)
        return f"{told}; in all {self.total}\n{self.assumption}"


def decompose(
    x1: Samples, x2: Samples, target: Samples, redundancy: Redundancy = "BROJA"
) -> Decomposition:
    """The parts of I(x1, x2; target) under a measure of redundancy, from relative frequencies.

    Args:
        x1: Labels (n,), or rows of integers (n, d).
        x2: As many samples.
        target: As many samples.
        redundancy: "I_min" of Williams and Beer, which takes equal amounts for equal content (two
            independent bits are redundant about their copy); "MMI", the minimum of both
            informations, so that one source is never unique; "BROJA", where unique is what no
            joint distribution with the same pairs (x1, t) and (x2, t) can take away.

    Raises:
        InfoplaneError: Something is not discrete or not paired, there are too many states, or
            ``redundancy`` is none of these.

    Source: williams2010nonnegative; barrett2015exploration; bertschinger2014quantifying.
    """
    if redundancy not in REDUNDANCIES:
        raise InfoplaneError(
            f"redundancy={redundancy!r}: choose one of {', '.join(map(repr, REDUNDANCIES))}."
        )
    first, second, wanted = discrete(CUT, x1=x1, x2=x2, target=target)
    sizes = [len(one.counts()) for one in (first, second, wanted)]
    if math.prod(sizes) > CELLS:
        raise InfoplaneError(
            f"{sizes[0]} × {sizes[1]} × {sizes[2]} states of x1, x2 and target are too many for a "
            f"table: {COARSER}."
        )
    total = PlugIn().of_states(joined(first, second), wanted)
    found = parts(dense_table(first, second, wanted), redundancy)
    notes = scarce(total.n, math.prod(sizes), FEW)

    def estimate(value: float) -> Estimate:
        return Estimate(
            value=value,
            n=total.n,
            method=f"decompose(redundancy={redundancy!r})",
            ceiling=total.ceiling,
            bounds=(0.0, total.bounds[1]),
            notes=notes,
            shared=True,
        )

    return Decomposition(
        estimate(found.redundant),
        estimate(found.unique_x1),
        estimate(found.unique_x2),
        estimate(found.synergistic),
        total,
        redundancy,
    )

"""The species side by side: is the simplifying phase there, and is it information or scale?"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, final

from infoplane.analysis.claims import Claim
from infoplane.experiments.protocol import Family
from infoplane.experiments.species.curves import SPECIES
from infoplane.experiments.species.family_claims import claims
from infoplane.experiments.species.family_panels import panels
from infoplane.experiments.species.family_table import layers, summary, table
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Trace


@final
class Diversity(Family):
    """Species of autoencoders that learned from the same images, under both width rules."""

    title: ClassVar[str] = "Is the simplifying phase there, and is it information or scale?"
    along: ClassVar[str] = SPECIES

    @staticmethod
    def claims(trace: Trace) -> list[Claim]:
        """S1's statements about its species, and the same asked of a scale-invariant rule."""
        return claims(trace)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """The codes of all species: planes, information, scale, error and inequalities."""
        return panels(trace)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """Which species simplify under which rule, and what is left above the null."""
        return summary(trace, findings)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """The paper's numbers and ours, by species and layer."""
        inner = layers(trace)
        return [table(trace), *([inner] if inner.rows else [])]

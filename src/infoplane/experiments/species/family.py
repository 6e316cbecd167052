"""The species side by side: is the simplifying phase there, and is it information or scale?"""

from collections.abc import Mapping
from typing import ClassVar, final

from infoplane.experiments.protocol import Family
from infoplane.experiments.species.curves import SPECIES
from infoplane.experiments.species.family_claims import claims
from infoplane.experiments.species.family_panels import panels
from infoplane.experiments.species.family_table import layers, summary, table
from infoplane.values.table import Table
from infoplane.values.trace import Trace


@final
class Diversity(Family):
    """Species of autoencoders that learned from the same images, under both width rules."""

    title: ClassVar[str] = "Is the simplifying phase there, and is it information or scale?"
    along: ClassVar[str] = SPECIES

    claims = staticmethod(claims)
    panels = staticmethod(panels)
    summary = staticmethod(summary)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """The paper's numbers and ours, by species and layer."""
        inner = layers(trace)
        return [table(trace), *([inner] if inner.rows else [])]

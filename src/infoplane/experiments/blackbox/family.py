"""Variants side by side: what compresses, what does not, and what it has to do with errors."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.experiments.blackbox import family_figures
from infoplane.experiments.blackbox.claims import findings
from infoplane.experiments.blackbox.family_claims import claims
from infoplane.experiments.blackbox.settings import Variant
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.table import Table
from infoplane.values.trace import Trace


@final
class Variants(Family):
    """Runs that differ in how networks are made and trained."""

    title: ClassVar[str] = "Opening the black box, over activations, optimisers and shares"
    along: ClassVar[str] = "variant"

    @staticmethod
    def named(setting: Mapping[str, Any]) -> str:
        """A member's name, such as "published activation=relu"."""
        return Variant(**{key: value for key, value in setting.items() if key != "type"}).name

    claims = staticmethod(claims)
    panels = staticmethod(family_figures.panels)
    summary = staticmethod(family_figures.summary)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Some over the networks that all estimators measured, the others over all networks."""
        return findings(cls.claims(traces[0]), traces) if traces else []

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Falls and errors of every member."""
        return family_figures.tables(trace)

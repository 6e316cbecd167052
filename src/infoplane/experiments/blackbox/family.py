"""Variants side by side: what compresses, what does not, and what it has to do with errors."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.analysis.claims import Claim
from infoplane.experiments.blackbox import family_figures
from infoplane.experiments.blackbox.claims import findings
from infoplane.experiments.blackbox.family_claims import claims
from infoplane.experiments.blackbox.settings import Variant
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
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

    @staticmethod
    def claims(trace: Trace) -> list[Claim]:
        """The critics' counter-experiments, as far as their members are there."""
        return claims(trace)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Some over the networks that all estimators measured, the others over all networks."""
        return findings(cls.claims(traces[0]), traces) if traces else []

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """The last hidden layer, its saturation and the errors of all members, and the planes."""
        return family_figures.panels(trace)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What each member ended with."""
        return family_figures.summary(trace, findings)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Falls and errors of every member."""
        return family_figures.tables(trace)

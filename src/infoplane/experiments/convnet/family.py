"""Networks with more and more filters side by side, and untrained ones with as many."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.analysis.claims import judged
from infoplane.experiments.convnet import family_figures
from infoplane.experiments.convnet.family_claims import claims
from infoplane.experiments.convnet.settings import named
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Trace, held_out


@final
class Filters(Family):
    """Runs that differ in their filter counts: what more filters bring, and what they repeat."""

    title: ClassVar[str] = "What more filters of a convolutional network know"
    along: ClassVar[str] = "filters"

    @staticmethod
    def named(setting: Any) -> str:  # noqa: ANN401 — a list of counts
        """A member's name, such as "6-12"."""
        return named(list(setting))

    claims = staticmethod(claims)
    summary = staticmethod(family_figures.summary)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Judged over seeds; which smaller number is best in one of them, the others say."""
        asked = [cls.subject(trace) for trace in traces]
        return judged(claims(asked[0], asked), asked) if asked else []

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """Information, shares and error against the number of filters, beside the controls."""
        return family_figures.panels(held_out(trace))

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What each member ends with."""
        return family_figures.tables(held_out(trace))

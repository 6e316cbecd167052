"""Several objectives and weights side by side, beside the exact curves of a known problem."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.experiments.dual import family_figures
from infoplane.experiments.dual.family_claims import claims
from infoplane.experiments.dual.kept import ALONG
from infoplane.experiments.dual.settings import Objective
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Trace, held_out


@final
class Objectives(Family):
    """Runs that differ in what they minimise: the plane over β, and the error against it."""

    title: ClassVar[str] = "Variational bottlenecks and their dual, over weights"
    along: ClassVar[str] = ALONG

    @staticmethod
    def named(setting: Mapping[str, Any]) -> str:
        """A member's name, such as "vib beta=10.0"."""
        return Objective(setting["method"], float(setting["beta"]), float(setting["gamma"])).name

    claims = staticmethod(claims)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """Planes over weights on both axes, errors against weights, and the known problem."""
        return family_figures.panels(held_out(trace))

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What each method reached at its best."""
        return family_figures.summary(held_out(trace), findings)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What every member ends with."""
        return family_figures.tables(held_out(trace))

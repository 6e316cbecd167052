"""Several infinite ensembles side by side: activations, variances, depths, numbers of samples."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.analysis.claims import Claim
from infoplane.experiments.protocol import Family
from infoplane.experiments.wide import family_figures
from infoplane.experiments.wide.family_claims import claims
from infoplane.experiments.wide.kept import ALONG
from infoplane.experiments.wide.settings import Network
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Trace


@final
class Networks(Family):
    """Runs that differ in their network: planes in one figure, and what overfits."""

    title: ClassVar[str] = "Infinite ensembles of infinitely wide networks, compared"
    along: ClassVar[str] = ALONG

    @staticmethod
    def named(setting: Mapping[str, Any]) -> str:
        """A member's name, such as "erf weights=2.0 biases=0.01 depth=2 n=100"."""
        fields = {key: value for key, value in setting.items() if key != "type"}
        return Network(**fields).name

    @staticmethod
    def claims(trace: Trace) -> list[Claim]:
        """The exact curve, and what activations, variances and samples do."""
        return claims(trace)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """All planes in one, and curves over each setting."""
        return family_figures.panels(trace)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """Which member knows most."""
        return family_figures.summary(trace, findings)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What every member knows at its best and at the end."""
        return [family_figures.table(trace)]

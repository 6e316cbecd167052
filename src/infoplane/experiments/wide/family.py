"""Several infinite ensembles side by side: activations, variances, depths, numbers of samples."""

from collections.abc import Mapping
from typing import Any, ClassVar, final

from infoplane.experiments.protocol import Family
from infoplane.experiments.wide import family_figures
from infoplane.experiments.wide.family_claims import claims
from infoplane.experiments.wide.kept import ALONG
from infoplane.experiments.wide.settings import Network
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

    claims = staticmethod(claims)
    panels = staticmethod(family_figures.panels)
    summary = staticmethod(family_figures.summary)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What every member knows at its best and at the end."""
        return [family_figures.table(trace)]

"""The same classifier under several prices of information, and under dropout in their place."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from infoplane.experiments.gaps import diverged_members, left_out
from infoplane.experiments.members import (
    in_figures,
    last,
    layer_curves,
    loss_curves,
    members,
    planes,
)
from infoplane.experiments.protocol import Family
from infoplane.experiments.regularised.family_claims import BUDGET, claims
from infoplane.experiments.regularised.family_tables import tables
from infoplane.experiments.regularised.kept import ALONG
from infoplane.experiments.regularised.regulariser import BETA, DROPOUT, Regulariser
from infoplane.experiments.sentences import probe_told, verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Trace, held_out


@final
class Regularisers(Family):
    """Runs that differ in what regularises them: what information costs, and what it brings."""

    title: ClassVar[str] = "A classifier that pays for information, and dropout in its place"
    along: ClassVar[str] = ALONG

    @staticmethod
    def named(setting: Mapping[str, Any]) -> str:
        """A member's name, such as "beta=0.01"."""
        return Regulariser(float(setting[BETA]), float(setting[DROPOUT])).name

    claims = staticmethod(claims)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """The planes of all members, the layer that pays, and the error."""
        return panels(held_out(trace))

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What each member brought."""
        return [*summary(held_out(trace), findings), *probe_told(trace)]

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What each member brought, in numbers, and prices beside dropout."""
        return tables(held_out(trace))


def panels(trace: Trace) -> list[Panel]:
    """Planes of one estimator side by side, then the layer that pays, then the error."""
    parts = _by_name(trace)
    layer = str(trace.attrs["pays"])
    return [
        *planes(parts),
        *(
            layer_curves(
                parts,
                layer,
                str(name),
                f"I(input; {layer})",
                "The layer that pays, one curve per price or dropout.",
            )
            for name in trace["estimator"].values
        ),
        *(
            loss_curves(parts, variable, title, caption, unit=unit)
            for variable, title, caption, unit in (
                ("error_test", "Test error", "Share of fixed images classified wrongly.", ""),
                ("loss_test", "Test cross-entropy", "Without the price of information.", "nat"),
            )
        ),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each member brought."""
    parts = _by_name(trace)
    told = "; ".join(
        f"{name} {in_figures(last(one['error_test']), '.2%')}" for name, one in parts.items()
    )
    return [
        f"Test error at the end: {told}.",
        BUDGET,
        *diverged_members(parts),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]


def _by_name(trace: Trace) -> dict[str, Trace]:
    return {str(name): one for name, one in members(trace, ALONG).items()}

"""Figures, tables and sentences of several variants."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from infoplane.analysis.claims import estimators
from infoplane.analysis.networks import INIT, fall, margin, measured_by
from infoplane.analysis.repeated import mean
from infoplane.experiments import members as of_members
from infoplane.experiments.blackbox import figures
from infoplane.experiments.blackbox.asked import COUNTED, LAST, suited
from infoplane.experiments.blackbox.family_claims import ALONG, claims, part
from infoplane.experiments.gaps import diverged_members, left_out
from infoplane.experiments.members import DIVERGED, in_figures, last
from infoplane.experiments.panels import spread
from infoplane.experiments.sentences import verdicts_told
from infoplane.observe.networks import PROPAGATED
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

PLANES = ("edges30", "adaptive", "kde-upper", PROPAGATED)
"""Estimators whose planes are shown of every member; those of one run are all on its own page."""
_OVER = (
    ("saturated_T", "Saturated units of hidden.5", "share", ""),
    ("clusters_T", "H(Bin(hidden.5))", "H(Bin(T))", "bit"),
)


def parts_of(trace: Trace) -> dict[str, Trace]:
    """Members as single runs, by name."""
    return {str(name): part(trace, str(name)) for name in trace[ALONG].values}


def panels(trace: Trace) -> list[Panel]:
    """The last hidden layer of all members, then their planes."""
    parts = parts_of(trace)
    names = estimators(trace)
    return [
        *(layer_curves(parts, name) for name in names),
        *(_course(parts, *one) for one in _OVER if any(one[0] in part for part in parts.values())),
        errors(parts),
        *(
            replace(
                figures.plane(measured_by(one, estimator), estimator),
                key=f"plane-{estimator}-{name}",
                title=f"Information plane, {name}",
            )
            for estimator in names
            if estimator in PLANES
            for name, one in parts.items()
            if estimator in suited(one)
        ),
    ]


def layer_curves(parts: dict[str, Trace], estimator: str) -> Panel:
    """I(X;T) of the last hidden layer, a curve per member."""
    own = {
        name: measured_by(one, estimator) for name, one in parts.items() if estimator in suited(one)
    }
    return of_members.layer_curves(
        own,
        LAST[-1],
        estimator,
        f"I(input; {LAST[-1]})",
        "The mean over networks; epochs of different lengths in steps are told apart by the "
        "legend.",
    )


def _course(parts: dict[str, Trace], variable: str, title: str, axis: str, unit: str) -> Panel:
    series = []
    for name, one in parts.items():
        if variable not in one:
            continue
        values = one[variable].sel(layer=LAST[-1])
        y_error, words = spread(values)
        series.append(
            Series(
                name,
                one["epoch"].values + 1.0,
                mean("", values).values,
                y_error=y_error,
                at=one["step"].values,
                of=name,
                error_is=words,
            )
        )
    return Panel(
        variable.replace("_", "-"),
        title,
        "The mean over networks.",
        figures.EPOCHS,
        Axis(axis, unit),
        tuple(series),
    )


def errors(parts: dict[str, Trace]) -> Panel:
    """Test errors, a curve per member."""
    return of_members.loss_curves(
        parts, "error_test", "Test error", "The mean over networks.", unit=""
    )


def tables(trace: Trace) -> list[Table]:
    """What every member ends with."""
    parts = parts_of(trace)
    if any(INIT not in one.dims for one in parts.values()):
        return []
    names = estimators(trace)
    rows = []
    for name, one in parts.items():
        cells = [
            Cell((in_figures(last(one[f"error_{side}"]), ".2%"),)) for side in ("train", "test")
        ]
        rows.append((Cell((name,)), *cells, *(_falls(one, estimator) for estimator in names)))
    return [
        Table(
            f"Falls of I(X;{LAST[-1]})",
            (ALONG, "training error", "test error", *names),
            tuple(rows),
            "Bits from the maximum to the end of training, the mean over networks, and in how many "
            f"of them that counts as a fall. {DIVERGED}",
        )
    ]


def _falls(one: Trace, estimator: str) -> Cell:
    if estimator not in suited(one):
        return Cell(("",))
    curve = measured_by(one, estimator)["I_XT"].sel(estimator=estimator, layer=LAST[-1])
    told = (margin(curve) > 0).values
    return Cell((f"{float(fall(curve).mean()):.2f}", f"{int(np.sum(told))} of {told.size}"))


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each member ended with."""
    parts = parts_of(trace)
    counted = [name for name in COUNTED if name in estimators(trace)]
    told = "; ".join(
        f"{name} {in_figures(last(one['error_test']), '.2%')}" for name, one in parts.items()
    )
    return [
        f"Test errors at the end: {told}.",
        f"All networks are measured under {', '.join(counted)}, some under the other estimators.",
        *diverged_members(parts),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]

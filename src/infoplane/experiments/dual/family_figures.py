"""Figures, tables and sentences of several objectives and weights."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.dual.family_claims import claims
from infoplane.experiments.dual.figures import RATE, RELEVANCE, known
from infoplane.experiments.dual.kept import ALONG, Kept
from infoplane.experiments.dual.settings import Objective
from infoplane.experiments.gaps import diverged_members, left_out
from infoplane.experiments.members import DIVERGED, in_figures, members
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

WEIGHT = Axis("weight of relevance, β + γ", log=True)
CONVENTION = (
    "β weighs relevance in all of them; with a residual rate it is that of the bottleneck less 1."
)
_NUMBERS = (
    ("test error", "error_test", ".2%"),
    ("drawn", "error_sampled_test", ".2%"),
    ("training error", "error_train", ".2%"),
    ("I(X;Z) lower", "lower_XT", ".3f"),
    ("I(X;Z|Y) upper", "residual", ".3f"),
)
_KNOWN = (
    ("known I(X;Z)", "known_rate", ".4f"),
    ("known I(Z;Y)", "known_relevance", ".4f"),
    ("below the curve", "known_below", ".4f"),
)


def panels(trace: Trace) -> list[Panel]:
    """Planes over weights on both axes, then errors, then the known problem."""
    kept = Kept(trace)
    parts = {str(name): one for name, one in members(trace, ALONG).items()}
    return [
        *(plane(kept, str(name)) for name in trace["estimator"].values),
        published(kept),
        errors(kept),
        *(
            [known(next(iter(parts.values())), _trained(kept, parts))]
            if "known_rate" in trace
            else []
        ),
    ]


def plane(kept: Kept, estimator: str) -> Panel:
    """I(X;Z) against I(Z;Y) at the end, one curve over weights per method."""
    return Panel(
        key=f"plane-weights-{estimator}",
        title="The plane over weights",
        caption="At the end of training, from the smallest weight to the largest: the upper bound "
        f"on I(X;Z) against the lower bound on I(Z;Y). {CONVENTION}",
        x=RATE,
        y=RELEVANCE,
        series=_curves(
            kept,
            lambda name: kept.informed(name).sel(estimator=estimator),
            lambda name: kept.told(name).sel(estimator=estimator),
        ),
        bisector=True,
        group=estimator,
    )


def published(kept: Kept) -> Panel:
    """The same on the published axis."""
    return Panel(
        key="published-weights",
        title="The published axis over weights",
        caption="The abscissa of the published code bounds I(X;Z|Y): points above the diagonal "
        "would break the data processing inequality if it were I(X;Z).",
        x=Axis("I(X;Z|Y), upper bound", "bit"),
        y=RELEVANCE,
        series=_curves(
            kept,
            lambda name: kept.plain(name, "residual"),
            lambda name: kept.told(name).isel(estimator=0),
        ),
        bisector=True,
    )


def errors(kept: Kept) -> Panel:
    """Test error against the weight, of the code's mean and of drawn codes."""
    series: list[Series] = []
    for variable, words in (("error_test", ""), ("error_sampled_test", " (drawn)")):
        for method, names in kept.methods.items():
            shown = [name for name in names if Objective.named(name).weight > 0]
            if not shown:
                continue
            ends = [kept.plain(name, variable) for name in shown]
            y_error = _errors(ends)
            series.append(
                Series(
                    name=method + words,
                    x=np.array([Objective.named(name).weight for name in shown]),
                    y=_means(ends),
                    y_error=y_error,
                    dashed=bool(words),
                    of=method,
                    error_is=shared.spread(ends[0])[1],
                )
            )
    places = {str(method): place for place, method in enumerate(kept.methods)}
    ordered = sorted(series, key=lambda one: (places[one.of], one.dashed))
    return Panel(
        key="error-weights",
        title="Test error over weights",
        caption="At the end of training; dashed: decoded from drawn codes and not their mean. "
        f"{CONVENTION}",
        x=WEIGHT,
        y=Axis("test error"),
        series=tuple(ordered),
    )


def tables(trace: Trace) -> list[Table]:
    """What every member ends with."""
    kept = Kept(trace)
    shown = [*_NUMBERS, *(_KNOWN if "known_rate" in trace else ())]
    names = [str(name) for name in trace["estimator"].values]
    rows = [
        (
            Cell((member,)),
            *(
                Cell((in_figures(kept.plain(member, variable), form),))
                for _, variable, form in shown
            ),
            *(
                Cell((in_figures(kept.informed(member).sel(estimator=name), ".3f"),))
                for name in names
            ),
            Cell((in_figures(kept.told(member).isel(estimator=0), ".3f"),)),
        )
        for of_method in kept.methods.values()
        for member in of_method
    ]
    heads = [words for words, _, _ in shown]
    return [
        Table(
            "At the end of training",
            (
                ALONG,
                *heads,
                *(f"I(X;Z) upper, {name}" for name in names),
                "I(Z;Y) lower",
            ),
            tuple(rows),
            "Informations in bits, on test images. “Known” is the problem that is solved exactly: "
            f"integrals of the encoder trained on it, no bounds. {DIVERGED}",
        )
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each method reached at its best."""
    kept = Kept(trace)
    best = {method: kept.best(names) for method, names in kept.methods.items()}
    told = "; ".join(
        f"{name} {in_figures(kept.plain(name, 'error_test'), '.2%')}" for name in best.values()
    )
    parts = {str(name): one for name, one in members(trace, ALONG).items()}
    return [
        f"The least test error of each method: {told}.",
        CONVENTION,
        *diverged_members(parts),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "Information is judged on the test samples.",
    ]


def _curves(
    kept: Kept, x: Callable[[str], xr.DataArray], y: Callable[[str], xr.DataArray]
) -> tuple[Series, ...]:
    """One curve per method, in order of the weights."""
    found = []
    for method, names in kept.methods.items():
        ends = [[of(name) for name in names] for of in (x, y)]
        weights = np.array([Objective.named(name).weight for name in names])
        found.append(
            Series(
                name=method,
                x=_means(ends[0]),
                y=_means(ends[1]),
                x_error=_errors(ends[0]),
                y_error=_errors(ends[1]),
                of=method,
                beside={"β + γ": weights},
                error_is=shared.spread(ends[0][0])[1],
            )
        )
    return tuple(found)


def _means(ends: Sequence[xr.DataArray]) -> np.ndarray:
    return np.array([float(mean("", one)) for one in ends])


def _errors(ends: Sequence[xr.DataArray]) -> np.ndarray | None:
    """The errors of the means, None where nothing is repeated."""
    found = [shared.spread(one)[0] for one in ends]
    return None if found[0] is None else np.array([float(np.asarray(one)) for one in found])


def _trained(kept: Kept, parts: Mapping[str, Trace]) -> dict[str, list[Trace]]:
    return {method: [parts[name] for name in names] for method, names in kept.methods.items()}

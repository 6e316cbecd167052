"""Information, redundancy and error against the number of filters."""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.convnet.family_claims import claims, information
from infoplane.experiments.convnet.kept import TARGETS, has_pairs, with_maps
from infoplane.experiments.convnet.members import TRAINED, Counts, counts
from infoplane.experiments.gaps import diverged_members, left_out
from infoplane.experiments.members import in_figures, members
from infoplane.experiments.sentences import probe_told, unmeasured_told, verdicts_told
from infoplane.values.ceilings import known_ceiling
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out

Reading = Callable[[str, str], xr.DataArray]
_BESIDE = "Dashed: the untrained network, then that of shuffled labels where it was trained."


def panels(trace: Trace) -> list[Panel]:
    """What the first and the last convolution know, what pairs repeat, and the error."""
    kept = Counts(trace)
    found = [
        _known(kept, str(name), target) for name in trace["estimator"].values for target in TARGETS
    ]
    if has_pairs(trace):
        found += [_shares(kept, name, target) for name in with_maps(trace) for target in TARGETS]
    return [*found, _errors(kept)]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each member reached."""
    last = held_out(trace)
    kept = Counts(last)
    told = "; ".join(
        f"{name} {in_figures(kept.trained(name, 'error_test'), '.2%')}" for name in kept.names
    )
    parts = {str(name): one for name, one in members(last, "filters").items()}
    return [
        f"Test error by the filters of each convolution: {told}.",
        *diverged_members(parts),
        *verdicts_told(findings),
        *unmeasured_told(findings),
        *left_out(claims(last), findings),
        *probe_told(trace),
    ]


def tables(trace: Trace) -> list[Table]:
    """What every member ends with, and had before."""
    kept = Counts(trace)
    return [_table(kept, layer) for layer in kept.layers]


def _table(kept: Counts, layer: str) -> Table:
    heads, values = [], []
    for name in (str(one) for one in kept.trace["estimator"].values):
        for target in TARGETS:
            for how, reading in kept.readings.items():
                heads.append(f"I({target}), {name}, {how}")
                values.append(_sum_of(reading, (information(target),), layer, name))
    if has_pairs(kept.trace):
        for name in with_maps(kept.trace):
            for target in TARGETS:
                for how, reading in kept.readings.items():
                    heads.append(f"share {target}, {name}, {how}")
                    parts = (f"trade_off_{target}", f"pairwise_{target}")
                    values.append(_sum_of(reading, parts, layer, name))
    rows = [
        (Cell((member,)), *(Cell((in_figures(of(member), ".3f"),)) for of in values))
        for member in kept.names
    ]
    return Table(
        f"{layer} by the number of filters",
        ("filters", *heads),
        tuple(rows),
        "Bits at the end of training, and redundancy less synergy as a share of what pairs of maps "
        "tell; 1 less this is the share of the weighted non-redundant information.",
        dense=True,
        folded=True,
    )


def _sum_of(
    reading: Reading, parts: tuple[str, ...], layer: str, estimator: str
) -> Callable[[str], xr.DataArray]:
    """A variable of a member, or the ratio of two."""

    def of(member: str) -> xr.DataArray:
        values = [reading(member, part).sel(layer=layer, estimator=estimator) for part in parts]
        return values[0] if len(values) == 1 else values[0] / values[1]

    return of


def _known(kept: Counts, estimator: str, target: str) -> Panel:
    variable = information(target)
    return Panel(
        key=f"{variable.replace('_', '-')}-filters-{estimator}",
        title=f"What is known of {TARGETS[target]}",
        caption=f"At the end, the first and the last convolution. {_BESIDE}",
        x=_axis(kept),
        y=Axis(str(kept.trace[variable].attrs["long_name"]), "bit"),
        series=_curves(kept, (variable,), estimator),
        ceiling=known_ceiling(kept.trace[variable].sel(estimator=estimator)),
        group=estimator,
    )


def _shares(kept: Counts, estimator: str, target: str) -> Panel:
    return Panel(
        key=f"share-{target}-filters-{estimator}",
        title=f"Redundancy less synergy about {TARGETS[target]}",
        caption="As a share of what pairs of maps tell; the rest is the share of the weighted "
        f"non-redundant information. {_BESIDE}",
        x=_axis(kept),
        y=Axis("share"),
        series=_curves(kept, (f"trade_off_{target}", f"pairwise_{target}"), estimator),
        group=estimator,
    )


def _errors(kept: Counts) -> Panel:
    ends = [kept.trained(name, "error_test") for name in kept.names]
    return Panel(
        key="error-filters",
        title="Test error",
        caption="Share of fixed images that are classified wrongly at the end.",
        x=_axis(kept),
        y=Axis("test error"),
        series=(_series("trained", kept, ends, "", dashed=False),),
    )


def _curves(kept: Counts, parts: tuple[str, ...], estimator: str) -> tuple[Series, ...]:
    """One curve per layer and control."""
    found = []
    for layer in kept.layers:
        for how, reading in kept.readings.items():
            of = _sum_of(reading, parts, layer, estimator)
            ends = [of(name) for name in kept.names]
            words = layer if how == TRAINED else f"{layer}, {how}"
            found.append(_series(words, kept, ends, layer, dashed=how != TRAINED))
    return tuple(found)


def _series(
    name: str, kept: Counts, ends: Sequence[xr.DataArray], of: str, *, dashed: bool
) -> Series:
    errors, words = zip(*(shared.spread(one) for one in ends), strict=True)
    return Series(
        name=name,
        x=_places(kept),
        y=np.array([float(mean("", one)) for one in ends]),
        y_error=None if errors[0] is None else np.array([float(one) for one in errors]),
        dashed=dashed,
        of=of,
        error_is=words[0],
    )


def _places(kept: Counts) -> np.ndarray:
    """The number of filters of the first convolution; 0 of a name without numbers."""
    return np.array([float((*counts(name), 0)[0]) for name in kept.names])


def _axis(kept: Counts) -> Axis:
    return Axis("filters of the first convolution", log=bool((_places(kept) > 0).all()))

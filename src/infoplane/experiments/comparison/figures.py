"""Figures of several runs: planes on one scale, and for every layer a line per run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import xarray as xr

from infoplane.analysis.claims import standard_error
from infoplane.experiments import panels as shared
from infoplane.experiments.comparison.common import (
    VARIABLES,
    Runs,
    label,
    losses,
    members,
    same_quantity,
    saturated,
    union,
    views,
)
from infoplane.experiments.comparison.conditions import incomparable
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series


def panels(runs: Runs) -> list[Panel]:
    """Planes of every run, then curves of every layer, and of losses, that two runs share."""
    seen = views(runs)
    return [*_planes(runs, seen), *_curves(runs, seen), *_losses(runs, seen)]


def _planes(runs: Runs, seen: Mapping[str, Runs]) -> Iterator[Panel]:
    """The plane of every run under every estimator that it has, with one scale per estimator.

    The colours that figures share are those of the runs; layers have theirs in each plane.
    """
    places = product(union(runs, "estimator"), enumerate(runs), seen.items())
    for estimator, (place, run), (side, viewed) in places:
        trace = viewed[run]
        if estimator in members(trace, "estimator") and {"I_XT", "I_TY"} <= set(trace):
            plane = shared.plane(trace, estimator)
            yield replace(
                plane,
                series=tuple(replace(one, of="") for one in plane.series),
                key=f"plane-{estimator}-{place}-{side}",
                title=run,
                group=estimator,
                side=side,
                scale=f"plane-{estimator}",
            )


def _curves(runs: Runs, seen: Mapping[str, Runs]) -> Iterator[Panel]:
    """A small figure per variable, estimator and layer."""
    places = product(
        [variable for variable in VARIABLES if same_quantity(variable, runs)],
        union(runs, "estimator"),
        enumerate(union(runs, "layer")),
        seen.items(),
    )
    for variable, estimator, (place, layer), (side, viewed) in places:
        chosen = _chosen(viewed, variable, {"estimator": estimator, "layer": layer})
        if len(chosen) > 1:
            yield replace(
                _course(layer, chosen, incomparable({run: runs[run] for run in chosen}, variable)),
                key=f"{variable}-{estimator}-{place}-{side}",
                group=f"{label(next(iter(chosen.values())))}, {estimator}",
                side=side,
                scale=f"{variable}-{estimator}",
            )


def _losses(runs: Runs, seen: Mapping[str, Runs]) -> Iterator[Panel]:
    """A figure per loss; one that is not measured on the probes stands beside every side."""
    for name in (one for one in losses(runs) if same_quantity(one, runs)):
        probed = any("probe" in one[name].dims for one in runs.values() if name in one)
        for side, viewed in seen.items() if probed else [("", runs)]:
            chosen = _chosen(viewed, name, {})
            if len(chosen) > 1:
                panel = _course(label(next(iter(chosen.values()))), chosen, [])
                yield replace(panel, key=f"{name}-{side}", group="Losses", side=side)


def _chosen(runs: Runs, variable: str, where: Mapping[str, str]) -> dict[str, xr.DataArray]:
    """A variable at one place, of every run that has it there."""
    return {
        name: trace[variable].sel(where)
        for name, trace in runs.items()
        if variable in trace and all(one in members(trace, dim) for dim, one in where.items())
    }


def _course(title: str, values: Mapping[str, xr.DataArray], doubts: list[str]) -> Panel:
    """One variable over training, a line per run.

    Args:
        title: What it shows.
        values: By run, along "snapshot" and perhaps "batch".
        doubts: Why the lines cannot be held against each other.
    """
    first = next(iter(values.values()))
    spread = any(one.sizes.get("batch", 1) > 1 for one in values.values())
    ceilings = {known_ceiling(one) for one in values.values()}
    words = [
        "One line per run.",
        *(["Bands: ±1 standard error over its probe batches."] if spread else []),
        *(["NOT comparable in absolute value, see above."] if doubts else []),
        *_marked(values),
    ]
    return Panel(
        key=title,
        title=title,
        caption=" ".join(words),
        x=Axis("training step + 1", log=True),
        y=Axis(label(first), first.attrs.get("unit", "")),
        series=tuple(_line(name, one) for name, one in values.items()),
        ceiling=ceilings.pop() if len(ceilings) == 1 else None,
    )


def _line(name: str, values: xr.DataArray) -> Series:
    """One run's values, with the share of the ceiling that they reach."""
    batches, steps = values.sizes.get("batch", 0), values["step"].values
    mean = values.mean("batch").values if batches else values.values
    ceiling = known_ceiling(values)
    return Series(
        name=name,
        x=steps + 1,
        y=mean,
        y_error=standard_error(values).values if batches > 1 else None,
        at=steps,
        of=name,
        beside={} if ceiling is None else {"share of log₂ n": mean / ceiling},
    )


def _marked(values: Mapping[str, xr.DataArray]) -> list[str]:
    """Which lines are saturated, and how often."""
    reached = {name: saturated(one) for name, one in values.items()}
    told = [
        f"{name} at {at.sum()} of {at.size} moments" for name, at in reached.items() if at.any()
    ]
    return [f"Saturated: {'; '.join(told)}."] if told else []

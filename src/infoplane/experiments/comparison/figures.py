"""Figures of several runs, or settings: planes on one scale, and for every layer a line of each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.comparison.common import (
    FEW,
    VARIABLES,
    Runs,
    errors_in_words,
    evenly,
    label,
    losses,
    members,
    named_briefly,
    noun,
    same_quantity,
    saturated,
    union,
    views,
)
from infoplane.experiments.comparison.conditions import incomparable
from infoplane.experiments.comparison.responses import responses
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series

MOST = 12
"""Of more than so many, figures over time show some, evenly chosen: lines must be told apart."""


def panels(runs: Runs) -> list[Panel]:
    """What is against the settings; then planes, and curves of every layer and of losses.

    A curve is shown if two share it, or if there is one alone.
    """
    few = few_of(runs)
    seen = views(few)
    return [*responses(runs), *_planes(few, seen), *_curves(few, seen), *_losses(few, seen)]


def few_of(runs: Runs) -> Runs:
    """Those that figures over time show."""
    return {name: runs[name] for name in evenly(list(runs), MOST)}


def not_shown(runs: Runs) -> list[str]:
    """That figures over time show only some, in a sentence."""
    if len(runs) <= MOST:
        return []
    return [
        f"The planes and the figures over training show {MOST} of {len(runs)} {noun(runs)}s, "
        f"evenly chosen: {'; '.join(few_of(runs))}. All are in the tables of verdicts, in the "
        "figures against the settings and in the table of all numbers."
    ]


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
        if len(chosen) > 1 or len(runs) == 1 == len(chosen):
            doubts = incomparable({run: runs[run] for run in chosen}, variable)
            yield replace(
                _course(layer, chosen, doubts, noun(runs)),
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
            if len(chosen) > 1 or len(runs) == 1 == len(chosen):
                panel = _course(label(next(iter(chosen.values()))), chosen, [], noun(runs))
                yield replace(panel, key=f"{name}-{side}", group="Losses", side=side)


def _chosen(runs: Runs, variable: str, where: Mapping[str, str]) -> dict[str, xr.DataArray]:
    """A variable at one place, of every run that has it there."""
    return {
        name: trace[variable].sel(where)
        for name, trace in runs.items()
        if variable in trace and all(one in members(trace, dim) for dim, one in where.items())
    }


def _course(title: str, values: Mapping[str, xr.DataArray], doubts: list[str], kind: str) -> Panel:
    """One variable over training, a line per run.

    Args:
        title: What it shows.
        values: By run, along "snapshot" and perhaps "batch" or "seed".
        doubts: Why the lines cannot be held against each other.
        kind: What one line is of.
    """
    first = next(iter(values.values()))
    errors = errors_in_words(values)
    ceilings = {known_ceiling(one) for one in values.values()}
    words = [
        *([f"One line per {kind}."] if len(values) > 1 else []),
        *([f"Bands: {errors}."] if errors else []),
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
    steps, ceiling = values["step"].values, known_ceiling(values)
    middle = mean("", values).values
    errors, error_is = shared.spread(values)
    return Series(
        name=name,
        x=steps + 1,
        y=middle,
        y_error=errors,
        at=steps,
        of=name,
        beside={} if ceiling is None else {"share of log₂ n": middle / ceiling},
        error_is=error_is,
    )


def _marked(values: Mapping[str, xr.DataArray]) -> list[str]:
    """Which lines are saturated, and how often."""
    reached = {name: saturated(one) for name, one in values.items()}
    told = {name: f"{at.sum()} of {at.size}" for name, at in reached.items() if at.any()}
    if len(told) > FEW:
        return [f"Saturated at some moments: {named_briefly(list(told))}."]
    each = "; ".join(f"{name} at {count} moments" for name, count in told.items())
    return [f"Saturated: {each}."] if told else []

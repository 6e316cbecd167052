"""Curves over training with bands of ± one standard error; dashed companions in their colour."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from infoplane.report.canvas import canvas, plain
from infoplane.report.palette import faded, series_colours
from infoplane.report.words import escaped, number, with_error
from infoplane.values.panel import Panel, Series

HEIGHT = 420


def curves(panel: Panel) -> go.Figure:
    """A curve stops where nothing was measured; a dashed companion runs on between its marks."""
    figure = canvas(panel, HEIGHT)
    group = -1
    for series, colour in zip(panel.series, series_colours(panel.series), strict=True):
        group += not series.dashed
        shared = {"legendgroup": str(group), "name": escaped(series.name)}
        if series.y_error is not None and not series.dashed:
            figure.add_trace(_band(series, series.y_error, panel.y.log, colour, shared))
        figure.add_trace(_curve(panel, series, colour, shared))
    return figure


def _curve(panel: Panel, series: Series, colour: str, shared: dict[str, Any]) -> go.Scatter:
    """The line itself; its small marks say where it was measured."""
    companion = series.dashed
    return go.Scatter(
        x=plain(series.x),
        y=plain(series.y),
        error_y=_thin_bars(series, colour) if companion else None,
        mode="lines+markers",
        line={"color": colour, "width": 1.2 if companion else 2, "dash": _dash(companion)},
        marker={"color": colour, "size": 5 if companion else 3.5, "symbol": _mark(companion)},
        connectgaps=companion,
        showlegend=not companion,
        hoverinfo="text",
        hovertext=_hover(panel, series),
        **shared,
    )


def _dash(companion: bool) -> str:
    return "dash" if companion else "solid"


def _mark(companion: bool) -> str:
    return "circle-open" if companion else "circle"


def _thin_bars(series: Series, colour: str) -> dict[str, Any] | None:
    """Error bars of a companion: it is measured too rarely for a band."""
    if series.y_error is None:
        return None
    return {"array": plain(series.y_error), "color": faded(colour, 0.6), "thickness": 1, "width": 0}


def _band(
    series: Series, error: np.ndarray, log: bool, colour: str, shared: dict[str, Any]
) -> go.Scatter:
    """One closed outline per unbroken run of points."""
    low, high = band_edges(series.y, error, log)
    x: list[float | None] = []
    y: list[float | None] = []
    for run in unbroken_runs(series.x, low, high):
        x += [*plain(series.x[run]), *plain(series.x[run][::-1]), None]
        y += [*plain(high[run]), *plain(low[run][::-1]), None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0, "color": colour},
        fill="toself",
        fillcolor=faded(colour, 0.18),
        showlegend=False,
        hoverinfo="skip",
        **shared,
    )


def band_edges(y: np.ndarray, error: np.ndarray, log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge; on a log axis the lower ends at half the smallest positive point."""
    low, high = y - error, y + error
    positive = y[y > 0]
    if log and positive.size:
        low = np.maximum(low, positive.min() / 2)
    return low, high


def unbroken_runs(*parts: np.ndarray) -> list[slice]:
    """Where all parts are finite, as slices.

    >>> unbroken_runs(np.array([1.0, 2.0, np.nan, 4.0]))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    known = np.isfinite(np.stack([np.asarray(part, dtype=float) for part in parts])).all(0)
    turns = np.flatnonzero(np.diff(np.r_[False, known, False]))
    return [slice(int(start), int(stop)) for start, stop in turns.reshape(-1, 2)]


def _hover(panel: Panel, series: Series) -> list[str]:
    """Name, moment, and value with its standard error, one text per point."""
    errors = [None] * len(series.y) if series.y_error is None else series.y_error.tolist()
    moments = _moments(panel, series)
    readings = [
        with_error(value, error) for value, error in zip(series.y.tolist(), errors, strict=True)
    ]
    name, unit = escaped(series.name), escaped(panel.y.unit)
    return [
        f"<b>{name}</b><br>{moment}<br>{reading} {unit}"
        for moment, reading in zip(moments, readings, strict=True)
    ]


def _moments(panel: Panel, series: Series) -> list[str]:
    """The training step where it is known, else the abscissa."""
    if series.at is not None:
        return [f"step {number(float(step))}" for step in series.at]
    return [f"{escaped(panel.x.label)} {number(float(x))}" for x in series.x]

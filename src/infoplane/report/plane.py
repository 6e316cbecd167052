"""The information plane: one trajectory per layer, and a slider over the training steps."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from infoplane.report.canvas import MARGIN, canvas, extent, plain
from infoplane.report.palette import SYMBOLS, faded, series_colours, shades
from infoplane.report.words import escaped, number, with_error
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Panel, Series

HEIGHT = 680
FRAME_MILLISECONDS = 90
CONTROLS_BELOW = 132
"""Pixels under the plot for the axis title, the slider and the buttons."""


def plane(panel: Panel) -> go.Figure:
    """Faint trajectories of all layers, and one bright mark per layer that the slider moves.

    Raises:
        InfoplaneError: A series does not say at which training steps its points were measured.
    """
    for series in panel.series:
        if series.at is None:
            raise InfoplaneError(
                f"Series {series.name!r} of the plane {panel.key!r} has no training steps; "
                "pass `at`, one step per point."
            )
    steps = moments(panel)
    figure = canvas(panel, HEIGHT)
    colours = series_colours(panel.series)
    figure.add_traces([_trajectory(panel, i, colours[i]) for i in range(len(colours))])
    figure.add_traces([_mark(panel, i, colours[i], steps) for i in range(len(colours))])
    figure.frames = [_frame(panel, step) for step in steps]
    figure.update_layout(_controls(steps))
    if panel.bisector:
        _equalise(figure, panel)
    return figure


def moments(panel: Panel) -> list[int]:
    """Every training step at which some layer was measured, in order."""
    measured = [series.at for series in panel.series if series.at is not None]
    return sorted({int(step) for steps in measured for step in steps})


def position(series: Series, step: int) -> dict[str, list[float | None]]:
    """Where a layer was when it was last measured, at ``step`` or before; None if never."""
    assert series.at is not None
    seen = np.flatnonzero(series.at <= step)
    if not seen.size:
        return {"x": [None], "y": [None]}
    return {"x": plain(series.x[seen[-1:]]), "y": plain(series.y[seen[-1:]])}


def _trajectory(panel: Panel, index: int, colour: str) -> go.Scatter:
    """All points of a layer: early ones faint, late ones full, errors as thin crosses."""
    series = panel.series[index]
    return go.Scatter(
        x=plain(series.x),
        y=plain(series.y),
        error_x=_bars(series.x_error, colour),
        error_y=_bars(series.y_error, colour),
        mode="lines+markers",
        line={
            "color": faded(colour, 0.3),
            "width": 1,
            "dash": "dash" if series.dashed else "solid",
        },
        marker={"color": colour, "size": 5.5, "opacity": shades(len(series.x))},
        name=escaped(series.name),
        legendgroup=str(index),
        showlegend=False,
        hoverinfo="text",
        hovertext=_hover(panel, series),
    )


def _bars(error: np.ndarray | None, colour: str) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"array": plain(error), "color": faded(colour, 0.22), "thickness": 0.8, "width": 0}


def _mark(panel: Panel, index: int, colour: str, steps: list[int]) -> go.Scatter:
    """The moving mark of a layer, at the last step at first; the legend shows it."""
    series = panel.series[index]
    symbol = SYMBOLS[index % len(SYMBOLS)]
    return go.Scatter(
        **position(series, steps[-1]),
        mode="markers",
        marker={"color": colour, "size": 13, "symbol": symbol, "line": {"width": 1.5}},
        name=escaped(series.name),
        legendgroup=str(index),
        hoverinfo="skip",
    )


def _frame(panel: Panel, step: int) -> go.Frame:
    """Moves the marks alone; the trajectories stay."""
    count = len(panel.series)
    return go.Frame(
        name=str(step),
        data=[{"type": "scatter", **position(series, step)} for series in panel.series],
        traces=list(range(count, 2 * count)),
    )


def _controls(steps: list[int]) -> dict[str, Any]:
    """Slider and buttons below the plot."""
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}}
    moving = {"duration": FRAME_MILLISECONDS, "redraw": False}
    jump = {**still, "transition": {"duration": 0}}
    play = {"fromcurrent": True, "frame": moving, "transition": {"duration": 0}}
    return {
        "margin": {**MARGIN, "t": 48, "b": CONTROLS_BELOW},
        "legend": {"title": {"text": "Layer (faint: early, full: late)  ", "side": "top"}},
        "sliders": [
            {
                "active": len(steps) - 1,
                "x": 0.17,
                "len": 0.83,
                "y": 0,
                "pad": {"t": 52, "b": 0, "l": 10},
                "currentvalue": {"prefix": "training step ", "xanchor": "left", "offset": 8},
                "font": {"size": 11},
                "ticklen": 3,
                "minorticklen": 0,
                "transition": {"duration": 0},
                "steps": [
                    {"label": str(step), "method": "animate", "args": [[str(step)], jump]}
                    for step in steps
                ],
            }
        ],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "left",
                "showactive": False,
                "x": 0,
                "xanchor": "left",
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 72, "l": -46},
                "buttons": [
                    {"label": "▶", "method": "animate", "args": [None, play]},
                    {"label": "❚❚", "method": "animate", "args": [[None], jump]},
                ],
            }
        ],
    }


def _equalise(figure: go.Figure, panel: Panel) -> None:
    """One scale and one range for both axes."""
    shared = {"range": list(extent(panel)), "constrain": "domain"}
    figure.update_xaxes(**shared)
    figure.update_yaxes(**shared, scaleanchor="x", scaleratio=1, constraintoward="top")


def _hover(panel: Panel, series: Series) -> list[str]:
    """Layer, step, and both values with their standard errors, one text per point."""
    assert series.at is not None
    horizontal = _readings(panel.x.label, panel.x.unit, series.x, series.x_error)
    vertical = _readings(panel.y.label, panel.y.unit, series.y, series.y_error)
    return [
        f"<b>{escaped(series.name)}</b><br>step {number(float(step))}<br>{across}<br>{up}"
        for step, across, up in zip(series.at, horizontal, vertical, strict=True)
    ]


def _readings(label: str, unit: str, values: np.ndarray, errors: np.ndarray | None) -> list[str]:
    """Every value along one axis in words."""
    spreads = [None] * len(values) if errors is None else errors.tolist()
    return [
        f"{escaped(label)} = {with_error(value, spread)} {escaped(unit)}"
        for value, spread in zip(values.tolist(), spreads, strict=True)
    ]

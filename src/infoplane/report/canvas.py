"""The empty Plotly figure of a Panel: axes, guide lines, and the two themes."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from infoplane.report.words import ceiling_words, escaped, number
from infoplane.values.panel import Axis, Panel, Series

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NEAR = 0.6
"""A ceiling is shown if the data reach this share of it."""
MOST_LABELS = 6
"""A logarithmic axis has one label more at the most."""
FEW_DECADES = 1.5
"""Over fewer it is labelled at 2 and 5, too."""


def _theme(ink: str, quiet: str, grid: str, paper: str) -> dict[str, Any]:
    """A Plotly template: all colours that depend on light or dark live here and nowhere else."""
    axis = {
        "gridcolor": grid,
        "linecolor": quiet,
        "tickcolor": quiet,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "zeroline": False,
        "title": {"standoff": 6},
    }
    return {
        "data": {"scatter": [{"marker": {"line": {"color": paper}}}]},
        "layout": {
            "font": {"family": FONT, "size": 11, "color": ink},
            "colorway": [ink],  # of the cursor, the one trace without a colour of its own
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": paper,
                "bordercolor": quiet,
                "font": {"color": ink},
                "align": "left",
            },
            "shapedefaults": {"line": {"color": quiet, "width": 1}},
            "annotationdefaults": {"font": {"color": quiet, "size": 10}, "showarrow": False},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": quiet, "activecolor": ink},
        },
    }


LIGHT = _theme(ink="#1f2328", quiet="#6a7178", grid="#e6e8eb", paper="#ffffff")
DARK = _theme(ink="#e4e7ea", quiet="#949ba3", grid="#2b3036", paper="#15171b")


def alike(panel: Panel, panels: Sequence[Panel]) -> list[Panel]:
    """The figures to one range with a panel, itself among them.

    Those of one scale; or else the same figure of every side, which take each other's place.
    """
    return [one for one in panels if _place(one) == _place(panel)]


def _place(panel: Panel) -> tuple[object, ...]:
    if panel.scale:
        return (panel.scale,)
    alone = "" if panel.side else panel.key
    return panel.plane, panel.title, panel.group, panel.strip is None, alone


def canvas(panel: Panel, alike: Sequence[Panel]) -> dict[str, Any]:
    """The layout with the panel's axes, bisector, ceiling and upright lines.

    Args:
        panel: The figure.
        alike: Itself and the same of other sides, with which it shares its scale.
    """
    return {
        "margin": {"l": 44, "r": 12, "t": 8, "b": 40},
        "hovermode": "closest",
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        "xaxis": axis(panel.x),
        "yaxis": axis(panel.y),
        "shapes": [*_lines(panel, alike), *_uprights(panel)],
        "annotations": [*_ceiling_label(panel, alike), *_upright_labels(panel)],
    }


def axis(described: Axis) -> dict[str, Any]:
    """Plotly's words for an Axis."""
    return {
        "title": {"text": escaped(str(described))},
        "type": "log" if described.log else "linear",
        "automargin": True,
        **({"dtick": 1, "tickformat": "~s"} if described.log else {}),  # 1, 10, 100, 1k
        **_ticks(described),
    }


def _ticks(described: Axis) -> dict[str, Any]:
    """The places of an axis that says where it is labelled."""
    if not described.ticks:
        return {}
    words = [number(value) for value in described.ticks]
    return {"tickvals": plain(described.ticks), "ticktext": words}


def decades(described: Axis, values: Sequence[np.ndarray]) -> dict[str, Any]:
    """How a logarithmic axis is labelled: at some powers of ten of many, between them of few.

    Numbers below 1 are told as powers, since 10m would be read as ten minutes.

    >>> decades(Axis("τ", log=True), [np.array([0.01, 1e10])])
    {'dtick': 2, 'tickformat': '', 'exponentformat': 'power'}
    >>> decades(Axis("width", log=True), [np.array([16, 256])])
    {'dtick': 'D2'}
    """
    if not described.log or described.ticks:
        return {}
    every = np.concatenate([np.ravel(one) for one in values]) if values else np.empty(0)
    there = every[np.isfinite(every) & (every > 0)]
    if not there.size:
        return {}
    span = math.log10(there.max() / there.min())
    spaced = {"dtick": "D2" if span < FEW_DECADES else max(1, math.ceil(span / MOST_LABELS))}
    small = {"tickformat": "", "exponentformat": "power"} if there.min() < 1 else {}
    return {**spaced, **small}


def unit_alone(described: Axis) -> dict[str, Any]:
    """The axis of a small figure, whose title says already what it shows."""
    small = Axis(described.unit, log=described.log)
    return axis(small) | {"exponentformat": "power", "tickformat": ""}


def plain(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """Numbers for JSON, at most seven digits each; None where there is no finite one.

    >>> plain([1.0, float("nan"), 1 / 3])
    [1.0, None, 0.3333333]
    """
    numbers = np.asarray(values, dtype=float).tolist()
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in numbers]


def _lines(panel: Panel, alike: Sequence[Panel]) -> list[dict[str, Any]]:
    """The bisector, and the ceiling across the plot; in a plane across and up."""
    lines: list[dict[str, Any]] = []
    top = panel.ceiling if ceiling_in_view(panel, alike) else None
    if panel.bisector:
        low, high = extent(alike)
        ends = {"x0": low, "y0": low, "x1": high, "y1": high}
        lines.append({"type": "line", "layer": "below", **ends})
    if top is not None:
        across = {"xref": "paper", "x0": 0, "x1": 1, "y0": top, "y1": top}
        upward = {"yref": "paper", "y0": 0, "y1": 1, "x0": top, "x1": top}
        drawn = [across, upward] if panel.plane else [across]
        lines += [{"type": "line", "line": {"dash": "dot"}, **ends} for ends in drawn]
    return lines


def _uprights(panel: Panel) -> list[dict[str, Any]]:
    """Lines from bottom to top."""
    ends = {"yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot"}}
    return [{"type": "line", "x0": x, "x1": x, **ends} for x in panel.uprights.values()]


def _upright_labels(panel: Panel) -> list[dict[str, Any]]:
    """Their names, written upwards from the top, on that side which is farther from others."""
    place = {"yref": "paper", "y": 1, "yanchor": "top", "textangle": -90}
    anchors = upright_sides(panel)
    return [
        {
            "text": escaped(name),
            "x": float(np.log10(x)) if panel.x.log else x,
            "xanchor": anchors[name],
            **place,
        }
        for name, x in panel.uprights.items()
    ]


def upright_sides(panel: Panel) -> dict[str, str]:
    """Which end of the name of every upright line touches it: "right" for a name at its left.

    >>> upright_sides(Panel("k", "T", "", Axis("x"), Axis("y"), uprights={"a": 1.0, "b": 1.1}))
    {'a': 'right', 'b': 'left'}
    """
    ordered = sorted(panel.uprights, key=lambda name: panel.uprights[name])
    at = np.array([panel.uprights[name] for name in ordered])
    gaps = np.diff(np.log(at) if panel.x.log else at, prepend=-np.inf, append=np.inf)
    sides = np.where(gaps[:-1] >= gaps[1:], "right", "left")
    return dict(zip(ordered, sides.tolist(), strict=True))


def _ceiling_label(panel: Panel, alike: Sequence[Panel]) -> list[dict[str, Any]]:
    """The words at the left end of the ceiling; of a plane also if it lies above the view."""
    if panel.ceiling is None or not (panel.plane or ceiling_in_view(panel, alike)):
        return []
    words = escaped(ceiling_words(panel.ceiling, panel.y.unit))
    place = {"xref": "paper", "x": 0.01, "xanchor": "left", "yanchor": "top"}
    if not ceiling_in_view(panel, alike):
        return [{"text": f"{words} ↑", "yref": "paper", "y": 1, **place}]
    height = float(np.log10(panel.ceiling)) if panel.y.log else panel.ceiling
    return [{"text": words, "y": height, **place}]


def ceiling_in_view(panel: Panel, alike: Sequence[Panel]) -> bool:
    """Whether the ceiling is drawn: far above the data it would squeeze them into a corner."""
    return panel.ceiling is not None and _span(alike)[1] >= NEAR * panel.ceiling


def extent(alike: Sequence[Panel]) -> tuple[float, float]:
    """The range of panels to one scale: all points and errors, zero, a near ceiling, a margin."""
    low, high = _span(alike, with_errors=True)
    near = [one.ceiling for one in alike if one.ceiling and ceiling_in_view(one, alike)]
    high = max(high, *near) if near else high
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _span(panels: Iterable[Panel], with_errors: bool = False) -> tuple[float, float]:
    """The least and the largest of zero and all finite ordinates; in a plane the abscissae too.

    Args:
        panels: The figures.
        with_errors: Whether the ends of their errors count as well, for nothing drawn is cut.
    """
    parts = [
        part
        for panel in panels
        for one in panel.series
        for values, error in _coordinates(one, panel.plane)
        for part in (values, *(_ends(values, error) if with_errors else ()))
    ]
    values = np.concatenate([[0.0], *(np.asarray(part, dtype=float) for part in parts)])
    finite = values[np.isfinite(values)]
    return float(finite.min()), float(finite.max())


def _coordinates(series: Series, plane: bool) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Ordinates, and in a plane abscissae, with their errors."""
    vertical = [(series.y, series.y_error)]
    return [(series.x, series.x_error), *vertical] if plane else vertical


def _ends(values: np.ndarray, error: np.ndarray | None) -> list[np.ndarray]:
    """Where errors end, if there are any."""
    return [] if error is None else [values - error, values + error]

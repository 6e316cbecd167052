"""The same Panels as static figures for a paper: SVG or PDF, one column wide."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from infoplane.report.canvas import ceiling_in_view, extent
from infoplane.report.curves import band_edges
from infoplane.report.palette import CELL_COLOURS, CELL_WORDS, SYMBOLS, series_colours, shades
from infoplane.report.strip import labelled
from infoplane.report.words import ceiling_words
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel, Series, Strip

COLUMN_INCHES = 3.4
LONGEST_NAME = 24
_MARKS = dict(zip(SYMBOLS, ("o", "s", "D", "^", "P", "*"), strict=True))
_GUIDE = "#6a7178"
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 6,
    "svg.hashsalt": "infoplane",  # element names would otherwise be random
    "pdf.fonttype": 42,
}
_FORMATS = {
    ".svg": (FigureCanvasSVG, {"Date": None}),
    ".pdf": (FigureCanvasPdf, {"CreationDate": None}),
}


def save(panel: Panel, path: Path) -> None:
    """Writes ``panel`` to ``path``; the same panel gives the same bytes.

    Raises:
        InfoplaneError: The suffix is neither ``.svg`` nor ``.pdf``.
    """
    if path.suffix not in _FORMATS:
        raise InfoplaneError(f"Figures are saved as .svg or .pdf, not {path.suffix!r} ({path}).")
    surface, metadata = _FORMATS[path.suffix]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_size(panel), layout="constrained")
        surface(figure)
        _draw(figure, panel)
        figure.savefig(path, metadata=metadata)


def _size(panel: Panel) -> tuple[float, float]:
    """Width and height in inches."""
    if panel.strip is not None:
        return COLUMN_INCHES, 0.85 + 0.16 * len(panel.strip.rows)
    return COLUMN_INCHES, COLUMN_INCHES + 0.6 if panel.bisector else 2.6


def _draw(figure: Figure, panel: Panel) -> None:
    """Title, axes, data and legend."""
    axes = figure.add_subplot()
    figure.suptitle(_literal(panel.title), x=0.02, fontsize=8, horizontalalignment="left")
    axes.set_xlabel(_literal(str(panel.x)))
    if panel.strip is not None:
        handles = _strip(axes, panel.strip)
    else:
        axes.set_ylabel(_literal(str(panel.y)))
        _scale(axes, panel.x, panel.y)
        _guides(axes, panel)
        handles = _plane(axes, panel) if panel.plane else _curves(axes, panel)
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=_columns(handles))


def _literal(text: str) -> str:
    """Text without mathematics: a dollar sign is a dollar sign."""
    return text.replace("$", r"\$")


def _name(text: str) -> str:
    """A layer's name, cut where a column of a paper has no room for it."""
    return _literal(text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…")


def _columns(handles: Sequence[Artist]) -> int:
    """How many entries of the legend fit side by side."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(4, 48 // (longest + 4)))


def _scale(axes: Axes, x: Axis, y: Axis) -> None:
    axes.set_xscale("log" if x.log else "linear")
    axes.set_yscale("log" if y.log else "linear")


def _guides(axes: Axes, panel: Panel) -> None:
    """Bisector and ceiling."""
    if panel.bisector:
        ends = extent(panel)
        axes.plot(ends, ends, color=_GUIDE, linewidth=0.6)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
    if panel.ceiling is not None and ceiling_in_view(panel):
        axes.axhline(panel.ceiling, color=_GUIDE, linewidth=0.7, linestyle=":")
        if panel.plane:
            axes.axvline(panel.ceiling, color=_GUIDE, linewidth=0.7, linestyle=":")
        axes.annotate(
            _literal(ceiling_words(panel.ceiling, panel.y.unit)),
            (0, panel.ceiling),
            (2, -2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            verticalalignment="top",
            color=_GUIDE,
            fontsize=6,
        )


def _curves(axes: Axes, panel: Panel) -> list[Artist]:
    """Curves with bands; returns what the legend shows."""
    handles: list[Artist] = []
    for series, colour in zip(panel.series, series_colours(panel.series), strict=True):
        if series.dashed:
            _companion(axes, series, colour)
            continue
        axes.plot(series.x, series.y, ".-", color=colour, linewidth=1, markersize=1.5)
        handles.append(Line2D([], [], color=colour, label=_name(series.name)))
        if series.y_error is not None:
            low, high = band_edges(series.y, series.y_error, panel.y.log)
            axes.fill_between(series.x, low, high, color=colour, alpha=0.18, linewidth=0)
    return handles


def _companion(axes: Axes, series: Series, colour: str) -> None:
    """Dashes between the few points that were measured."""
    known = np.isfinite(series.x) & np.isfinite(series.y)
    error = None if series.y_error is None else series.y_error[known]
    axes.errorbar(
        series.x[known],
        series.y[known],
        error,
        fmt="--o",
        color=colour,
        linewidth=0.7,
        elinewidth=0.5,
        markersize=2.2,
        markerfacecolor="none",
        markeredgewidth=0.5,
    )


def _plane(axes: Axes, panel: Panel) -> list[Artist]:
    """Trajectories from faint to full, the last point large; returns what the legend shows."""
    handles: list[Artist] = []
    for index, (series, colour) in enumerate(
        zip(panel.series, series_colours(panel.series), strict=True)
    ):
        mark = _MARKS[SYMBOLS[index % len(SYMBOLS)]]
        large: dict[str, Any] = {"marker": mark, "color": colour, "markersize": 5.0}
        large |= {"markeredgecolor": "white", "markeredgewidth": 0.4}
        axes.plot(series.x, series.y, color=colour, alpha=0.3, linewidth=0.6)
        axes.errorbar(
            series.x,
            series.y,
            series.y_error,
            series.x_error,
            fmt="none",
            ecolor=colour,
            alpha=0.22,
            elinewidth=0.4,
        )
        shaded = [to_rgba(colour, opacity) for opacity in shades(len(series.x))]
        axes.scatter(series.x, series.y, 5, shaded, linewidths=0)
        axes.plot(series.x[-1:], series.y[-1:], zorder=3, **large)
        handles.append(Line2D([], [], linestyle="none", label=_name(series.name), **large))
    return handles


def _strip(axes: Axes, strip: Strip) -> list[Artist]:
    """Cells of equal width; returns what the legend shows."""
    order = sorted(CELL_COLOURS)
    colours = ListedColormap([CELL_COLOURS[cell] for cell in order])
    axes.pcolormesh(
        np.ma.masked_invalid(strip.cells),
        cmap=colours,
        norm=BoundaryNorm((-1.5, -0.5, 0.5, 1.5), 3),
        edgecolors="face",  # no hairlines between cells
        linewidth=0.3,
    )
    axes.hlines(range(1, len(strip.rows)), 0, len(strip.columns), "white", linewidth=1)
    marks = labelled(len(strip.columns))
    ticks = [str(int(strip.columns[mark])) for mark in marks]
    axes.set_xticks([mark + 0.5 for mark in marks], ticks)
    rows = [_name(row) for row in strip.rows]
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.invert_yaxis()
    return [Patch(color=CELL_COLOURS[cell], label=CELL_WORDS[cell]) for cell in order]

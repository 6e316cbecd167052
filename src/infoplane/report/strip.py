"""Rows of cells over training: where a claim holds, where it is violated."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from infoplane.report.canvas import canvas, plain
from infoplane.report.palette import CELL_COLOURS, CELL_WORDS
from infoplane.report.words import escaped, number
from infoplane.values.panel import Panel, Strip

ROW_PIXELS = 26
FRAME_PIXELS = 150
LABELLED_COLUMNS = 7


def strip(panel: Panel, cells: Strip) -> go.Figure:
    """Cells of equal width in the order of the training steps, so that early ones can be seen."""
    figure = canvas(panel, FRAME_PIXELS + ROW_PIXELS * len(cells.rows))
    figure.add_trace(
        go.Heatmap(
            z=[plain(row) for row in cells.cells],
            x=list(range(len(cells.columns))),
            y=list(range(len(cells.rows))),
            zmin=-1.5,
            zmax=1.5,
            colorscale=_three_colours(),
            colorbar=_key(),
            ygap=2,
            hoverinfo="text",
            hovertext=_hover(panel, cells),
        )
    )
    marks = labelled(len(cells.columns))
    ticks = [f"{int(cells.columns[mark])}" for mark in marks]
    figure.update_xaxes(type="linear", tickvals=marks, ticktext=ticks, showgrid=False)
    figure.update_yaxes(
        type="linear",
        tickvals=list(range(len(cells.rows))),
        ticktext=[escaped(row) for row in cells.rows],
        title=None,
        autorange="reversed",
        showgrid=False,
    )
    return figure


def labelled(count: int) -> list[int]:
    """The few of ``count`` columns that carry their training step, evenly spread.

    >>> labelled(13)
    [0, 2, 4, 6, 8, 10, 12]
    """
    return sorted({round(place) for place in np.linspace(0, count - 1, LABELLED_COLUMNS)})


def _three_colours() -> list[tuple[float, str]]:
    """A scale of three flat parts."""
    edges = zip((0.0, 1 / 3, 2 / 3), (1 / 3, 2 / 3, 1.0), sorted(CELL_COLOURS), strict=True)
    return [(end, CELL_COLOURS[cell]) for low, high, cell in edges for end in (low, high)]


def _key() -> dict[str, Any]:
    """The colour bar above the plot, in words."""
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "len": 1,
        "thickness": 8,
        "ypad": 2,
        "outlinewidth": 0,
        "ticks": "",
        "tickangle": 0,
        "tickvals": sorted(CELL_WORDS),
        "ticktext": [CELL_WORDS[cell] for cell in sorted(CELL_WORDS)],
        "ticklabelposition": "outside top",
    }


def _hover(panel: Panel, cells: Strip) -> list[list[str]]:
    """Row, step, word, and the number behind it, one text per cell."""
    unit = escaped(panel.y.unit)
    return [
        [
            f"<b>{escaped(row)}</b><br>step {int(step)}: {word(cell)}"
            f"<br>{number(float(value))} {unit}"
            for step, cell, value in zip(cells.columns, line, numbers, strict=True)
        ]
        for row, line, numbers in zip(cells.rows, cells.cells, cells.detail, strict=True)
    ]


def word(cell: float) -> str:
    """What a cell says.

    >>> word(-1.0), word(float("nan"))
    ('violated', 'not measured')
    """
    return CELL_WORDS[int(cell)] if np.isfinite(cell) else "not measured"

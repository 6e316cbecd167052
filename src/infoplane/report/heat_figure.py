"""A heat map as a static figure: names beside the rows, and upright below the columns."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from infoplane.report.heat import ABOVE, BELOW, tone
from infoplane.report.words import shortened
from infoplane.values.panel import HeatMap

ROW_INCHES, FRAME_INCHES = 0.115, 1.3
_PAPER = "#f1f2f3"
ROW_CHARACTERS, COLUMN_CHARACTERS = 26, 20


def height(cells: HeatMap) -> float:
    """What the figure needs, in inches."""
    return FRAME_INCHES + ROW_INCHES * len(cells.rows)


def heat(axes: Axes, cells: HeatMap) -> list[Artist]:
    """Draws it; returns what the legend shows."""
    colours = LinearSegmentedColormap.from_list("heat", [BELOW, _PAPER, ABOVE])
    axes.pcolormesh(tone(cells), cmap=colours, vmin=-1, vmax=1, linewidth=0, rasterized=False)
    for row, line in enumerate(cells.marks):
        for column, mark in enumerate(line):
            axes.text(
                column + 0.5,
                row + 0.5,
                _literal(mark),
                fontsize=4,
                horizontalalignment="center",
                verticalalignment="center",
            )
    rows = [_literal(shortened(name, ROW_CHARACTERS)) for name in cells.rows]
    columns = [_literal(shortened(name, COLUMN_CHARACTERS)) for name in cells.columns]
    axes.set_yticks([place + 0.5 for place in range(len(rows))], rows, fontsize=4.5)
    axes.set_xticks(
        [place + 0.5 for place in range(len(columns))], columns, fontsize=4.5, rotation=90
    )
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.tick_params(length=0)
    ends = ((BELOW, cells.below), (ABOVE, cells.above))
    return [Patch(color=colour, label=words) for colour, words in ends if words]


def _literal(text: str) -> str:
    """Text without mathematics: a dollar sign is a dollar sign."""
    return text.replace("$", r"\$")

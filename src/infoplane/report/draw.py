"""A Panel as the page's script draws it."""

from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.report.canvas import alike
from infoplane.report.curves import curves
from infoplane.report.heat import heat
from infoplane.report.looks import Look
from infoplane.report.plane import plane
from infoplane.report.strip import strip
from infoplane.values.panel import Panel


def drawing(panel: Panel, shared: Mapping[str, Look], panels: Sequence[Panel]) -> dict[str, Any]:
    """A heat map or a strip if the panel has one, a plane if points move in it, else curves.

    Names are shown as they are written, whatever markup they contain.

    Args:
        panel: What to draw.
        shared: Looks of what it has in common with other figures.
        panels: All figures of the page; those of one scale have the same range, and so
            has the same of another side.

    Raises:
        InfoplaneError: A series of a plane has no training steps.
    """
    if panel.heat is not None:
        return heat(panel, panel.heat)
    if panel.strip is not None:
        return strip(panel, panel.strip)
    return (plane if panel.plane else curves)(panel, shared, alike(panel, panels))

"""A Panel as an interactive Plotly figure."""

import plotly.graph_objects as go

from infoplane.report.curves import curves
from infoplane.report.plane import plane
from infoplane.report.strip import strip
from infoplane.values.panel import Panel


def figure(panel: Panel) -> go.Figure:
    """A strip if the panel has one, a plane with a step slider if points move, else curves.

    Names are shown as they are written, whatever markup they contain.

    Raises:
        InfoplaneError: A series of a plane has no training steps.
    """
    if panel.strip is not None:
        return strip(panel, panel.strip)
    return plane(panel) if panel.plane else curves(panel)

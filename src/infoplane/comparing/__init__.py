"""Runs, or settings with several seeds, held against each other on one page."""

from infoplane.comparing.comparison import Comparison
from infoplane.comparing.tables import LOST, NOT_ASKED
from infoplane.comparing.together import HEADING

__all__ = ["HEADING", "LOST", "NOT_ASKED", "Comparison"]

"""The marks of ``palette.SYMBOLS`` for the page's legend and for matplotlib."""

from infoplane.report.palette import SYMBOLS

OUTLINES = dict(
    zip(
        SYMBOLS,
        (
            "M8 2a6 6 0 1 0 .01 0z",
            "M3 3h10v10H3z",
            "M8 1l7 7-7 7-7-7z",
            "M8 2l7 12H1z",
            "M6 1.5h4V6h4.5v4H10v4.5H6V10H1.5V6H6z",
            "M8 1l1.9 4.7 5.1.4-3.9 3.3 1.2 5L8 11.7l-4.3 2.7 1.2-5L1 6.1l5.1-.4z",
        ),
        strict=True,
    )
)
"""SVG paths in a box of 16 × 16."""

MATPLOTLIB = dict(zip(SYMBOLS, ("o", "s", "D", "^", "P", "*"), strict=True))
"""matplotlib's letters for the same marks."""

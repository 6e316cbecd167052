"""Colours and marks of ordered series, for white and for dark paper, with or without colour vision.

Lightness and hue rise together from blue to amber, so the order survives every kind of colour
blindness; every colour stands out 3 : 1 from white and from near-black.
"""

import numpy as np

_ANCHORS = ("#2b66df", "#714cd6", "#a744c1", "#d04098", "#ec4763", "#f46309", "#c98100")
COMPANION_OF_NONE = "#7b828a"
"""Colour of a null without the series that it is the null of."""

CELL_COLOURS = {-1: "#d55e00", 0: "#a9aeb4", 1: "#0072b2"}
"""Okabe and Ito's vermillion and blue, with a grey between them."""

CELL_WORDS = {-1: "violated", 0: "within error", 1: "holds"}

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
"""Plotly's names of the marks that tell neighbours apart without colour, used in turn."""

EARLY, LATE = 0.15, 0.9
"""Opacity of the first and of the last training step of a trajectory."""


def ordered(count: int) -> list[str]:
    """``count`` colours of things that have an order, first to last.

    >>> ordered(2)
    ['#2b66df', '#c98100']
    """
    anchors = np.array([_channels(colour) for colour in _ANCHORS], dtype=float)
    places = np.linspace(0, len(anchors) - 1, max(count, 2))[:count]
    mixed = [np.interp(places, np.arange(len(anchors)), channel) for channel in anchors.T]
    return [
        "#{:02x}{:02x}{:02x}".format(*np.rint(rgb).astype(int)) for rgb in zip(*mixed, strict=True)
    ]


def faded(colour: str, opacity: float) -> str:
    """A hexadecimal colour made transparent.

    >>> faded("#d55e00", 0.25)
    'rgba(213,94,0,0.25)'
    """
    red, green, blue = _channels(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def shades(count: int) -> list[float]:
    """Opacities of ``count`` successive training steps: faint at first, full at last."""
    return [
        round(float(opacity), 3) for opacity in np.linspace(EARLY, LATE, max(count, 2))[-count:]
    ]


def _channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``, each 0…255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

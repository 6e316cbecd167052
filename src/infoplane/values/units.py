"""Bits outside, nats only inside a formula that needs them."""

import math

BIT = "bit"
PURE = "1"
"""The unit of what has none, such as a dimension or a share."""
LN2 = math.log(2)
"""Nats per bit."""


def behind(unit: str) -> str:
    """A unit as it stands behind a number; nothing behind a pure one.

    >>> f"3.2{behind(BIT)}, 0.5{behind(PURE)}"
    '3.2 bit, 0.5'
    """
    return "" if unit in (PURE, "") else f" {unit}"

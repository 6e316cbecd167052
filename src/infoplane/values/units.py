"""Bits outside, nats only inside a formula that needs them."""

import math

BIT = "bit"
LN2 = math.log(2)


def bits(nats: float) -> float:
    """Converts nats to bits.

    >>> bits(math.log(8))
    3.0
    """
    return round(nats / LN2, 12)

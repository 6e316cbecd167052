"""Bits outside, nats only inside a formula that needs them."""

import math

BIT = "bit"
PURE = "1"
"""The unit of what has none, such as a dimension or a share."""
LN2 = math.log(2)
"""Nats per bit."""

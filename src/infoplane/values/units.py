"""Bits outside, nats only inside a formula that needs them."""

import math

BIT = "bit"
LN2 = math.log(2)
"""Nats per bit."""

"""The input-compression bound, which is a heuristic."""

import math

from infoplane.values.errors import InfoplaneError


def input_compression_bound(bits: float, m: int, delta: float = 0.05) -> float:
    """√((2^I + ln(2/δ))/(2m)), offered as a bound of the generalisation gap. A heuristic, no bound.

    It counts 2^I(X;T) typical inputs where a union bound counts hypotheses, so that one bit less is
    worth twice the samples. It is proved for no layer that was learned from the same samples, and
    counterexamples are known; above 1 it says nothing at all.

    Args:
        bits: I(X;T) in bits.
        m: Samples learned from.
        delta: Probability with which it may fail.

    Raises:
        InfoplaneError: No samples, a probability outside (0, 1), or no number of bits.

    >>> round(input_compression_bound(8.0, 1000), 3)
    0.36

    Source: shwartzziv2022information; hafezkolahi2019sample (why it fails).
    """
    if m < 1 or not 0 < delta < 1 or not math.isfinite(bits):
        raise InfoplaneError(
            f"bits={bits}, m={m}, delta={delta}: a finite information, at least one sample, and a "
            "probability between 0 and 1 are needed."
        )
    return math.sqrt((2**bits + math.log(2 / delta)) / (2 * m))

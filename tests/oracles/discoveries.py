"""Benjamini and Hochberg's procedure as they wrote it: sort, and look for the last one below."""

from collections.abc import Sequence


def survivors(p_values: Sequence[float], rate: float) -> set[int]:
    """Places of the hypotheses that are rejected at a false discovery rate.

    With p₍₁₎ ≤ … ≤ p₍ₘ₎, all up to the largest k with p₍ₖ₎ < k·rate/m.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    last = 0
    for k, place in enumerate(order, start=1):
        if p_values[place] < k * rate / len(order):
            last = k
    return set(order[:last])

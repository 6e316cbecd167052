"""Verdicts, effects and evidence as a reader sees them."""

import math
from collections.abc import Mapping
from typing import Any

from infoplane.report.words import number
from infoplane.values.finding import Interval, Verdict
from infoplane.values.units import behind

SIGNS = {
    Verdict.SUPPORTED: "✓",
    Verdict.CONTRADICTED: "✕",
    Verdict.UNDECIDED: "?",
    Verdict.ESTIMATOR_DEPENDENT: "≠",
    Verdict.NOT_MEASURABLE: "∅",
}
"""A sign beside the word, so that a verdict never hangs on its colour."""

_TIED = "\N{NO-BREAK SPACE}"


def interval(found: Interval, unit: str) -> str:
    """Mean and the interval around it, in words where there is none.

    >>> interval(Interval.of([0.5]), "").replace(_TIED, " ")
    '+0.5 (one value, no interval)'
    """
    mean = f"{_signed(found.mean)}{behind(unit)}".replace(" ", _TIED)
    if not math.isfinite(found.high - found.low):
        why = "one value" if found.n < 2 else "not finite"
        return f"{mean} ({why}, no interval)"
    return f"{mean} [{_signed(found.low)},{_TIED}{_signed(found.high)}]"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.0f}{_TIED}%"


def slug(verdict: Verdict) -> str:
    """The verdict as a CSS class."""
    return verdict.value.replace(" ", "-")


def plainly(value: Any) -> str:  # noqa: ANN401 — a Reading's evidence may be anything
    """Evidence in words: numbers in four digits, a group of them in one line.

    >>> plainly({"start": 0.123456, "at": 7})
    'start 0.1235, at 7'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plainly(entry)}" for name, entry in value.items())
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number(float(value)) if is_number else str(value)


def _signed(value: float) -> str:
    """Effects carry their sign, because the claim is that they are positive."""
    return f"+{number(value, 3)}" if value > 0 else number(value, 3)

"""A number in bits together with everything needed to believe it or not."""

import math
from dataclasses import dataclass, field
from typing import Literal, final

from infoplane.values.units import BIT, behind

Bound = Literal["lower", "upper"]
"""On which side of the truth a value lies."""

SATURATION = 0.95
"""A value of at least this share of its ceiling log2 n is saturated: it says n, not information."""
NINETY = 1.6448536269514722
"""A normal variable lies within so many standard deviations with a frequency of 90 %."""


def is_saturated(value: float, ceiling: float) -> bool:
    """Whether a value lies so close to log2 n that it measures the sample size alone.

    >>> is_saturated(6.5, 6.64), is_saturated(math.inf, math.inf)  # no ceiling is known
    (True, False)
    """
    return math.isfinite(ceiling) and value >= SATURATION * ceiling


@final
@dataclass(frozen=True)
class Estimate:
    """One estimated quantity with its evidence.

    Attributes:
        value: The raw value in ``unit``, never clipped: a negative one is shown as it came out.
        n: Number of samples it rests on.
        method: The estimator with all its parameters.
        stderr: Standard error, None if nobody asked for one.
        stderr_source: Where the standard error comes from, such as "5 batches of 100".
        interval: The 90 % interval that the method claims to contain the truth, None if it claims
            none.
        bound: Whether the value bounds the truth from below or from above, None if neither.
        null: Mean of the same estimate after shuffling one side, None unless asked for.
        p_value: Permutation p-value (r + 1) / (S + 1), None unless asked for; never 0.
        ceiling: The largest value the method can return with ``n`` samples, +∞ if none is known.
        bounds: What else limits the value in truth (None where no bound is known).
        unit: "bit", or "1" of what has no unit; an estimator that computes in nats divides by ln 2.
        notes: Sentences with a remedy each, such as a warning of saturation.
        shared: Whether it says what variables share, so that a null has a meaning.
    """

    value: float
    n: int
    method: str
    stderr: float | None = None
    stderr_source: str | None = None
    interval: tuple[float, float] | None = None
    bound: Bound | None = None
    null: float | None = None
    p_value: float | None = None
    ceiling: float = math.inf
    bounds: tuple[float | None, float | None] = (None, None)
    unit: str = BIT
    notes: tuple[str, ...] = field(default=())
    shared: bool = False

    @property
    def saturated(self) -> bool:
        """Whether the value itself reaches 95 % of its ceiling."""
        return is_saturated(self.value, self.ceiling)

    @property
    def above_null(self) -> float | None:
        """The value minus its permutation mean (DiME for matrix-based Rényi), in ``unit``."""
        return None if self.null is None else self.value - self.null

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        spread = "" if self.stderr is None else f" ± {self.stderr:.4f}"
        aside = [f"n = {self.n}"]
        if self.null is not None and self.p_value is not None:
            aside.insert(0, f"null {self.null:.4f}, p = {self.p_value:.3f}")
        elif self.shared:
            aside.insert(0, "no null measured")
        if self.interval is not None:
            aside.append(f"90 % interval {self.interval[0]:.4f} … {self.interval[1]:.4f}")
        if self.bound is not None:
            aside.append(f"{self.bound} bound")
        if math.isfinite(self.ceiling):
            aside.append(f"ceiling {self.ceiling:.3f}")
        if self.saturated:
            aside.append("SATURATED")
        return f"{self.value:.4f}{spread}{behind(self.unit)} ({', '.join(aside)})"

"""A claim of a paper as a statement with an effect, an interval, controls and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, final

import numpy as np
from scipy.special import stdtr, stdtrit

from infoplane.values.errors import InfoplaneError
from infoplane.values.replicates import Replicate

LEVEL = 0.90
"""Level of every verdict's interval."""
NO_ESTIMATOR = "none"
"""Who reads what needs none, such as an error."""


@cache
def half_width(n: int) -> float:
    """Half of the t-interval of ``n`` ≥ 2 independent samples at ``LEVEL``, in standard errors.

    >>> round(half_width(3), 3)
    2.92
    """
    return float(stdtrit(n - 1, (1 + LEVEL) / 2))


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    ESTIMATOR_DEPENDENT = "estimator-dependent"
    NOT_MEASURABLE = "not measurable"

    @property
    def meaning(self) -> str:
        """One sentence for a reader."""
        return _MEANINGS[self]


_MEANINGS = {
    Verdict.SUPPORTED: "The interval of every part of the effect lies above zero.",
    Verdict.CONTRADICTED: "A part of the effect lies below zero; of a claim with several parts the "
    "interval is widened for their number, because the worst of many is chosen by looking.",
    Verdict.UNDECIDED: "Under one rule at least, the interval of the effect contains zero, or "
    "would if it were widened for the number of the claim's parts.",
    Verdict.ESTIMATOR_DEPENDENT: "One estimator, or kernel-width rule, supports what another "
    "contradicts.",
    Verdict.NOT_MEASURABLE: "The values it rests on are saturated at log2 n.",
}


@final
@dataclass(frozen=True)
class Interval:
    """A mean with its two-sided t-interval at ``LEVEL``, and the p-value of "the mean is zero"."""

    mean: float
    low: float
    high: float
    p_value: float
    n: int

    @staticmethod
    def of(samples: Sequence[float] | np.ndarray) -> "Interval":
        """The t-interval of independent samples.

        One sample alone has an infinite interval and p = 1, and so have samples whose mean or
        error is not a finite number: they say nothing of where the mean lies.

        Raises:
            InfoplaneError: A sample is NaN.

        >>> Interval.of([1.0, 2.0, 3.0]).low.__round__(3)
        0.314
        """
        values = np.asarray(samples, dtype=float)
        if np.isnan(values).any():
            raise InfoplaneError(f"An interval of {values.tolist()}: something was not measured.")
        n = len(values)
        with np.errstate(invalid="ignore", over="ignore"):  # infinite samples, or nearly so
            mean = float(values.mean())
            error = float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
        if not (math.isfinite(mean) and math.isfinite(error)):
            return Interval(mean, -math.inf, math.inf, 1.0, n)
        half = half_width(n) * error
        p_value = float(2 * stdtr(n - 1, -abs(mean) / error)) if error > 0 else float(mean == 0)
        return Interval(mean, mean - half, mean + half, p_value, n)


@final
@dataclass(frozen=True)
class Reading:
    """A claim as one estimator reads it.

    A claim may have parts, such as the links of a chain, and holds only if every part does.

    Attributes:
        estimator: Name of the estimator along the Trace's ``estimator`` dimension, or
            ``NO_ESTIMATOR``.
        parts: The effect of each part; the claim says that all are positive.
        controls: The same on every control, by its name: where the claim has no reason to hold.
        saturated: Share (0…1) of the values it rests on that are saturated.
        evidence: Named numbers behind the effect, such as the share of steps at which it holds.
    """

    estimator: str
    parts: Mapping[str, Interval]
    controls: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    saturated: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """The estimator, as it stands before an effect; nothing where none is needed."""
        return "" if self.estimator == NO_ESTIMATOR else self.estimator

    @property
    def weakest(self) -> str:
        """The part on which the verdict rests.

        Of a contradicted claim the most certainly negative one, so that the interval shown is the
        one that contradicts; else the one with the least lower limit.
        """
        if self.verdict is Verdict.CONTRADICTED:
            negative = [name for name, part in self.parts.items() if part.mean < 0]
            return min(negative, key=lambda name: self.parts[name].p_value)
        return min(self.parts, key=lambda name: self.parts[name].low)

    @property
    def effect(self) -> Interval:
        """The effect of the weakest part."""
        return self.parts[self.weakest]

    @property
    def at_controls(self) -> dict[str, Interval]:
        """What every control shows of the weakest part."""
        return {name: parts[self.weakest] for name, parts in self.controls.items()}

    @property
    def verdict(self) -> Verdict:
        """By the intervals of all parts; not measurable if most of what it rests on is saturated.

        Supported if every part's interval lies above zero (no correction is needed to claim them
        all); contradicted if any lies below zero at the level corrected for their number, because
        the worst of many is chosen by looking.
        """
        if self.saturated > 0.5:
            return Verdict.NOT_MEASURABLE
        if self.p_supported < 1 - LEVEL:
            return Verdict.SUPPORTED
        if self.p_contradicted < 1 - LEVEL:
            return Verdict.CONTRADICTED
        return Verdict.UNDECIDED

    @property
    def p_supported(self) -> float:
        """Of "some part is not positive": the largest of the parts', 1 if a mean is not positive.

        An interval lies above zero exactly if its mean is positive and its p-value less than
        1 − ``LEVEL``.
        """
        return max(part.p_value if part.mean > 0 else 1.0 for part in self.parts.values())

    @property
    def p_contradicted(self) -> float:
        """Of "no part is negative": the smallest of the negative parts', times their number.

        The number is that of all parts (Bonferroni); at most 1, and 1 if none is negative.
        """
        negative = [part.p_value for part in self.parts.values() if part.mean < 0]
        return min(1.0, len(self.parts) * min(negative, default=1.0))

    @property
    def p_value(self) -> float:
        """Of "the effect is zero": less than 1 − ``LEVEL`` exactly if the reading is decided."""
        return min(self.p_supported, self.p_contradicted)

    @property
    def n(self) -> int:
        """How many independent samples the interval of the fewest-sampled part is of."""
        return min(part.n for part in self.parts.values())

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The controls on which the claim holds as well: then what they lack is not its cause."""
        if self.verdict is not Verdict.SUPPORTED:
            return ()
        return tuple(
            name
            for name, parts in self.controls.items()
            if all(part.low > 0 for part in parts.values())
        )


@final
@dataclass(frozen=True)
class Finding:
    """A claim, where it comes from, and what each estimator says of it.

    Attributes:
        key: Short name, unique within an experiment.
        statement: The claim in words.
        source: Key in ``references.bib`` and place, such as "yu2019understanding, type-I DPI".
        readings: One per estimator.
        unit: Unit of the effects.
        spread: What the intervals run over, such as "5 probe batches, one seed".
        notes: Sentences a reader needs to judge it.
        over: What the intervals run over. Unless it is told they speak of one network, which
            claims less.
    """

    key: str
    statement: str
    source: str
    readings: tuple[Reading, ...]
    unit: str
    spread: str
    notes: tuple[str, ...] = ()
    over: Replicate = Replicate.BATCH

    @property
    def verdict(self) -> Verdict:
        """The common verdict of the measurable readings.

        Estimator-dependent if one supports what another contradicts; undecided if any of them
        decides nothing. A reading that cannot measure has no vote; ``unmeasured`` names it.
        """
        decided = {reading.verdict for reading in self.readings} - {Verdict.NOT_MEASURABLE}
        if not decided:
            return Verdict.NOT_MEASURABLE
        if {Verdict.SUPPORTED, Verdict.CONTRADICTED} <= decided:
            return Verdict.ESTIMATOR_DEPENDENT
        return Verdict.UNDECIDED if Verdict.UNDECIDED in decided else decided.pop()

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Estimators whose values are saturated, so that the verdict is not theirs."""
        return tuple(
            reading.estimator
            for reading in self.readings
            if reading.verdict is Verdict.NOT_MEASURABLE
        )


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON with its verdicts; an infinite limit becomes null."""
    readings = [
        {
            "estimator": reading.estimator,
            "verdict": str(reading.verdict),
            "weakest part": reading.weakest,
            "parts": _limits(reading.parts),
            "controls": {name: _limits(parts) for name, parts in reading.controls.items()},
            "shared with": list(reading.shared_with),
            "saturated": reading.saturated,
            "evidence": dict(reading.evidence),
        }
        for reading in finding.readings
    ]
    return {
        "key": finding.key,
        "statement": finding.statement,
        "source": finding.source,
        "verdict": str(finding.verdict),
        "unit": finding.unit,
        "spread": finding.spread,
        "notes": list(finding.notes),
        "readings": readings,
    }


def _limits(parts: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Intervals as plain numbers, null where a limit is infinite."""
    return {
        name: {key: x if math.isfinite(x) else None for key, x in asdict(interval).items()}
        for name, interval in parts.items()
    }

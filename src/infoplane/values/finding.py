"""A claim of a paper as a statement with an effect, an interval, a control and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, final

import numpy as np
from scipy import stats

LEVEL = 0.90
"""Level of every verdict's interval."""


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
    Verdict.SUPPORTED: "The interval of the effect lies above zero.",
    Verdict.CONTRADICTED: "The interval of the effect lies below zero.",
    Verdict.UNDECIDED: "The interval of the effect contains zero.",
    Verdict.ESTIMATOR_DEPENDENT: "The kernel-width rules decide differently.",
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
        """The t-interval of independent samples; one sample alone has an infinite interval.

        >>> Interval.of([1.0, 2.0, 3.0]).low.__round__(3)
        0.314
        """
        values = np.asarray(samples, dtype=float)
        mean, n = float(values.mean()), len(values)
        if n < 2:
            return Interval(mean, -math.inf, math.inf, 1.0, n)
        error = float(values.std(ddof=1)) / math.sqrt(n)
        half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * error
        p_value = float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error > 0 else float(mean == 0)
        return Interval(mean, mean - half, mean + half, p_value, n)


@final
@dataclass(frozen=True)
class Reading:
    """A claim's effect as one estimator reads it.

    Attributes:
        estimator: Name of the estimator along the Trace's ``estimator`` dimension.
        effect: The effect; the claim says that it is positive.
        control: The same statistic on the untrained network, None where it has no meaning there.
        saturated: Share (0…1) of the values it rests on that are saturated.
        evidence: Named numbers behind the effect, such as the share of steps at which it holds.
    """

    estimator: str
    effect: Interval
    control: Interval | None = None
    saturated: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """By the interval; not measurable if most of what it rests on is saturated."""
        if self.saturated > 0.5:
            return Verdict.NOT_MEASURABLE
        if self.effect.low > 0:
            return Verdict.SUPPORTED
        if self.effect.high < 0:
            return Verdict.CONTRADICTED
        return Verdict.UNDECIDED

    @property
    def shared_with_control(self) -> bool:
        """Whether the untrained network shows the same effect: then learning is not its cause."""
        return self.control is not None and self.control.low > 0 and self.effect.low > 0


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
    """

    key: str
    statement: str
    source: str
    readings: tuple[Reading, ...]
    unit: str
    spread: str
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The common verdict of the measurable readings; estimator-dependent if they differ."""
        verdicts = {reading.verdict for reading in self.readings}
        decided = verdicts - {Verdict.NOT_MEASURABLE}
        if not decided:
            return Verdict.NOT_MEASURABLE
        return decided.pop() if len(decided) == 1 else Verdict.ESTIMATOR_DEPENDENT


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON with its verdicts; an infinite limit becomes null."""
    readings = [
        {
            "estimator": reading.estimator,
            "verdict": str(reading.verdict),
            "effect": _finite(asdict(reading.effect)),
            "control": None if reading.control is None else _finite(asdict(reading.control)),
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


def _finite(numbers: dict[str, float]) -> dict[str, float | None]:
    return {name: x if math.isfinite(x) else None for name, x in numbers.items()}

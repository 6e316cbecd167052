"""Sentences at the top of a report that every experiment has."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from infoplane.values.finding import Finding, Verdict
from infoplane.values.trace import Trace, probes


def verdicts_told(findings: Sequence[Finding]) -> list[str]:
    """How many claims have which verdict, in a sentence; none of none."""
    if not findings:
        return []
    found = Counter(finding.verdict for finding in findings)
    told = ", ".join(f"{found[verdict]} {verdict}" for verdict in Verdict if found[verdict])
    return [f"Of {numbered(len(findings), 'claim')}: {told}."]


def unmeasured_told(findings: Sequence[Finding]) -> list[str]:
    """Under which estimators some claims rest on saturated values, in a sentence; none of none."""
    names = sorted({name for finding in findings for name in finding.unmeasured})
    told = f"Saturated at log₂ n, and so without a vote on some claims: {', '.join(names)}."
    return [told] if names else []


def learned(errors: np.ndarray, words: str = "test error") -> str:
    """How an error went from the first moment to the last, shape (snapshot,)."""
    if not np.isfinite(errors[-1]):
        return f"the {words} was {errors[0]:.4f} at first and is no number at the end"
    return f"the {words} went from {errors[0]:.4f} to {errors[-1]:.4f}"


def probe_told(trace: Trace) -> list[str]:
    """Which of several probes the claims are about, in a sentence; none of one alone."""
    names = probes(trace)
    return [f"Claims are judged on the {names[-1]} samples."] if len(names) > 1 else []


def numbered(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> numbered(1, "batch", "batches"), numbered(2, "layer")
    ('1 batch', '2 layers')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"

"""Every claim with what each run says of it, and the comparison in a few sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from infoplane.experiments.comparison.common import FEW, VARIABLES, Runs, noun
from infoplane.experiments.comparison.conditions import incomparable, unknown
from infoplane.experiments.comparison.doubts import saturation
from infoplane.experiments.comparison.naming import differing, short_names
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import Finding

PARTS = re.compile(r", (?![^(]*\))")
"""What parts a description: commas that stand in no brackets."""


@final
@dataclass(frozen=True)
class Judged:
    """One claim, and what every run says of it.

    Attributes:
        key: Its short name.
        statement: The claim in words.
        source: Where it comes from.
        findings: By run; a run that was not asked is absent.
    """

    key: str
    statement: str
    source: str
    findings: Mapping[str, Finding]

    @property
    def agreed(self) -> bool:
        """Whether all runs that were asked have the same verdict."""
        return len({found.verdict for found in self.findings.values()}) == 1


def judged(findings: Mapping[str, Sequence[Finding]]) -> list[Judged]:
    """Claims in order of first appearance; only the same words are the same claim.

    Args:
        findings: What every run found, by its name.
    """
    claims: dict[tuple[str, str], Judged] = {}
    for run, found in findings.items():
        for one in found:
            words = (one.key, one.statement)
            before = claims.get(words, Judged(*words, one.source, {}))
            claims[words] = replace(before, findings={**before.findings, run: one})
    return list(claims.values())


def summary(runs: Runs, claims: Sequence[Judged]) -> list[str]:
    """What is compared, whether values may be, where the verdicts part, what is saturated.

    Of runs without an information plane neither comparability nor saturation is asked.
    """
    planes = any(variable in trace for trace in runs.values() for variable in VARIABLES)
    full = [saturation(runs)] if planes else []
    if len(runs) == 1:
        findings = [found for claim in claims for found in claim.findings.values()]
        return [_described(runs), *verdicts_told(findings), *full]
    common = [claim for claim in claims if len(claim.findings) == len(runs)]
    doubts = [_comparability(incomparable(runs), unknown(runs), noun(runs))] if planes else []
    return [_described(runs), *doubts, _agreement(common, noun(runs)), *full]


def _described(runs: Runs) -> str:
    """What they are: each in its own words if they are few, else by what they differ in."""
    count = len(runs)
    if count == 1:
        ((_, trace),) = runs.items()
        return f"{trace.attrs.get('description', 'One run')}."
    if count <= FEW:
        told = [PARTS.split(str(one.attrs.get("description", "run"))) for one in runs.values()]
        common = [part for part in told[0] if all(part in parts for parts in told)]
        own = [", ".join(part for part in parts if part not in common) for parts in told]
        each = [
            f"{name} ({words})" if words else name for name, words in zip(runs, own, strict=True)
        ]
        alike = f" In all: {', '.join(common)}." if common else ""
        return f"{count} {noun(runs)}s side by side: {'; '.join(each)}.{alike}"
    different = differing(list(runs.values()))
    short = short_names(different)
    ways = [f"{short[key]} ({_range(told)})" for key, told in different.items()]
    return f"{count} {noun(runs)}s side by side, which differ in {'; '.join(ways) or 'nothing'}."


def _range(told: Sequence[str]) -> str:
    """The values of a setting, in order of first appearance; of many the first and the last."""
    values = list(dict.fromkeys(told))
    return ", ".join(values) if len(values) <= 2 * FEW else f"{values[0]} … {values[-1]}"


def _comparability(doubts: Sequence[str], unknown: Sequence[str], kind: str) -> str:
    if not doubts and not unknown:
        return "n, estimators, data, X and Y are the same in all, so that values can be compared."
    if not doubts:
        return (
            f"Nothing that the {kind}s tell of how they were measured differs; but not all of them "
            f"tell their {', '.join(unknown)}: compare values only where you know it to be the "
            "same."
        )
    return f"Absolute values are NOT comparable between all of these {kind}s. {' '.join(doubts)}"


def _agreement(common: Sequence[Judged], kind: str) -> str:
    """How many claims that all of them were asked have one verdict, and which have not."""
    if not common:
        return f"There is no claim that all {kind}s were asked."
    parted = [claim.key for claim in common if not claim.agreed]
    agreed = f"{len(common) - len(parted)} of {len(common)} claims that all {kind}s were asked"
    on = f"; they part on {', '.join(parted)}" if parted else ""
    return f"The verdicts agree on {agreed}{on}."

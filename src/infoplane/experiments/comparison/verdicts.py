"""Every claim with what each run says of it, and the comparison in a few sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from infoplane.experiments.comparison.common import Runs
from infoplane.experiments.comparison.conditions import incomparable, unknown
from infoplane.experiments.comparison.doubts import saturation
from infoplane.values.finding import Finding


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
    """What is compared, whether values may be, where the verdicts part, what is saturated."""
    described = [f"{name} ({one.attrs.get('description', 'run')})" for name, one in runs.items()]
    return [
        f"{len(runs)} runs side by side: {'; '.join(described)}.",
        _comparability(incomparable(runs), unknown(runs)),
        _agreement([claim for claim in claims if len(claim.findings) == len(runs)]),
        saturation(runs),
    ]


def _comparability(doubts: Sequence[str], unknown: Sequence[str]) -> str:
    if not doubts and not unknown:
        return "n, estimators, data, X and Y are the same in all, so that values can be compared."
    if not doubts:
        return (
            "Nothing that the runs tell of how they were measured differs; but not all of them "
            f"tell their {', '.join(unknown)}: compare values only where you know it to be the "
            "same."
        )
    return f"Absolute values are NOT comparable between all of these runs. {' '.join(doubts)}"


def _agreement(common: Sequence[Judged]) -> str:
    """How many claims that all runs were asked have one verdict, and which have not."""
    if not common:
        return "There is no claim that all runs were asked."
    parted = [claim.key for claim in common if not claim.agreed]
    agreed = f"{len(common) - len(parted)} of {len(common)} claims that all runs were asked"
    on = f"; they part on {', '.join(parted)}" if parted else ""
    return f"The verdicts agree on {agreed}{on}."

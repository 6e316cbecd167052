"""What a verdict is worth among many: all readings of all settings, at one false discovery rate.

Readings over trainings and readings over the probe batches of one network answer other questions,
and are corrected apart: batches of one network are no repetitions of its training.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from infoplane.quantities.discoveries import q_values
from infoplane.values.finding import LEVEL, Finding, Reading, Verdict
from infoplane.values.replicates import Replicate

RATE = 1 - LEVEL
"""The false discovery rate: the share of wrong ones that is expected among what stays decided."""
SOURCE = "benjamini1995controlling"


@final
@dataclass(frozen=True)
class Entry:
    """One claim in one setting as one estimator reads it.

    Attributes:
        setting: Name of the setting.
        claim: Short name of the claim.
        statement: The claim in words: only the same words are the same claim.
        estimator: Name of the estimator.
        verdict: What the reading says by itself.
        p_value: That of the reading.
        q_value: The least false discovery rate at which it stays decided among all of its family.
        over: What its interval runs over.
    """

    setting: str
    claim: str
    statement: str
    estimator: str
    verdict: Verdict
    p_value: float
    q_value: float
    over: Replicate

    @property
    def decided(self) -> bool:
        """Whether it is decided by itself."""
        return self.p_value < RATE

    @property
    def survives(self) -> bool:
        """Whether it stays decided among its family; then it is decided by itself, too."""
        return self.q_value < RATE


@final
@dataclass(frozen=True)
class Ledger:
    """Every reading that could have been decided, in the order of the settings.

    A reading of a single sample, or one whose values are saturated, cannot be decided and is not
    among them.

    Attributes:
        entries: The readings.
    """

    entries: tuple[Entry, ...]

    @staticmethod
    def of(findings: Mapping[str, Sequence[Finding]]) -> "Ledger":
        """The ledger of findings by setting, each family corrected after Benjamini and Hochberg.

        See ``benjamini1995controlling`` in ``references.bib``.
        """
        asked = [
            (setting, finding, reading)
            for setting, found in findings.items()
            for finding in found
            for reading in finding.readings
            if reading.verdict is not Verdict.NOT_MEASURABLE and reading.n >= 2
        ]
        corrected = {
            of_training: iter(
                q_values(
                    [
                        reading.p_value
                        for _, finding, reading in asked
                        if finding.over.is_training == of_training
                    ]
                )
            )
            for of_training in (True, False)
        }
        return Ledger(
            tuple(_entry(*one, next(corrected[one[1].over.is_training])) for one in asked)
        )

    @property
    def families(self) -> list["Ledger"]:
        """Over trainings, and over probe batches: what is corrected together; none is empty."""
        parted = [
            tuple(one for one in self.entries if one.over.is_training == of_training)
            for of_training in (True, False)
        ]
        return [Ledger(entries) for entries in parted if entries]

    @property
    def decided(self) -> list[Entry]:
        """What is decided by itself."""
        return [one for one in self.entries if one.decided]

    @property
    def lost(self) -> list[Entry]:
        """What is decided by itself, and not among its family."""
        return [one for one in self.decided if not one.survives]

    @property
    def by_chance(self) -> float:
        """How many would be decided, at most and on average, were no effect anywhere."""
        return RATE * len(self.entries)

    @cached_property
    def _found(self) -> Mapping[tuple[str, str, str, str], Entry]:
        return {(one.setting, one.claim, one.statement, one.estimator): one for one in self.entries}

    def entry(self, setting: str, finding: Finding, estimator: str) -> Entry | None:
        """What is known of a reading, None if it cannot be decided."""
        return self._found.get((setting, finding.key, finding.statement, estimator))

    def is_lost(self, setting: str, finding: Finding, estimator: str) -> bool:
        """Whether a reading is decided by itself and not among its family."""
        entry = self.entry(setting, finding, estimator)
        return entry is not None and entry.decided and not entry.survives

    def words(self, source: str = SOURCE) -> list[str]:
        """The ledger in sentences, family by family; none of one reading alone.

        Args:
            source: How the reader is told of Benjamini and Hochberg.
        """
        if len(self.entries) < 2:
            return []
        told = [sentence for family in self.families for sentence in family._told(source)]
        assumed = (
            "This takes readings to be independent, or to err in the same direction; those of the "
            "same runs need not."
        )
        return [*told, assumed]

    def _told(self, source: str) -> Iterator[str]:
        """The sentences of one family."""
        decided, lost = len(self.decided), len(self.lost)
        yield (
            f"Of {len(self.entries)} readings over {_kinds(self.entries)} (a claim in one setting "
            f"under one estimator) {decided} are decided at {LEVEL:.0%}; by chance alone one would "
            f"expect at most {self.by_chance:.1f}."
        )
        yield (
            f"At a false discovery rate of {RATE:.0%} (Benjamini and Hochberg {source}) "
            f"{decided - lost} of them stay decided{_losses(self.lost)}."
        )
        if not self.entries[0].over.is_training:
            yield "Those over probe batches speak of one network each, not of its training."


def _entry(setting: str, finding: Finding, reading: Reading, q_value: float) -> Entry:
    return Entry(
        setting,
        finding.key,
        finding.statement,
        reading.estimator,
        reading.verdict,
        reading.p_value,
        q_value,
        finding.over,
    )


def _losses(lost: Sequence[Entry]) -> str:
    """Which do not: claim by claim, with the number of settings and estimators."""
    if not lost:
        return ""
    counted = Counter(one.claim for one in lost)
    told = ", ".join(f"{claim} ({count})" for claim, count in counted.most_common())
    return f"; {len(lost)} do not: {told}"


def _kinds(entries: Sequence[Entry]) -> str:
    """What the intervals run over, in words."""
    found = {one.over for one in entries}
    return " or ".join(one.several for one in Replicate if one in found)

"""Verdicts as tables of a terminal."""

import math
from collections.abc import Collection, Mapping, Sequence

from rich.table import Table

from infoplane.analysis.ledger import Ledger
from infoplane.cli.console import console
from infoplane.comparing import HEADING, LOST, NOT_ASKED, Comparison
from infoplane.experiments.comparison.verdicts import Judged
from infoplane.values.finding import Finding, Interval, Reading
from infoplane.values.units import behind

SIDE_BY_SIDE = 4
"""So many columns of verdicts fit into a terminal."""
WIDE = 120
"""Characters from which on controls stand beside the effects; otherwise they stand below them."""


def print_findings(
    found: Sequence[Finding], lost: Collection[tuple[str, str]] = frozenset()
) -> None:
    """One line per claim and estimator, the verdict in words.

    Args:
        found: The claims.
        lost: Claims and estimators whose reading is decided by itself, and not among many.
    """
    if not found:
        console.print("This experiment makes no claims.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    beside = console.width >= WIDE
    numbers = ["effect (90 %)", "controls"] if beside else ["effect (90 %)"]
    for heading in ("claim", "verdict", "estimator", *numbers, ""):
        table.add_column(heading, no_wrap=heading != numbers[-1])
    for finding in found:
        for i, reading in enumerate(finding.readings):
            effect = reading.effect
            digits = _digits(effect)
            told = f"{effect.mean:+.{digits}f} {_half(effect, digits)}{behind(finding.unit)}"
            shown = "\n".join(_controls(reading))
            table.add_row(
                finding.key if i == 0 else "",
                str(finding.verdict) if i == 0 else "",
                reading.estimator,
                *((told, shown) if beside else (f"{told}\n{shown}".rstrip(),)),
                LOST if (finding.key, reading.estimator) in lost else "",
            )
    console.print(table)
    console.print(f"Intervals over {found[0].spread}.")


def _controls(reading: Reading) -> list[str]:
    """What every control shows of the weakest part, and whether it shows the claim as well."""
    digits = _digits(reading.effect)
    return [
        f"{found.mean:+.{digits}f} {'too, ' if name in reading.shared_with else ''}{name}"
        for name, found in reading.at_controls.items()
    ]


def print_together(comparison: Comparison) -> None:
    """What runs say together that differ in the one setting which their experiment compares."""
    for name, one in comparison.together.items():
        console.print(f"{HEADING}: {name}", soft_wrap=True)
        print_findings(one.read.findings, _lost(name, one.read.findings, comparison.ledger))
        for sentence in one.summary:
            console.print(sentence, soft_wrap=True)
        console.print()


def print_matrix(comparison: Comparison) -> None:
    """Claims by runs or settings, the verdicts in words; of many, which have which verdict."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    if len(comparison.columns) > SIDE_BY_SIDE:
        _by_verdict(comparison, table)
    else:
        for heading in ("claim", *comparison.columns):
            table.add_column(heading, overflow="fold")
        for claim in comparison.claims:
            table.add_row(claim.key, *(_said(claim, name) for name in comparison.columns))
    if table.row_count:
        console.print(table)


def _by_verdict(comparison: Comparison, table: Table) -> None:
    """A line for every claim and verdict, with the settings that have it."""
    for heading in ("claim", "verdict", "in"):
        table.add_column(heading, overflow="fold")
    for claim in comparison.claims:
        said: dict[str, list[str]] = {}
        for name in comparison.columns:
            said.setdefault(_said(claim, name), []).append(name)
        few_first = sorted(said.items(), key=lambda one: len(one[1]))
        for place, (verdict, names) in enumerate(few_first):
            where = f"{len(names)}: {'; '.join(names)}"
            if 2 * len(names) > len(comparison.columns):
                where = f"{'all' if len(said) == 1 else 'the other'} {len(names)} settings"
            table.add_row(claim.key if place == 0 else "", verdict, where)


def _said(claim: Judged, name: str) -> str:
    found = claim.findings.get(name)
    return NOT_ASKED if found is None else str(found.verdict)


def _digits(interval: Interval) -> int:
    """Decimals that show an effect and half its interval: three, or more where these say nothing.

    >>> _digits(Interval.of([0.1, 0.2])), _digits(Interval.of([0.00011, 0.00012]))
    (3, 6)
    """
    half = interval.high - interval.mean
    size = half if math.isfinite(half) and half > 0 else abs(interval.mean)
    return 3 if size == 0 else min(9, max(3, 1 - math.floor(math.log10(size))))


def _half(interval: Interval, digits: int) -> str:
    """Half of the interval, if there is one."""
    half = interval.high - interval.mean
    return f"± {half:.{digits}f}" if math.isfinite(half) else "(one value)"


def print_settings(findings: Mapping[str, Sequence[Finding]], ledger: Ledger) -> None:
    """The verdicts of every setting; a reading that is lost among all is marked."""
    for setting, found in findings.items():
        if len(findings) > 1:
            console.print(f"{setting}:")
        print_findings(found, _lost(setting, found, ledger))
        console.print()


def _lost(name: str, found: Sequence[Finding], ledger: Ledger) -> set[tuple[str, str]]:
    """Claims and estimators of a setting or family whose reading is not decided among all."""
    return {
        (one.key, reading.estimator)
        for one in found
        for reading in one.readings
        if ledger.is_lost(name, one, reading.estimator)
    }


def print_spreads(findings: Mapping[str, Sequence[Finding]]) -> None:
    """What the intervals of a sweep run over; one seed says nothing about training."""
    spreads = dict.fromkeys(one.spread for found in findings.values() for one in found)
    if spreads:
        alone = any("one seed" in spread for spread in spreads)
        hint = " Add --seeds: one seed is one network, not training." if alone else ""
        console.print(f"Intervals over {'; '.join(spreads)}.{hint}", soft_wrap=True)


def print_ledger(ledger: Ledger) -> None:
    """What all verdicts are worth together."""
    console.print(" ".join(ledger.words("1995")), soft_wrap=True)

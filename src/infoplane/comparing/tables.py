"""The tables of a comparison: what differs, verdicts at a glance, and verdicts with effects."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from infoplane.analysis.across import SEEDS
from infoplane.analysis.ledger import SOURCE, Ledger
from infoplane.experiments.comparison.common import Runs
from infoplane.experiments.comparison.naming import differing
from infoplane.experiments.comparison.verdicts import Judged
from infoplane.report.readings import SIGNS, interval
from infoplane.report.references import Citations
from infoplane.values.finding import LEVEL, NO_ESTIMATOR, Finding, Verdict
from infoplane.values.table import Cell, Table
from infoplane.values.trace import settings_of

NOT_ASKED = "not asked"
LOST = "not after BH"
"""What stands beside a reading that is decided by itself, and not among all."""
FEW = 2
"""So many columns are seen at a glance without a table for it."""

MANY = 6
"""Of more columns than this the settings are lines of a table, which is shown on demand."""


def settings_table(runs: Runs, folders: Mapping[str, Sequence[Path]]) -> Table:
    """What differs, and where the runs of each column lie; a line per column if there are many.

    Args:
        runs: The columns' Traces.
        folders: The folders of each column's runs.
    """
    different = differing(list(runs.values()))
    parent, places = _places(folders)
    rows = [
        *((Cell((key,)), *(Cell((one,)) for one in values)) for key, values in different.items()),
        *_seeds(runs),
        (Cell(("folder",)), *(Cell((", ".join(places[name]),)) for name in runs)),
    ]
    words = ["All other settings that were recorded are the same."]
    table = Table(
        "Settings that differ" if different else "Runs",
        ("setting", *runs),
        tuple(rows),
        " ".join([*(words if len(runs) > 1 else []), *parent]),
    )
    return replace(table.transposed, folded=True) if len(runs) > MANY else table


def _seeds(runs: Runs) -> Iterator[tuple[Cell, ...]]:
    """The seeds of each setting, if columns are settings."""
    known = [settings_of(trace) for trace in runs.values()]
    if any(SEEDS in one for one in known):
        listed = [one.get(SEEDS, []) for one in known]
        yield Cell((SEEDS,)), *(Cell((", ".join(map(str, one)),)) for one in listed)


def _places(folders: Mapping[str, Sequence[Path]]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Where all folders lie, if some column has several, and what is left of each path."""
    every = [str(folder) for members in folders.values() for folder in members]
    whole = {name: tuple(str(one) for one in members) for name, members in folders.items()}
    if all(len(members) == 1 for members in folders.values()):
        return [], whole
    parent = os.path.commonpath([os.path.abspath(one) for one in every])
    rest = {
        name: tuple(os.path.relpath(one, parent) for one in members)
        for name, members in whole.items()
    }
    return [f"The folders lie in {parent}."], rest


def verdict_tables(
    claims: Sequence[Judged], runs: Sequence[str], ledger: Ledger, citations: Citations
) -> list[Table]:
    """All verdicts at a glance if there are many columns, and each with its effects.

    The first table has the ledger's sentences.
    """
    if not claims:
        return []
    tables = [_effects(claims, runs, ledger, citations)]
    if len(runs) > FEW:
        tables.insert(0, _glance(claims, runs, ledger))
    marked = [f"Readings that do not stay decided are marked “{LOST}”."] if ledger.lost else []
    words = (*ledger.words(citations.cite(SOURCE)), *marked)
    return [_worded(tables[0], words), *tables[1:]]


def _worded(table: Table, words: tuple[str, ...]) -> Table:
    return replace(table, words=words)


def _glance(claims: Sequence[Judged], runs: Sequence[str], ledger: Ledger) -> Table:
    """A sign per claim and column, with how many have which."""
    prefix, names = _shared_prefix(runs)
    estimators = list(
        dict.fromkeys(
            reading.estimator
            for claim in claims
            for finding in claim.findings.values()
            for reading in finding.readings
            if reading.who
        )
    )
    rows = [
        (
            Cell((claim.statement, _counted(claim))),
            *(_sign(name, claim.findings.get(name), estimators, ledger) for name in runs),
        )
        for claim in claims
    ]
    signs = ", ".join(f"{SIGNS[verdict]} {verdict}" for verdict in Verdict)
    return Table(
        "What holds where",
        (f"claim, by {prefix}" if prefix else "claim", *names),
        tuple(rows),
        f"{signs}. {_order(estimators)}In brackets: {LOST}.",
        dense=True,
    )


def _shared_prefix(names: Sequence[str]) -> tuple[str, list[str]]:
    """The one setting that all names are values of, and the values; else the names.

    >>> _shared_prefix(["k=4", "k=10"]), _shared_prefix(["a", "b"])
    (('k', ['4', '10']), ('', ['a', 'b']))
    """
    parted = [name.partition("=") for name in names]
    keys = {key for key, _, _ in parted}
    if len(keys) == 1 and all(sign and "=" not in rest for _, sign, rest in parted):
        return keys.pop(), [rest for _, _, rest in parted]
    return "", list(names)


def _counted(claim: Judged) -> str:
    """In how many columns a claim has which verdict."""
    counted = Counter(found.verdict for found in claim.findings.values())
    return "\N{NO-BREAK SPACE} ".join(
        f"{counted[verdict]}\N{NO-BREAK SPACE}{SIGNS[verdict]}"
        for verdict in Verdict
        if counted[verdict]
    )


def _order(estimators: Sequence[str]) -> str:
    """What several signs in one place are, and what their colour is."""
    if len(estimators) < 2:
        return ""
    return (
        f"One sign per estimator, in the order {', '.join(estimators)}, in the colour of what all "
        "of them say together, which is counted. "
    )


def _sign(name: str, finding: Finding | None, estimators: Sequence[str], ledger: Ledger) -> Cell:
    """The verdict of one column as a sign per estimator, or as one where none is needed."""
    if finding is None:
        return Cell(("–",))
    readings = {one.estimator: one for one in finding.readings}
    signs, words = [], []
    for estimator in [NO_ESTIMATOR] if NO_ESTIMATOR in readings else estimators:
        reading = readings.get(estimator)
        lost = ledger.is_lost(name, finding, estimator)
        sign = "–" if reading is None else SIGNS[reading.verdict]
        signs.append(f"({sign})" if lost else sign)
        told = "no reading" if reading is None else str(reading.verdict)
        who = "" if estimator == NO_ESTIMATOR else f"{estimator}: "
        words.append(who + told + (f", {LOST}" if lost else ""))
    return Cell((f"{name}: {'; '.join(words)}",), finding.verdict, " ".join(signs))


def _effects(
    claims: Sequence[Judged], runs: Sequence[str], ledger: Ledger, citations: Citations
) -> Table:
    """Claims by columns: the verdict, and the effect under every estimator."""
    rows = [
        (
            Cell((claim.statement, f"{claim.key}: {citations.cite(claim.source)}")),
            *(_verdict(name, claim.findings.get(name), ledger) for name in runs),
        )
        for claim in claims
    ]
    return Table(
        "Verdicts",
        ("claim", *runs),
        tuple(rows),
        f"Every claim is that its effect is positive. Brackets hold the {LEVEL:.0%} interval of "
        "the weakest part's effect.",
    )


def _verdict(name: str, finding: Finding | None, ledger: Ledger) -> Cell:
    """What one column says of a claim."""
    if finding is None:
        return Cell((NOT_ASKED,))
    readings = [
        (f"{reading.who}: " if reading.who else "")
        + interval(reading.effect, finding.unit)
        + (f", {reading.saturated:.0%} saturated" if reading.saturated else "")
        + (f"; {', '.join(reading.shared_with)} too" if reading.shared_with else "")
        + (f"; {LOST}" if ledger.is_lost(name, finding, reading.estimator) else "")
        for reading in finding.readings
    ]
    return Cell((*readings, f"over {finding.spread}"), finding.verdict)

"""Runs, or several seeds of several settings, become one page."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

from infoplane.analysis.ledger import Ledger
from infoplane.comparing.column import Column, columns_of, require_different
from infoplane.comparing.numbers import TOO_LARGE, numbers_for_page
from infoplane.comparing.tables import settings_table, verdict_tables
from infoplane.comparing.together import Together, families_of, setting_of
from infoplane.experiments.comparison.common import Runs
from infoplane.experiments.comparison.doubts import left_out
from infoplane.experiments.comparison.figures import not_shown, panels
from infoplane.experiments.comparison.naming import differing, named
from infoplane.experiments.comparison.verdicts import Judged, judged, summary
from infoplane.presentation import methods_told
from infoplane.report.page import page
from infoplane.report.references import Citations
from infoplane.runs import Run
from infoplane.store.files import write_whole
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, as_json


@final
@dataclass(frozen=True)
class Comparison:
    """Columns side by side, each of one run or of several seeds of one setting.

    Attributes:
        columns: By name, in the given order.
        title: What the page is called.
        notes: Sentences that a reader must know first, such as that runs are missing.
    """

    columns: Mapping[str, Column]
    title: str
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(folders: Sequence[Path]) -> "Comparison":
        """The runs in some folders, a column each, named by what it differs in.

        Raises:
            InfoplaneError: There are fewer than two, one comes twice, or one is no finished run.
        """
        if len(folders) < 2:
            raise InfoplaneError(
                f"A comparison needs at least two run folders, got {len(folders)}."
            )
        runs = [Run(folder) for folder in folders]
        require_different(runs)
        title = f"Comparison of {len(runs)} runs"
        return Comparison(_named([Column((run,), is_setting=False) for run in runs]), title)

    @staticmethod
    def by_setting(runs: Sequence[Run], *, title: str, notes: Sequence[str] = ()) -> "Comparison":
        """Finished runs, a column per setting with all its seeds, in order of first appearance.

        Raises:
            InfoplaneError: There is none, one comes twice or is not finished, or the seeds of one
                setting have not measured the same.
        """
        if not runs:
            raise InfoplaneError("A comparison needs at least one finished run, got none.")
        return Comparison(_named(columns_of(runs)), title, tuple(notes))

    @property
    def runs(self) -> dict[str, tuple[Run, ...]]:
        """The runs of every column."""
        return {name: column.runs for name, column in self.columns.items()}

    @cached_property
    def traces(self) -> Runs:
        """What was measured, by column, with the content hash of the data as an attribute."""
        return {name: column.read.trace for name, column in self.columns.items()}

    @cached_property
    def findings(self) -> dict[str, list[Finding]]:
        """What every column found, over its seeds where it has several."""
        return {name: column.read.findings for name, column in self.columns.items()}

    @cached_property
    def claims(self) -> list[Judged]:
        """Every claim with what each column says of it."""
        return judged(self.findings)

    @cached_property
    def together(self) -> dict[str, Together]:
        """The runs that differ in the one setting which their experiment compares, by name."""
        return families_of([run for runs in self.runs.values() for run in runs])

    @cached_property
    def said_together(self) -> dict[str, list[Finding]]:
        """What the runs found together, by the name of their family."""
        return {name: one.read.findings for name, one in self.together.items()}

    @cached_property
    def ledger(self) -> Ledger:
        """All readings of all columns and families, at one false discovery rate."""
        return Ledger.of({**self.findings, **self.said_together})

    def as_json(self) -> dict[str, Any]:
        """What every family and every column found as plain JSON, by its name.

        Beside what ``values.finding.as_json`` tells of a reading stands its ``p_value`` ("the
        effect is zero"), its ``q_value`` in the ledger (null if it could not be decided), and what
        its interval is ``over``: "seed", "init" (networks) or "batch" (of one network).
        """
        every = {**self.said_together, **self.findings}
        return {name: [self._told(name, one) for one in found] for name, found in every.items()}

    def _told(self, name: str, finding: Finding) -> dict[str, Any]:
        """A finding of one column or family."""
        told = as_json(finding)
        readings = []
        for reading, written in zip(finding.readings, told["readings"], strict=True):
            entry = self.ledger.entry(name, finding, reading.estimator)
            q_value = None if entry is None else entry.q_value
            own = {"p_value": reading.p_value, "q_value": q_value, "over": str(finding.over)}
            readings.append(written | own)
        return told | {"readings": readings}

    def write(self, path: Path) -> Path:
        """Writes the page and returns its path.

        Raises:
            InfoplaneError: It cannot be written.
        """
        write_whole(path, self.page().encode())
        return path

    def page(self) -> str:
        """The page as HTML."""
        traces, citations, table = self.traces, Citations(), numbers_for_page(self.traces)
        folders = {name: [run.folder for run in runs] for name, runs in self.runs.items()}
        called = {run.folder: name for name, runs in self.runs.items() for run in runs}
        chapters = [one.chapter(name, citations, called) for name, one in self.together.items()]
        verdicts = verdict_tables(self.claims, tuple(traces), self.ledger, citations)
        settings = settings_table(traces, folders)
        return page(
            title=self.title,
            summary=summary(traces, self.claims),
            alerts=[*self.notes, *self._broken()],
            chapters=chapters,
            panels=panels(traces),
            findings=[],
            tables=[settings, *verdicts] if len(traces) == 2 else [*verdicts, settings],
            table=table,
            methods=list(_methods(self._told_methods(citations))),
            references=citations.listed,
            machine={name: column.machine for name, column in self.columns.items()},
            notes=[
                *not_shown(traces),
                *left_out(traces),
                *([] if table else [TOO_LARGE]),
                *self._repairs(),
            ],
        )

    def _told_methods(self, citations: Citations) -> dict[str, list[str]]:
        """The methods of every column."""
        return {
            name: methods_told(column.read.trace, column.runs[0].shown, citations)
            for name, column in self.columns.items()
        }

    def _broken(self) -> Iterator[str]:
        """Where training diverged, by column."""
        for name, column in self.columns.items():
            if told := column.broken:
                yield f"{name}: {' '.join(told)}"

    def _repairs(self) -> Iterator[str]:
        """What was mended on the way, by column."""
        for name, column in self.columns.items():
            yield from (f"{name}: {note}" for note in column.repairs)


def _named(columns: Sequence[Column]) -> dict[str, Column]:
    """Columns by what they differ in; one alone by what it is."""
    traces = [column.read.trace for column in columns]
    if len(columns) == 1:
        return {str(traces[0].attrs.get("experiment", "run")): columns[0]}
    places = [column.runs[0].folder.resolve().parts for column in columns]
    names = _of_members(columns, differing(traces)) or named(traces, places)
    return dict(zip(names, columns, strict=True))


def _of_members(columns: Sequence[Column], different: Collection[str]) -> list[str]:
    """What members are called where a setting that consists of several is all that differs."""
    kinds = {column.runs[0].shown.family for column in columns}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or not all(key.startswith(f"{kind.along}.") for key in different):
        return []
    settings = [column.runs[0].manifest.settings for column in columns]
    names = [str(kind.named(setting_of(one, kind.along))) for one in settings]
    return names if len(set(names)) == len(names) else []


def _methods(told: Mapping[str, list[str]]) -> Iterator[str]:
    """The methods of all columns: said once if they are the same, else column by column."""
    several = {tuple(paragraphs) for paragraphs in told.values()}
    if len(several) == 1:
        yield from several.pop()
        return
    common = [one for one in next(iter(told.values())) if all(one in t for t in told.values())]
    yield from common
    for name, paragraphs in told.items():
        own = " ".join(one for one in paragraphs if one not in common)
        yield f"{name}: {own or 'nothing was measured that has a method.'}"

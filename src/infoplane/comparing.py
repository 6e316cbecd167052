"""Several run folders become one page that holds them against each other."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

from infoplane.experiments.comparison.common import DATA, Runs
from infoplane.experiments.comparison.doubts import left_out
from infoplane.experiments.comparison.figures import panels
from infoplane.experiments.comparison.naming import differing, named
from infoplane.experiments.comparison.verdicts import Judged, judged, summary
from infoplane.experiments.table import table
from infoplane.report.methods import methods
from infoplane.report.page import page
from infoplane.report.readings import interval
from infoplane.report.references import Citations
from infoplane.report.tables import Cell, Table
from infoplane.runs import Run
from infoplane.store.files import write_whole
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import LEVEL, Finding

NOT_ASKED = "not asked"


@final
@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: By name, in the given order.
    """

    runs: Mapping[str, Run]

    @staticmethod
    def of(folders: Sequence[Path]) -> "Comparison":
        """The runs in some folders, each named by what it differs in.

        Raises:
            InfoplaneError: There are fewer than two, one comes twice, or one is no finished run.
        """
        if len(folders) < 2:
            raise InfoplaneError(
                f"A comparison needs at least two run folders, got {len(folders)}."
            )
        places = [folder.resolve() for folder in folders]
        for place in places:
            if places.count(place) > 1:
                raise InfoplaneError(f"{place} is named twice; compare different runs.")
        runs = [Run(folder) for folder in folders]
        names = named([run.trace for run in runs], [place.parts for place in places])
        return Comparison(dict(zip(names, runs, strict=True)))

    @cached_property
    def traces(self) -> Runs:
        """What was measured, by run, each with the content hash of its data as an attribute."""
        return {
            name: run.trace.assign_attrs({DATA: run.manifest.data})
            for name, run in self.runs.items()
        }

    @cached_property
    def claims(self) -> list[Judged]:
        """Every claim with what each run says of it."""
        return judged({name: run.findings for name, run in self.runs.items()})

    def write(self, path: Path) -> Path:
        """Writes the page and returns its path.

        Raises:
            InfoplaneError: It cannot be written.
        """
        traces, claims, citations = self.traces, self.claims, Citations()
        tables = [
            settings_table(traces, [str(run.folder) for run in self.runs.values()]),
            *([verdict_table(claims, tuple(traces), citations)] if claims else []),
        ]
        text = page(
            title=f"Comparison of {len(traces)} runs",
            summary=summary(traces, claims),
            panels=panels(traces),
            findings=[],
            tables=tables,
            table=numbers(traces),
            methods=list(_methods(traces, citations)),
            references=citations.listed,
            machine={name: _machine(run) for name, run in self.runs.items()},
            notes=[*left_out(traces), *_repairs(self.runs)],
        )
        write_whole(path, text.encode())
        return path


def numbers(runs: Runs) -> str:
    """The numbers of all runs as one CSV, with the run in the first column."""
    tables = {name: csv.DictReader(io.StringIO(table(trace))) for name, trace in runs.items()}
    columns = dict.fromkeys(key for one in tables.values() for key in one.fieldnames or ())
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["run", *columns], restval="")
    writer.writeheader()
    for name, lines in tables.items():
        writer.writerows({"run": name, **line} for line in lines)
    return file.getvalue()


def settings_table(runs: Runs, folders: Sequence[str]) -> Table:
    """The settings in which runs differ, and where each of them lies."""
    different = differing(list(runs.values()))
    rows = [
        (Cell((key,)), *(Cell((value,)) for value in values))
        for key, values in (*different.items(), ("folder", folders))
    ]
    rest = "All other settings that the runs have recorded are the same."
    return Table("Settings that differ", ("setting", *runs), tuple(rows), rest)


def verdict_table(claims: Sequence[Judged], runs: Sequence[str], citations: Citations) -> Table:
    """Claims by runs: the verdict, and the effect under every estimator."""
    rows = [
        (
            Cell((claim.statement, f"{claim.key}: {citations.cite(claim.source)}")),
            *(_verdict(claim.findings.get(run)) for run in runs),
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


def _verdict(finding: Finding | None) -> Cell:
    """What one run says of a claim."""
    if finding is None:
        return Cell((NOT_ASKED,))
    readings = [
        f"{reading.estimator}: {interval(reading.effect, finding.unit)}"
        + (f", {reading.saturated:.0%} saturated" if reading.saturated else "")
        + (f"; {finding.control_name} too" if reading.shared_with_control else "")
        for reading in finding.readings
    ]
    return Cell((*readings, f"over {finding.spread}"), finding.verdict)


def _methods(runs: Runs, citations: Citations) -> Iterator[str]:
    """The methods of all runs: said once if they are the same, else run by run."""
    told = {name: methods(trace, citations) for name, trace in runs.items()}
    several = {tuple(paragraphs) for paragraphs in told.values()}
    if len(several) == 1:
        yield from several.pop()
        return
    common = [one for one in next(iter(told.values())) if all(one in t for t in told.values())]
    yield from common
    for name, paragraphs in told.items():
        own = " ".join(one for one in paragraphs if one not in common)
        yield f"{name}: {own or 'nothing was measured that has a method.'}"


def _machine(run: Run) -> str:
    """Where a run was computed, in a line."""
    about = {**run.manifest.machine, **run.manifest.versions}
    wanted = ("processor", "python", "torch", "infoplane")
    return ", ".join(f"{key} {about[key]}" for key in wanted if key in about)


def _repairs(runs: Mapping[str, Run]) -> Iterator[str]:
    """What was mended on the way, by run."""
    for name, run in runs.items():
        yield from (f"{name}: {note}" for note in run.manifest.repairs)

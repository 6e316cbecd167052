"""The command line: experiments are dataclasses, their fields are the options."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is first imported

import inspect
import math
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from infoplane.comparing import NOT_ASKED, Comparison
from infoplane.experiments.catalogue import EXPERIMENTS
from infoplane.experiments.protocol import Experiment
from infoplane.runs import Run, Watcher, opened
from infoplane.runs import run as computed
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, Interval
from infoplane.values.trace import Row, Tick

_PLAIN: Mapping[str, Any] = {"highlight": False, "markup": False, "emoji": False}
"""Names of folders, estimators and layers are text."""
console = Console(width=None if sys.stdout.isatty() else 100, **_PLAIN)
err = Console(stderr=True, **_PLAIN)

INTERRUPTED, MISTAKE = 130, 2


@dataclass(frozen=True)
class Where:
    """Where and how, never what.

    Attributes:
        runs_dir: Folder of all runs; the same settings are never computed twice in it.
        threads: Torch threads for training; by default what suits the network.
        report: Write report.html at the end.
    """

    runs_dir: Path = Path("runs")
    threads: int | None = None
    report: bool = True

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise InfoplaneError(f"threads={self.threads}: at least one is needed.")


def list_experiments() -> None:
    """List the experiments and what they show."""
    table = Table(box=None, pad_edge=False)
    for heading in ("experiment", "what it shows"):
        table.add_column(heading)
    for name, experiment in EXPERIMENTS.items():
        table.add_row(name, experiment.title)
    console.print(table)
    console.print("\nRun one: infoplane run NAME; its settings: infoplane run NAME --help")


def report(
    run: tyro.conf.Positional[Path],
) -> None:
    """Write the report of a finished run again.

    Args:
        run: Its folder.
    """
    console.print(f"Report: {Run(run).report()}", soft_wrap=True)


def findings(
    runs: tyro.conf.Positional[tuple[Path, ...]],
) -> None:
    """Print the verdicts of one run, or of several seeds together.

    Args:
        runs: One or more run folders of the same experiment.
    """
    if not runs:
        raise InfoplaneError("Name at least one run folder, such as runs/autoencoder/….")
    several = opened(runs)
    _print_findings(several[0].shown.findings([run.trace for run in several]))


def compare(
    runs: tyro.conf.Positional[tuple[Path, ...]],
    out: Path = Path("compare.html"),
) -> None:
    """Hold several runs against each other: settings, verdicts, planes, layer by layer.

    The runs may have the same or other settings, and may be folders of a watched network. What
    cannot be compared, such as values under different n or estimators, is said.

    Args:
        runs: Two or more run folders.
        out: Where the page is written; it is one file, to be opened in any browser.
    """
    comparison = Comparison.of(runs)
    path = comparison.write(out)
    _print_matrix(comparison)
    console.print(f"Report: {path}", soft_wrap=True)


def _runner(experiment: type[Any]) -> Callable[..., None]:
    """The command that runs an experiment, with its fields as options."""

    def command(
        settings: Annotated[Experiment, tyro.conf.arg(name="")],
        where: Annotated[Where, tyro.conf.arg(name="")],
    ) -> None:
        _run(settings, where)

    command.__annotations__["settings"] = Annotated[experiment, tyro.conf.arg(name="")]
    about = inspect.cleandoc(experiment.__doc__ or "").partition("Attributes:")[0]
    command.__doc__ = f"{experiment.title}.\n\n{about}"
    return command


def _run(experiment: Experiment, where: Where) -> None:
    """Computes, reports, and prints the verdicts."""
    err.print(f"{experiment.name}: reading the data")
    try:
        with _progress(experiment.name) as watch:
            done = computed(experiment, where.runs_dir, threads=where.threads, watch=watch)
    except KeyboardInterrupt:
        err.print(
            "\nInterrupted. What was measured is kept; the same command goes on from there.",
            soft_wrap=True,
        )
        sys.exit(INTERRUPTED)
    for note in done.manifest.repairs:
        err.print(f"Note: {note}", soft_wrap=True)
    written = f"Report: {done.ensure_report()}" if where.report else ""
    _print_findings(done.findings)
    console.print(f"Run:    {done.folder}\n{written}", soft_wrap=True)


@contextmanager
def _progress(name: str) -> Iterator[Watcher]:
    """A bar with time left on a terminal, a line at every tenth elsewhere."""
    if not err.is_terminal:
        yield _tenths(name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("updates · {task.fields[rows]} moments measured ·"),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(name, total=None, rows=0)
        rows = 0

        def watch(event: Row | Tick) -> None:
            nonlocal rows
            if isinstance(event, Tick):
                bar.update(task, completed=event.step, total=event.total)
            else:
                rows += 1
                bar.update(task, rows=rows)

        yield watch


def _half(interval: Interval) -> str:
    """Half of the interval, if there is one."""
    half = interval.high - interval.mean
    return f"± {half:.3f}" if math.isfinite(half) else "(one value)"


def _tenths(name: str) -> Watcher:
    """One line of progress for every tenth of the updates."""
    told, rows = -1, 0

    def watch(event: Row | Tick) -> None:
        nonlocal told, rows
        if isinstance(event, Row):
            rows += 1
        elif event.step * 10 // event.total > told:
            told = event.step * 10 // event.total
            err.print(f"{name}: {event.step} of {event.total} updates, {rows} moments measured")

    return watch


def _print_findings(found: Sequence[Finding]) -> None:
    """One line per claim and estimator, the verdict in words."""
    if not found:
        console.print("This experiment makes no claims.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("claim", "verdict", "estimator", "effect (90 %)", "control"):
        table.add_column(heading, no_wrap=True)
    for finding in found:
        for i, reading in enumerate(finding.readings):
            effect, control = reading.effect, reading.control
            table.add_row(
                finding.key if i == 0 else "",
                str(finding.verdict) if i == 0 else "",
                reading.estimator,
                f"{effect.mean:+.3f} {_half(effect)} {finding.unit}",
                ("" if control is None else f"{control.mean:+.3f}")
                + (" too" if reading.shared_with_control else ""),
            )
    console.print(table)
    console.print(f"Intervals over {found[0].spread}.")


def _print_matrix(comparison: Comparison) -> None:
    """Claims by runs, the verdicts in words."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("claim", *comparison.runs):
        table.add_column(heading, overflow="fold")
    for claim in comparison.claims:
        found = [claim.findings.get(run) for run in comparison.runs]
        verdicts = [NOT_ASKED if one is None else str(one.verdict) for one in found]
        table.add_row(claim.key, *verdicts)
    if table.row_count:
        console.print(table)


def run() -> None:
    """Run an experiment: infoplane run NAME (see infoplane list)."""


COMMANDS: Mapping[str, Callable[..., None]] = {
    "list": list_experiments,
    "run": run,
    "report": report,
    "findings": findings,
    "compare": compare,
}


def _parse(arguments: Sequence[str]) -> None:
    """Hands the arguments to the command they name; every experiment is a command under ``run``."""
    flat = (tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
    if arguments[:1] == ["run"]:
        runners: dict[str, Callable[..., Any]] = {
            name: _runner(experiment) for name, experiment in EXPERIMENTS.items()
        }
        tyro.extras.subcommand_cli_from_dict(
            runners, prog="infoplane run", args=arguments[1:], config=flat
        )
        return
    tyro.extras.subcommand_cli_from_dict(
        dict(COMMANDS),
        prog="infoplane",
        description="See how information flows through a network while it learns.",
        args=arguments,
        config=flat,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: a user's mistake is one clear line and exit code 2, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as politely as on Ctrl-C
    try:
        _parse(list(sys.argv[1:] if arguments is None else arguments))
    except InfoplaneError as mistake:
        err.print(f"infoplane: {mistake}", soft_wrap=True)
        sys.exit(MISTAKE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()

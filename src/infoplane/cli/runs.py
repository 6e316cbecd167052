"""The commands about runs: compute one, show it again, judge and compare several."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.table import Table

from infoplane.cli.console import console, err, interruptible
from infoplane.cli.progress import running
from infoplane.cli.sweeps import print_sweep
from infoplane.cli.tables import print_findings, print_matrix, print_settings, print_together
from infoplane.comparing import Comparison
from infoplane.engine.folder import SweepFolder
from infoplane.experiments.catalogue import EXPERIMENTS
from infoplane.experiments.protocol import Experiment
from infoplane.runs import Run, opened
from infoplane.runs import run as computed
from infoplane.sweeping import Sweep
from infoplane.values.errors import InfoplaneError


@dataclass(frozen=True)
class Where:
    """Where and how, never what.

    Attributes:
        runs_dir: Folder of all runs; the same settings are never computed twice in it.
        threads: Torch threads for training; by default what suits the network.
        report: Write report.html at the end.
        figures: Also write every figure as SVG and PDF, a column wide.
    """

    runs_dir: Path = Path("runs")
    threads: int | None = None
    report: bool = True
    figures: bool = False

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise InfoplaneError(f"threads={self.threads}: at least one is needed.")
        if self.figures and not self.report:
            raise InfoplaneError("--figures are written with the report: leave out --no-report.")


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
    figures: bool = False,
) -> None:
    """Write the report of a finished run again, or the page of a sweep.

    Args:
        run: Its folder.
        figures: Also write every figure of a run as SVG and PDF, a column wide.
    """
    if SweepFolder.holds(run):
        if figures:
            raise InfoplaneError("--figures is for one run: name a run's folder in its sweep.json.")
        path = Sweep.at(run).report()
    else:
        path = Run(run).report(figures)
    console.print(f"Report: {path}", soft_wrap=True)
    if figures:
        console.print(f"Figures: {run / 'figures'}", soft_wrap=True)


def findings(
    runs: tyro.conf.Positional[tuple[Path, ...]],
) -> None:
    """Print the verdicts of one run, of several seeds together, or of a sweep.

    Args:
        runs: One or more run folders of the same experiment, or the folder of a sweep.
    """
    if not runs:
        raise InfoplaneError("Name at least one run folder, such as runs/autoencoder/….")
    if any(SweepFolder.holds(folder) for folder in runs):
        if len(runs) > 1:
            raise InfoplaneError("Name one sweep alone, or several runs.")
        sweep = Sweep.at(runs[0])
        if sweep.runs:
            print_settings(sweep.findings, sweep.ledger)
        print_sweep(sweep)
        return
    several = opened(runs)
    print_findings(several[0].shown.findings([run.trace for run in several]))


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
    for folder in runs:
        if SweepFolder.holds(folder):
            raise InfoplaneError(
                f"{folder} is a sweep, which has a page of its own: infoplane report {folder}"
            )
    comparison = Comparison.of(runs)
    path = comparison.write(out)
    print_together(comparison)
    print_matrix(comparison)
    console.print(f"Report: {path}", soft_wrap=True)


def runner(experiment: type[Any]) -> Callable[..., None]:
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
    with interruptible(), running(experiment.name) as watch:
        done = computed(experiment, where.runs_dir, threads=where.threads, watch=watch)
    for note in done.manifest.repairs:
        err.print(f"Note: {note}", soft_wrap=True)
    path = done.report(figures=True) if where.figures else None
    written = f"Report: {path or done.ensure_report()}" if where.report else ""
    print_findings(done.findings)
    console.print(f"Run:    {done.folder}\n{written}", soft_wrap=True)

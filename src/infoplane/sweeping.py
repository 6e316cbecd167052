"""Many runs as one: computed on any engine, judged over their seeds, shown on one page."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

from infoplane.analysis.ledger import Ledger
from infoplane.comparing import Comparison
from infoplane.engine.driver import jobs_of, swept
from infoplane.engine.folder import Failure, SweepFolder
from infoplane.engine.job import Engine, Job, Outcome, Progress, Terms
from infoplane.engine.local import Local
from infoplane.experiments.catalogue import shown
from infoplane.experiments.protocol import Experiment
from infoplane.runs import Run
from infoplane.store.files import write_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding

PAGE = "sweep.html"
FEW = 8
"""So many failures are told one by one on the page; more are counted."""


@final
@dataclass(frozen=True)
class Waiting:
    """Other processes compute so many jobs of a sweep, which waits for them."""

    count: int


Watcher = Callable[[Outcome | Progress | Waiting], None]
"""Is told how a sweep goes: every job's progress and end, and what it waits for."""


@final
@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep, complete or not; a setting's seeds are judged together.

    Attributes:
        folder: Its record, beside the runs.
    """

    folder: SweepFolder

    @staticmethod
    def at(path: Path | str) -> "Sweep":
        """The sweep whose folder this is.

        Raises:
            InfoplaneError: There is no sweep.
        """
        folder = SweepFolder(Path(path).resolve())
        if not SweepFolder.holds(folder.path):
            raise InfoplaneError(
                f"{path} is no sweep; its folder is one of those in RUNS-DIR/sweeps."
            )
        return Sweep(folder)

    @cached_property
    def runs(self) -> list[Run]:
        """Those that are complete, in order."""
        return self.folder.complete()

    def __str__(self) -> str:
        """What it is, and how much of it is there."""
        there, jobs = len(self.runs), len(self.folder.jobs)
        return f"{self.folder.experiment}: {there} of {jobs} runs complete, in {self.folder.path}"

    @property
    def failures(self) -> dict[str, Failure]:
        """Jobs that failed and have not been computed since, by what tells them from the others."""
        return {self.folder.labels[one.address]: one for one in self.folder.failures()}

    @property
    def missing(self) -> list[str]:
        """Jobs that have no complete run, by what tells them from the others."""
        there = {run.folder.name for run in self.runs}
        return [label for address, label in self.folder.labels.items() if address not in there]

    @cached_property
    def comparison(self) -> Comparison:
        """The settings side by side.

        Raises:
            InfoplaneError: No run is complete.
        """
        if not self.runs:
            raise InfoplaneError(f"No run of the sweep in {self.folder.path} is complete.")
        title = f"Sweep: {shown(self.folder.experiment).title}"
        return Comparison.by_setting(self.runs, title=title, notes=self._gaps())

    @property
    def findings(self) -> Mapping[str, list[Finding]]:
        """Every setting's claims, judged over its seeds."""
        return self.comparison.findings

    @property
    def together(self) -> Mapping[str, list[Finding]]:
        """What runs found together that differ in the setting which their experiment compares."""
        return self.comparison.said_together

    @property
    def ledger(self) -> Ledger:
        """All of its verdicts together: which would remain after correction for their number."""
        return self.comparison.ledger

    def report(self, path: Path | str | None = None) -> Path:
        """Writes the page of the sweep, by default into its folder, and returns its path.

        All verdicts with their effects, p- and q-values are in ``findings.json`` of the folder.
        """
        write_json(self.folder.path / "findings.json", self.comparison.as_json())
        return self.comparison.write(Path(path) if path else self.folder.path / PAGE)

    def _gaps(self) -> list[str]:
        """What is missing, and why, a sentence each."""
        missing, failures = self.missing, self.failures
        if not missing:
            return []
        told = [f"{label}: {one.error}" for label, one in list(failures.items())[:FEW]]
        rest = len(failures) - len(told)
        return [
            f"{len(missing)} of {len(self.folder.jobs)} runs are missing ({len(failures)} failed). "
            "Verdicts are over the seeds that are there.",
            *told,
            *([f"{rest} more failed; their errors lie in {self.folder.path}."] if rest else []),
        ]


def sweep(
    experiments: Sequence[Experiment],
    root: Path | str = "runs",
    *,
    engine: Engine | None = None,
    threads: int = 1,
    remote: str = "",
    watch: Watcher = lambda _: None,
) -> Sweep:
    """Computes many experiments, or what is left of them; what is there is never repeated.

    A job that fails is kept with its error and never ends the others. Interrupted at any moment,
    the same call goes on from there, on any engine.

    Args:
        experiments: What to compute, such as a ``grid``.
        root: Folder of all runs.
        engine: Where to compute; None for ``Local()``, processes of this machine.
        threads: Threads of each job; another number may change the last bits of a result.
        remote: URL of a folder for fsspec, if the engine's machines do not share ``root``.
        watch: Is told of every job's progress and end, and of waiting for other processes.

    Raises:
        InfoplaneError: The experiments are of several kinds, the folder cannot be written, or the
            engine cannot be reached.
    """
    jobs: list[Job] = jobs_of(experiments)
    terms = Terms(Path(root).resolve(), threads, remote)
    outcomes = swept(
        jobs, engine or Local(), terms, tell=watch, waiting=lambda count: watch(Waiting(count))
    )
    with closing(outcomes):
        for outcome in outcomes:
            watch(outcome)
    return Sweep(SweepFolder.begun(jobs, terms.root))

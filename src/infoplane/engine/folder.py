"""What a sweep leaves beside its runs: which jobs it has, and why some of them failed."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, final

from infoplane.engine.job import Job, Outcome
from infoplane.experiments.comparison.naming import different, labels
from infoplane.runs import Run, is_whole
from infoplane.store.address import canonical
from infoplane.store.files import read_json, write_json, write_whole, writing
from infoplane.store.lock import alone
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import flat

FOLDER = "sweeps"
"""Where sweeps lie in the folder of all runs; no experiment may have this name."""
JOBS = "sweep.json"
PATIENCE = 60.0
"""Seconds to wait for another driver that writes into the same folder."""


@final
@dataclass(frozen=True)
class Failure:
    """Why a job failed the last time.

    Attributes:
        address: Which job.
        error: In words.
        where: Host and process.
        when: UTC time, ISO 8601.
    """

    address: str
    error: str
    where: str
    when: str


@final
@dataclass(frozen=True)
class SweepFolder:
    """The record of a sweep; the runs themselves lie in the folder of all runs.

    Attributes:
        path: ``<all runs>/sweeps/<experiment>-<digest>``; the digest is of its jobs' addresses.
    """

    path: Path

    @staticmethod
    def begun(jobs: Sequence[Job], root: Path) -> "SweepFolder":
        """The folder of these jobs, written unless it is there; the same jobs, the same folder.

        Raises:
            InfoplaneError: It cannot be written.
        """
        addresses = [job.address for job in jobs]
        digest = hashlib.sha256("\n".join(sorted(addresses)).encode()).hexdigest()[:12]
        name = jobs[0].experiment.name
        folder = SweepFolder(root / FOLDER / f"{name}-{digest}")
        settings = [canonical(job.experiment) for job in jobs]
        content = {"experiment": name, "jobs": dict(zip(addresses, settings, strict=True))}
        if not (SweepFolder.holds(folder.path) and folder._is(content)):
            with folder._alone():
                write_json(folder.path / JOBS, content)
        return folder

    @staticmethod
    def holds(path: Path) -> bool:
        """Whether a sweep lies there, and not a run."""
        return (path / JOBS).is_file()

    @property
    def root(self) -> Path:
        """Folder of all runs."""
        return self.path.parents[1]

    @cached_property
    def experiment(self) -> str:
        """Name of the experiment."""
        return str(self._content["experiment"])

    @cached_property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The settings of every job by its address, in order."""
        return dict(self._content["jobs"])

    @cached_property
    def labels(self) -> dict[str, str]:
        """Every job by what tells it from the others, such as "code_size=4, seed=2"."""
        told = labels(different([flat(settings) for settings in self.jobs.values()]))
        return dict(zip(self.jobs, told or self.jobs, strict=True))

    @property
    def runs(self) -> Path:
        """Folder of all runs of its experiment, those of other sweeps among them."""
        return self.root / self.experiment

    def run(self, address: str) -> Run:
        """A job's run, whether it is complete or not."""
        return Run(self.runs / address)

    def complete(self) -> list[Run]:
        """The runs that are complete and whole, in order."""
        runs = [self.run(address) for address in self.jobs]
        return [run for run in runs if is_whole(run.folder)]

    def failures(self) -> list[Failure]:
        """Why jobs failed that have not been computed since, by whomever, in order.

        Raises:
            InfoplaneError: A record of it is damaged.
        """
        records = {address: self._failure(address) for address in self.jobs}
        failed = [
            record
            for address, record in records.items()
            if record.exists() and not is_whole(self.run(address).folder)
        ]
        try:
            return [Failure(**read_json(record)) for record in failed]
        except TypeError as problem:
            raise InfoplaneError(f"A record in {self.path} is none of ours: {problem}.") from None

    def note(self, outcome: Outcome) -> None:
        """Keeps why a job failed, or forgets it once it is computed.

        Raises:
            InfoplaneError: The disk refused it.
        """
        record = self._failure(outcome.address)
        if outcome.status != "failed" and not record.exists():
            return
        with self._alone():
            if outcome.status != "failed":
                with writing(record):
                    record.unlink(missing_ok=True)
                    self.log(outcome.address).unlink(missing_ok=True)
                return
            when = datetime.now(UTC).isoformat(timespec="seconds")
            failure = Failure(outcome.address, outcome.error, outcome.where, when)
            write_whole(self.log(outcome.address), outcome.log.encode())
            write_json(record, dataclasses.asdict(failure))

    def log(self, address: str) -> Path:
        """What a job printed before it failed."""
        return self._failure(address).with_suffix(".log")

    @cached_property
    def _content(self) -> dict[str, Any]:
        content = read_json(self.path / JOBS)
        if not isinstance(content, dict) or set(content) != {"experiment", "jobs"}:
            raise InfoplaneError(f"{self.path / JOBS} is no list of jobs; type the sweep again.")
        return content

    def _is(self, content: dict[str, Any]) -> bool:
        try:
            return bool(read_json(self.path / JOBS) == content)
        except InfoplaneError:
            return False

    def _failure(self, address: str) -> Path:
        return self.path / "failures" / f"{address}.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two drivers of one sweep write one after the other."""
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with alone(self.path, patience=PATIENCE):
            yield

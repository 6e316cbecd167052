"""One job of a sweep: an experiment with its address, and what became of it; wherever it runs."""

import os
import platform
import resource
import sys
import tempfile
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from infoplane.engine.captured import captured
from infoplane.engine.mirror import Mirror
from infoplane.experiments.protocol import Experiment
from infoplane.numerics.workers import pinned
from infoplane.runs import Watcher, address_of, ensured
from infoplane.store.lock import Taken
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, Tick

TOLD_EVERY = 0.2
"""Seconds between two signs of life of a job."""
PUSHED_EVERY = 30.0
"""Seconds between two copies of an unfinished job's folder to a remote one."""
LOG_CHARACTERS = 100_000
"""The end of a longer log is kept."""


@final
@dataclass(frozen=True)
class Job:
    """An experiment and the address of its results.

    Attributes:
        experiment: What to compute.
        address: Twelve hexadecimal digits, from its settings and the content of its data.
    """

    experiment: Experiment
    address: str

    @staticmethod
    def of(experiment: Experiment) -> "Job":
        """The job that computes an experiment.

        Raises:
            InfoplaneError: Its data cannot be read.
        """
        return Job(experiment, address_of(experiment))

    @property
    def place(self) -> Path:
        """Where its run lies, below the folder of all runs."""
        return Path(self.experiment.name) / self.address


@final
@dataclass(frozen=True)
class Terms:
    """Under what terms the jobs of a sweep are computed, on whatever engine.

    Attributes:
        root: Folder of all runs.
        threads: Threads of each job; another number may change the last bits of a result.
        remote: URL that fsspec understands, to keep runs in, while ``root`` is each machine's own;
            empty if ``root`` is all there is, and every process of the sweep can see it.
    """

    root: Path
    threads: int = 1
    remote: str = ""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise InfoplaneError(f"threads={self.threads}: at least one is needed.")

    def mirror(self, job: Job, root: Path) -> Mirror:
        """The copy of a job's run that the remote folder keeps, and its place below ``root``."""
        return Mirror(f"{self.remote.rstrip('/')}/{job.place.as_posix()}", root / job.place)


Status = Literal["computed", "found", "busy", "failed"]


@final
@dataclass(frozen=True)
class Progress:
    """Sign of life of a job: ``step`` of ``total`` updates are done."""

    address: str
    step: int
    total: int


@final
@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        address: Which one.
        status: "computed" now, "found" whole, "busy" in another process, or "failed".
        seconds: Wall-clock time it took.
        error: Why it failed, in words.
        log: What it printed, and where it failed.
        where: Host and process.
        memory: Largest resident memory of its process, in bytes; 0 if unknown.
        notes: What was mended on the way, a sentence each.
    """

    address: str
    status: Status
    seconds: float = 0.0
    error: str = ""
    log: str = ""
    where: str = ""
    memory: int = 0
    notes: tuple[str, ...] = ()


Tell = Callable[[Progress], None]
"""Is told of the progress of every job."""


class Engine(ABC):
    """What computes jobs: it starts them, and says what became of each, once."""

    @abstractmethod
    def outcomes(
        self, jobs: Sequence[Job], terms: Terms, tell: Tell
    ) -> Generator[Outcome, None, None]:
        """Every job's outcome, in the order in which they end.

        A job that fails is an outcome and never the end of the others; one whose process dies is
        begun again a few times. Closing the iterator stops what still runs, and waits for it.

        Args:
            jobs: What to compute, all different.
            terms: Where and how.
            tell: Is told of progress, in the process that iterates.
        """


def attempt(job: Job, terms: Terms, tell: Tell, log: Path | None = None) -> Outcome:
    """Computes a job in this process, or what is left of it; whatever fails is in the outcome.

    Args:
        job: Which one.
        terms: Where and how.
        tell: Is told of progress, a few times a second.
        log: Where to write what it prints while it runs; None for a temporary file.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="infoplane-") as scratch:
        path = log or Path(scratch) / "log"
        with captured(path), pinned(terms.threads):
            status, error, notes = _tried(job, terms, tell, Path(scratch))
        told = path.read_text(errors="replace")[-LOG_CHARACTERS:]
    seconds = time.perf_counter() - start
    return Outcome(job.address, status, seconds, error, told, where(), memory_peak(), notes)


def where() -> str:
    """This host and process, for a reader."""
    return f"{platform.node()}, process {os.getpid()}"


def memory_peak() -> int:
    """The largest resident memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _tried(
    job: Job, terms: Terms, tell: Tell, scratch: Path
) -> tuple[Status, str, tuple[str, ...]]:
    """Status, error and notes; a traceback is printed, for the log."""
    try:
        return _computed(job, terms, tell, scratch)
    except Taken:
        return "busy", "", ()
    except InfoplaneError as problem:
        traceback.print_exc()
        return "failed", str(problem), ()
    except Exception as problem:  # noqa: BLE001 — whatever it is, the other jobs go on
        traceback.print_exc()
        return "failed", f"{type(problem).__name__}: {problem}".rstrip(": "), ()


def _computed(
    job: Job, terms: Terms, tell: Tell, scratch: Path
) -> tuple[Status, str, tuple[str, ...]]:
    """Computes what is left of a job, in the folder of all runs or by way of a remote one."""
    here = address_of(job.experiment)
    if here != job.address:
        raise InfoplaneError(
            f"On {platform.node()} this job has the address {here}, not {job.address}: other data "
            "lie there, or another version of infoplane is installed; make them the same."
        )
    with _copied(job, terms, scratch) as (root, copy):
        watch = _both(_throttled(job.address, tell), copy)
        done, fresh = ensured(job.experiment, root, threads=terms.threads, watch=watch)
    return "computed" if fresh else "found", "", done.manifest.repairs


@contextmanager
def _copied(job: Job, terms: Terms, scratch: Path) -> Iterator[tuple[Path, Watcher]]:
    """Where to compute, and what to call on the way so that a remote folder has it, too."""
    if not terms.remote:
        yield terms.root, lambda _: None
        return
    mirror = terms.mirror(job, scratch)
    mirror.fetch()
    pushed = time.monotonic()

    def copy(event: Row | Tick) -> None:
        nonlocal pushed
        if isinstance(event, Row) and time.monotonic() - pushed > PUSHED_EVERY:
            mirror.push()
            pushed = time.monotonic()

    yield scratch, copy
    mirror.push()


def _throttled(address: str, tell: Tell) -> Watcher:
    """Tells of updates, a few times a second and at the end."""
    told = 0.0

    def watch(event: Row | Tick) -> None:
        nonlocal told
        if not isinstance(event, Tick):
            return
        now = time.monotonic()
        if now - told > TOLD_EVERY or event.step == event.total:
            tell(Progress(address, event.step, event.total))
            told = now

    return watch


def _both(first: Watcher, second: Watcher) -> Watcher:
    def watch(event: Row | Tick) -> None:
        first(event)
        second(event)

    return watch

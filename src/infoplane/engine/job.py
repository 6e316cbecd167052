"""The nouns of a sweep: jobs, the terms they are computed under, and what becomes of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final
from uuid import uuid4

from infoplane.engine.claim import Claim
from infoplane.engine.mirror import Mirror
from infoplane.experiments.protocol import Experiment
from infoplane.runs import address_of
from infoplane.values.errors import InfoplaneError


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
        owner: The driver, by a name that no other has; where there is a remote folder, jobs are
            claimed in it.
    """

    root: Path
    threads: int = 1
    remote: str = ""
    owner: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise InfoplaneError(f"threads={self.threads}: at least one is needed.")

    def mirror(self, job: Job, root: Path) -> Mirror:
        """The copy of a job's run that the remote folder keeps, and its place below ``root``."""
        return Mirror(self._url(job), root / job.place)

    def claim(self, job: Job) -> Claim:
        """One attempt's claim to a job, in the remote folder."""
        return Claim(self._url(job), self.owner)

    def _url(self, job: Job) -> str:
        return f"{self.remote.rstrip('/')}/{job.place.as_posix()}"


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


def require_limits(*, jobs: int | None, memory: int | None, retries: int) -> None:
    """Refuses limits of an engine that make no sense.

    Raises:
        InfoplaneError: Which, and what would do.
    """
    if jobs is not None and jobs < 1:
        raise InfoplaneError(f"jobs={jobs}: at least one is needed.")
    if memory is not None and memory < 1:
        raise InfoplaneError(f"memory={memory}: a job needs a positive number of bytes.")
    if retries < 0:
        raise InfoplaneError(f"retries={retries}: it cannot be negative.")


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

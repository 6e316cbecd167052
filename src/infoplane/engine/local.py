"""Jobs in processes of this machine, each with its threads pinned, as many as memory allows."""

import faulthandler
import multiprocessing as mp
import os
import signal
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, final

from infoplane.engine import fork_server
from infoplane.engine.attempt import attempt
from infoplane.engine.captured import captured
from infoplane.engine.job import Engine, Job, Outcome, Progress, Tell, Terms, require_limits
from infoplane.engine.memory import available, resident
from infoplane.numerics.workers import cores
from infoplane.values.errors import InfoplaneError

FIRST_GUESS = 1 << 30
"""Bytes that a job is taken to need before one of its sweep has ended."""
PATIENCE = 0.2
"""Seconds after which to look again whether there is memory for one more job."""
GRACE = 5.0
"""Seconds that a process has for ending when it is asked to."""


@final
@dataclass(frozen=True)
class Local(Engine):
    """Processes of this machine.

    Attributes:
        jobs: At most so many at once; None for one per core, or per so many cores as a job has
            threads; one alone if they compute on a device that they would share.
        memory: Bytes that one job needs; None to learn it from the jobs that have been computed.
            Another job is begun only if that much is free, or none is running.
        retries: How often a job is begun again whose process died; it then runs alone, because
            memory is what processes die of.
    """

    jobs: int | None = None
    memory: int | None = None
    retries: int = 2

    def __post_init__(self) -> None:
        require_limits(jobs=self.jobs, memory=self.memory, retries=self.retries)

    def outcomes(
        self, jobs: Sequence[Job], terms: Terms, tell: Tell
    ) -> Generator[Outcome, None, None]:
        """Every job's outcome, in the order in which they end.

        Raises:
            InfoplaneError: An experiment's class is one that other processes cannot import.
        """
        _require_importable(jobs)
        queue, deaths, needed = deque(jobs), Counter[str](), list[int]()
        with _workers(min(self._most(jobs, terms), len(jobs))) as workers:
            while queue or any(worker.job for worker in workers):
                need = self.memory or max(needed, default=FIRST_GUESS)
                for worker in workers:
                    if queue and worker.job is None and _may_begin(queue[0], workers, need, deaths):
                        worker.begin(queue.popleft(), terms)
                for worker, message in _messages(workers):
                    if isinstance(message, Progress):
                        tell(message)
                        continue
                    job = worker.end()
                    if message is None:
                        message = worker.obituary(job)
                        deaths[job.address] += 1
                        if deaths[job.address] <= self.retries:
                            queue.append(job)
                            continue
                    elif message.status == "computed":
                        needed.append(message.memory)
                    yield message

    def _most(self, jobs: Sequence[Job], terms: Terms) -> int:
        """How many jobs may run at once."""
        if self.jobs is not None:
            return self.jobs
        devices = {str(getattr(job.experiment, "device", "cpu")) for job in jobs}
        return max(1, cores() // terms.threads) if devices == {"cpu"} else 1


def _require_importable(jobs: Sequence[Job]) -> None:
    """Refuses experiments of a class that lies in the script itself, or in a notebook.

    Raises:
        InfoplaneError: It names the class.
    """
    kinds = {type(job.experiment) for job in jobs}
    if homeless := [kind.__name__ for kind in kinds if kind.__module__ == "__main__"]:
        raise InfoplaneError(
            f"{homeless[0]} is defined in the script that sweeps it, where other processes cannot "
            "find it; put it into a module of its own, and import it from there."
        )


def _may_begin(
    job: Job, workers: "Sequence[_Worker]", need: int, deaths: Mapping[str, int]
) -> bool:
    """Whether a job would find memory, besides what those that run may still take."""
    running = [worker for worker in workers if worker.job is not None]
    if not running:
        return True
    if any(deaths.get(one.address) for one in (job, *(w.job for w in running if w.job))):
        return False
    promised = sum(max(0, need - resident(worker.pid)) for worker in running)
    return available() - promised >= need


def _messages(
    workers: "Sequence[_Worker]",
) -> Iterator[tuple["_Worker", Progress | Outcome | None]]:
    """What the running jobs have to say; None of one whose process is dead."""
    listening: dict[Any, _Worker] = {one.pipe: one for one in workers if one.job is not None}
    for pipe in wait(list(listening), PATIENCE):
        worker = listening[pipe]
        try:
            yield worker, worker.pipe.recv()
        except (EOFError, OSError):
            yield worker, None


@contextmanager
def _workers(count: int) -> Iterator["list[_Worker]"]:
    """Workers that are gone after the block, however it ends."""
    fork_server.begin()
    context = fork_server.context()
    with tempfile.TemporaryDirectory(prefix="infoplane-logs-") as logs:
        workers = [_Worker(context, Path(logs) / str(place)) for place in range(count)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.dismiss()
            for worker in workers:
                worker.bury()


@final
class _Worker:
    """One process that computes one job after another; a new one takes the place of a dead one.

    Args:
        context: How processes are begun.
        log: File for what a job prints.
    """

    def __init__(self, context: BaseContext, log: Path) -> None:
        self.context, self.log = context, log
        self.job: Job | None = None
        self.process: Any = None
        self.pipe: Connection
        self.ended = ""

    @property
    def pid(self) -> int:
        """The process, once begun."""
        assert self.process is not None
        return int(self.process.pid)

    def begin(self, job: Job, terms: Terms) -> None:
        """Hands it a job; it has none."""
        self.job = job
        self.log.write_bytes(b"")
        if self.process is None:
            self.pipe, theirs = self.context.Pipe()
            arguments = (theirs, self.log)
            process = self.context.Process(target=_serve, args=arguments, daemon=True)  # type: ignore[attr-defined]
            with _main_hidden():
                process.start()
            self.process = process
            theirs.close()
        with suppress(OSError):  # it died while it had nothing to do: its pipe will say so
            self.pipe.send((job, terms))

    def end(self) -> Job:
        """Takes its job back."""
        job, self.job = self.job, None
        assert job is not None
        return job

    def obituary(self, job: Job) -> Outcome:
        """The outcome of a job whose process has died."""
        self.bury()
        log = self.log.read_text(errors="replace")
        return Outcome(job.address, "failed", error=f"Its process {self.ended}.", log=log)

    def dismiss(self) -> None:
        """Asks it to end; a job that runs is left where it is, durable."""
        if self.process is not None:
            self.process.terminate()

    def bury(self) -> None:
        """Waits for its end, or makes it end; the next job gets a process of its own."""
        if self.process is None:
            return
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.ended = _cause(self.process.exitcode)
        self.process = None
        self.pipe.close()


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Begins processes that do not run the user's script again: no job needs what is in it."""
    main = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: main[name] for name in ("__spec__", "__file__") if name in main}
    main |= dict.fromkeys(hidden)
    try:
        yield
    finally:
        main |= hidden


def _cause(code: int) -> str:
    """How a process ended, for a reader."""
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name
    guess = ": perhaps the machine ran out of memory" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{guess}"


def _serve(pipe: Connection, log: Path) -> None:
    """In the process: one job after another, until told to end or nobody is there to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's affair
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_outlive_no_driver, daemon=True).start()
    with captured(log), suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        faulthandler.enable()  # a crash of a C library leaves its stack in the log
        while True:
            job, terms = pipe.recv()
            pipe.send(attempt(job, terms, pipe.send, log))


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _outlive_no_driver() -> None:
    """Ends this process when the driver is gone, whatever it is doing: a run is durable."""
    parent = mp.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

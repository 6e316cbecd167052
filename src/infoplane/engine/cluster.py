"""Jobs as tasks on a Ray cluster, or on a Ray of this machine that is started for one sweep."""

import logging
import os
import re
import socket
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, final

from infoplane.engine.attempt import attempt
from infoplane.engine.board import Board
from infoplane.engine.job import Engine, Job, Outcome, Progress, Tell, Terms
from infoplane.numerics.workers import cores
from infoplane.values.errors import InfoplaneError, InfoplaneWarning

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that infoplane runs
    "RAY_task_oom_retries": "3",  # Ray's own number is infinite: too big a job would never end
}
"""Of Ray, unless the user has set them; it reads them once, when it is imported."""
for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
try:
    import ray
    from ray import exceptions as failures
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    raise InfoplaneError(
        'The Ray engine needs Ray; install it with: pip install "infoplane[ray]"'
    ) from None

POLL = 0.5
"""Seconds between two looks at what the jobs are doing."""
PULSE = 5.0
"""Seconds between two looks at the cluster itself."""
SILENCE = 20.0
"""Seconds after which a head that does not answer is taken for lost; after 60, Ray would end us."""
GRACE = 10.0
"""Seconds that a job has for ending when it is asked to."""
REACHED = 5.0
"""Seconds within which a head must answer."""
OBJECTS = 100_000_000
"""Bytes for Ray's object store, where Ray is started for a sweep: only outcomes travel."""
UNSENT = 100
"""Signs of life that may wait to be sent; more are dropped, the next one says as much."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CAUSES: Mapping[type[Exception], str] = {
    failures.OutOfMemoryError: "its node ran out of memory; give each job more (--memory-gb), or "
    "run fewer at once (--jobs)",
    failures.WorkerCrashedError: "its process died, and so did those that took over",
    failures.NodeDiedError: "its node died, and so did those that took over",
    failures.RuntimeEnvSetupError: "its runtime environment could not be set up",
}
"""What became of a job that Ray gave up, in our words; Ray's own are in the log."""


@final
@dataclass(frozen=True)
class RayCluster(Engine):
    """One Ray task per job, placed by the CPUs, GPUs and memory that it needs.

    Every node needs the same infoplane and the same data, and sees the folder of all runs under
    the same path; or the sweep has a remote folder.

    Attributes:
        address: Of the cluster's head, as host:port; "auto" for the one that this machine belongs
            to, "local" for a Ray of this machine that is started for the sweep and ended with it;
            None for ``$RAY_ADDRESS``, a cluster running here, or else as "local".
        jobs: At most so many at once; None for as many as the cluster holds.
        gpus: GPUs of each job, such as 0.5; None for one if the experiment's device is no CPU.
        memory: Bytes that one job needs; Ray places jobs by it. None for no such account.
        retries: How often a job is begun again whose process or node died.
        patience: Seconds to wait for a node that can hold a job, where none is big enough.
        runtime_env: Ray's runtime environment: ``env_vars``, ``working_dir``, ``pip``, ….
    """

    address: str | None = None
    jobs: int | None = None
    gpus: float | None = None
    memory: int | None = None
    retries: int = 3
    patience: float = 300.0
    runtime_env: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise InfoplaneError(f"jobs={self.jobs}: at least one is needed.")
        if self.gpus is not None and (self.gpus < 0 or (self.gpus > 1 and self.gpus % 1)):
            raise InfoplaneError(f"gpus={self.gpus}: give a part of one GPU, or a whole number.")
        if self.memory is not None and self.memory < 1:
            raise InfoplaneError(f"memory={self.memory}: a job needs a positive number of bytes.")
        if self.retries < 0:
            raise InfoplaneError(f"retries={self.retries}: it cannot be negative.")
        if self.patience < 0:
            raise InfoplaneError(f"patience={self.patience}: it cannot be negative.")

    def outcomes(
        self, jobs: Sequence[Job], terms: Terms, tell: Tell
    ) -> Generator[Outcome, None, None]:
        """Every job's outcome, in the order in which they end.

        Raises:
            InfoplaneError: There is no cluster at the address, or it is lost on the way.
        """
        terms = replace(terms, root=terms.root.absolute())
        with _connected(self.address, self._environment, terms.threads) as environment:
            news, pulse = _News(), _Pulse()
            queue, running = deque(jobs), dict[ray.ObjectRef, Job]()
            waiting = _Misfits(self)
            try:
                while queue or running:
                    while queue and len(running) < (self.jobs or len(jobs)):
                        job = queue.popleft()
                        running[self._begun(job, terms, news.board, environment)] = job
                    done, _ = ray.wait(list(running), timeout=POLL)
                    news.report(tell, {job.address for job in running.values()})
                    for ref in done:
                        yield _outcome(ref, running.pop(ref), terms)
                    if not done and pulse.felt():
                        for ref, outcome in waiting.given_up(running, terms):
                            running.pop(ref)
                            _cancel([ref])
                            yield outcome
            finally:
                if pulse.alive:
                    _cancel(list(running))

    @property
    def _environment(self) -> dict[str, Any]:
        """The runtime environment of workers: theirs and what keeps idle threads from spinning."""
        asked = dict(self.runtime_env or {})
        return asked | {"env_vars": {"OMP_WAIT_POLICY": "PASSIVE", **asked.get("env_vars", {})}}

    def _needs(self, job: Job, terms: Terms) -> dict[str, float]:
        """What a node must have to hold a job, by Ray's names."""
        on_cpu = str(getattr(job.experiment, "device", "cpu")).startswith("cpu")
        gpus = self.gpus if self.gpus is not None else float(not on_cpu)
        needs = {"CPU": terms.threads, "GPU": gpus, "memory": self.memory or 0}
        return {name: float(amount) for name, amount in needs.items() if amount}

    def _begun(
        self,
        job: Job,
        terms: Terms,
        board: Any,  # noqa: ANN401 — Ray's handle
        environment: Mapping[str, Any],
    ) -> "ray.ObjectRef[Outcome]":
        """A job's task, in Ray's queue from now on."""
        needs = self._needs(job, terms)
        task = ray.remote(_attempted).options(
            name=f"{job.experiment.name} {job.address}",
            num_cpus=needs["CPU"],
            num_gpus=needs.get("GPU", 0.0),
            memory=needs.get("memory"),
            max_retries=self.retries,
            retry_exceptions=False,
            runtime_env=dict(environment) or None,
        )
        return task.remote(_rooted(job), terms, board)


def _attempted(job: Job, terms: Terms, board: Any) -> Outcome:  # noqa: ANN401 — Ray's handle
    """What a worker does; its signs of life may get lost, and nothing else with them."""

    def tell(progress: Progress) -> None:
        with suppress(failures.RayError):
            board.put.remote(progress.address, progress.step, progress.total)

    return attempt(job, terms, tell)


def _rooted(job: Job) -> Job:
    """The job with absolute paths: workers have working directories of their own."""
    paths = {
        field.name: value.absolute()
        for field in fields(job.experiment)  # type: ignore[arg-type] # every experiment is one
        if isinstance(value := getattr(job.experiment, field.name), Path)
    }
    return replace(job, experiment=replace(job.experiment, **paths))  # type: ignore[type-var]


def _outcome(ref: "ray.ObjectRef[Outcome]", job: Job, terms: Terms) -> Outcome:
    """What became of a task that has ended in one way or another."""
    try:
        outcome = ray.get(ref)
    except failures.RayError as problem:
        words = _COLOURS.sub("", str(problem))
        causes = [cause for kind, cause in _CAUSES.items() if isinstance(problem, kind)]
        cause = causes[0] if causes else f"{type(problem).__name__}: {_last_line(words)}"
        return Outcome(job.address, "failed", error=f"Ray gave the job up: {cause}.", log=words)
    if outcome.status in ("computed", "found") and not terms.remote:
        return _seen_here(outcome, terms.root / job.place)
    return outcome


def _last_line(words: str) -> str:
    return (words.strip().splitlines() or [""])[-1].rstrip(".")


def _seen_here(outcome: Outcome, folder: Path) -> Outcome:
    """The outcome, or a failure if the run lies where this machine cannot see it."""
    with suppress(OSError):
        os.listdir(folder.parent)  # a network file system looks again
    if (folder / "manifest.json").exists():
        return outcome
    error = (
        f"It was computed by {outcome.where}, but {folder} is not to be seen from here: the folder "
        "of all runs must be the same one on every node; or give a remote folder (--remote)."
    )
    return replace(outcome, status="failed", error=error)


def _cancel(refs: "Sequence[ray.ObjectRef[Outcome]]") -> None:
    """Ends tasks: politely, so that nothing is left behind; then otherwise. Runs are durable."""
    for force in (False, True):
        with suppress(failures.RayError, RuntimeError):
            for ref in refs:
                ray.cancel(ref, force=force)
            if refs:
                _, refs = ray.wait(list(refs), num_returns=len(refs), timeout=GRACE)


@final
class _News:
    """What workers tell, on a board near the driver; it may be lost, and nothing else with it."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        remote: Any = ray.remote(Board)
        self._begun = time.monotonic()
        self.board = remote.options(
            num_cpus=0, max_pending_calls=UNSENT, scheduling_strategy=here
        ).remote()
        self._asked = self.board.take.remote()

    def report(self, tell: Tell, running: set[str]) -> None:
        """Tells what has come in of the jobs that still run."""
        ready, _ = ray.wait([self._asked], timeout=0)
        if not ready:
            return
        try:
            news = ray.get(self._asked)
            self._asked = self.board.take.remote()
        except failures.RayError:
            if time.monotonic() - self._begun > PULSE:
                self._begin()  # for the jobs that are yet to begin
            return
        for address, (step, total) in news.items():
            if address in running:
                tell(Progress(address, step, total))


@final
class _Pulse:
    """Whether the cluster's head still answers; Ray itself ends a driver that it has lost."""

    def __init__(self) -> None:
        self.alive = True
        self._address = str(ray.get_runtime_context().gcs_address)
        self._looked = self._answered = time.monotonic()

    def felt(self) -> bool:
        """Whether it was time to look again, and the head has answered.

        Raises:
            InfoplaneError: The head has not answered for ``SILENCE`` seconds.
        """
        now = time.monotonic()
        if now - self._looked < PULSE:
            return False
        self._looked = now
        if _answers(self._address):
            self._answered = now
            return True
        if now - self._answered < SILENCE:
            return False
        self.alive = False
        raise InfoplaneError(
            f"The Ray cluster at {self._address} is lost. What was computed so far is kept: start "
            "the cluster again, and type the same command again."
        )


@final
class _Misfits:
    """Jobs that no node of the cluster can hold: waited for a while, then given up."""

    def __init__(self, engine: RayCluster) -> None:
        self._engine = engine
        self._since: float | None = None

    def given_up(
        self, running: "Mapping[ray.ObjectRef[Outcome], Job]", terms: Terms
    ) -> list[tuple["ray.ObjectRef[Outcome]", Outcome]]:
        """Those that have waited long enough, as failures."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        needs = {ref: self._engine._needs(job, terms) for ref, job in running.items()}
        misfits = {
            ref: self._complaint(needed, nodes)
            for ref, needed in needs.items()
            if not any(_holds(node, needed) for node in nodes)
        }
        now = time.monotonic()
        if not misfits:
            self._since = None
            return []
        if self._since is None:
            self._since = now
            first = next(iter(misfits.values()))
            warnings.warn(
                f"{first} Waiting {self._engine.patience:g} s for one.",
                InfoplaneWarning,
                stacklevel=4,
            )
        if now - self._since < self._engine.patience:
            return []
        return [
            (ref, Outcome(running[ref].address, "failed", error=complaint))
            for ref, complaint in misfits.items()
        ]

    @staticmethod
    def _complaint(needs: Mapping[str, float], nodes: Sequence[Mapping[str, float]]) -> str:
        most = {name: max((node.get(name, 0.0) for node in nodes), default=0.0) for name in needs}
        return (
            f"No node of the Ray cluster can hold a job that needs {_listed(needs)}; "
            f"the most that one has is {_listed(most)}. Ask for less, or add a bigger node."
        )


def _holds(node: Mapping[str, float], needs: Mapping[str, float]) -> bool:
    return all(node.get(name, 0.0) >= amount for name, amount in needs.items())


def _listed(amounts: Mapping[str, float]) -> str:
    """Resources for a reader."""
    words = {"CPU": "{:g} CPU", "GPU": "{:g} GPU", "memory": "{:.3g} GB of memory"}
    scale = {"memory": 1e9}
    return ", ".join(words[name].format(n / scale.get(name, 1)) for name, n in amounts.items())


@contextmanager
def _connected(
    address: str | None, environment: dict[str, Any], threads: int
) -> Iterator[dict[str, Any]]:
    """A connection to Ray within the block; what was there before it is there after it.

    Yields:
        What of the runtime environment each task must still bring along.
    """
    if ray.is_initialized():
        yield environment
        return
    head = _head(address)
    start: dict[str, Any] = {
        "num_cpus": max(cores(), threads),
        "object_store_memory": OBJECTS,
        "include_dashboard": False,
    }
    try:
        ray.init(
            address=head or "local",
            runtime_env=environment,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if head else start),
        )
    except (Exception, SystemExit) as problem:  # Ray raises errors of many kinds, and even exits
        ray.shutdown()
        place = f"There is no way into the Ray cluster at {head}" if head else "Ray cannot start"
        raise InfoplaneError(f"{place}: {type(problem).__name__} {problem}") from problem
    try:
        with _quiet():
            yield {}
    finally:
        ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Ray from printing into the terminal; what it says of a job is in the outcome's log.

    ``log_to_driver`` does not cover its words on dead processes, and no public option does.
    """
    worker: Any = sys.modules["ray._private.worker"]
    before = getattr(worker, "_worker_logs_enabled", True)
    worker._worker_logs_enabled = False
    try:
        yield
    finally:
        worker._worker_logs_enabled = before


def _head(address: str | None) -> str | None:
    """Where the cluster's head listens; None to start a Ray of our own.

    Raises:
        InfoplaneError: A cluster was asked for that is not there.
    """
    asked = address if address not in (None, "auto") else os.environ.get("RAY_ADDRESS") or address
    if asked == "local":
        return None
    if asked in (None, "auto"):
        recorded = _recorded()
        if recorded is not None and _answers(recorded):
            return recorded
        if asked is None:
            return None
        raise InfoplaneError(
            "No Ray cluster runs on this machine; start one with: ray start --head, or give the "
            "address of its head (--address host:6379)."
        )
    assert asked is not None
    if "://" in asked:
        raise InfoplaneError(
            f"The address {asked!r} is of Ray's client or job server. A sweep is driven from a "
            "machine of the cluster: run it there with --address auto, or by ray job submit."
        )
    if not _answers(asked):
        raise InfoplaneError(
            f"No Ray cluster answers at {asked}. Is its head running, is this its address "
            "(host:6379, as ray start --head says), and may this machine reach it?"
        )
    return asked


def _recorded() -> str | None:
    """The head of the cluster that ``ray start`` has started or joined on this machine."""
    folder = os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    try:
        return Path(folder, "ray", "ray_current_cluster").read_text().strip() or None
    except OSError:
        return None


def _answers(address: str) -> bool:
    """Whether somebody listens there; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED):
            return True
    except (OSError, ValueError, OverflowError):
        return False

"""Jobs as tasks on a Ray cluster, or on a Ray of this machine that is started for one sweep."""

import os
import re
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, final

from infoplane.engine.attempt import attempt
from infoplane.engine.connection import Pulse, connected, failures, ray
from infoplane.engine.job import Engine, Job, Outcome, Progress, Tell, Terms, require_limits
from infoplane.engine.news import News
from infoplane.engine.placement import Misfits, Needs, needs_of
from infoplane.values.errors import InfoplaneError

POLL = 0.5
"""Seconds between two looks at what the jobs are doing."""
GRACE = 10.0
"""Seconds that a job has for ending when it is asked to."""
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
        require_limits(jobs=self.jobs, memory=self.memory, retries=self.retries)
        if self.gpus is not None and (self.gpus < 0 or (self.gpus > 1 and self.gpus % 1)):
            raise InfoplaneError(f"gpus={self.gpus}: give a part of one GPU, or a whole number.")
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
        with connected(self.address, self._environment, terms.threads) as environment:
            news, pulse = News(), Pulse()
            queue, running = deque(jobs), dict[ray.ObjectRef, Job]()
            waiting = Misfits(self.patience)
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
                        needs = {ref: self._needs(job, terms) for ref, job in running.items()}
                        for ref, error in waiting.given_up(needs, _nodes()).items():
                            _cancel([ref])
                            yield Outcome(running.pop(ref).address, "failed", error=error)
            finally:
                if pulse.alive:
                    _cancel(list(running))

    @property
    def _environment(self) -> dict[str, Any]:
        """The runtime environment of workers: theirs and what keeps idle threads from spinning."""
        asked = dict(self.runtime_env or {})
        return asked | {"env_vars": {"OMP_WAIT_POLICY": "PASSIVE", **asked.get("env_vars", {})}}

    def _needs(self, job: Job, terms: Terms) -> Needs:
        return needs_of(job, threads=terms.threads, gpus=self.gpus, memory=self.memory)

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


def _nodes() -> list[dict[str, float]]:
    """What each living node has, by Ray's names."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


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

"""A sweep from its first job to its last, on any engine, as often as it takes."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from infoplane.engine.folder import SweepFolder
from infoplane.engine.job import Engine, Job, Outcome, Tell, Terms
from infoplane.experiments.protocol import Experiment
from infoplane.runs import is_whole
from infoplane.store.files import writing
from infoplane.store.lock import Taken, alone
from infoplane.values.errors import InfoplaneError

PATIENCE = 2.0
"""Seconds after which to ask again for a job that another process computes."""
PATIENCE_FAR = 15.0
"""The same where the answer lies in a remote folder, which does not like to be asked too often."""
PATIENCE_FOR_COPIES = 60.0
"""Seconds to wait for another driver that fetches the same run."""


def jobs_of(experiments: Sequence[Experiment]) -> list[Job]:
    """The jobs that compute these experiments, each once.

    Raises:
        InfoplaneError: There are none, they are of several kinds, or data cannot be read.
    """
    if not experiments:
        raise InfoplaneError("A sweep needs at least one experiment; none was given.")
    names = sorted({experiment.name for experiment in experiments})
    if len(names) > 1:
        raise InfoplaneError(f"A sweep is of one experiment; got {' and '.join(names)}.")
    jobs = {job.address: job for job in map(Job.of, experiments)}
    return list(jobs.values())


def swept(
    jobs: Sequence[Job],
    engine: Engine,
    terms: Terms,
    *,
    tell: Tell = lambda _: None,
    waiting: Callable[[int], None] = lambda _: None,
) -> Generator[Outcome, None, None]:
    """Every job's outcome: first those that are there already, then as they end.

    A job that another process computes is asked for again until it is there. Failures are kept
    in the sweep's folder. Closing the iterator stops what runs; the same sweep goes on from there.

    Args:
        jobs: What to compute.
        engine: On what.
        terms: Where and how.
        tell: Is told of the jobs' progress.
        waiting: Is told how many jobs other processes compute, while they are waited for.

    Raises:
        InfoplaneError: The sweep's folder cannot be written, nothing can reach the remote folder,
            or the engine is lost.
    """
    if terms.remote:
        terms.mirror(jobs[0], terms.root)  # refuses a place that nobody can reach, before all work
    folder = SweepFolder.begun(jobs, terms.root)
    with writing(folder.runs):
        folder.runs.mkdir(exist_ok=True)
    left = {job.address: job for job in jobs}
    while left:
        for job in list(left.values()):
            if is_whole(terms.root / job.place):
                yield _noted(folder, Outcome(left.pop(job.address).address, "found"))
        free = [job for job in left.values() if terms.remote or _is_free(terms.root / job.place)]
        busy = len(left) - len(free)
        with closing(_outcomes(engine, free, terms, tell)) as outcomes:
            for outcome in outcomes:
                if outcome.status == "busy":
                    busy += 1
                else:
                    yield _noted(folder, _brought(left.pop(outcome.address), terms, outcome))
        if busy:
            waiting(busy)
            time.sleep(PATIENCE_FAR if terms.remote else PATIENCE)


def _outcomes(
    engine: Engine, jobs: Sequence[Job], terms: Terms, tell: Tell
) -> Generator[Outcome, None, None]:
    """The engine's; none is begun where there is nothing to compute."""
    if jobs:
        yield from engine.outcomes(jobs, terms, tell)


def _is_free(folder: Path) -> bool:
    """Whether nobody computes a run just now; whatever else is wrong with it, a worker will say."""
    if not folder.is_dir():
        return True
    try:
        with alone(folder):
            return True
    except Taken:
        return False
    except InfoplaneError:
        return True


def _brought(job: Job, terms: Terms, outcome: Outcome) -> Outcome:
    """Fetches a run from the remote folder, if that is where it lies."""
    if not terms.remote or outcome.status == "failed":
        return outcome
    folder = terms.root / job.place
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with alone(folder, patience=PATIENCE_FOR_COPIES):
            terms.mirror(job, terms.root).fetch()
    except InfoplaneError as problem:
        return replace(outcome, status="failed", error=str(problem))
    if not is_whole(folder):
        error = f"It was computed by {outcome.where}, but its copy in {terms.remote} is not whole."
        return replace(outcome, status="failed", error=error)
    return outcome


def _noted(folder: SweepFolder, outcome: Outcome) -> Outcome:
    """Keeps a failure in the sweep's folder; if even that is impossible, the outcome says so."""
    try:
        folder.note(outcome)
    except InfoplaneError as problem:
        return replace(outcome, notes=(*outcome.notes, f"Its failure could not be kept: {problem}"))
    return outcome

"""One job in the process that computes it, on whatever engine."""

import os
import platform
import time
import traceback
from pathlib import Path

from infoplane.engine.captured import captured
from infoplane.engine.copying import copying
from infoplane.engine.job import Job, Outcome, Progress, Status, Tell, Terms
from infoplane.engine.memory import give_back, peak
from infoplane.engine.scratch import scratch
from infoplane.numerics.workers import pinned
from infoplane.runs import Watcher, address_of, ensured
from infoplane.store.lock import Taken
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, Tick

TOLD_EVERY = 0.2
"""Seconds between two signs of life of a job."""
LOG_CHARACTERS = 100_000
"""The end of a longer log is kept."""


def attempt(job: Job, terms: Terms, tell: Tell, log: Path | None = None) -> Outcome:
    """Computes a job in this process, or what is left of it; whatever fails is in the outcome.

    Args:
        job: Which one.
        terms: Where and how.
        tell: Is told of progress, a few times a second.
        log: Where to write what it prints while it runs; None for a temporary file.
    """
    start = time.perf_counter()
    with scratch() as folder:
        path = log or folder / "log"
        with captured(path), pinned(terms.threads):
            status, error, notes = _tried(job, terms, tell, folder)
        told = path.read_text(errors="replace")[-LOG_CHARACTERS:]
    seconds = time.perf_counter() - start
    give_back()
    return Outcome(job.address, status, seconds, error, told, where(), peak(), notes)


def where() -> str:
    """This host and process, for a reader."""
    return f"{platform.node()}, process {os.getpid()}"


def _tried(job: Job, terms: Terms, tell: Tell, folder: Path) -> tuple[Status, str, tuple[str, ...]]:
    """Status, error and notes; a traceback is printed, for the log."""
    try:
        return _computed(job, terms, tell, folder)
    except Taken:
        return "busy", "", ()
    except InfoplaneError as problem:
        traceback.print_exc()
        return "failed", str(problem), ()
    except Exception as problem:  # noqa: BLE001 — whatever it is, the other jobs go on
        traceback.print_exc()
        return "failed", f"{type(problem).__name__}: {problem}".rstrip(": "), ()


def _computed(
    job: Job, terms: Terms, tell: Tell, folder: Path
) -> tuple[Status, str, tuple[str, ...]]:
    """Computes what is left of a job, in the folder of all runs or by way of a remote one.

    Args:
        job: Which one.
        terms: Where and how.
        tell: Is told of progress.
        folder: Empty, for the run if the folder of all runs is a remote one.
    """
    here = address_of(job.experiment)
    if here != job.address:
        raise InfoplaneError(
            f"On {platform.node()} this job has the address {here}, not {job.address}: other data "
            "lie there, or another version of infoplane is installed; make them the same."
        )
    told = _throttled(job.address, tell)
    if not terms.remote:
        done, fresh = ensured(job.experiment, terms.root, threads=terms.threads, watch=told)
        return ("computed" if fresh else "found"), "", done.manifest.repairs
    with copying(job, terms, folder) as copy:
        watch = _both(told, copy.watch)
        done, fresh = ensured(job.experiment, folder, threads=terms.threads, watch=watch)
        if fresh:
            copy.finish()
    return ("computed" if fresh else "found"), "", (*done.manifest.repairs, *copy.notes)


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

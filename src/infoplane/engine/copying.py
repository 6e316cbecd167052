"""The copy of a job's run in a remote folder, kept up to date while the job is computed."""

import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import final

from infoplane.engine.claim import REFRESHED_EVERY, Claim
from infoplane.engine.job import Job, Terms
from infoplane.engine.mirror import Mirror
from infoplane.engine.scratch import kept
from infoplane.store.lock import Taken
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, Tick

PUSHED_EVERY = 30.0
"""Seconds between two copies of an unfinished job's folder to a remote one."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""Seconds to wait before the last copy, which holds all of the work, is tried once more."""


@final
class Copying:
    """What takes one run to its remote folder.

    Args:
        job: Whose run it is.
        mirror: Its copy.
        claim: To the job, ours.
    """

    def __init__(self, job: Job, mirror: Mirror, claim: Claim) -> None:
        self._job, self._mirror, self._claim = job, mirror, claim
        self._pushed = time.monotonic()
        self._troubles: list[str] = []
        self._lost: Taken | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong on the way and was made up for."""
        if not self._troubles:
            return ()
        times = "once" if len(self._troubles) == 1 else f"{len(self._troubles)} times"
        return (
            f"The remote folder failed {times} on the way, and was tried again: "
            f"{self._troubles[-1]}",
        )

    def watch(self, _: Row | Tick) -> None:
        """Copies the run if it is time to; what fails is tried again at the next turn.

        Raises:
            Taken: Another attempt has taken the job over.
        """
        if self._lost is not None:
            raise self._lost
        if time.monotonic() - self._pushed < PUSHED_EVERY:
            return
        try:
            self._push()
        except Taken:
            raise
        except InfoplaneError as problem:
            self._troubles.append(str(problem))
        self._pushed = time.monotonic()

    def finish(self) -> None:
        """Copies the finished run, however often it takes.

        Raises:
            Taken: Another attempt has taken the job over.
            InfoplaneError: It is of no use; the run is kept on this machine.
        """
        for pause in (*PAUSES, None):
            try:
                return self._push()
            except Taken:
                raise
            except InfoplaneError as problem:
                if pause is None:
                    raise self._stranded(problem) from problem
                self._troubles.append(str(problem))
                time.sleep(pause)

    def refresh(self) -> None:
        """Says that the job is still being computed; what comes of it, ``watch`` tells."""
        try:
            self._claim.refresh()
        except Taken as problem:
            self._lost = problem
        except InfoplaneError as problem:
            self._troubles.append(str(problem))

    def _push(self) -> None:
        self._claim.refresh()
        self._mirror.push()

    def _stranded(self, problem: InfoplaneError) -> InfoplaneError:
        folder = kept(self._mirror.folder, self._job.place)
        return InfoplaneError(
            f"The run is finished, but cannot be copied to the remote folder. It is kept on "
            f"{platform.node()} in {folder}: copy it to {self._mirror}, or into the folder of all "
            f"runs as {self._job.place}; else the same command computes it again. {problem}"
        )


@contextmanager
def copying(job: Job, terms: Terms, root: Path) -> Iterator[Copying]:
    """Claims a job and brings what is there of its run; gives the job back after the block.

    Args:
        job: Which one.
        terms: With a remote folder.
        root: Folder for the run on this machine, empty.

    Raises:
        Taken: Another driver computes the job.
        InfoplaneError: The remote folder cannot be used.
    """
    mirror, claim = terms.mirror(job, root), terms.claim(job)
    claim.take()
    copy = Copying(job, mirror, claim)
    try:
        with _alive(copy):
            mirror.fetch()
            yield copy
    finally:
        with suppress(InfoplaneError):  # it becomes void after a while
            claim.release()


@contextmanager
def _alive(copy: Copying) -> Iterator[None]:
    """Refreshes the claim within the block, however long it is between two updates."""
    over = threading.Event()

    def refresh() -> None:
        while not over.wait(REFRESHED_EVERY):
            copy.refresh()

    thread = threading.Thread(target=refresh, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # else it might write a claim that has been given back

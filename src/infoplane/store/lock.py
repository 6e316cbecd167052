"""One writer per run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from infoplane.store.files import writing
from infoplane.values.errors import InfoplaneError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps others from writing into a run folder within the block.

    Raises:
        InfoplaneError: Somebody writes into it already, or it cannot be written at all.
    """
    lock = taken(folder)
    try:
        yield
    finally:
        lock.release()


def taken(folder: Path) -> FileLock:
    """The folder's lock, held until it is released or the process ends.

    Raises:
        InfoplaneError: Somebody writes into it already, or it cannot be written at all.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:  # an OSError, so it must be caught before those of the disk
        raise InfoplaneError(
            f"Another process is writing into {folder}; wait for it, stop it, or choose another "
            "folder."
        ) from None
    except OSError as problem:
        with writing(folder):
            raise problem
    return lock

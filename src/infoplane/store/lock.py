"""One writer per run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from infoplane.store.files import writing
from infoplane.values.errors import InfoplaneError


class Taken(InfoplaneError):
    """Another process is writing into the folder."""


@contextmanager
def alone(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Keeps others from writing into a run folder within the block.

    Args:
        folder: The folder.
        patience: Seconds to wait for somebody who writes into it.

    Raises:
        Taken: Somebody writes into it already.
        InfoplaneError: It cannot be written at all.
    """
    lock = taken(folder, patience)
    try:
        yield
    finally:
        lock.release()


def taken(folder: Path, patience: float = 0.0) -> FileLock:
    """The folder's lock, held until it is released or the process ends.

    Args:
        folder: The folder.
        patience: Seconds to wait for somebody who writes into it.

    Raises:
        Taken: Somebody writes into it already.
        InfoplaneError: It cannot be written at all.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout:  # an OSError, so it must be caught before those of the disk
        raise Taken(
            f"Another process is writing into {folder}; wait for it, stop it, or choose another "
            "folder."
        ) from None
    except OSError as problem:
        with writing(folder):
            raise problem
    return lock

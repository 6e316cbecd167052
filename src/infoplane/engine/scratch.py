"""A job's folder for what it needs while it is computed, on this machine alone."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

_OURS = re.compile(r"infoplane-(\d{1,9})-\w+")
_LOCK = ".in-use"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is gone after the block; those of dead processes are removed first.

    It bears the number of its process, and is locked as well: processes of other containers may
    see the same folder and cannot see each other.
    """
    clear()
    name = tempfile.mkdtemp(prefix=f"infoplane-{os.getpid()}-")
    try:
        with FileLock(Path(name, _LOCK)):
            yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


def clear() -> None:
    """Removes what processes that were killed have left behind."""
    for folder in Path(tempfile.gettempdir()).glob("infoplane-*-*"):
        ours = _OURS.fullmatch(folder.name)
        if ours is None or folder.is_symlink() or psutil.pid_exists(int(ours[1])):
            continue
        with suppress(Timeout, OSError), FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)


def kept(folder: Path, place: Path) -> Path:
    """Moves a run out of its scratch folder, to where it stays.

    Args:
        folder: Of the run.
        place: Where it belongs, below a folder of all runs.

    Returns:
        Where it lies now.
    """
    target = Path(tempfile.mkdtemp(prefix=f"infoplane-kept-{place.name}-")) / place
    target.parent.mkdir(parents=True)
    shutil.move(folder, target)
    return target

"""Files that are either whole or absent, and errors that say what to do."""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infoplane.values.errors import InfoplaneError

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EACCES: "permission denied: choose a folder you may write to",
    errno.EPERM: "permission denied: choose a folder you may write to",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.ENOENT: "there is no such place: choose another folder",
    errno.ENOTDIR: "a file lies where a folder should be: move it away, or choose another folder",
    errno.EEXIST: "a file lies where a folder should be: move it away, or choose another folder",
    errno.EFBIG: "the file would grow too large for this file system: choose another folder",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals into errors with a remedy.

    Raises:
        InfoplaneError: Nothing could be written; what was reported done before is still there.
    """
    try:
        yield
    except OSError as problem:
        cause = _REMEDIES.get(problem.errno or 0, str(problem))
        raise InfoplaneError(
            f"Cannot write {path}: {cause}. Then the same command goes on; what was reported done "
            "is kept."
        ) from problem


def require_file(path: Path) -> None:
    """Refuses the name of a folder where a file is to be written.

    Raises:
        InfoplaneError: It is one, such as ".".
    """
    if path.is_dir() or not path.name:
        raise InfoplaneError(f"Cannot write {path}: it is a folder; name a file in it.")


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file under another name, syncs it, and renames it: whole or absent.

    Raises:
        InfoplaneError: It is the name of a folder, or cannot be written.
    """
    require_file(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".partial")
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            unfinished.unlink(missing_ok=True)  # a full disk needs its last bytes elsewhere
            raise
        unfinished.replace(path)
        sync(path.parent)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 — any JSON
    """Writes readable JSON, whole or absent; NaN is not allowed in it."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, text.encode() + b"\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 — any JSON
    """Reads JSON.

    Raises:
        InfoplaneError: The file is missing or no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except NotADirectoryError:
        raise InfoplaneError(f"{path.parent} is a file, not a run folder.") from None
    except FileNotFoundError:
        if not path.parent.exists():
            raise InfoplaneError(f"There is no folder {path.parent}.") from None
        raise InfoplaneError(
            f"{path} is missing: this is no run folder, or not a whole one."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise InfoplaneError(
            f"{path} is damaged ({problem}); run the same command again to write it anew."
        ) from problem


def set_aside(path: Path) -> Path:
    """Keeps a damaged file under a name of its own, and returns that name."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    aside = path.with_name(f"{path.name}.damaged-{digest}")
    path.replace(aside)
    return aside


def sync(*paths: Path) -> None:
    """Waits until the disk has these files, or the names in these folders."""
    for path in paths:
        if path.is_dir() and os.name != "posix":
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

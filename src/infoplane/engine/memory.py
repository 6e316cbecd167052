"""How much memory there is for one more job, what one took, and how it gives that back."""

import ctypes
import gc
import sys
from contextlib import suppress
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

CGROUP = Path("/sys/fs/cgroup")
"""Where Linux keeps the limits of a container."""


def available(cgroup: Path = CGROUP) -> int:
    """Bytes that can still be used, of the machine or of the container, whichever is less."""
    free = int(psutil.virtual_memory().available)
    limit, used = (_bytes(cgroup / name) for name in ("memory.max", "memory.current"))
    if limit is None or used is None:
        return free
    return min(free, limit - used + (_inactive_file(cgroup) or 0))


def resident(pid: int) -> int:
    """Bytes of memory that a process has now; 0 if there is no such process."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def peak() -> int:
    """The largest resident memory that this process has had, in bytes; 0 if nobody counts it.

    Linux's ``ru_maxrss`` is handed down to children with what the parent had, however small
    they are: the kernel's own mark of this program is read instead.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    if resource is None:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def give_back() -> None:
    """Returns what is free in this process to the machine.

    The C library of Linux keeps what large arrays leave behind in pieces: a process that had
    computed eight runs on MNIST held twice what one run needs.
    """
    gc.collect()
    with suppress(OSError, AttributeError):  # other C libraries know no such call
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _bytes(path: Path) -> int | None:
    """A number in a file; None if there is no such file, or no limit in it."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _inactive_file(cgroup: Path) -> int | None:
    """Bytes of file cache that a container gives back when it needs them."""
    try:
        lines = (cgroup / "memory.stat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), None)

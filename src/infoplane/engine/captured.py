"""What a process prints, into a file: of Python and of the C libraries beneath it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

STREAMS = (1, 2)
"""Descriptors of standard output and standard error."""


@contextmanager
def captured(path: Path) -> Iterator[None]:
    """Appends to a file all that is printed within the block.

    Args:
        path: The file; what a process that dies has printed by then is in it.
    """
    with path.open("a", buffering=1, encoding="utf-8", errors="replace") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        kept = [os.dup(stream) for stream in STREAMS]
        try:
            for stream in STREAMS:
                os.dup2(file.fileno(), stream)
            with redirect_stdout(file), redirect_stderr(file):
                yield
        finally:
            for stream, before in zip(STREAMS, kept, strict=True):
                os.dup2(before, stream)
                os.close(before)

"""Where the command line prints, and its exit codes."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console

_PLAIN: Mapping[str, Any] = {"highlight": False, "markup": False, "emoji": False}
"""Names of folders, estimators and layers are text."""
console = Console(width=None if sys.stdout.isatty() else 100, **_PLAIN)
err = Console(stderr=True, **_PLAIN)

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130
"""Exit codes: a job of a sweep failed, the user's mistake, and Ctrl-C."""
NOTHING = "Interrupted; nothing was computed."
"""What is said where Ctrl-C came first."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Says how to go on where work that loses nothing is interrupted, and ends the program."""
    try:
        yield
    except KeyboardInterrupt:
        err.print(
            "\nInterrupted. What was measured is kept; the same command goes on from there.",
            soft_wrap=True,
        )
        sys.exit(INTERRUPTED)

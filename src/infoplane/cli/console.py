"""Where the command line prints."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from infoplane.cli.exits import INTERRUPTED

_PLAIN: Mapping[str, Any] = {"highlight": False, "markup": False, "emoji": False}
"""Names of folders, estimators and layers are text."""
console = Console(width=None if sys.stdout.isatty() else 100, **_PLAIN)
err = Console(stderr=True, **_PLAIN)


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

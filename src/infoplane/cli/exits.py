"""How the command line ends: its exit codes, and Ctrl-C before anything was computed."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130
"""Exit codes: a job of a sweep failed, the user's mistake, and Ctrl-C."""
NOTHING = "Interrupted; nothing was computed."
"""What is said where Ctrl-C came first."""


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Ctrl-C in the block ends the program, which has nothing to lose yet.

    As an exception it may be swallowed while modules are imported: by a library that tries what it
    can import, or in a callback of C.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> NoReturn:
    os.write(2, f"{NOTHING}\n".encode())
    os._exit(INTERRUPTED)

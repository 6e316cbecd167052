"""The process from which local jobs are forked: what takes seconds to import is imported once.

This module itself imports nothing of that, so that a program may begin the server before, and
import its own half while the server imports the other.
"""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

PRELOADED = ["infoplane.engine.attempt", "infoplane.experiments.catalogue", "torch._dynamo"]
"""What every process begins with; its first optimiser would import the last, in two seconds."""


def context() -> BaseContext:
    """Processes that share nothing with this one but what is imported."""
    if "forkserver" not in mp.get_all_start_methods():
        return mp.get_context("spawn")
    forking = mp.get_context("forkserver")
    forking.set_forkserver_preload(PRELOADED)
    return forking


def begin() -> None:
    """Begins the server, if this system has one and it does not run yet; it ends with us."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if context().get_start_method() == "forkserver":
        with _deaf():
            forkserver.ensure_running()


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes begun in the block do not hear Ctrl-C: it is the driver's affair.

    The fork server ignores it by itself only once all is imported.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)

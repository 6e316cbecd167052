"""Many small matrix problems at once: a few Python threads over one-thread linear algebra.

LAPACK gains next to nothing from its own threads on matrices of a few hundred rows, and can lose
a factor of ten; independent problems side by side scale with the cores. Because every problem runs
on exactly one thread, results do not depend on how many there are.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

from infoplane.values.errors import InfoplaneError

Item = TypeVar("Item")
Result = TypeVar("Result")
WORKERS = "INFOPLANE_WORKERS"
"""Environment variable: how many cores to use."""


def cores() -> int:
    """How many cores to use: ``$INFOPLANE_WORKERS``, or all that this process may run on."""
    asked = os.environ.get(WORKERS)
    if asked is not None:
        if not (asked.isdecimal() and int(asked) > 0):
            raise InfoplaneError(f"{WORKERS}={asked!r}: give a positive number.")
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _libraries() -> ThreadpoolController:
    """The linear-algebra libraries of this process; finding them takes milliseconds, once."""
    return ThreadpoolController()


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads for torch within the block, and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def pinned(count: int) -> Iterator[None]:
    """So many threads for everything within the block: torch, linear algebra, and ``parallel``."""
    before = os.environ.get(WORKERS)
    os.environ[WORKERS] = str(count)
    try:
        with torch_threads(count), _libraries().limit(limits=count):
            yield
    finally:
        if before is None:
            del os.environ[WORKERS]
        else:
            os.environ[WORKERS] = before


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Linear algebra of torch, NumPy and SciPy on one thread per call, within the block."""
    with torch_threads(1), _libraries().limit(limits=1, user_api="blas"):
        yield


def parallel(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``[function(item) for item in items]``, one thread per core, in order.

    Autograd does not cross threads: call ``function`` directly where gradients are wanted.
    """
    with one_thread_each(), ThreadPoolExecutor(cores()) as pool:
        futures = [pool.submit(_without_gradients, function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _without_gradients(function: Callable[[Item], Result], item: Item) -> Result:
    with torch.no_grad():
        return function(item)

"""The way to a Ray cluster, and whether it is still there."""

import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, final

import psutil

from infoplane.numerics.workers import cores
from infoplane.values.errors import InfoplaneError

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that infoplane runs
    "RAY_task_oom_retries": "3",  # Ray's own number is infinite: too big a job would never end
}
"""Of Ray, unless the user has set them; it reads them once, when it is imported."""
for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
try:
    import ray
    from ray import exceptions as failures  # noqa: F401 — whoever needs Ray has it from here
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: F401
except ImportError:
    raise InfoplaneError(
        'The Ray engine needs Ray; install it with: pip install "infoplane[ray]"'
    ) from None

PULSE = 5.0
"""Seconds between two looks at the cluster itself."""
SILENCE = 20.0
"""Seconds after which a head that does not answer is taken for lost; after 60, Ray would end us."""
REACHED = 5.0
"""Seconds within which a head must answer."""
OBJECTS = 100_000_000
"""Bytes for Ray's object store, where Ray is started for a sweep: only outcomes travel."""


@contextmanager
def connected(
    address: str | None, environment: dict[str, Any], threads: int
) -> Iterator[dict[str, Any]]:
    """A connection to Ray within the block; what was there before it is there after it.

    Args:
        address: As of ``RayCluster``.
        environment: Ray's runtime environment for the workers.
        threads: Of each job; a Ray that is started here has CPUs for at least one.

    Yields:
        What of the runtime environment each task must still bring along.

    Raises:
        InfoplaneError: There is no cluster at the address, or Ray is connected to another one.
    """
    if ray.is_initialized():
        _require_same(address)
        yield environment
        return
    place = head(address)
    start: dict[str, Any] = {
        "num_cpus": max(cores(), threads),
        "object_store_memory": OBJECTS,
        "include_dashboard": False,
    }
    try:
        ray.init(
            address=place or "local",
            runtime_env=environment,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if place else start),
        )
    except (Exception, SystemExit) as problem:  # Ray raises errors of many kinds, and even exits
        ray.shutdown()
        failure = (
            f"There is no way into the Ray cluster at {place}" if place else "Ray cannot start"
        )
        raise InfoplaneError(f"{failure}: {type(problem).__name__} {problem}") from problem
    try:
        with quiet():
            yield {}
    finally:
        ray.shutdown()


def _require_same(address: str | None) -> None:
    """Refuses an address that is not of the cluster to which this process is connected already."""
    if address in (None, "auto"):
        return
    there = str(ray.get_runtime_context().gcs_address)
    if not same(address, there):
        raise InfoplaneError(
            f"The address {address!r} was asked for, but this process is connected to the Ray "
            f"cluster at {there} already. Leave the address out to use that one, or end the "
            "connection first: ray.shutdown()."
        )


def same(asked: str, there: str) -> bool:
    """Whether two addresses, as host:port, are of one head; names are looked up."""
    return asked == there or not _hosts(asked).isdisjoint(_hosts(there))


def _hosts(address: str) -> set[tuple[str, str]]:
    """The numbers of a host and its port; a loopback address stands for all of this machine's."""
    host, _, port = address.rpartition(":")
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host.strip("[]"), None)}
    except (OSError, UnicodeError):
        return set()
    if any(ip_address(number.partition("%")[0]).is_loopback for number in found):
        found |= {one.address for card in psutil.net_if_addrs().values() for one in card}
    return {(number, port) for number in found}


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Ray from printing into the terminal; what it says of a job is in the outcome's log.

    ``log_to_driver`` does not cover its words on dead processes, and no public option does.
    """
    worker: Any = sys.modules.get("ray._private.worker")
    before = getattr(worker, "_worker_logs_enabled", None)
    if before is None:  # another Ray, where it is called otherwise: more words, no harm
        yield
        return
    worker._worker_logs_enabled = False
    try:
        yield
    finally:
        worker._worker_logs_enabled = before


def head(address: str | None) -> str | None:
    """Where the cluster's head listens; None to start a Ray of our own.

    Raises:
        InfoplaneError: A cluster was asked for that is not there.
    """
    asked = address if address not in (None, "auto") else os.environ.get("RAY_ADDRESS") or address
    if asked == "local":
        return None
    if asked in (None, "auto"):
        here = recorded()
        if here is not None and answers(here):
            return here
        if asked is None:
            return None
        raise InfoplaneError(
            "No Ray cluster runs on this machine; start one with: ray start --head, or give the "
            "address of its head (--address host:6379)."
        )
    assert asked is not None
    if "://" in asked:
        raise InfoplaneError(
            f"The address {asked!r} is of Ray's client or job server. A sweep is driven from a "
            "machine of the cluster: run it there with --address auto, or by ray job submit."
        )
    if not answers(asked):
        raise InfoplaneError(
            f"No Ray cluster answers at {asked}. Is its head running, is this its address "
            "(host:6379, as ray start --head says), and may this machine reach it?"
        )
    return asked


def recorded() -> str | None:
    """The head of the cluster that ``ray start`` has started or joined on this machine."""
    folder = os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    try:
        return Path(folder, "ray", "ray_current_cluster").read_text().strip() or None
    except OSError:
        return None


def answers(address: str) -> bool:
    """Whether somebody listens there; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED):
            return True
    except (OSError, ValueError, OverflowError):
        return False


@final
class Pulse:
    """Whether the cluster's head still answers; Ray itself ends a driver that it has lost."""

    def __init__(self) -> None:
        self.alive = True
        self._address = str(ray.get_runtime_context().gcs_address)
        self._looked = self._answered = time.monotonic()

    def felt(self) -> bool:
        """Whether it was time to look again, and the head has answered.

        Raises:
            InfoplaneError: The head has not answered for ``SILENCE`` seconds.
        """
        now = time.monotonic()
        if now - self._looked < PULSE:
            return False
        self._looked = now
        if answers(self._address):
            self._answered = now
            return True
        if now - self._answered < SILENCE:
            return False
        self.alive = False
        raise InfoplaneError(
            f"The Ray cluster at {self._address} is lost. What was computed so far is kept: start "
            "the cluster again, and type the same command again."
        )

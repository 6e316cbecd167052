"""What workers of a Ray cluster tell the driver on the way."""

import time
from typing import Any, final

from infoplane.engine.board import Board
from infoplane.engine.connection import NodeAffinitySchedulingStrategy, failures, ray
from infoplane.engine.job import Progress, Tell

UNSENT = 100
"""Signs of life that may wait to be sent; more are dropped, the next one says as much."""
AGAIN = 5.0
"""Seconds after which a board that was lost with its node is replaced."""


@final
class News:
    """What workers tell, on a board near the driver; it may be lost, and nothing else with it."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        remote: Any = ray.remote(Board)
        self._begun = time.monotonic()
        self.board = remote.options(
            num_cpus=0, max_pending_calls=UNSENT, scheduling_strategy=here
        ).remote()
        self._asked = self.board.take.remote()

    def report(self, tell: Tell, running: set[str]) -> None:
        """Tells what has come in of the jobs that still run."""
        ready, _ = ray.wait([self._asked], timeout=0)
        if not ready:
            return
        try:
            news = ray.get(self._asked)
            self._asked = self.board.take.remote()
        except failures.RayError:
            if time.monotonic() - self._begun > AGAIN:
                self._begin()  # for the jobs that are yet to begin
            return
        for address, (step, total) in news.items():
            if address in running:
                tell(Progress(address, step, total))

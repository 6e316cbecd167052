"""Where the time goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import final


@final
class Stopwatch:
    """Seconds of wall-clock time by named part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Adds the duration of the block to a part."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + perf_counter() - start

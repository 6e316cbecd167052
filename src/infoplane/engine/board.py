"""Where workers of a cluster put their signs of life. It imports nothing: its process is small."""

from typing import final


@final
class Board:
    """The latest of each job since somebody looked."""

    def __init__(self) -> None:
        self.news: dict[str, tuple[int, int]] = {}

    def put(self, address: str, step: int, total: int) -> None:
        """Notes that a job has done ``step`` of ``total`` updates."""
        self.news[address] = (step, total)

    def take(self) -> dict[str, tuple[int, int]]:
        """What is new, by the jobs' addresses."""
        news, self.news = self.news, {}
        return news

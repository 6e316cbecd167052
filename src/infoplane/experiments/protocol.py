"""What every experiment is: a frozen value that runs, and says how its Trace is shown."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Checkpoint, Row, Tick, Trace


class Shown(ABC):
    """How a kind of Trace is presented: everything is read from the Trace alone.

    Attributes:
        title: One line for a reader.
    """

    title: ClassVar[str]

    @staticmethod
    @abstractmethod
    def findings(traces: Sequence[Trace]) -> list[Finding]:
        """Claims about it, judged over one Trace, or over those of several seeds."""

    @staticmethod
    @abstractmethod
    def panels(trace: Trace) -> list[Panel]:
        """The figures of one Trace."""

    @staticmethod
    @abstractmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What a reader should know in ten seconds, a sentence each."""


class Experiment(Shown):
    """A frozen dataclass; its fields are the configuration and the command line.

    Attributes:
        name: As on the command line.
        results_version: Raised whenever the same fields begin to give other numbers.
    """

    name: ClassVar[str]
    results_version: ClassVar[int]

    @property
    @abstractmethod
    def data_digest(self) -> str:
        """Content hash of the data it will use."""

    @property
    @abstractmethod
    def threads(self) -> int:
        """Torch threads that suit its networks; tiny ones train fastest with one."""

    @property
    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """What its Trace says of itself: at least ``experiment``, ``description``, ``seed``."""

    @abstractmethod
    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Pure: same fields, same rows. Resumed, it yields the rows after the checkpoint."""

"""What every experiment is: a frozen value that runs, and says how its Trace is shown."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from infoplane.analysis.claims import Claim, judged
from infoplane.analysis.family import Value
from infoplane.experiments.table import table
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace, held_out


class Shown(ABC):
    """How a kind of Trace is presented: everything is read from the Trace alone.

    A subclass names the functions that do it, as in ``panels = staticmethod(figures.panels)``.

    Attributes:
        title: One line for a reader.
        family: How runs that differ in one setting are presented together; None if they are not.
    """

    title: ClassVar[str]
    family: ClassVar["type[Family] | None"] = None

    @staticmethod
    @abstractmethod
    def claims(trace: Trace) -> list[Claim]:
        """What is asked of it, of ``subject`` of a Trace."""

    @staticmethod
    def subject(trace: Trace) -> Trace:
        """What of a Trace is asked: its last probe, by convention samples not trained on."""
        return held_out(trace)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Its claims, judged over one Trace, or over those of several seeds."""
        asked = [cls.subject(trace) for trace in traces]
        return judged(cls.claims(asked[0]), asked) if asked else []

    @staticmethod
    @abstractmethod
    def panels(trace: Trace) -> list[Panel]:
        """The figures of one Trace."""

    @staticmethod
    @abstractmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What a reader should know in ten seconds, a sentence each."""

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Further tables between the findings and the figures; none unless it has some.

        Args:
            trace: What was measured.
            seconds: Wall-clock time by part, as its rows told it.
        """
        return []

    @staticmethod
    def methods(trace: Trace) -> list[str] | None:
        """Paragraphs on how it was measured, which cite works as ``[@key]``.

        Asked of one run, and of several seeds that are ``across.combined``. None says that it is
        an information plane, whose methods a report knows how to tell.
        """
        return None

    @staticmethod
    def numbers(trace: Trace) -> str:
        """All numbers as CSV."""
        return table(trace)


class Family(Shown):
    """How runs of one seed that differ in one setting are presented together.

    A family is one Trace in which that setting is a dimension, named by its last part
    ("training.steps" lies along "steps"); several seeds are several such Traces. What a member
    did not measure is NaN.

    The seconds that ``tables`` is told are those of every member, by the names that
    ``members.of_member`` gives, and of several seeds their mean.

    Attributes:
        along: The setting, such as "code_size"; or one that consists of several.
    """

    along: ClassVar[str]

    @staticmethod
    def named(setting: Any) -> Value:  # noqa: ANN401 — whatever a setting is
        """What a member is called by its setting: as it is, or as JSON if that is not plain."""
        if isinstance(setting, str | int | float) and not isinstance(setting, bool):
            return setting
        return json.dumps(setting)


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

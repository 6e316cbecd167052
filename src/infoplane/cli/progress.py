"""How far a run or a sweep has come: bars on a terminal, lines elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from infoplane.cli.console import err
from infoplane.engine.job import Outcome
from infoplane.engine.job import Progress as OfJob
from infoplane.runs import Watcher
from infoplane.sweeping import Waiting
from infoplane.sweeping import Watcher as SweepWatcher
from infoplane.values.trace import Row, Tick


@contextmanager
def running(name: str) -> Iterator[Watcher]:
    """A bar with time left on a terminal, a line at every tenth elsewhere."""
    if not err.is_terminal:
        yield _tenths(name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counted]} · {task.fields[rows]} rows kept ·"),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(name, total=None, rows=0, counted="")
        rows = 0

        def watch(event: Row | Tick) -> None:
            nonlocal rows
            if isinstance(event, Tick):
                bar.update(task, completed=event.step, total=event.total, counted=event.counted)
            else:
                rows += 1
                bar.update(task, rows=rows)

        yield watch


def _tenths(name: str) -> Watcher:
    """One line of progress for every tenth of the work."""
    told, rows = -1, 0

    def watch(event: Row | Tick) -> None:
        nonlocal told, rows
        if isinstance(event, Row):
            rows += 1
        elif event.step * 10 // event.total > told:
            told = event.step * 10 // event.total
            err.print(f"{name}: {event.step} of {event.total} {event.counted}, {rows} rows kept")

    return watch


SPEED_OVER = 600.0
"""Seconds of the past from which the time that is left is told."""
QUIET = 300.0
"""Seconds after which a line is due in any case."""


@contextmanager
def sweeping(name: str, labels: Mapping[str, str]) -> Iterator[SweepWatcher]:
    """Bars of the sweep and of every running job on a terminal; a line now and then elsewhere.

    Args:
        name: The experiment.
        labels: What to call every job, by its address.
    """
    if not err.is_terminal:
        yield _Lines(name, labels).told
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, speed_estimate_period=SPEED_OVER) as bars:
        yield _OnTerminal(name, labels, bars).told


TOLD_FROM = 0.05
"""The share of all work from which on the time left is told: what is measured most densely at the
beginning would make it hours."""


class _Told(ABC):
    """What a sweep has told so far."""

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        self.name, self.labels = name, labels
        self.found = self.done = self.failed = self.elsewhere = 0
        self.shares: dict[str, float] = {}

    def told(self, event: Outcome | OfJob | Waiting) -> None:
        """Counts, and shows it."""
        if isinstance(event, OfJob):
            self.shares[event.address] = event.step / event.total
            self.elsewhere = 0
        elif isinstance(event, Waiting):
            self.elsewhere = event.count
        else:
            self.shares.pop(event.address, None)
            self.found += event.status == "found"
            self.failed += event.status == "failed"
            self.done += event.status in ("computed", "failed")
            _print_end(self.labels[event.address], event)
        self.show(event)

    @property
    def total(self) -> int:
        """Jobs to compute; with those that were there already the time left would be too short."""
        return len(self.labels) - self.found

    @property
    def words(self) -> str:
        """How many jobs are done, and what else is to be known."""
        besides = [
            *([f"{self.found} there already"] if self.found else []),
            *([f"{self.failed} failed"] if self.failed else []),
            *([f"{self.elsewhere} computed by other processes"] if self.elsewhere else []),
        ]
        return f"{self.done} of {self.total} jobs" + (f" ({', '.join(besides)})" if besides else "")

    @abstractmethod
    def show(self, event: Outcome | OfJob | Waiting) -> None:
        """Shows what has changed."""


@final
class _OnTerminal(_Told):
    """One bar for the sweep, which moves with every job's updates, and one for each running job."""

    def __init__(self, name: str, labels: Mapping[str, str], bars: Progress) -> None:
        super().__init__(name, labels)
        self.bars = bars
        self.running: dict[str, TaskID] = {}
        self.whole = bars.add_task(name, total=len(labels), told=f"{self.words} ·")

    def show(self, event: Outcome | OfJob | Waiting) -> None:
        """Moves the bars."""
        if isinstance(event, OfJob):
            if event.address not in self.running:
                label = f"  {self.labels[event.address]}"
                self.running[event.address] = self.bars.add_task(label, total=event.total, told="")
            told = f"{event.step}/{event.total} ·"
            bar = self.running[event.address]
            self.bars.update(bar, completed=event.step, total=event.total, told=told)
        elif isinstance(event, Outcome) and event.address in self.running:
            self.bars.remove_task(self.running.pop(event.address))
        completed = self.done + sum(self.shares.values())
        self.bars.update(self.whole, total=self.total, completed=completed, told=f"{self.words} ·")


@final
class _Lines(_Told):
    """A line for every tenth of the jobs, and one now and then in between."""

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        super().__init__(name, labels)
        self.begun = self.last = time.monotonic()
        self.tenths = 0

    def show(self, event: Outcome | OfJob | Waiting) -> None:
        """Prints a line, if it is time for one."""
        now = time.monotonic()
        tenths = self.done * 10 // self.total if self.total else 0
        if tenths <= self.tenths and now - self.last < QUIET:
            return
        self.tenths, self.last = tenths, now
        completed = self.done + sum(self.shares.values())
        rest = ""
        if completed >= TOLD_FROM * self.total > 0:
            left = (now - self.begun) / completed * (self.total - completed)
            rest = f", about {_rough(left)} left" if left else ""
        err.print(f"{self.name}: {self.words}{rest}")


def _print_end(label: str, outcome: Outcome) -> None:
    """Why a job failed, and what was mended on its way."""
    if outcome.status == "failed":
        err.print(f"Failed: {label}: {outcome.error}", soft_wrap=True)
    for note in outcome.notes:
        err.print(f"Note: {label}: {note}", soft_wrap=True)


def _rough(seconds: float) -> str:
    """A time as one would say it.

    >>> _rough(40.0), _rough(300.0), _rough(9000.0)
    ('40 s', '5 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

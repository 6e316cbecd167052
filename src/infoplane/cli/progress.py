"""How far a run or a sweep has come: bars on a terminal, lines elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
        TextColumn("updates · {task.fields[rows]} moments measured ·"),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(name, total=None, rows=0)
        rows = 0

        def watch(event: Row | Tick) -> None:
            nonlocal rows
            if isinstance(event, Tick):
                bar.update(task, completed=event.step, total=event.total)
            else:
                rows += 1
                bar.update(task, rows=rows)

        yield watch


def _tenths(name: str) -> Watcher:
    """One line of progress for every tenth of the updates."""
    told, rows = -1, 0

    def watch(event: Row | Tick) -> None:
        nonlocal told, rows
        if isinstance(event, Row):
            rows += 1
        elif event.step * 10 // event.total > told:
            told = event.step * 10 // event.total
            err.print(f"{name}: {event.step} of {event.total} updates, {rows} moments measured")

    return watch


SPEED_OVER = 600.0
"""Seconds of the past from which the time that is left is told."""


class Bars(ABC):
    """How far a sweep has come."""

    @abstractmethod
    def progress(self, of: OfJob) -> None:
        """A job has made updates."""

    @abstractmethod
    def ended(self, outcome: Outcome) -> None:
        """A job has ended."""

    @abstractmethod
    def waiting(self, count: int) -> None:
        """Nothing is left but what other processes compute."""


@contextmanager
def sweeping(name: str, labels: Mapping[str, str]) -> Iterator[Bars]:
    """Bars of the sweep and of every running job on a terminal; a line now and then elsewhere.

    Args:
        name: The experiment.
        labels: What to call every job, by its address.
    """
    if not err.is_terminal:
        yield _Lines(name, labels)
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
        yield _OnTerminal(name, labels, bars)


@final
class _OnTerminal(Bars):
    """One bar for the sweep, which moves with every job's updates, and one for each running job."""

    def __init__(self, name: str, labels: Mapping[str, str], bars: Progress) -> None:
        self.labels, self.bars = labels, bars
        self.found = self.done = self.failed = 0
        self.running: dict[str, TaskID] = {}
        self.shares: dict[str, float] = {}
        self.whole = bars.add_task(name, total=len(labels), told="")
        self._show()

    def progress(self, of: OfJob) -> None:
        label = self.labels[of.address]
        if of.address not in self.running:
            self.running[of.address] = self.bars.add_task(f"  {label}", total=of.total, told="")
        told = f"{of.step}/{of.total} updates ·"
        self.bars.update(self.running[of.address], completed=of.step, total=of.total, told=told)
        self.shares[of.address] = of.step / of.total
        self._show()

    def ended(self, outcome: Outcome) -> None:
        label = self.labels[outcome.address]
        self.shares.pop(outcome.address, None)
        if outcome.address in self.running:
            self.bars.remove_task(self.running.pop(outcome.address))
        self.found += outcome.status == "found"
        self.failed += outcome.status == "failed"
        self.done += outcome.status in ("computed", "failed")
        _print_end(label, outcome)
        self._show()

    def waiting(self, count: int) -> None:
        self._show(f", waiting for {count} that other processes compute")

    def _show(self, more: str = "") -> None:
        """What was there already counts for nothing, or the time left would be too short."""
        total = len(self.labels) - self.found
        self.bars.update(
            self.whole,
            total=total,
            completed=self.done + sum(self.shares.values()),
            told=f"{self.done}/{total} jobs{_besides(self.found, self.failed)}{more} ·",
        )


@final
@dataclass
class _Lines(Bars):
    """A line for every tenth of the jobs, and for every failure."""

    name: str
    labels: Mapping[str, str]
    found: int = 0
    done: int = 0
    failed: int = 0
    told: int = 0
    begun: float = field(default_factory=time.monotonic)

    def progress(self, of: OfJob) -> None:
        """Nothing: lines are for whole jobs."""

    def ended(self, outcome: Outcome) -> None:
        self.found += outcome.status == "found"
        self.failed += outcome.status == "failed"
        self.done += outcome.status in ("computed", "failed")
        _print_end(self.labels[outcome.address], outcome)
        total = len(self.labels) - self.found
        if total and self.done * 10 // total > self.told:
            self.told = self.done * 10 // total
            left = (time.monotonic() - self.begun) / self.done * (total - self.done)
            besides = _besides(self.found, self.failed)
            err.print(
                f"{self.name}: {self.done} of {total} jobs{besides}, about {_rough(left)} left"
            )

    def waiting(self, count: int) -> None:
        """Nothing: it would be told every other second."""


def _print_end(label: str, outcome: Outcome) -> None:
    """Why a job failed, and what was mended on its way."""
    if outcome.status == "failed":
        err.print(f"Failed: {label}: {outcome.error}", soft_wrap=True)
    for note in outcome.notes:
        err.print(f"Note: {label}: {note}", soft_wrap=True)


def _besides(found: int, failed: int) -> str:
    parts = [f"{found} there already"] * bool(found) + [f"{failed} failed"] * bool(failed)
    return f" ({', '.join(parts)})" if parts else ""


def _rough(seconds: float) -> str:
    """A time as one would say it.

    >>> _rough(40), _rough(300), _rough(9000)
    ('40 s', '5 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""An experiment that takes milliseconds, and fails in every way that a test asks for."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.experiments.protocol import Experiment
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.seeds import stream
from infoplane.values.trace import Checkpoint, Row, Tick, Trace

STEPS = 4


@dataclass(frozen=True)
class Inner:
    """A nested setting."""

    rate: float = 0.5
    kind: Literal["slow", "fast"] = "slow"


@dataclass(frozen=True)
class Tiny(Experiment):
    """A few rows of random numbers.

    Attributes:
        size: A number to vary.
        fate: What happens in the middle.
        seed: Seed of the numbers.
        inner: A nested setting.
        seconds: How long it takes.
        marks: Folder for one file per start, so that a test can count them.
    """

    name: ClassVar[str] = "tiny"
    title: ClassVar[str] = "Random numbers"
    results_version: ClassVar[int] = 1

    size: int = 1
    fate: Literal["fine", "raises", "refuses", "is killed once", "is always killed"] = "fine"
    seed: int = 0
    inner: Inner = Inner()
    seconds: float = field(default=0.0, metadata=NOT_ADDRESSED)
    marks: Path | None = field(default=None, metadata=NOT_ADDRESSED)

    data_digest = "none"
    threads = 1

    @property
    def attributes(self) -> dict[str, Any]:
        return {"experiment": self.name, "description": "tiny", "seed": self.seed}

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        starts = self._marked()
        for step in range(STEPS):
            if step == STEPS // 2:
                print(f"half of size {self.size}", flush=True)
                self._meet(starts)
            time.sleep(self.seconds / STEPS)
            generator = stream(self.seed, "tiny", self.size, step)
            number = float(generator.initial_seed() % 997)
            yield Row(step, float(step), {"number": xr.DataArray(number, attrs={"unit": "1"})})
            yield Tick(step + 1, STEPS)

    def _marked(self) -> int:
        """How often this job has been started, this time included."""
        if self.marks is None:
            return 1
        (self.marks / f"{self.size}-{self.seed}-{os.getpid()}-{time.monotonic_ns()}").touch()
        return len(list(self.marks.glob(f"{self.size}-{self.seed}-*")))

    def _meet(self, starts: int) -> None:
        """Its fate."""
        if self.fate == "raises":
            raise ZeroDivisionError("of all things")
        if self.fate == "is always killed" or (self.fate == "is killed once" and starts == 1):
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def claims(trace: Trace) -> list[Claim]:
        return []

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        return []

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        return []

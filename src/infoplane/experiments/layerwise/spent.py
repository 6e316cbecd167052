"""What training has cost so far: updates and multiply-adds in the Trace, seconds beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import xarray as xr

from infoplane.record.snapshot import Snapshot
from infoplane.training.phases import Schedule
from infoplane.values.trace import Measured
from infoplane.values.units import PURE


@final
class Spent:
    """Counts of every moment, which follow from its step alone; and the seconds since the last.

    Attributes:
        seconds: Wall-clock time by part since the last moment; whoever trains adds to it.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.seconds: dict[str, float] = {}
        self._schedule = schedule

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Updates and multiply-adds of all phases so far."""
        seconds = dict(self.seconds)
        self.seconds.clear()
        counts = {
            "updates": (sum(self._schedule.updates(snapshot.step)), "updates so far"),
            "multiply_adds": (self._schedule.spent(snapshot.step), "multiply-adds so far"),
        }
        values = {
            name: xr.DataArray(float(count), attrs={"long_name": words, "unit": PURE})
            for name, (count, words) in counts.items()
        }
        return Measured(values, seconds)


def phases_told(schedule: Schedule) -> Sequence[Mapping[str, Any]]:
    """Every phase as plain values: its stages, its steps, and what it makes of them."""
    firsts = [1, *(end + 1 for end in schedule.ends())]
    made = zip(
        schedule.phases, firsts, schedule.ends(), schedule.updates(schedule.steps), strict=False
    )
    return [
        {
            "stages": list(phase.stages),
            "name": phase.name,
            "first step": first,
            "last step": last,
            "updates": updates,
            "multiply-adds of an update": phase.cost,
        }
        for phase, first, last, updates in made
    ]

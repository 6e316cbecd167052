"""The same questions on several probes, such as training and test samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import xarray as xr

from infoplane.observe.plane import Alarm, Plane
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class SideBySide:
    """Planes of equal shape on several probes, joined along a dimension ``probe``.

    Attributes:
        planes: By the name of the probe; the last one is that of samples not trained on.

    Raises:
        InfoplaneError: The probes differ in number or size of their batches.
    """

    planes: Mapping[str, Plane]

    def __post_init__(self) -> None:
        shapes = {name: (one.probe.batches, one.probe.n) for name, one in self.planes.items()}
        if len(set(shapes.values())) > 1:
            said = ", ".join(f"{name}: {b} × {n}" for name, (b, n) in shapes.items())
            raise InfoplaneError(
                f"The probes have batches of different number or size ({said}). Information "
                "depends on the number of samples, so they could not be compared: give equally "
                "many samples."
            )

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment on every probe; as a plane, it warns of every layer once."""
        looks = {name: plane.look(snapshot) for name, plane in self.planes.items()}
        seen = [measured for measured, _ in looks.values()]
        for name, (_, broken) in looks.items():
            self._alarm({layer: f"{words} on {name}" for layer, words in broken.items()})
        names = xr.DataArray(list(self.planes), dims="probe", name="probe")
        values = {
            key: xr.concat([one.values[key] for one in seen], dim=names, combine_attrs="override")
            for key in seen[0].values
        }
        parts = {part for one in seen for part in one.seconds}
        seconds = {part: sum(one.seconds.get(part, 0.0) for one in seen) for part in parts}
        return Measured(values, seconds)

    @cached_property
    def _alarm(self) -> Alarm:
        return Alarm()

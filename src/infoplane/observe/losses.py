"""Training and test loss on fixed samples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr
from torch import Tensor, nn

from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class Losses:
    """The objective on fixed sets of samples, without touching the network.

    Attributes:
        objective: Loss of a network on samples.
        samples: Samples by the name the loss gets in the Trace, such as "loss_test".
        unit: Unit of the loss.
    """

    objective: Callable[[nn.Module, Tensor], Tensor]
    samples: Mapping[str, Tensor]
    unit: str

    def __call__(self, snapshot: Snapshot) -> Measured:
        """One number per set of samples."""
        clock = Stopwatch()
        values = {}
        with clock.timing("loss"), undisturbed(snapshot.model):
            for name, x in self.samples.items():
                attributes = {"long_name": name.replace("_", " "), "unit": self.unit, "n": len(x)}
                loss = self.objective(snapshot.model, x).item()
                values[name] = xr.DataArray(loss, attrs=attributes)
        return Measured(values, clock.seconds)

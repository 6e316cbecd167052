"""Cross-entropy and error of a classifier on fixed samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr
from torch import Tensor
from torch.nn.functional import cross_entropy

from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class Classification:
    """``loss_…`` in nats and ``error_…``, the share of wrong classes, of every set of samples.

    Attributes:
        samples: Images (n, …) and their classes (n,), by what stands after the underscore.
    """

    samples: Mapping[str, tuple[Tensor, Tensor]]

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Two numbers per set; the network is left as it was."""
        clock = Stopwatch()
        values = {}
        with clock.timing("loss"), undisturbed(snapshot.model):
            for name, (x, y) in self.samples.items():
                logits = snapshot.model(x)
                wrong = (logits.argmax(1) != y).double().mean().item()
                loss = cross_entropy(logits, y).item()
                values[f"loss_{name}"] = _told(loss, f"cross-entropy, {name}", "nat", len(x))
                values[f"error_{name}"] = _told(wrong, f"classification error, {name}", "1", len(x))
        return Measured(values, clock.seconds)


def _told(value: float, words: str, unit: str, n: int) -> xr.DataArray:
    return xr.DataArray(value, attrs={"long_name": words, "unit": unit, "n": n})

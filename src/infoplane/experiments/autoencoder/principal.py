"""The PCA autoencoder beside the trained one: measured once, by the same planes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import xarray as xr
from torch import nn

from infoplane.analysis.claims import untrained
from infoplane.observe.losses import Losses
from infoplane.observe.plane import Plane
from infoplane.observe.side_by_side import SideBySide
from infoplane.record.snapshot import Snapshot
from infoplane.values.trace import Measured, Trace

SUFFIX = "_pca"
NAME = "PCA autoencoder"
"""What claims call it."""
KEPT = ("I_", "S_")
"""What is kept of it begins so, p-values excepted."""


@final
@dataclass(frozen=True)
class BesideIt:
    """What another network shows, at step 0 alone: nothing trains it.

    Attributes:
        model: Makes it.
        plane: What it is measured by; the same as the network that is trained.
        losses: Its losses, where they mean something of it.
    """

    model: Callable[[], nn.Module]
    plane: Plane | SideBySide
    losses: Losses | None

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Informations, entropies and losses, named as the trained network's with ``SUFFIX``."""
        if snapshot.step != 0:
            return Measured({})
        look = Snapshot(0, 0.0, self.model(), None)
        seen = self.plane(look)
        errors = Measured({}) if self.losses is None else self.losses(look)
        kept = {
            f"{name}{SUFFIX}": _renamed(values)
            for name, values in seen.values.items()
            if name.startswith(KEPT) and not name.endswith("_p")
        }
        kept |= {f"pca_{name}": _renamed(values) for name, values in errors.values.items()}
        return Measured(kept, {"PCA": sum(seen.seconds.values()) + sum(errors.seconds.values())})


def has_principal(trace: Trace) -> bool:
    """Whether it was measured."""
    return f"I_XT{SUFFIX}" in trace


def principal(trace: Trace) -> Trace:
    """What it showed as the Trace of one moment, under the names of the trained network."""
    first = untrained(trace)
    names = [str(name) for name in first if str(name).endswith(SUFFIX)]
    return first[names].rename({name: name.removesuffix(SUFFIX) for name in names})


def _renamed(values: xr.DataArray) -> xr.DataArray:
    words = values.attrs.get("long_name", "")
    return values.assign_attrs({"long_name": f"{words} of the {NAME}"})

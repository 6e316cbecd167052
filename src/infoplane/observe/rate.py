"""What a species knows of its own code: an upper bound on the information that it can hold."""

import math
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Measured
from infoplane.values.units import BIT


@runtime_checkable
class Rated(Protocol):
    """A network whose code is drawn from a known distribution q(z|x), with a known prior p(z)."""

    def rate(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, " n"]:
        """KL(q(z|x) ‖ p(z)) of every sample, in nats."""
        ...


@final
@dataclass(frozen=True)
class Rate:
    """E KL(q(z|x) ‖ p(z)), which no information I(X;Z) exceeds, whatever the data are.

    Attributes:
        x: The samples, shape (batch, n, …); the mean is taken within each batch.

    Source: alemi2018fixing (the rate).
    """

    x: Float[Tensor, "batch n *shape"]

    def __call__(self, snapshot: Snapshot) -> Measured:
        """One number in bits for every batch.

        Raises:
            InfoplaneError: The network knows no rate.
        """
        model = snapshot.model
        if not isinstance(model, Rated):
            raise InfoplaneError(
                f"A {type(model).__name__} has no rate: its code is not drawn from a distribution "
                "that it knows. Leave the observer out."
            )
        clock = Stopwatch()
        with clock.timing("rate"), undisturbed(model):
            nats = model.rate(self.x.flatten(0, 1)).unflatten(0, self.x.shape[:2])
            bits = nats.to(torch.float64).mean(1) / math.log(2)
        attributes = {
            "long_name": "rate E KL(q(z|x) ‖ p(z))",
            "unit": BIT,
            "n": self.x.shape[1],
        }
        rate = xr.DataArray(bits.cpu().numpy(), dims=("batch",), attrs=attributes)
        return Measured({"rate": rate}, clock.seconds)

"""The fixed samples on which a network is looked at."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Num
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream


@final
@dataclass(frozen=True)
class Probe:
    """Batches of samples that stay the same for a whole run, so that curves are comparable.

    Attributes:
        x: Inputs, shape (batch, n, …).
        y: Targets: integer class labels of shape (batch, n), or numbers of shape (batch, n, …).
    """

    x: Float[Tensor, "batch n *shape"]
    y: Num[Tensor, "batch n *target"]

    @property
    def batches(self) -> int:
        """How many batches; their spread gives every value its standard error."""
        return self.x.shape[0]

    @property
    def n(self) -> int:
        """Samples per batch; no value can exceed log2 n bit."""
        return self.x.shape[1]

    def to(self, device: str | torch.device) -> "Probe":
        """The same probe on another device."""
        return Probe(self.x.to(device), self.y.to(device))

    @staticmethod
    def drawn(
        x: Float[Tensor, "n *shape"],
        y: Num[Tensor, "n *target"],
        *,
        batches: int,
        size: int,
        seed: int,
    ) -> "Probe":
        """``batches`` disjoint batches of ``size`` samples, drawn by the stream "probe".

        Raises:
            InfoplaneError: There are not enough samples.
        """
        if size < 2 or batches < 1:
            raise InfoplaneError(
                f"A probe of {batches} batches of {size}: one batch of two samples is the least."
            )
        if batches * size > len(x):
            raise InfoplaneError(
                f"A probe of {batches} batches of {size} needs {batches * size} samples, "
                f"there are {len(x)}; lower probe_batches or probe_size."
            )
        order = torch.randperm(len(x), generator=stream(seed, "probe"))[: batches * size]
        chosen = order.reshape(batches, size)
        return Probe(x[chosen], y[chosen])

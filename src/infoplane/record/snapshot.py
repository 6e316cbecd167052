"""One moment of training."""

from dataclasses import dataclass
from typing import final

from torch import nn


@final
@dataclass(frozen=True)
class Snapshot:
    """A network after ``step`` updates, its last gradients still in place.

    Attributes:
        step: Number of updates made; 0 is the untrained network.
        epoch: The same in passes over the training data.
        model: The network itself, not a copy: look now or never.
        loss: Loss of the batch of the last update; None before the first.
    """

    step: int
    epoch: float
    model: nn.Module
    loss: float | None

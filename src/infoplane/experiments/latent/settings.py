"""How long the variational autoencoder learns, and how it is looked at."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from infoplane.experiments.settings import require_at_least
from infoplane.measures.geometry.gride import Gride
from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.observe.geometry import Scale
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

NEAREST, WIDER = "nearest", "wider"
"""Scales: the two nearest neighbours, as published, and those of a larger order."""


@final
@dataclass(frozen=True)
class EpochTraining:
    """How long and how fast a network learns, as published but for the number of epochs (200).

    Attributes:
        epochs: Passes over the training images, each in an order of its own.
        images: At most so many training images, the first of the data set.
        batch_size: Images per update.
        learning_rate: Learning rate of Adam.
        weight_decay: Weight decay of Adam, beside an objective that is summed over a batch.
    """

    epochs: int = 50
    images: int = 10_000
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4

    def __post_init__(self) -> None:
        require_at_least(1, epochs=self.epochs)
        require_at_least(2, images=self.images, batch_size=self.batch_size)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InfoplaneError(f"learning_rate={self.learning_rate}: it must be positive.")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InfoplaneError(f"weight_decay={self.weight_decay}: it must be 0 or positive.")

    @property
    def moments(self) -> tuple[int, ...]:
        """Epochs at which the geometry is measured.

        >>> EpochTraining(epochs=30).moments
        (0, 1, 2, 5, 10, 20, 30)
        """
        decades = [10**power for power in range(len(str(self.epochs)))]
        marks = [digit * decade for decade in decades for digit in (1, 2, 5)]
        return (0, *(mark for mark in marks if mark < self.epochs), self.epochs)


@final
@dataclass(frozen=True)
class GeometryProbing:
    """On which images, and at which scales, dimension and imbalance are measured.

    Attributes:
        batches: Disjoint batches of test images; their spread is the standard error.
        size: At most so many images in a batch, fewer if there are not as many; dimension and
            imbalance depend on their number.
        neighbours: The wider scale: Gride at this k, and the imbalance of so many neighbours.
        evaluation: At most so many training and test images give the losses.
    """

    batches: int = 4
    size: int = 1000
    neighbours: int = 4
    evaluation: int = 500

    def __post_init__(self) -> None:
        require_at_least(1, batches=self.batches, evaluation=self.evaluation)
        require_at_least(2, neighbours=self.neighbours)
        require_at_least(2 * self.neighbours + 1, size=self.size)

    @property
    def scales(self) -> Mapping[str, Scale]:
        """The published scale, and a wider one."""
        wider = Scale(Gride(self.neighbours), self.neighbours)
        return {NEAREST: Scale(TwoNN(), 1), WIDER: wider}

    def chosen(self, images: Tensor, seed: int) -> Tensor:
        """Disjoint batches of the images, shape (batches, n, c, h, w).

        Raises:
            InfoplaneError: There are too few images for that many batches.
        """
        n = min(self.size, len(images) // self.batches)
        if n <= 2 * self.neighbours:
            raise InfoplaneError(
                f"{self.batches} batches of {len(images)} test images have {n} images each, and "
                f"neighbours={self.neighbours} needs {2 * self.neighbours + 1}: lower batches or "
                "neighbours."
            )
        order = torch.randperm(len(images), generator=stream(seed, "probe"))
        return images[order[: self.batches * n].reshape(self.batches, n)]

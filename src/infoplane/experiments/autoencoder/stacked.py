"""What experiments on S0's stacked autoencoder share: the network, its planes and its errors."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from infoplane.experiments.on_images import OUTPUT, OnImages
from infoplane.experiments.settings import (
    Probing,
    Training,
    Widths,
    require_at_least,
    require_device,
)
from infoplane.models.autoencoders.stacked import StackedAutoencoder, funnel
from infoplane.observe.losses import Losses
from infoplane.observe.plane import INPUT, Plane
from infoplane.observe.probe import Probe


def reconstruction_error(model: nn.Module, x: Tensor) -> Tensor:
    """Mean squared error over images and pixels."""
    return nn.functional.mse_loss(model(x), x)


def cross_entropy(model: nn.Module, x: Tensor) -> Tensor:
    """Mean binary cross-entropy over images and pixels, in bits."""
    return nn.functional.binary_cross_entropy(model(x), x) / math.log(2)


@final
@dataclass(frozen=True)
class Cost:
    """The error of a reconstruction.

    Attributes:
        error: Of a network on images.
        unit: Its unit.
    """

    error: Callable[[nn.Module, Tensor], Tensor]
    unit: str


SQUARED_ERROR = "squared-error"
COSTS: Mapping[str, Cost] = {
    SQUARED_ERROR: Cost(reconstruction_error, "squared intensity"),
    "cross-entropy": Cost(cross_entropy, "bit per pixel"),
}
"""By the name that a setting has for it."""


class OnStacked(OnImages):
    """An experiment that trains one stacked autoencoder, however it does.

    Attributes:
        code_size: Width K of the code.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        probing: When it is looked at, and on which images.
        widths: The kernel widths to measure with.
        device: Where to compute, such as cpu or cuda.
    """

    code_size: int
    seed: int
    training: Training
    probing: Probing
    widths: Widths
    device: str

    def __post_init__(self) -> None:
        require_at_least(1, code_size=self.code_size)
        require_device(self.device)

    @property
    def hidden(self) -> list[int]:
        """Widths of the encoder's stages, outermost first."""
        return funnel(self.data.shape)

    @property
    def described(self) -> str:
        """The network and its data in a few words."""
        widths = "-".join(map(str, (math.prod(self.data.shape), *self.hidden, self.code_size)))
        return f"Stacked autoencoder {widths}-… on {self.dataset}"

    def model(self) -> StackedAutoencoder:
        """The untrained network, the same however it is trained."""
        return StackedAutoencoder(self.data.shape, self.hidden, self.code_size, seed=self.seed)

    def plane(self, model: StackedAutoencoder, probe: Probe) -> Plane:
        """Everything between input, hidden layers and reconstruction on a probe."""
        return Plane(
            probe=probe.to(self.device),
            layers=model.layers,
            target=OUTPUT,
            pairs=model.pairs,
            estimators=self.widths.estimators(images=(INPUT, OUTPUT)),
            null_steps=self.probing.null_moments(self.training.steps),
            permutations=self.probing.permutations,
            seed=self.seed,
        )

    def losses(self, cost: Cost) -> Losses:
        """Error of the reconstruction on fixed training and test images."""
        most = self.probing.evaluation
        fixed = {"train": self.data.train_x, "test": self.data.test_x}
        samples = {name: x[:most].to(self.device) for name, x in fixed.items()}
        return Losses(lambda model, x: {"loss": cost.error(model, x)}, samples, cost.unit)

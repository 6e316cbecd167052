"""S0: how information flows through a stacked autoencoder while it learns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor

from infoplane.experiments.autoencoder.bifurcation import Bifurcation
from infoplane.experiments.autoencoder.claims import claims
from infoplane.experiments.autoencoder.panels import panels, summary
from infoplane.experiments.autoencoder.principal import BesideIt
from infoplane.experiments.autoencoder.stacked import COSTS, SQUARED_ERROR, OnStacked
from infoplane.experiments.on_images import trained
from infoplane.experiments.protocol import Family
from infoplane.experiments.settings import (
    Probing,
    Training,
    Widths,
)
from infoplane.models.autoencoders.principal import PrincipalAutoencoder
from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.observe.dimension import MOST, DataDimension
from infoplane.record.loop import Observer
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.seeds import stream
from infoplane.values.trace import Checkpoint, Row, Tick


@final
@dataclass(frozen=True)
class Autoencoder(OnStacked):
    """Information planes of a stacked autoencoder, with the evidence.

    The architecture, the sigmoid units and the squared error are S0's. Its learning rate, number
    of epochs and h are not known to us; optimiser and steps are our choice.

    Attributes:
        dataset: What it learns to reconstruct.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        code_size: Width K of the code.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        cost: The error of the reconstruction that training minimises and the losses are in.
        probing: When it is looked at, and on which images.
        widths: The kernel widths to measure with.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "autoencoder"
    title: ClassVar[str] = "Information flow in a stacked autoencoder"
    results_version: ClassVar[int] = 3
    family: ClassVar[type[Family] | None] = Bifurcation

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    code_size: int = 10
    seed: int = 0
    cost: Literal["squared-error", "cross-entropy"] = "squared-error"
    training: Training = Training()
    probing: Probing = Probing(snapshots=90, probe_from="both", null_snapshots=8, permutations=19)
    widths: Widths = Widths()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        return {
            "experiment": self.name,
            "description": f"{self.described}, {self.training.steps} updates, seed {self.seed}",
            "seed": self.seed,
            "source": "yu2019understanding",
        }

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        images = self.data.train_x.to(self.device)
        optimiser = torch.optim.Adam(model.parameters(), lr=self.training.learning_rate)
        error = COSTS[self.cost].error
        yield from trained(
            model,
            lambda chosen: error(model, images[chosen]),
            optimiser,
            self._observers(model),
            samples=len(images),
            batch_size=self.training.batch_size,
            at=frozenset(self.probing.moments(self.training.steps)),
            seed=self.seed,
            resume=resume,
        )

    def _observers(self, model: StackedAutoencoder) -> list[Observer]:
        """The planes of the network, its losses, and what is measured once."""
        planes = self.probing.planes(self.data, self.seed, lambda probe: self.plane(model, probe))
        losses = self.losses(COSTS[self.cost])
        # scores reach beyond 0…1, where a cross-entropy has no value
        own = losses if self.cost == SQUARED_ERROR else None
        beside = BesideIt(self._principal, planes, own)
        return [planes, losses, beside, DataDimension(self._measured_images)]

    def _principal(self) -> PrincipalAutoencoder:
        """The PCA autoencoder of the training images, in the stages of this one."""
        images = self.data.train_x
        return PrincipalAutoencoder(images, self.hidden, self.code_size).to(self.device)

    @property
    def _measured_images(self) -> Tensor:
        """Training images for the intrinsic dimension; the same for every seed."""
        images = self.data.train_x
        order = torch.randperm(len(images), generator=stream(0, "dimension"))
        return images[order[:MOST]]

    claims = staticmethod(claims)
    panels = staticmethod(panels)
    summary = staticmethod(summary)

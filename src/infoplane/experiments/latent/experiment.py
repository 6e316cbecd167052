"""Camboulin et al.: the dimension of every layer of a variational autoencoder while it learns."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from infoplane.experiments.latent.claims import claims
from infoplane.experiments.latent.family import CodeSizes
from infoplane.experiments.latent.panels import panels
from infoplane.experiments.latent.profile import OUTPUT, PROFILE
from infoplane.experiments.latent.settings import EpochTraining, GeometryProbing
from infoplane.experiments.latent.words import methods, summary
from infoplane.experiments.on_images import OnImages, trained
from infoplane.experiments.settings import require_at_least, require_device, require_pairs
from infoplane.models.autoencoders.convolutional_vae import ConvolutionalVAE, resized
from infoplane.numerics.workers import cores
from infoplane.observe.geometry import Geometry, NormalDimension
from infoplane.observe.losses import Losses
from infoplane.observe.plane import INPUT
from infoplane.observe.rate import Rate
from infoplane.record.loop import Observer, per_epoch
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Checkpoint, Row, Tick


@final
@dataclass(frozen=True)
class Latent(OnImages):
    """Intrinsic dimension and information imbalance of a convolutional variational autoencoder.

    Architecture, objective and optimiser are those of Camboulin et al.; they trained 200 epochs on
    40 000 images at width 1. Images of any size are resized to 32 × 32 pixels. Every epoch has an
    order and draws of its own.

    Attributes:
        dataset: What it learns to reconstruct.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        code_size: Width K of the code.
        width: Factor of the published channels 64, 128, 256, 256.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        probing: On which images, and at which scales, it is looked at.
        device: Where to train, such as cpu or cuda; neighbours are looked for on the CPU.
    """

    name: ClassVar[str] = "latent"
    title: ClassVar[str] = "Dimension and neighbourhoods in a variational autoencoder"
    results_version: ClassVar[int] = 1
    family: ClassVar[type[CodeSizes]] = CodeSizes

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    code_size: int = 4
    width: float = 0.25
    seed: int = 0
    training: EpochTraining = EpochTraining()
    probing: GeometryProbing = GeometryProbing()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_at_least(1, code_size=self.code_size)
        if not (math.isfinite(self.width) and self.width > 0):
            raise InfoplaneError(f"width={self.width}: it must be positive; 1 is as published.")
        require_device(self.device)

    @property
    def threads(self) -> int:
        """One per core: convolutions gain by them."""
        return cores()

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        return {
            "experiment": self.name,
            "description": (
                f"Convolutional variational autoencoder of K = {self.code_size}, width "
                f"{self.width:g}, on {len(self._training_images)} images of {self.dataset}, "
                f"{self.training.epochs} epochs, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "camboulin2024understanding",
        }

    def model(self) -> ConvolutionalVAE:
        """The untrained network."""
        colours = self.data.shape[0]
        return ConvolutionalVAE(colours, self.code_size, width=self.width, seed=self.seed)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model, size = self.model().to(self.device), self.training.batch_size
        images = resized(self._training_images).to(self.device)
        require_pairs(len(images), size, "batch normalisation needs two")
        optimiser = torch.optim.Adam(
            model.parameters(),
            lr=self.training.learning_rate,
            weight_decay=self.training.weight_decay,
        )
        every = per_epoch(len(images), size)
        yield from trained(
            model,
            lambda chosen: torch.cat(model.costs(images[chosen])).sum(),
            optimiser,
            self._observers(images, every),
            samples=len(images),
            batch_size=size,
            at=frozenset(range(0, self.training.epochs * every + 1, every)),
            seed=self.seed,
            resume=resume,
        )

    @property
    def _training_images(self) -> Tensor:
        return self.data.train_x[: self.training.images]

    def _observers(self, images: Tensor, every: int) -> list[Observer]:
        """Geometry at a few moments, the parts of the objective after every epoch."""
        chosen = self.probing.chosen(self.data.test_x, self.seed)
        probe = resized(chosen.flatten(0, 1)).unflatten(0, chosen.shape[:2]).to(self.device)
        most, scales = self.probing.evaluation, self.probing.scales
        evaluated = {
            "train": images[:most],
            "test": resized(self.data.test_x[:most]).to(self.device),
        }
        geometry = Geometry(
            x=probe,
            layers=(INPUT, *self.model().layers, OUTPUT),
            target=OUTPUT,
            scales=scales,
            path=PROFILE,
            steps=frozenset(epoch * every for epoch in self.training.moments),
        )
        normal = NormalDimension(
            self.code_size, geometry.n, self.probing.batches, scales, self.seed
        )
        return [geometry, normal, Rate(probe), Losses(_costs, evaluated, unit="nat per image")]

    claims = staticmethod(claims)
    panels = staticmethod(panels)
    summary = staticmethod(summary)
    methods = staticmethod(methods)


def _costs(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The objective and its parts in nats, means over the images."""
    assert isinstance(model, ConvolutionalVAE)
    distortion, rate = (one.mean() for one in model.costs(x))
    return {"loss": distortion + rate, "reconstruction": distortion, "divergence": rate}

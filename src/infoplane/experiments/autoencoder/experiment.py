"""S0: how information flows through a stacked autoencoder while it learns."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from infoplane.analysis.claims import judged
from infoplane.experiments.autoencoder.bifurcation import Bifurcation
from infoplane.experiments.autoencoder.claims import claims
from infoplane.experiments.autoencoder.panels import panels, summary
from infoplane.experiments.autoencoder.principal import BesideIt
from infoplane.experiments.on_images import OUTPUT, OnImages, checkpoint_every
from infoplane.experiments.protocol import Family
from infoplane.experiments.settings import (
    Probing,
    Training,
    Widths,
    require_at_least,
    require_device,
)
from infoplane.models.autoencoders.principal import PrincipalAutoencoder
from infoplane.models.autoencoders.stacked import StackedAutoencoder, funnel
from infoplane.observe.dimension import MOST, DataDimension
from infoplane.observe.losses import Losses
from infoplane.observe.plane import INPUT, Plane
from infoplane.observe.probe import Probe
from infoplane.record.loop import Observer, batches, fit, per_epoch, record, restore
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.seeds import stream
from infoplane.values.trace import Checkpoint, Row, Tick, Trace, held_out


@final
@dataclass(frozen=True)
class Autoencoder(OnImages):
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

    def __post_init__(self) -> None:
        require_at_least(1, code_size=self.code_size)
        require_device(self.device)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        funnel = "-".join(str(width) for width in (*self._hidden, self.code_size))
        return {
            "experiment": self.name,
            "description": (
                f"Stacked autoencoder {math.prod(self.data.shape)}-{funnel}-… on {self.dataset}, "
                f"{self.training.steps} updates, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "yu2019understanding",
        }

    def model(self) -> StackedAutoencoder:
        """The untrained network."""
        return StackedAutoencoder(self.data.shape, self._hidden, self.code_size, seed=self.seed)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        images = self.data.train_x.to(self.device)
        optimiser = torch.optim.Adam(model.parameters(), lr=self.training.learning_rate)
        if resume is not None:
            restore(resume, model, optimiser)
        start = 0 if resume is None else resume.step
        error = COSTS[self.cost].error
        size = self.training.batch_size
        snapshots = fit(
            model,
            lambda chosen: error(model, images[chosen]),
            batches(len(images), size, seed=self.seed, start=start),
            optimiser,
            steps_per_epoch=per_epoch(len(images), size),
            seed=self.seed,
            start=start,
        )
        yield from record(
            snapshots,
            self._observers(model),
            at=frozenset(self.probing.moments(self.training.steps)),
            optimiser=optimiser,
            checkpoint_every=checkpoint_every(self.training.steps),
        )

    def _observers(self, model: StackedAutoencoder) -> list[Observer]:
        """The planes of the network, its losses, and what is measured once."""
        planes = self.probing.planes(self.data, self.seed, lambda probe: self._plane(model, probe))
        losses = self._losses()
        beside = BesideIt(self._principal, planes, losses)
        return [planes, losses, beside, DataDimension(self._measured_images)]

    def _principal(self) -> PrincipalAutoencoder:
        """The PCA autoencoder of the training images, in the stages of this one."""
        images = self.data.train_x
        return PrincipalAutoencoder(images, self._hidden, self.code_size).to(self.device)

    @property
    def _measured_images(self) -> Tensor:
        """Training images for the intrinsic dimension; the same for every seed."""
        images = self.data.train_x
        order = torch.randperm(len(images), generator=stream(0, "dimension"))
        return images[order[:MOST]]

    def _plane(self, model: StackedAutoencoder, probe: Probe) -> Plane:
        """Everything between input, hidden layers and reconstruction."""
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

    def _losses(self) -> Losses:
        """Reconstruction error on fixed training and test images."""
        most = self.probing.evaluation
        fixed = {"loss_train": self.data.train_x, "loss_test": self.data.test_x}
        samples = {name: x[:most].to(self.device) for name, x in fixed.items()}
        return Losses(COSTS[self.cost].error, samples, unit=COSTS[self.cost].unit)

    @property
    def _hidden(self) -> list[int]:
        return funnel(self.data.shape)

    @staticmethod
    def findings(traces: Sequence[Trace]) -> list[Finding]:
        """S0's inequalities and their opposites, S1's phases, and whether all is measurable."""
        parts = [held_out(trace) for trace in traces]
        return judged(claims(parts[0]), parts) if parts else []

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """Planes, layer-wise curves and strips, under both rules."""
        return panels(trace)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What was trained, what was found, and how sure."""
        return summary(trace, findings)


def reconstruction_error(model: nn.Module, x: Tensor) -> Tensor:
    """Mean squared error over images and pixels."""
    return nn.functional.mse_loss(model(x), x)


def cross_entropy(model: nn.Module, x: Tensor) -> Tensor:
    """Mean binary cross-entropy over images and pixels, in bits."""
    return nn.functional.binary_cross_entropy(model(x).clamp(0, 1), x) / math.log(2)


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


COSTS: Mapping[str, Cost] = {
    "squared-error": Cost(reconstruction_error, "squared intensity"),
    "cross-entropy": Cost(cross_entropy, "bit per pixel"),
}
"""By the name that a setting has for it."""

"""S1: how information flows through diverse autoencoders while they learn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from infoplane.experiments.on_images import OUTPUT, OnImages, trained
from infoplane.experiments.protocol import Family
from infoplane.experiments.settings import require_at_least, require_device
from infoplane.experiments.species.claims import claims
from infoplane.experiments.species.family import Diversity
from infoplane.experiments.species.panels import panels, summary
from infoplane.experiments.species.settings import (
    Learning,
    Looking,
    Preset,
    Rules,
    preset,
)
from infoplane.models.autoencoders.catalogue import CATALOGUE, Kind, Plan
from infoplane.models.autoencoders.species import Species
from infoplane.observe.losses import Losses
from infoplane.observe.plane import Plane
from infoplane.observe.rate import Rate, Rated
from infoplane.record.loop import Observer
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.trace import Checkpoint, Row, Tick

SQUARED = "squared intensity"


@final
@dataclass(frozen=True)
class DiverseAutoencoders(OnImages):
    """Information flow of one species of autoencoder; a sweep over species compares them.

    Layers, objectives, initial weights, optimiser, updates, probe and kernel width are those of
    S1's code on images of 28 × 28 pixels. Denoising and convolutional autoencoders, the sparse
    ones of other weights, and everything about the digits, are ours.

    Attributes:
        dataset: What it learns to reconstruct.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        species: Which autoencoder.
        code_size: Width of the code; by default as published (50 on MNIST), and 20 on the digits.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        probing: When it is looked at.
        rules: The kernel widths to measure with.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "species"
    title: ClassVar[str] = "Information flow of diverse autoencoders"
    results_version: ClassVar[int] = 3
    family: ClassVar[type[Family] | None] = Diversity

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    species: Literal[
        "vanilla",
        "sparse-0.0001",
        "sparse",
        "sparse-0.01",
        "tied",
        "tied-published",
        "deep",
        "overfit",
        "variational",
        "label",
        "denoising",
        "convolutional",
    ] = "vanilla"
    code_size: int | None = None
    seed: int = 0
    training: Learning = Learning()
    probing: Looking = Looking()
    rules: Rules = Rules()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        if self.code_size is not None:
            require_at_least(1, code_size=self.code_size)
        require_device(self.device)

    @property
    def preset(self) -> Preset:
        """What goes with the data set and the species."""
        return preset(self.dataset, self.species)

    @property
    def kind(self) -> Kind:
        """The species."""
        return CATALOGUE[self.species]

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        steps = self.training.on(self.preset).steps
        return {
            "experiment": self.name,
            "description": (
                f"{self.species} autoencoder ({self.kind.words}) on {self.dataset}, code of "
                f"{self._plan.code_size}, {steps} updates, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "lee2021information",
        }

    def model(self) -> Species:
        """The untrained network."""
        return self.kind.make(self._plan)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        images, labels = self._learned_from
        training = self.training.on(self.preset)
        # two views of one storage must be updated one after the other, on every device
        optimiser = torch.optim.Adam(model.parameters(), lr=training.learning_rate, foreach=False)
        yield from trained(
            model,
            lambda chosen: model.objective(images[chosen], labels[chosen]),
            optimiser,
            self._observers(model),
            samples=len(images),
            batch_size=training.batch_size,
            at=frozenset(self.probing.on(self.preset).moments(training.steps)),
            seed=self.seed,
            resume=resume,
        )

    @property
    def _plan(self) -> Plan:
        """What the network is made from."""
        return Plan(
            shape=tuple(self.data.shape),
            hidden=self.preset.hidden,
            code_size=self.preset.code_size if self.code_size is None else self.code_size,
            classes=int(self.data.train_y.max()) + 1,
            seed=self.seed,
        )

    @property
    def _learned_from(self) -> tuple[Tensor, Tensor]:
        """The training images of the species, and their labels."""
        count = round(self.preset.share * len(self.data.train_x))
        images, labels = self.data.train_x[:count], self.data.train_y[:count]
        return images.to(self.device), labels.to(self.device)

    def _observers(self, model: Species) -> list[Observer]:
        """The plane, the losses, and the rate of a species that has one."""
        probing, steps = self.probing.on(self.preset), self.training.on(self.preset).steps
        probe = self.probing.probe(self.data).to(self.device)
        plane = Plane(
            probe=probe,
            layers=model.layers,
            target=OUTPUT,
            estimators=self.rules.on(self.preset),
            null_steps=probing.null_moments(steps),
            permutations=probing.permutations,
            seed=self.seed,
        )
        rates = [Rate(probe.x)] if isinstance(model, Rated) else []
        return [plane, *self._losses(model, steps), *rates]

    def _losses(self, model: Species, steps: int) -> list[Losses]:
        """Objective and error on the first images; at both ends the objective on all of the test.

        The published losses are of the whole test set, whose first images are easier.
        """
        test = self.data.test_x.to(self.device), self.data.test_y.to(self.device)
        whole = torch.arange(len(test[0]), device=self.device)
        ends = frozenset({0, steps})
        found = [Losses(_objective(*test), {"test_set": whole}, model.unit, at=ends)]
        for part, (x, y) in {"train": self._learned_from, "test": test}.items():
            first = {part: torch.arange(min(self.probing.evaluation, len(x)), device=self.device)}
            found.append(Losses(_objective(x, y), first, model.unit))
            found.append(Losses(_error(x), first, SQUARED))
        return found

    claims = staticmethod(claims)
    panels = staticmethod(panels)
    summary = staticmethod(summary)


def _objective(x: Tensor, y: Tensor) -> Callable[[nn.Module, Tensor], dict[str, Tensor]]:
    """What a species minimises, on chosen images."""

    def loss(model: nn.Module, chosen: Tensor) -> dict[str, Tensor]:
        assert isinstance(model, Species)  # the observers were made for one
        return {"loss": model.objective(x[chosen], y[chosen])}

    return loss


def _error(x: Tensor) -> Callable[[nn.Module, Tensor], dict[str, Tensor]]:
    """Mean squared error of the reconstruction of chosen images, over images and pixels."""
    return lambda model, chosen: {"error": nn.functional.mse_loss(model(x[chosen]), x[chosen])}

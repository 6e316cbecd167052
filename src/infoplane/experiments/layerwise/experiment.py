"""A stacked autoencoder trained with end-to-end back-propagation, or without, at equal compute."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch

from infoplane.experiments.autoencoder.stacked import COSTS, SQUARED_ERROR, OnStacked
from infoplane.experiments.layerwise import figures
from infoplane.experiments.layerwise.claims import claims
from infoplane.experiments.layerwise.family import Methods
from infoplane.experiments.layerwise.spent import Spent, phases_told
from infoplane.experiments.on_images import checkpoint_every
from infoplane.experiments.settings import (
    Probing,
    Training,
    Widths,
    require_pairs,
)
from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.record.loop import record, restore
from infoplane.store.address import NOT_ADDRESSED
from infoplane.training.phases import Schedule, train
from infoplane.training.stacked import METHODS, backpropagation
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace


@final
@dataclass(frozen=True)
class Layerwise(OnStacked):
    """S0's autoencoder and planes, trained stage by stage.

    A step is what one update of back-propagation costs in multiply-adds, for every method: local
    methods make more updates of fewer weights. Runs of as many steps have spent the same.

    Attributes:
        dataset: What it learns to reconstruct.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        method: "backpropagation" through all stages; "pairs", from the outside in, each learning
            to reconstruct its own input; "information", each encoder stage maximising what its
            output tells of its input, then decoder stages by least squares from the code outwards;
            "random", the same decoder on an untrained encoder.
        code_size: Width K of the code.
        seed: Seed of every random stream.
        training: How long and how fast it learns; steps of equal compute.
        probing: When it is looked at, and on which images.
        widths: The kernel widths to measure with.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "layerwise"
    title: ClassVar[str] = "Training without end-to-end back-propagation"
    results_version: ClassVar[int] = 1
    family = Methods

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    method: Literal["backpropagation", "pairs", "information", "random"] = "pairs"
    code_size: int = 10
    seed: int = 0
    training: Training = Training()
    probing: Probing = Probing()
    widths: Widths = Widths()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        schedule = self.schedule(self.model())
        return {
            "experiment": self.name,
            "description": (
                f"{self.described} trained by {self.method}, "
                f"{self.training.steps} steps of {schedule.per_step} multiply-adds, "
                f"seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "yu2019understanding",
            "phases": json.dumps(phases_told(schedule)),
        }

    def schedule(self, model: StackedAutoencoder) -> Schedule:
        """Which stages learn when, at the compute of as many updates of back-propagation.

        Raises:
            InfoplaneError: There are too few steps for the method's phases.
        """
        n = self.training.batch_size
        (whole,) = backpropagation(model, n)
        return Schedule(METHODS[self.method](model, n), self.training.steps, whole.cost)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        optimiser = torch.optim.Adam(model.parameters(), lr=self.training.learning_rate)
        if resume is not None:
            restore(resume, model, optimiser)
        images = self.data.train_x.to(self.device)
        if self.method == "information":
            size = self.training.batch_size
            require_pairs(len(images), size, "information needs two samples")
        schedule = self.schedule(model)
        spent = Spent(schedule)
        planes = self.probing.planes(self.data, self.seed, lambda probe: self.plane(model, probe))
        snapshots = train(
            model,
            schedule,
            images,
            optimiser,
            batch_size=self.training.batch_size,
            seed=self.seed,
            start=0 if resume is None else resume.step,
            seconds=spent.seconds,
        )
        yield from record(
            snapshots,
            [planes, self.losses(COSTS[SQUARED_ERROR]), spent],
            at=frozenset(self.probing.moments(self.training.steps)),
            optimiser=optimiser,
            checkpoint_every=checkpoint_every(self.training.steps),
        )

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What each phase cost."""
        return [figures.costs(trace, seconds)]

"""S0: how information flows through a stacked autoencoder while it learns."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from infoplane.analysis.claims import judge
from infoplane.datasets.base import Dataset
from infoplane.datasets.catalogue import load
from infoplane.experiments.autoencoder.claims import claims
from infoplane.experiments.autoencoder.figures import panels, summary
from infoplane.experiments.protocol import Experiment
from infoplane.measures.renyi import Renyi
from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.workers import cores
from infoplane.observe.losses import Losses
from infoplane.observe.plane import INPUT, Plane
from infoplane.observe.probe import Probe
from infoplane.record.loop import batches, fit, record, restore
from infoplane.record.schedule import LogSpaced, some_of
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Checkpoint, Row, Tick, Trace

FUNNEL = (1000 / 784, 500 / 784, 250 / 784)
"""Widths of the encoder's stages per input pixel: 784-1000-500-250 on 28 × 28 images."""
TINY = 100_000
"""Networks with fewer parameters train fastest on one thread."""
CHECKPOINTS = 20
"""How many checkpoints a run takes on its way."""


@final
@dataclass(frozen=True)
class Autoencoder(Experiment):
    """Information planes of a stacked autoencoder, with the evidence.

    The architecture, the sigmoid units and the squared error are S0's. Its learning rate, number
    of epochs and h are not known to us; optimiser and steps are our choice.

    Attributes:
        dataset: What it learns to reconstruct.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        code_size: Width K of the code.
        steps: Updates; 12 000 are 20 epochs of MNIST.
        batch_size: Images per update.
        learning_rate: Learning rate of Adam.
        seed: Seed of every random stream.
        snapshots: At most so many log-spaced moments are measured.
        probe_batches: Batches of the fixed probe; their spread is the standard error.
        probe_size: Images per probe batch; no value can exceed log2 of this.
        probe_from: Which images the probe is drawn from.
        null_snapshots: At so many of the moments the permutation null is measured too.
        permutations: Shuffles per null; 0 for no nulls.
        alpha: Order of the Rényi entropy.
        h: Width of the paper's rule σ = h·n^(−1/(4+d)).
        gamma: Width of the scale-invariant rule.
        evaluation: At most so many training and test images give the losses.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "autoencoder"
    title: ClassVar[str] = "Information flow in a stacked autoencoder"
    results_version: ClassVar[int] = 1

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    code_size: int = 10
    steps: int = 12_000
    batch_size: int = 100
    learning_rate: float = 1e-3
    seed: int = 0
    snapshots: int = 100
    probe_batches: int = 5
    probe_size: int = 100
    probe_from: Literal["test", "train"] = "test"
    null_snapshots: int = 12
    permutations: int = 39
    alpha: float = 1.01
    h: float = 5.0
    gamma: float = 1.0
    evaluation: int = 1000
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        least = {"code_size": 1, "steps": 1, "batch_size": 1, "snapshots": 2, "evaluation": 1}
        least |= {"probe_batches": 1, "probe_size": 2, "null_snapshots": 0, "permutations": 0}
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise InfoplaneError(
                    f"{name}={getattr(self, name)}: it must be at least {smallest}."
                )
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InfoplaneError(f"learning_rate={self.learning_rate}: it must be positive.")
        _ = self.estimators  # its rules refuse orders and widths that make no sense

    @cached_property
    def data(self) -> Dataset:
        """The data set, read once."""
        return load(self.dataset, self.data_dir)

    @property
    def data_digest(self) -> str:
        """Content hash of the data."""
        return self.data.digest

    @cached_property
    def estimators(self) -> Mapping[str, Renyi]:
        """The paper's width rule and the scale-invariant one, side by side."""
        images = Tapia(self.gamma, standardise="whole")
        return {
            "silverman": Renyi(self.alpha, Silverman(self.h)),
            "tapia": Renyi(self.alpha, Tapia(self.gamma), x_bandwidth=images),
        }

    @property
    def threads(self) -> int:
        """One for a tiny network, else one per core."""
        parameters = sum(weights.numel() for weights in self.model().parameters())
        return 1 if parameters < TINY else cores()

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        widths = "-".join(str(width) for width in (*self._hidden, self.code_size))
        return {
            "experiment": self.name,
            "description": (
                f"Stacked autoencoder {math.prod(self.data.shape)}-{widths}-… on {self.dataset}, "
                f"{self.steps} updates, seed {self.seed}"
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
        optimiser = torch.optim.Adam(model.parameters(), lr=self.learning_rate)
        if resume is not None:
            restore(resume, model, optimiser)
        start = 0 if resume is None else resume.step
        snapshots = fit(
            model,
            lambda chosen: reconstruction_error(model, images[chosen]),
            batches(len(images), self.batch_size, seed=self.seed, start=start),
            optimiser,
            per_epoch=len(images) / self.batch_size,
            start=start,
        )
        at = LogSpaced(self.snapshots).steps(self.steps)
        yield from record(
            snapshots,
            [self._plane(model, at), self._losses()],
            at=frozenset(at),
            optimiser=optimiser,
            checkpoint_every=max(1, self.steps // CHECKPOINTS),
        )

    def _plane(self, model: StackedAutoencoder, at: tuple[int, ...]) -> Plane:
        """Everything between input, hidden layers and reconstruction."""
        x, y = self.data.split(self.probe_from)
        probe = Probe.drawn(x, y, batches=self.probe_batches, size=self.probe_size, seed=self.seed)
        return Plane(
            probe=probe.to(self.device),
            layers=model.layers,
            target="output",
            pairs=model.pairs,
            estimators=self.estimators,
            images=frozenset({INPUT, "output"}),
            null_steps=frozenset(some_of(at, self.null_snapshots)),
            permutations=self.permutations,
            seed=self.seed,
        )

    def _losses(self) -> Losses:
        """Reconstruction error on fixed training and test images."""
        fixed = {"loss_train": self.data.train_x, "loss_test": self.data.test_x}
        samples = {name: x[: self.evaluation].to(self.device) for name, x in fixed.items()}
        return Losses(reconstruction_error, samples, unit="squared intensity")

    @property
    def _hidden(self) -> list[int]:
        pixels = math.prod(self.data.shape)
        return [max(1, round(share * pixels)) for share in FUNNEL]

    @staticmethod
    def findings(traces: Sequence[Trace]) -> list[Finding]:
        """S0's inequalities and their opposites, S1's phases, and whether all is measurable."""
        return [judge(claim, traces) for claim in claims(traces[0])]

    @staticmethod
    def panels(traces: Sequence[Trace]) -> list[Panel]:
        """Planes, layer-wise curves and strips of the first Trace, under both rules."""
        return panels(traces[0])

    @staticmethod
    def summary(traces: Sequence[Trace], findings: Sequence[Finding]) -> list[str]:
        """What was trained, what was found, and how sure."""
        return summary(traces[0], findings)


def reconstruction_error(model: nn.Module, x: Tensor) -> Tensor:
    """Mean squared error over images and pixels."""
    return nn.functional.mse_loss(model(x), x)

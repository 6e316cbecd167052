"""A network whose code is drawn, trained on a variational bottleneck or its dual."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor

from infoplane.experiments.dual import figures
from infoplane.experiments.dual.claims import claims
from infoplane.experiments.dual.family import Objectives
from infoplane.experiments.dual.known import Known
from infoplane.experiments.dual.settings import Looking, Objective, Supposed
from infoplane.experiments.dual.supposed import noise_model
from infoplane.experiments.on_images import OnImages, trained
from infoplane.experiments.settings import Training, require_at_least, require_device
from infoplane.models.stochastic import StochasticClassifier
from infoplane.observe.bounds import Bounds
from infoplane.observe.classification import Classification, SampledClassification
from infoplane.observe.probe import Probe
from infoplane.store.address import NOT_ADDRESSED
from infoplane.training.variational.losses import coded, fitting_classes, onehot
from infoplane.training.variational.noise import flipped
from infoplane.values.errors import InfoplaneError
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace, held_out

SIDES: tuple[Literal["train", "test"], ...] = ("train", "test")
FOLLOWING = 10.0
"""So many times the learning rate, where b(z|y) follows the codes without moving them."""


@final
@dataclass(frozen=True)
class Dual(OnImages):
    """A classifier with a stochastic code, under one objective, weight and seed.

    All objectives are rate + weight · distortion in nats, so that β weighs relevance as in the
    exact bottleneck. I(X;Z), I(X;Z|Y) and I(Z;Y) are bounded separately, in bits. At the end the
    same objective is trained on a small problem whose bottleneck is known exactly.

    Attributes:
        dataset: What it learns to classify.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        objective: What is minimised.
        supposed: The noise model of the duals.
        label_noise: Share of the training labels that are wrong on purpose; test labels are not.
        hidden: Widths of the encoder's hidden layers.
        code_size: Width of the code.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        looking: When it is looked at, and how closely.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "dual"
    title: ClassVar[str] = "Variational bottlenecks and their dual"
    results_version: ClassVar[int] = 1
    family = Objectives

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    objective: Objective = Objective()
    supposed: Supposed = Supposed()
    label_noise: float = 0.0
    hidden: tuple[int, ...] = (256, 64)
    code_size: int = 16
    seed: int = 0
    training: Training = Training(steps=2000)
    looking: Looking = Looking()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_at_least(1, **{f"hidden[{i}]": width for i, width in enumerate(self.hidden)})
        require_at_least(1, code_size=self.code_size)
        if not 0 <= self.label_noise < 1:
            raise InfoplaneError(
                f"label_noise={self.label_noise}: a share of at least 0 and below 1."
            )
        require_device(self.device)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        widths = "-".join(
            map(str, (math.prod(self.data.shape), *self.hidden, self.code_size, self.classes))
        )
        noisy = f", {self.label_noise:.0%} of the labels wrong" if self.label_noise else ""
        return {
            "experiment": self.name,
            "description": (
                f"Stochastic classifier {widths} on {self.dataset}{noisy}, "
                f"{self.objective.name}, {self.training.steps} updates, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "piran2020dual",
            "objective": self.objective.name,
            "label_noise": self.label_noise,
            "noise_model": self.supposed.noise,
        }

    def model(self) -> StochasticClassifier:
        """The untrained network, the same whatever it will minimise."""
        return StochasticClassifier(
            self.data.shape, self.hidden, self.code_size, self.classes, seed=self.seed
        )

    @property
    def labels(self) -> Tensor:
        """The training labels as they are learned from, shape (n,)."""
        return flipped(self.data.train_y, self.label_noise, self.classes, seed=self.seed)

    def loss(
        self, model: StochasticClassifier, x: Tensor, given: Tensor, wanted: Tensor | None
    ) -> Tensor:
        """The objective of a minibatch in nats; where it has no b(z|y), that is fitted beside it.

        Args:
            model: The network.
            x: Images (n, c, h, w).
            given: Their labels as one-hot rows (n, k).
            wanted: Rows of the noise model (n, k), for the duals.
        """
        at, lagrangian = coded(model, x), self.objective.lagrangian
        loss = lagrangian(at, given, wanted)
        if lagrangian.compression == "marginal":
            loss = loss + fitting_classes(at, given)
        return loss

    def optimiser(self, model: StochasticClassifier) -> torch.optim.Optimizer:
        """Adam; b(z|y) that is fitted beside an objective without it learns faster.

        It must follow the codes wherever they go, or the bound on I(X;Z|Y) says how late it is.
        """
        rate = self.training.learning_rate
        if self.objective.marginal == "mixture":
            return torch.optim.Adam(model.parameters(), lr=rate)
        beside = [model.class_mean, model.class_raw_scale]
        rest = [one for one in model.parameters() if all(one is not other for other in beside)]
        groups: list[dict[str, Any]] = [
            {"params": rest},
            {"params": beside, "lr": FOLLOWING * rate},
        ]
        return torch.optim.Adam(groups, lr=rate)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        labels = self.labels
        x, given = self.data.train_x.to(self.device), onehot(labels, self.classes).to(self.device)
        wanted = self._wanted(labels)
        optimiser = self.optimiser(model)
        moments = self.looking.moments(self.training.steps)

        def objective(chosen: Tensor) -> Tensor:
            rows = None if wanted is None else wanted[chosen]
            return self.loss(model, x[chosen], given[chosen], rows)

        yield from trained(
            model,
            objective,
            optimiser,
            [
                self._bounds(labels),
                Classification(self._evaluated),
                SampledClassification(self._evaluated, self.looking.draws, self.seed),
                Known(self.objective, self.looking.known_steps, moments[-1], self.seed),
            ],
            samples=len(x),
            batch_size=self.training.batch_size,
            at=frozenset(moments),
            seed=self.seed,
            resume=resume,
        )

    def _wanted(self, labels: Tensor) -> Tensor | None:
        """p̃(y|x) of every training sample, for the duals."""
        if not self.objective.lagrangian.gamma:
            return None
        x = self.data.train_x
        model = noise_model(self.supposed, x, labels, self.classes, self.seed)
        return model(x, labels, self.classes).to(self.device)

    def _bounds(self, labels: Tensor) -> Bounds:
        """Training samples with the labels that are learned from, and test samples."""
        drawn = {"train": (self.data.train_x, labels), "test": self.data.split("test")}
        probes: dict[str, Probe] = {
            side: Probe.drawn(
                *drawn[side],
                batches=self.looking.probe_batches,
                size=self.looking.probe_size,
                seed=self.seed,
            )
            for side in SIDES
        }
        frequencies = torch.bincount(labels, minlength=self.classes) / len(labels)
        return Bounds(
            probes, self.objective.marginal, frequencies.double(), self.looking.draws, self.seed
        )

    @cached_property
    def _evaluated(self) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Fixed samples of both parts with the labels that are true."""
        return self.first(self.looking.evaluation)

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)
    methods = staticmethod(figures.methods)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Every bound with its name, and what it bounds."""
        return [figures.bounds(held_out(trace))]

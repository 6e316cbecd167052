"""S3: what each layer and each filter of a convolutional network knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from infoplane.analysis.claims import judged
from infoplane.experiments.convnet import figures
from infoplane.experiments.convnet.claims import claims, of_both_probes
from infoplane.experiments.convnet.control import CONTROL, NETWORK, SUFFIX, WORDS
from infoplane.experiments.convnet.family import Filters
from infoplane.experiments.convnet.settings import (
    Looking,
    Net,
    architecture,
    error_estimators,
    estimators,
)
from infoplane.experiments.on_images import OnImages, trained
from infoplane.experiments.protocol import Family
from infoplane.experiments.settings import Probing, Training, Widths, require_device
from infoplane.models.cnn import Architecture, ConvolutionalClassifier
from infoplane.numerics.bandwidth import Silverman
from infoplane.observe.backward import Backward
from infoplane.observe.classification import Classification
from infoplane.observe.maps import Maps
from infoplane.observe.part import OfPart
from infoplane.observe.plane import TARGET, Plane
from infoplane.observe.probe import Probe
from infoplane.record.loop import Observer
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.finding import Finding
from infoplane.values.seeds import stream
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace


@final
@dataclass(frozen=True)
class Convnet(OnImages):
    """A convolutional classifier: its planes, both chains of inequalities, and its maps in pairs.

    A twin with the same initial weights learns the same images with shuffled labels beside it, as
    the control of every figure. Layers, filters, optimiser and updates are ours: those of S3 are
    not known to us.

    Attributes:
        dataset: What it learns to classify.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        net: The architecture: small for digits, lenet for MNIST, vgg for CIFAR-10, or vgg16.
        filters: Filters of every convolution; by default the architecture's own.
        control: Whether the twin is trained, which doubles the time.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        probing: When it is looked at, and on which images.
        looking: How closely pairs of maps are looked at.
        widths: The kernel widths to measure with.
        error_h: The paper's width of errors, h of σ = h·n^(−1/(4+d)).
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "convnet"
    title: ClassVar[str] = "What each layer and each filter of a convolutional network knows"
    results_version: ClassVar[int] = 2
    family: ClassVar[type[Family] | None] = Filters

    dataset: Literal["digits", "mnist", "fashion", "cifar10"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    net: Net = "usual"
    filters: tuple[int, ...] = ()
    control: bool = True
    seed: int = 0
    training: Training = Training(steps=2000)
    probing: Probing = Probing(snapshots=40, probe_from="both", null_snapshots=6, permutations=9)
    looking: Looking = Looking()
    widths: Widths = Widths()
    error_h: float = 0.1
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        _ = self.plan  # refuses filters that do not fit
        Silverman(self.error_h)
        require_device(self.device)

    @property
    def plan(self) -> Architecture:
        """The architecture with its filters."""
        return architecture(self.dataset, self.net, self.filters)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        counts = "-".join(map(str, self.plan.filters))
        widths = "-".join(map(str, (*self.plan.hidden, self.classes)))
        return {
            "experiment": self.name,
            "description": (
                f"Convolutional classifier of {counts} filters and layers {widths} on "
                f"{self.dataset}, {self.training.steps} updates, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "yu2020understanding",
        }

    def network(self) -> ConvolutionalClassifier:
        """One untrained network."""
        return ConvolutionalClassifier(self.data.shape, self.plan, self.classes, seed=self.seed)

    def model(self) -> nn.ModuleDict:
        """The network and its control, from the same initial weights."""
        twins = (NETWORK, CONTROL) if self.control else (NETWORK,)
        return nn.ModuleDict({name: self.network() for name in twins})

    def labels(self) -> Mapping[str, Tensor]:
        """What each of them learns, by its name: the control the labels of other images."""
        y = self.data.train_y
        order = torch.randperm(len(y), generator=stream(self.seed, "shuffled labels"))
        return {NETWORK: y, CONTROL: y[order]}

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        x = self.data.train_x.to(self.device)
        y = {name: one.to(self.device) for name, one in self.labels().items()}

        def objective(chosen: Tensor) -> Tensor:
            # no weight is in both, so Adam moves each as if it were alone
            losses = [cross_entropy(one(x[chosen]), y[name][chosen]) for name, one in model.items()]
            return torch.stack(losses).sum()

        yield from trained(
            model,
            objective,
            torch.optim.Adam(model.parameters(), lr=self.training.learning_rate),
            self._observers(model),
            samples=len(x),
            batch_size=self.training.batch_size,
            at=frozenset(self.probing.moments(self.training.steps)),
            seed=self.seed,
            resume=resume,
        )

    def _observers(self, model: nn.ModuleDict) -> list[Observer]:
        """Everything about the network, and the same of its control without nulls."""
        network = model[NETWORK]
        assert isinstance(network, ConvolutionalClassifier)  # it was made so
        planes = self.probing.planes(
            self.data, self.seed, lambda probe: self._plane(network, probe, null=True)
        )
        first = self.first(self.probing.evaluation)
        own: list[Observer] = [
            planes,
            *self._of_errors_and_maps(network, null=True),
            Classification(first),
        ]
        observers: list[Observer] = [OfPart(one, NETWORK) for one in own]
        if self.control:
            images, _ = first["train"]
            learned = self.labels()[CONTROL][: len(images)].to(self.device)
            beside: list[Observer] = [
                self.probing.planes(
                    self.data, self.seed, lambda probe: self._plane(network, probe, null=False)
                ),
                *self._of_errors_and_maps(network, null=False),
                Classification({**first, "train": (images, learned)}),
            ]
            observers += [OfPart(one, CONTROL, SUFFIX, WORDS) for one in beside]
        return observers

    def _plane(self, network: ConvolutionalClassifier, probe: Probe, *, null: bool) -> Plane:
        """Everything between input, layers and class on a probe."""
        moments = self.probing.null_moments(self.training.steps)
        return Plane(
            probe=probe.to(self.device),
            layers=network.layers,
            target=TARGET,
            estimators=estimators(self.widths, network.maps),
            null_steps=moments if null else frozenset(),
            permutations=self.probing.permutations,
            seed=self.seed,
        )

    def _of_errors_and_maps(
        self, network: ConvolutionalClassifier, *, null: bool
    ) -> list[Observer]:
        """The backward chain, and the maps in pairs, on the probe that claims are about."""
        probe = self.probing.judged(self.data, self.seed).to(self.device)
        moments = self.probing.moments(self.training.steps)
        nulls = self.probing.null_moments(self.training.steps)
        backward = Backward(
            probe=probe,
            preactivations=network.preactivations,
            estimators=error_estimators(self.widths, network.maps, self.error_h),
            null_steps=nulls if null else frozenset(),
            permutations=self.probing.permutations,
            seed=self.seed,
        )
        maps = Maps(
            probe=probe,
            layers=network.layers,
            estimators=estimators(self.widths, network.maps),
            at=self.looking.at(moments),
            pairs=self.looking.map_pairs,
            null_steps=self.looking.null_at(moments) if null else frozenset(),
            permutations=self.looking.map_permutations,
            seed=self.seed,
        )
        return [backward, maps]

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Its claims, and those about training and test samples beside each other."""
        found = super().findings(traces)
        return [*found, *judged(of_both_probes(traces[0]), traces)] if traces else []

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What pairs of maps tell, and what one more assumption would make of it."""
        return figures.tables(trace)

"""Cross-entropy plus a weight times what one layer keeps of the input."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from infoplane.experiments.on_images import OnImages, trained
from infoplane.experiments.regularised import figures
from infoplane.experiments.regularised.claims import claims
from infoplane.experiments.regularised.family import Regularisers
from infoplane.experiments.regularised.regulariser import Regulariser
from infoplane.experiments.settings import (
    Probing,
    Training,
    Widths,
    require_at_least,
    require_device,
    require_pairs,
)
from infoplane.models.mlp import Classifier, hidden_names
from infoplane.numerics.bandwidth import Tapia
from infoplane.observe.classification import Classification
from infoplane.observe.plane import INPUT, TARGET, Plane
from infoplane.observe.probe import Probe
from infoplane.store.address import NOT_ADDRESSED
from infoplane.training.objectives import RenyiInformation
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Checkpoint, Row, Tick


@final
@dataclass(frozen=True)
class Regularised(OnImages):
    """A classifier trained on cross-entropy + β·I_α(X;T), the deterministic information bottleneck.

    Cross-entropy is in nats, information in bits. The kernel widths of the objective are the
    scale-invariant rule's, taken anew from every minibatch, so that a layer cannot pay less by
    shrinking; the publication's rule is another, and its β therefore not comparable.

    Attributes:
        dataset: What it learns to classify.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        regulariser: The weight β of the information, and dropout beside it or in its place.
        order: Order α of the information in the objective; 2 needs no eigenvalues.
        layer: The layer T that pays, such as "hidden.3", or "last" for the last hidden one.
        hidden: Widths of the hidden layers.
        seed: Seed of every random stream.
        training: How long and how fast it learns.
        probing: When it is looked at, and on which images.
        widths: The kernel widths to measure with.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "regularised"
    title: ClassVar[str] = "A classifier that pays for information about its input"
    results_version: ClassVar[int] = 1
    family = Regularisers

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    regulariser: Regulariser = Regulariser()
    order: float = 2.0
    layer: str = "last"
    hidden: tuple[int, ...] = (256, 256, 64)
    seed: int = 0
    training: Training = Training(steps=3000)
    probing: Probing = Probing()
    widths: Widths = Widths()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_at_least(1, **{f"hidden[{i}]": width for i, width in enumerate(self.hidden)})
        if not self.hidden:
            raise InfoplaneError("hidden is empty: one hidden layer is the least.")
        if self.layer not in ("last", *hidden_names(len(self.hidden))):
            raise InfoplaneError(
                f"layer={self.layer}: choose last, or one of "
                f"{', '.join(hidden_names(len(self.hidden)))}."
            )
        if math.isinf(self.order):
            raise InfoplaneError("order=inf cannot be stored with a run; take a large number.")
        require_device(self.device)
        _ = self.information  # refuses orders that make no sense

    @property
    def information(self) -> RenyiInformation:
        """What the layer pays for, in bits."""
        return RenyiInformation(self.order, x_bandwidth=Tapia(standardise="whole"))

    @property
    def pays(self) -> str:
        """Name of the layer that pays."""
        return hidden_names(len(self.hidden))[-1] if self.layer == "last" else self.layer

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        widths = "-".join(map(str, (math.prod(self.data.shape), *self.hidden, self.classes)))
        beta, dropout = self.regulariser.beta, self.regulariser.dropout
        dropped = f", dropout {dropout:g}" if dropout else ""
        return {
            "experiment": self.name,
            "description": (
                f"Classifier {widths} on {self.dataset}, cross-entropy + {beta:g} nat/bit × "
                f"I(X;{self.pays}) of order {self.order:g}{dropped}, {self.training.steps} "
                f"updates, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "yu2021measuring",
            "pays": self.pays,
        }

    def model(self) -> Classifier:
        """The untrained network, the same whatever regularises it."""
        return Classifier(
            self.data.shape,
            self.hidden,
            self.classes,
            dropout=self.regulariser.dropout,
            seed=self.seed,
        )

    def objective(self, model: Classifier, x: Tensor, y: Tensor) -> Tensor:
        """Cross-entropy in nats plus β times the bits of information.

        Args:
            model: The network.
            x: Images (n, c, h, w), n ≥ 2.
            y: Their classes (n,).
        """
        found = model.activations(x)
        loss, beta = cross_entropy(found["output"], y), self.regulariser.beta
        return loss + beta * self.information(x, found[self.pays]) if beta else loss

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model = self.model().to(self.device)
        x, y = self.data.train_x.to(self.device), self.data.train_y.to(self.device)
        if self.regulariser.beta:
            require_pairs(len(x), self.training.batch_size, "information needs two samples")
        optimiser = torch.optim.Adam(model.parameters(), lr=self.training.learning_rate)
        planes = self.probing.planes(self.data, self.seed, lambda probe: self._plane(model, probe))
        yield from trained(
            model,
            lambda chosen: self.objective(model, x[chosen], y[chosen]),
            optimiser,
            [planes, Classification(self.first(self.probing.evaluation))],
            samples=len(x),
            batch_size=self.training.batch_size,
            at=frozenset(self.probing.moments(self.training.steps)),
            seed=self.seed,
            resume=resume,
        )

    def _plane(self, model: Classifier, probe: Probe) -> Plane:
        """Everything between input, layers and class on a probe."""
        return Plane(
            probe=probe.to(self.device),
            layers=model.layers,
            target=TARGET,
            estimators=self.widths.estimators(images=(INPUT,)),
            null_steps=self.probing.null_moments(self.training.steps),
            permutations=self.probing.permutations,
            seed=self.seed,
        )

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)

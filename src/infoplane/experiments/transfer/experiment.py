"""S4: a shallow classifier, and the transfer entropy between its layers while it learns."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from infoplane.experiments.on_images import OnImages
from infoplane.experiments.settings import require_at_least, require_device
from infoplane.experiments.transfer import figures
from infoplane.experiments.transfer.claims import claims
from infoplane.experiments.transfer.settings import Asking, Learning
from infoplane.experiments.transfer.watching import Epoch, Transfer
from infoplane.models.cnn import Architecture, ConvolutionalClassifier
from infoplane.models.mlp import Classifier
from infoplane.observe.classification import Classification
from infoplane.observe.transfer import AXES
from infoplane.record.loop import Observer, batches, fit, per_epoch, record, restore
from infoplane.record.schedule import EvenlySpaced
from infoplane.record.undisturbed import undisturbed
from infoplane.store.address import NOT_ADDRESSED
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace

Blocks = tuple[tuple[int, ...], ...]
PUBLISHED: Blocks = ((32,), (64,))
"""Filters in the authors' network for FashionMNIST, which normalises batches and drops units too,
and has no rectifier between its last layers (moldovan2021cnn)."""
CHANNELS: Mapping[str, Blocks] = {"digits": ((8,), (16,))}
"""Where the images are tiny."""


@final
@dataclass(frozen=True)
class LayerTransfers(OnImages):
    """Transfer entropy between the layers of a classifier, along several time axes at once.

    The same question is asked of the samples in the order of training while the weights change
    (the published experiments), of the same samples with the weights held, of samples sorted by
    class, and of a fixed probe along the updates; beside each stand its surrogates and lag 0.

    Attributes:
        dataset: What it learns to classify.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        network: "mlp" or "cnn".
        hidden: Widths of the fully connected hidden layers.
        seed: Seed of every random stream.
        learning: How long and how fast it learns, and when it is looked at.
        asking: What is asked of its layers.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "transfer"
    title: ClassVar[str] = "Transfer entropy between layers"
    results_version: ClassVar[int] = 2

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    network: Literal["mlp", "cnn"] = "mlp"
    hidden: tuple[int, ...] = (32, 16)
    seed: int = 0
    learning: Learning = Learning()
    asking: Asking = Asking()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_at_least(1, **{f"hidden[{i}]": width for i, width in enumerate(self.hidden)})
        require_at_least(1, layers=len(self.hidden))
        require_device(self.device)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself, with every time axis in words."""
        chain = "-".join(map(str, (*self.hidden, self.classes)))
        return {
            "experiment": self.name,
            "description": (
                f"{self.network} …-{chain} on {self.dataset}, {self.learning.epochs} epochs, "
                f"seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "moldovan2024information",
            "layers": json.dumps(self.model().layers),
            "axes": json.dumps(dict(AXES)),
            "asking": json.dumps(asdict(self.asking)),
        }

    def model(self) -> Classifier | ConvolutionalClassifier:
        """The untrained network."""
        if self.network == "mlp":
            return Classifier(self.data.shape, self.hidden, self.classes, seed=self.seed)
        blocks = CHANNELS.get(self.dataset, PUBLISHED)
        plan = Architecture(blocks, kernel=3, padding=1, hidden=self.hidden)
        return ConvolutionalClassifier(self.data.shape, plan, self.classes, seed=self.seed)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint.

        A window is one epoch, and checkpoints are taken between epochs: what is kept of the
        training passes then begins anew, in a resumed run as in another.
        """
        model = self.model().to(self.device)
        images = self.learning.images
        parts = self.data.train_x[:images], self.data.train_y[:images]
        x, y = (one.to(self.device) for one in parts)
        optimiser = torch.optim.SGD(model.parameters(), lr=self.learning.learning_rate)
        if resume is not None:
            restore(resume, model, optimiser)
        start = 0 if resume is None else resume.step
        size = self.learning.batch_size
        updates = per_epoch(len(x), size)
        moments = frozenset(
            updates * epoch
            for epoch in EvenlySpaced(self.learning.snapshots).steps(self.learning.epochs)
        )
        epoch, rule = Epoch(), self.asking.rule(self.seed)
        probe = x[: self.asking.probe]

        def objective(chosen: Tensor) -> Tensor:
            if len(epoch.chosen) == updates:
                epoch.clear()
            shown = x[chosen]
            seen = model.activations(shown)
            epoch.chosen.append(chosen)
            epoch.seen.append(rule.numbers(shown, seen))
            if len(probe):
                with undisturbed(model):
                    epoch.steps.append(rule.numbers(probe, model.activations(probe)))
            return cross_entropy(seen[model.layers[-1]], y[chosen])

        snapshots = fit(
            model,
            objective,
            batches(len(x), size, seed=self.seed, start=start),
            optimiser,
            steps_per_epoch=updates,
            seed=self.seed,
            start=start,
        )
        observers: list[Observer] = [
            Transfer(
                rule,
                (x, y),
                epoch,
                model.layers,
                self.asking.blocks,
                self.asking.window,
                self.seed,
            ),
            Classification(self.first(self.learning.evaluation)),
        ]
        yield from record(
            snapshots, observers, at=moments, optimiser=optimiser, checkpoint_every=updates
        )

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)
    methods = staticmethod(figures.methods)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Raw, surrogates, effective and lag 0 side by side, and what is not verified."""
        return figures.tables(trace)

"""A classifier trained with and without transfer entropy fed back, and with three controls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Literal, final

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.nn.functional import cross_entropy

from infoplane.experiments.feedback import figures
from infoplane.experiments.feedback.claims import claims
from infoplane.experiments.feedback.settings import Course, Feeding
from infoplane.experiments.on_images import OnImages
from infoplane.experiments.settings import require_at_least, require_device
from infoplane.models.mlp import Classifier
from infoplane.record.loop import batches, per_epoch
from infoplane.store.address import NOT_ADDRESSED
from infoplane.training.transfer_feedback import Feedback, TEFeedback
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace
from infoplane.values.units import PURE


@final
@dataclass
class Arm:
    """One training: the same network and the same order of samples as in all other arms."""

    model: Classifier
    optimiser: torch.optim.Optimizer
    feedback: Feedback | None


@final
@dataclass(frozen=True)
class TransferFeedback(OnImages):
    """All arms from the same weights on the same samples in the same order; judged on test images.

    Attributes:
        dataset: What is learned to be classified.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        hidden: Widths of the hidden layers.
        seed: Seed of every random stream.
        course: How long and how fast every arm learns.
        feeding: What is fed back.
        device: Where to compute, such as cpu or cuda.
    """

    name: ClassVar[str] = "feedback"
    title: ClassVar[str] = "Training with transfer entropy fed back"
    results_version: ClassVar[int] = 3

    dataset: Literal["digits", "mnist", "fashion", "emnist"] = "digits"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    hidden: tuple[int, ...] = (32,)
    seed: int = 0
    course: Course = Course()
    feeding: Feeding = Feeding()
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_at_least(1, **{f"hidden[{i}]": width for i, width in enumerate(self.hidden)})
        require_at_least(1, layers=len(self.hidden))
        require_device(self.device)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        widths = "-".join(map(str, (*self.data.shape[1:], *self.hidden, self.classes)))
        return {
            "experiment": self.name,
            "description": (
                f"Classifier {widths} on {min(self.course.images, len(self.data.train_x))} images "
                f"of {self.dataset}, signal {self.feeding.signal}, {self.course.epochs} epochs, "
                f"seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "moldovan2021cnn",
            "target": self.course.target,
            "signal": self.feeding.signal,
        }

    def model(self) -> Classifier:
        """The untrained network of every arm."""
        return Classifier(self.data.shape, self.hidden, self.classes, seed=self.seed)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """An epoch of every arm after the other, and a row.

        It takes no checkpoints: what the windows hold is short, and a run takes minutes.
        """
        x, y = self.data.train_x[: self.course.images], self.data.train_y[: self.course.images]
        x, y = x.to(self.device), y.to(self.device)
        arms = {name: self._arm(made) for name, made in self.feeding.arms(self.seed).items()}
        size, epochs = self.course.batch_size, self.course.epochs
        updates = per_epoch(len(x), size)
        order = batches(len(x), size, seed=self.seed)
        for epoch in range(epochs + 1):
            seconds: dict[str, float] = {}
            if epoch:
                chosen = [next(order) for _ in range(updates)]
                for name, one in arms.items():
                    start = perf_counter()
                    self._trained(one, x, y, chosen)
                    seconds[f"training: {name}"] = perf_counter() - start
            yield Row(updates * epoch, float(epoch), self._judged(arms), seconds)
            yield Tick(epoch, epochs, "epochs")

    def _arm(self, made: TEFeedback | None) -> Arm:
        model = self.model().to(self.device)
        optimiser = torch.optim.SGD(model.parameters(), lr=self.course.learning_rate)
        feedback = None if made is None else made.acting_on(model, model.output)
        return Arm(model, optimiser, feedback)

    def _trained(self, one: Arm, x: Tensor, y: Tensor, chosen: Sequence[Tensor]) -> None:
        """One epoch of one arm."""
        last, output = one.model.layers[-2:]
        for some in chosen:
            if one.feedback:
                one.feedback.before_update()
            one.optimiser.zero_grad()
            seen = one.model.activations(x[some])
            cross_entropy(seen[output], y[some]).backward()
            if one.feedback:
                one.feedback.after_backward()
            one.optimiser.step()
            if one.feedback:
                one.feedback.after_update(seen[last], seen[output])

    def _judged(self, arms: Mapping[str, Arm]) -> dict[str, xr.DataArray]:
        """Loss and accuracy on the test images, and what was fed back, of every arm."""
        x, y = (one.to(self.device) for one in self.data.split("test"))
        found = []
        for one in arms.values():
            with torch.no_grad():
                logits = one.model(x)
            te = None if one.feedback is None else one.feedback.te
            found.append(
                (
                    cross_entropy(logits, y).item(),
                    (logits.argmax(1) == y).double().mean().item(),
                    np.nan if te is None else float(te.mean()),
                    np.nan if te is None else float(te.max()),
                )
            )
        named = {
            "test_loss": ("cross-entropy, test", "nat"),
            "test_accuracy": ("accuracy, test", PURE),
            "fed_back": ("mean signal", "bit"),
            "fed_back_max": ("largest signal", "bit"),
        }
        columns = np.array(found).T
        return {
            name: xr.DataArray(
                values,
                dims=("arm",),
                coords={"arm": list(arms)},
                attrs={"long_name": words, "unit": unit, "n": len(x)},
            )
            for (name, (words, unit)), values in zip(named.items(), columns, strict=True)
        }

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)
    methods = staticmethod(figures.methods)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Epochs to the target, end, and what it cost."""
        return [figures.arms(trace, seconds)]

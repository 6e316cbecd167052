"""An infinite ensemble of infinitely wide networks, from before training to its end."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, final

from infoplane.datasets.base import Dataset
from infoplane.datasets.catalogue import load
from infoplane.datasets.known.regression import Regression
from infoplane.experiments.protocol import Experiment
from infoplane.experiments.settings import require_device
from infoplane.experiments.wide import figures, words
from infoplane.experiments.wide.claims import claims
from infoplane.experiments.wide.family import Networks
from infoplane.experiments.wide.measured import Beside, Infinite
from infoplane.experiments.wide.problem import Problem, normal, parity
from infoplane.experiments.wide.settings import Finite, Gaussian, Looking, Network
from infoplane.numerics.workers import cores
from infoplane.store.address import NOT_ADDRESSED, canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Row, Tick, Trace

GAUSSIAN = "gaussian"


@final
@dataclass(frozen=True)
class Wide(Experiment):
    """All networks of one architecture, infinitely wide, trained on the same samples.

    Mean and covariance of their outputs are known at every time of training, and with them what
    they know of inputs, targets and data. Ensembles of finite networks are trained beside them.

    Attributes:
        dataset: The jointly normal problem, whose bottleneck is known exactly; or the parity of
            digits.
        data_dir: Folder with the data sets; digits come with scikit-learn and need none.
        network: What is trained, and on how many samples.
        task: The jointly normal problem.
        looking: When it is looked at, and on how many new samples.
        finite: The finite networks beside it.
        seed: Seed of every random stream.
        device: Where finite networks train, such as cpu or cuda; kernels are computed on the CPU.
    """

    name: ClassVar[str] = "wide"
    title: ClassVar[str] = "Infinite ensembles of infinitely wide networks"
    results_version: ClassVar[int] = 1
    family = Networks

    dataset: Literal["gaussian", "digits", "mnist"] = "gaussian"
    data_dir: Path | None = field(default=None, metadata=NOT_ADDRESSED)
    network: Network = Network()
    task: Gaussian = Gaussian()
    looking: Looking = Looking()
    finite: Finite = Finite()
    seed: int = 0
    device: str = field(default="cpu", metadata=NOT_ADDRESSED)

    def __post_init__(self) -> None:
        require_device(self.device)
        Regression(self.task.inputs, self.task.rho2)  # refuses what makes no sense
        if self.network.convolution and self.dataset == GAUSSIAN:
            raise InfoplaneError(
                "convolution=True needs images: take dataset=digits or mnist, or no convolution."
            )

    @property
    def data_digest(self) -> str:
        """Of the images, or of the settings that samples are drawn by."""
        if self.dataset != GAUSSIAN:
            return self.data.digest
        return hashlib.sha256(json.dumps(canonical(self.task)).encode()).hexdigest()

    @cached_property
    def data(self) -> Dataset:
        """The images."""
        return load(self.dataset, self.data_dir)

    @property
    def threads(self) -> int:
        """One per core: it is products of matrices."""
        return cores()

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        what = (
            f"{self.task.inputs} normal inputs and a target, ρ² = {self.task.rho2:g}"
            if self.dataset == GAUSSIAN
            else f"the parity of {self.dataset}"
        )
        return {
            "experiment": self.name,
            "description": (
                f"Infinite ensemble of {self.network.name} on {what}, up to τ = "
                f"{self.looking.last:g}, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "shwartzziv2019information",
            "copies": self.finite.copies,
        }

    def problem(self) -> Problem:
        """The samples."""
        if self.dataset == GAUSSIAN:
            task = Regression(self.task.inputs, self.task.rho2)
            return normal(task, self.network, self.looking, self.seed)
        return parity(self.data, self.network, self.looking, self.seed)

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """One row per time. The theory takes seconds, and is computed anew after a resumption."""
        infinite = Infinite(self.network.architecture, self.problem(), self.looking, self.seed)
        beside = Beside(infinite, self.finite, self.seed, self.device)
        first = 0 if resume is None else resume.step
        total = len(infinite.times)
        for i in range(first, total):
            values = infinite.values(i) | beside.values(i)
            if i == total - 1:
                values |= infinite.curve()
            yield Row(i, float("nan"), values)
            yield Tick(i + 1, total, "times")
            if i + 1 >= len(beside.times):  # from here on there is nothing to be trained
                yield Checkpoint(i + 1, {}, {})

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(figures.summary)
    methods = staticmethod(words.methods)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What is known at the start, at the best moment, and at the end."""
        return [figures.moments(trace)]

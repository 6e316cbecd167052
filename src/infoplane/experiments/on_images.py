"""What every experiment on a data set of images has: its data, its threads, and its training."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from torch import Tensor, nn
from torch.optim import Optimizer

from infoplane.datasets.base import Dataset
from infoplane.datasets.catalogue import load
from infoplane.experiments.protocol import Experiment
from infoplane.numerics.workers import cores
from infoplane.record.loop import Observer, batches, fit, per_epoch, record, restore
from infoplane.values.trace import Checkpoint, Row, Tick

TINY = 100_000
"""Networks with fewer parameters train fastest on one thread."""
CHECKPOINTS = 20
"""How many checkpoints a run takes on its way."""
OUTPUT = "output"
"""The layer that makes the reconstruction, or the scores of the classes."""


class OnImages(Experiment):
    """An experiment with fields ``dataset``, ``data_dir`` and ``device``, which trains one network.

    Attributes:
        dataset: Name of the data set.
        data_dir: Folder with the data sets; None where it is looked for.
        device: Where to compute, such as cpu or cuda.
    """

    dataset: str
    data_dir: Path | None
    device: str

    @property
    def data(self) -> Dataset:
        """The data set; read once per process."""
        return _data(self.dataset, self.data_dir)

    @property
    def data_digest(self) -> str:
        """Content hash of the data."""
        return self.data.digest

    @property
    def classes(self) -> int:
        """How many classes the images have."""
        return int(self.data.train_y.max()) + 1

    def first(self, most: int) -> Mapping[str, tuple[Tensor, Tensor]]:
        """The first training and test images, at most so many of each, with their true labels."""
        parts = {"train": self.data.split("train"), "test": self.data.split("test")}
        return {
            side: (x[:most].to(self.device), y[:most].to(self.device))
            for side, (x, y) in parts.items()
        }

    @property
    def threads(self) -> int:
        """One for a tiny network, else one per core."""
        parameters = sum(weights.numel() for weights in self.model().parameters())
        return 1 if parameters < TINY else cores()

    @abstractmethod
    def model(self) -> nn.Module:
        """The untrained network."""


def trained(
    model: nn.Module,
    objective: Callable[[Tensor], Tensor],
    optimiser: Optimizer,
    observers: Sequence[Observer],
    *,
    samples: int,
    batch_size: int,
    at: frozenset[int],
    seed: int,
    resume: Checkpoint | None,
) -> Iterator[Row | Checkpoint | Tick]:
    """Trains end to end and measures on the way; resumed, yields what comes after the checkpoint.

    Args:
        model: The untrained network, changed in place.
        objective: Loss of a batch, given the indices of its samples.
        optimiser: Makes the updates.
        observers: What to measure.
        samples: How many there are to learn from.
        batch_size: Samples per update.
        at: The updates at which to measure; the last of them ends the run.
        seed: Of the order of the samples, and of what the network draws itself.
        resume: Where to go on from; None for the beginning.
    """
    if resume is not None:
        restore(resume, model, optimiser)
    start = 0 if resume is None else resume.step
    snapshots = fit(
        model,
        objective,
        batches(samples, batch_size, seed=seed, start=start),
        optimiser,
        steps_per_epoch=per_epoch(samples, batch_size),
        seed=seed,
        start=start,
    )
    every = checkpoint_every(max(at))
    yield from record(snapshots, observers, at=at, optimiser=optimiser, checkpoint_every=every)


def checkpoint_every(steps: int) -> int:
    """Updates between the checkpoints of a run of so many."""
    return max(1, steps // CHECKPOINTS)


_data = lru_cache(maxsize=2)(load)

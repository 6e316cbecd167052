"""What every experiment on a data set of images has: its data, read once, and its threads."""

from abc import abstractmethod
from functools import lru_cache
from pathlib import Path

from torch import nn

from infoplane.datasets.base import Dataset
from infoplane.datasets.catalogue import load
from infoplane.experiments.protocol import Experiment
from infoplane.numerics.workers import cores

TINY = 100_000
"""Networks with fewer parameters train fastest on one thread."""
CHECKPOINTS = 20
"""How many checkpoints a run takes on its way."""
OUTPUT = "output"
"""The layer that makes the reconstruction, or the scores of the classes."""


class OnImages(Experiment):
    """An experiment with fields ``dataset`` and ``data_dir``, which trains one network.

    Attributes:
        dataset: Name of the data set.
        data_dir: Folder with the data sets; None where it is looked for.
    """

    dataset: str
    data_dir: Path | None

    @property
    def data(self) -> Dataset:
        """The data set; read once per process."""
        return _data(self.dataset, self.data_dir)

    @property
    def data_digest(self) -> str:
        """Content hash of the data."""
        return self.data.digest

    @property
    def threads(self) -> int:
        """One for a tiny network, else one per core."""
        parameters = sum(weights.numel() for weights in self.model().parameters())
        return 1 if parameters < TINY else cores()

    @abstractmethod
    def model(self) -> nn.Module:
        """The untrained network."""


def checkpoint_every(steps: int) -> int:
    """Updates between the checkpoints of a run of so many."""
    return max(1, steps // CHECKPOINTS)


_data = lru_cache(maxsize=2)(load)

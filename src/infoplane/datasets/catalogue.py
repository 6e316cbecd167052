"""The datasets by name."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from infoplane.datasets import cifar
from infoplane.datasets.base import Dataset
from infoplane.datasets.digits import digits
from infoplane.datasets.images import EMNIST, FASHION, MNIST, read
from infoplane.values.errors import InfoplaneError


def _bundled(_data_dir: Path | None) -> Dataset:
    """The digits, which lie in no folder."""
    return digits()


CATALOGUE: Mapping[str, Callable[[Path | None], Dataset]] = {
    "digits": _bundled,
    "mnist": partial(read, MNIST),
    "fashion": partial(read, FASHION),
    "emnist": partial(read, EMNIST),
    "cifar10": partial(cifar.read, cifar.CIFAR10),
}
"""How to read each dataset, given the folder that the user named."""


def load(name: str, data_dir: Path | str | None = None) -> Dataset:
    """A dataset of the catalogue.

    Args:
        name: "digits", "mnist", "fashion", "emnist" or "cifar10".
        data_dir: Folder with ``<name>/…``, and the only place to look. None: ``$INFOPLANE_DATA``,
            then the user's cache, then a checked download.

    Raises:
        InfoplaneError: The name is unknown, or the data cannot be had intact.

    >>> load("digits").shape
    torch.Size([1, 8, 8])
    """
    if name not in CATALOGUE:
        raise InfoplaneError(f"There is no dataset {name!r}; choose one of {sorted(CATALOGUE)}.")
    return CATALOGUE[name](None if data_dir is None else Path(data_dir).expanduser())

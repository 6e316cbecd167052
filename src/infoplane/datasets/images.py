"""MNIST, Fashion-MNIST and the lower-case letters of EMNIST: found on this machine or downloaded.

Where they are looked for is told in ``lookup``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from infoplane.datasets.base import Dataset
from infoplane.datasets.fetch import Loose, Remote, Zipped
from infoplane.datasets.idx import read_idx
from infoplane.datasets.lookup import found
from infoplane.values.errors import InfoplaneError

SIDE = 28
"""Pixels along each side of every image here."""

WHITE = 255
"""The brightest pixel."""


@final
@dataclass(frozen=True)
class Archive:
    """Where a set of images lies, and what part of it is the dataset.

    Attributes:
        name: Name of the dataset.
        folders: Names its folder may have; a download goes to the first.
        files: Training images and labels, test images and labels; each may also lie unpacked,
            without its ``.gz``.
        counts: Training and test images in the files.
        remote: Where to download them.
        first_class: The first class that is kept; it becomes class 0.
        train_limit: At most so many of the kept training images, the first ones; None for all.
    """

    name: str
    folders: tuple[str, ...]
    files: tuple[str, str, str, str]
    counts: tuple[int, int]
    remote: Remote
    first_class: int = 0
    train_limit: int | None = None


MNIST_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _checksums(*sha256: str) -> dict[str, str]:
    return dict(zip(MNIST_FILES, sha256, strict=True))


MNIST = Archive(
    name="mnist",
    folders=("mnist",),
    files=MNIST_FILES,
    counts=(60_000, 10_000),
    remote=Loose(
        bases=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        sha256=_checksums(
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)
"""Handwritten digits. Source: lecun1998gradient."""

FASHION = Archive(
    name="fashion",
    folders=("fashion", "fashion-mnist"),
    files=MNIST_FILES,
    counts=(60_000, 10_000),
    remote=Loose(
        bases=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        sha256=_checksums(
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)
"""Photographs of clothes. Source: xiao2017fashion."""

EMNIST = Archive(
    name="emnist",
    folders=("emnist", "emnist/gzip"),
    files=(
        "emnist-byclass-train-images-idx3-ubyte.gz",
        "emnist-byclass-train-labels-idx1-ubyte.gz",
        "emnist-byclass-test-images-idx3-ubyte.gz",
        "emnist-byclass-test-labels-idx1-ubyte.gz",
    ),
    counts=(697_932, 116_323),
    remote=Zipped(
        urls=("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",),
        sha256="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
        inside="gzip/",
    ),
    first_class=36,
    train_limit=160_000,
)
"""Lower-case letters as Lee and Jo took them, transposed as they are stored.

Source: cohen2017emnist; lee2021information.
"""


def read(archive: Archive, data_dir: Path | None = None, cache: Path | None = None) -> Dataset:
    """The dataset, with pixels in [0, 1].

    Args:
        archive: Which one.
        data_dir: The only place to look, if given: ``<data_dir>/<folder>/…``.
        cache: Where downloads are kept; None for the user's own cache.

    Raises:
        InfoplaneError: ``data_dir`` lacks a file, a file is damaged or belongs to other data, or
            a download failed.
    """
    paths, remedy = found(archive, data_dir, cache)
    train, test = archive.counts
    shapes = [(train, SIDE, SIDE), (train,), (test, SIDE, SIDE), (test,)]
    arrays = [_read_shape(path, shape, remedy) for path, shape in zip(paths, shapes, strict=True)]
    return Dataset(
        archive.name,
        *_part(arrays[0], arrays[1], archive.first_class, archive.train_limit),
        *_part(arrays[2], arrays[3], archive.first_class),
    )


def _read_shape(path: Path, shape: tuple[int, ...], remedy: str) -> UInt8[np.ndarray, "..."]:
    array = read_idx(path, remedy)
    if array.shape != shape:
        raise InfoplaneError(
            f"{path} belongs to other data: expected shape {shape}, found {array.shape}. {remedy}"
        )
    return array


def _part(
    images: UInt8[np.ndarray, "n h w"],
    labels: UInt8[np.ndarray, " n"],
    first_class: int,
    limit: int | None = None,
) -> tuple[Float[Tensor, "m 1 h w"], Tensor]:
    """Images in [0, 1] and labels from 0, of the first ``limit`` samples of the kept classes."""
    kept = np.flatnonzero(labels >= first_class)[:limit]
    pixels = np.divide(images[kept], WHITE, dtype=np.float32)
    classes = labels[kept].astype(np.int64) - first_class
    return torch.from_numpy(pixels).unsqueeze(1), torch.from_numpy(classes)

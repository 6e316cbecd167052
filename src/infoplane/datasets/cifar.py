"""CIFAR-10 from its binary distribution, read strictly; no pickle.

A file holds records of 3073 bytes: the class, then the red, the green and the blue channel of an
image of 32 × 32 pixels, each row by row.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from infoplane.datasets.base import Dataset
from infoplane.datasets.fetch import Remote, Tarred
from infoplane.datasets.images import WHITE
from infoplane.datasets.lookup import found
from infoplane.values.errors import InfoplaneError

SHAPE = (3, 32, 32)
"""Shape of an image (c, h, w)."""
RECORD = 1 + SHAPE[0] * SHAPE[1] * SHAPE[2]
"""Bytes per image, its class included."""


@final
@dataclass(frozen=True)
class Records:
    """Where files of such records lie.

    Attributes:
        name: Name of the dataset.
        folders: Names its folder may have; a download goes to the first.
        files: The training files, and last the test file.
        per_file: Images in every file.
        classes: How many classes there are.
        remote: Where to download them.
    """

    name: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    per_file: int
    classes: int
    remote: Remote


CIFAR10 = Records(
    name="cifar10",
    folders=("cifar10", "cifar-10-batches-bin"),
    files=(*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"),
    per_file=10_000,
    classes=10,
    remote=Tarred(
        urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        inside="cifar-10-batches-bin/",
    ),
)
"""Small photographs of animals and vehicles. Source: krizhevsky2009learning."""


def read(records: Records, data_dir: Path | None = None, cache: Path | None = None) -> Dataset:
    """The dataset, with pixels in [0, 1].

    Args:
        records: Which one.
        data_dir: The only place to look, if given: ``<data_dir>/<folder>/…``.
        cache: Where downloads are kept; None for the user's own cache.

    Raises:
        InfoplaneError: ``data_dir`` lacks a file, a file is damaged, or a download failed.
    """
    paths, remedy = found(records, data_dir, cache)
    *train, test = (_records(path, records, remedy) for path in paths)
    return Dataset(records.name, *_samples(np.concatenate(train)), *_samples(test))


def _records(path: Path, records: Records, remedy: str) -> UInt8[np.ndarray, "n bytes"]:
    """The records of one file; read-only."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InfoplaneError(f"{path} cannot be read: {problem.strerror}. {remedy}") from problem
    if len(content) != records.per_file * RECORD:
        raise InfoplaneError(
            f"{path} is damaged: expected {records.per_file * RECORD} bytes for "
            f"{records.per_file} records of {RECORD}, found {len(content)}. {remedy}"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    wrong = np.flatnonzero(rows[:, 0] >= records.classes)
    if len(wrong):
        raise InfoplaneError(
            f"{path} is damaged: expected classes 0 to {records.classes - 1}, found "
            f"{rows[wrong[0], 0]} in record {wrong[0]}. {remedy}"
        )
    return rows


def _samples(rows: UInt8[np.ndarray, "n bytes"]) -> tuple[Tensor, Tensor]:
    """Images (n, c, h, w) in [0, 1] and their classes (n,)."""
    pixels = np.divide(rows[:, 1:], WHITE, dtype=np.float32).reshape(-1, *SHAPE)
    return torch.from_numpy(pixels), torch.from_numpy(rows[:, 0].astype(np.int64))

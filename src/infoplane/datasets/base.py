"""What a dataset is, whatever it was read from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in [0, 1] with class labels, split into training and test.

    Two datasets hold the same data if their digests are equal.

    Attributes:
        name: Short name, such as "digits".
        train_x: float32 images, shape (n, c, h, w).
        train_y: Class of each, shape (n,).
        test_x: float32 images, shape (m, c, h, w).
        test_y: Class of each, shape (m,).
    """

    name: str
    train_x: Float[Tensor, "n c h w"]
    train_y: Int[Tensor, " n"]
    test_x: Float[Tensor, "m c h w"]
    test_y: Int[Tensor, " m"]

    @property
    def shape(self) -> torch.Size:
        """Shape of one image (c, h, w)."""
        return self.train_x.shape[1:]

    def split(self, part: Literal["train", "test"]) -> tuple[Tensor, Tensor]:
        """Images and labels of one part."""
        parts = {"train": (self.train_x, self.train_y), "test": (self.test_x, self.test_y)}
        if part not in parts:
            raise InfoplaneError(f"There is no part {part!r} of {self.name}; there is train, test.")
        return parts[part]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it: the same data give the same digest from any file."""
        whole = hashlib.sha256()
        for part in (self.train_x, self.train_y, self.test_x, self.test_y):
            whole.update(repr((part.dtype, tuple(part.shape))).encode())
            whole.update(part.contiguous().numpy().data)
        return whole.hexdigest()

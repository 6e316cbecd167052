"""Scikit-learn's bundled digits: small, and there without any download."""

import numpy as np
import torch

from infoplane.datasets.base import Dataset
from infoplane.values.seeds import stream

TRAINING = 1297
"""Training images; the other 500 of the 1797 are the test images."""

WHITE = 16
"""The brightest pixel: counts of ink in blocks of 4x4 dots."""


def digits() -> Dataset:
    """Handwritten digits of 8x8 pixels: 1297 for training, 500 for the test.

    Nobody has published a split of these images. This one is a fixed permutation, the same for
    every seed of every experiment.

    Source: alpaydin1998optical (the test part of the UCI set, as scikit-learn ships it).

    >>> digits().train_x.shape
    torch.Size([1297, 1, 8, 8])
    """
    from sklearn.datasets import load_digits  # seconds to import, for those who read it only

    pixels, classes = load_digits(return_X_y=True)
    x = torch.from_numpy(pixels.astype(np.float32) / WHITE).reshape(-1, 1, 8, 8)
    y = torch.from_numpy(classes.astype(np.int64))
    order = torch.randperm(len(y), generator=stream(0, "digits", "split"))
    train, test = order[:TRAINING], order[TRAINING:]
    return Dataset("digits", x[train], y[train], x[test], y[test])

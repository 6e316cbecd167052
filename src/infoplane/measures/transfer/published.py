"""The feedback signal as the published code of 2021 computes it, with all that is odd about it."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.populations import (
    Populations,
    populations,
    transfers,
    words_of,
)
from infoplane.numerics.coincidences import counting
from infoplane.values.errors import InfoplaneError

NEGLIGIBLE, TOO_LARGE = 1e-8, 10.0
"""Signals below the first are 0, those above the second 1."""


@final
class PublishedSignal:
    """max(0, TE before − TE now) of all pairs, over a history that only grows.

    Read in the authors' code (commit 87fd7f9 of 2021-09-07), not in the paper. Three things of it
    are no transfer entropy of a window: (1) the history is meant to be cut to ``window`` and never
    is; (2) at every call the whole history is counted again on top of what was counted before, so
    that early samples weigh most; (3) what is returned is by how much the transfer has fallen since
    the last call, and transfer itself at the first call alone: the same samples twice give 0.

    Args:
        window: Samples before which nothing is computed.

    Source: moldovan2021cnn.
    """

    def __init__(self, window: int) -> None:
        if window < 2:
            raise InfoplaneError(f"window={window}: at least 2 samples are needed.")
        self.window = window
        self._history: tuple[Tensor, Tensor] | None = None
        self._counts: Populations | None = None
        self._before: Float[ndarray, "a b"] | None = None

    @property
    def observations(self) -> int:
        """Moments counted, each as often as it was."""
        return 0 if self._counts is None else self._counts.n

    def update(
        self, source: Integer[Tensor, "n a"], target: Integer[Tensor, "n b"]
    ) -> Float[ndarray, "a b"] | None:
        """Takes in a batch of two states and computes, as the published code does at every batch.

        Returns:
            The signal of every pair; None as long as there are fewer than ``window`` samples.
        """
        self.keep(source, target)
        return self.now()

    def keep(self, source: Integer[Tensor, "n a"], target: Integer[Tensor, "n b"]) -> None:
        """Takes in a batch of two states."""
        before = self._history or (source[:0], target[:0])
        self._history = (torch.cat([before[0], source]), torch.cat([before[1], target]))

    def now(self) -> Float[ndarray, "a b"] | None:
        """The signal of every pair; None as long as there are fewer than ``window`` samples."""
        if self._history is None or len(self._history[0]) < self.window:
            return None
        return self.repeated(*self._history)

    def repeated(
        self, source: Integer[Tensor, "n a"], target: Integer[Tensor, "n b"]
    ) -> Float[ndarray, "a b"]:
        """One call of the published calculator on a history: counted on top of the last one."""
        way = counting(None, source.device)
        found = populations(words_of(source, target, History(), 2), way)
        self._counts = found if self._counts is None else self._counts + found
        now = transfers(self._counts, way).bits
        signal = now if self._before is None else np.maximum(0.0, self._before - now)
        self._before = now
        signal = np.where(signal < NEGLIGIBLE, 0.0, signal)
        return np.where(signal > TOO_LARGE, 1.0, signal)

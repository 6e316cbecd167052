"""Transfer between two layers while their units still fire: counts that grow, merge and slide."""

from typing import Literal, final, get_args

import torch
from torch import Tensor

from infoplane.measures.samples import Samples
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.populations import (
    Populations,
    Transfers,
    populations,
    transfers,
    words_of,
)
from infoplane.numerics.coincidences import Way, counting
from infoplane.values.errors import InfoplaneError

Boundary = Literal["join", "break"]
"""Whether the moments of one batch are the past of the next, or every batch is a series."""


@final
class TransferStream:
    """Counts of all pairs of two layers, batch after batch.

    The counts are exact integers: of batches joined they are those of the whole series, of a window
    those of its moments alone, counted again.

    Args:
        history: Which steps are asked about.
        base: How many states a unit has.
        window: So many moments are remembered, the last ones; None for all. They are kept, a byte
            a unit.
        boundary: "join" if a batch goes on where the one before ended; "break" if every batch is a
            series of its own, such as one probe sample over the steps of a training.
        way: How states are counted; None for the quickest here.

    Raises:
        InfoplaneError: A window that holds no moment, or no such boundary.
    """

    def __init__(
        self,
        history: History = History(),  # noqa: B008 — frozen
        *,
        base: int = 2,
        window: int | None = None,
        boundary: Boundary = "join",
        way: Way | None = None,
    ) -> None:
        if boundary not in get_args(Boundary):
            raise InfoplaneError(f"boundary={boundary!r}: it is 'join' or 'break'.")
        if window is not None:
            history.observations(window)
        self.history, self.base, self.window, self.boundary = history, base, window, boundary
        self._way = way
        self._counts: Populations | None = None
        self._pieces: list[tuple[Tensor, Tensor]] = []
        """What may still be needed: the window, or the last moments that the next batch needs."""

    @property
    def counts(self) -> Populations:
        """What has been counted.

        Raises:
            InfoplaneError: Nothing yet.
        """
        if self._counts is None:
            raise InfoplaneError(
                "Nothing has been counted: update with batches longer than the past that is asked "
                f"about ({self.history.words})."
            )
        return self._counts

    @property
    def n(self) -> int:
        """Moments counted."""
        return 0 if self._counts is None else self._counts.n

    def update(self, source: Samples, target: Samples) -> None:
        """Takes in a batch of states, (moments, source units) and (moments, target units).

        Raises:
            InfoplaneError: They are no states below ``base``, not paired, or of other layers.
        """
        x, y = (self._checked(torch.as_tensor(one)) for one in (source, target))
        if len(x) != len(y):
            raise InfoplaneError(
                f"The batch has {len(x)} moments of the source and {len(y)} of the target: one of "
                "each is needed at every moment."
            )
        if self._pieces and self.boundary == "join":
            known = self.history.reach() + len(x)
            before = self._pieces.pop()
            x, y = torch.cat([before[0], x]), torch.cat([before[1], y])
            self._count(_end(x, known), _end(y, known), 1)
        else:
            self._count(x, y, 1)
        self._pieces.append((x, y))
        self._forget()

    def merge(self, other: "TransferStream") -> None:
        """Adds what another stream has counted.

        Raises:
            InfoplaneError: One of them has a window, or they ask about other pasts or layers.
        """
        if self.window is not None or other.window is not None:
            raise InfoplaneError(
                "Windows of two streams have no common order: merge whole streams."
            )
        if (self.history, self.base) != (other.history, other.base):
            raise InfoplaneError(
                f"One stream asks about {self.history.words} of {self.base} states, the other "
                f"about {other.history.words} of {other.base}."
            )
        if other._counts is not None:
            self._counts = other._counts if self._counts is None else self._counts + other._counts

    def transfers(self) -> Transfers:
        """Transfer entropy of all pairs, of all that is remembered."""
        counts = self.counts
        return transfers(counts, counting(self._way, torch.device("cpu")))

    def _count(self, source: Tensor, target: Tensor, sign: int) -> None:
        """Adds, or takes out, all moments of a series that have their past."""
        if len(source) <= self.history.reach():
            return
        words = words_of(source, target, self.history, self.base)
        found = populations(words, counting(self._way, source.device))
        if self._counts is None:
            self._counts = found
        else:
            self._counts = self._counts + found if sign > 0 else self._counts - found

    def _forget(self) -> None:
        """Drops what is no longer needed, and takes its moments out of the counts."""
        reach = self.history.reach()
        if self.window is None:
            joined = self._pieces if self.boundary == "join" else []
            self._pieces = [(_end(x, reach), _end(y, reach)) for x, y in joined]
            return
        excess = sum(len(x) for x, _ in self._pieces) - self.window
        while excess > 0:
            x, y = self._pieces[0]
            gone = min(excess, len(x))
            self._count(x[: gone + reach], y[: gone + reach], -1)
            if gone == len(x):
                self._pieces.pop(0)
            else:
                self._pieces[0] = x[gone:], y[gone:]
            excess -= gone

    def _checked(self, states: Tensor) -> Tensor:
        if states.is_floating_point() or states.ndim != 2:
            raise InfoplaneError(
                f"A batch has shape {tuple(states.shape)} and {states.dtype}: states of shape "
                "(moments, units) are needed; cut numbers first, such as ip.Above(0.0)(x)."
            )
        if len(states) and not 0 <= int(states.min()) <= int(states.max()) < self.base:
            raise InfoplaneError(
                f"States lie between {int(states.min())} and {int(states.max())}, and base="
                f"{self.base} has 0 … {self.base - 1}."
            )
        return states


def _end(x: Tensor, length: int) -> Tensor:
    """The last moments, all if there are fewer."""
    return x[max(0, len(x) - length) :]

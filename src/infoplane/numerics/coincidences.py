"""How often two units are in two states together, for all pairs of many units, as exact integers.

Three ways to the same integers: 64 moments a machine word, AND and population count, in NumPy or
compiled; or products of matrices of 0 and 1, wherever those lie.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Literal, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int, Integer, Shaped
from numpy import ndarray
from torch import Tensor

from infoplane.values.errors import InfoplaneError

Way = Literal["packed", "compiled", "product"]
WAYS: tuple[Way, ...] = ("packed", "compiled", "product")
TILE = 1 << 15
"""Pairs whose words are ANDed at once: 8 bytes each, so that a tile stays in the cache."""
FLUSH = (1 << 16) // 64 - 1
"""So many words of 64 moments are counted in 16 bits without overflow."""
EXACT = 1 << 24
"""Up to so many moments a sum of 0 and 1 is exact in single precision."""
ELEMENTS = 1 << 25
"""Entries of a matrix of 0 and 1 that are made at once for products."""


@final
@dataclass(frozen=True)
class Coded:
    """The states of many units at all moments.

    Attributes:
        numbers: State of every unit at every moment, 0 … size − 1; time runs along the last axis.
        size: How many states there are.
    """

    numbers: Integer[Tensor, "units m"]
    size: int

    @property
    def moments(self) -> int:
        """How many."""
        return self.numbers.shape[1]

    def reordered(self, order: Integer[Tensor, " m"]) -> "Coded":
        """The same states at other moments, of all units alike."""
        if self.numbers.device.type == "cpu":  # NumPy takes columns in a fifth of torch's time
            taken = np.take(self.numbers.numpy(), order.cpu().numpy(), axis=1)
            return Coded(torch.from_numpy(taken), self.size)
        return Coded(self.numbers.index_select(1, order.to(self.numbers.device)), self.size)

    def units(self, chosen: slice) -> "Coded":
        """Some of the units; itself, with what it has worked out, if these are all."""
        if chosen.start == 0 and chosen.stop >= len(self.numbers):
            return self
        return Coded(self.numbers[chosen], self.size)

    @cached_property
    def packed(self) -> Shaped[ndarray, "rows words"]:
        """One row of bits for every unit and state but the first, 64 moments a word."""
        numbers, m = self.numbers.cpu(), self.moments
        packed = np.zeros((len(numbers), self.size - 1, -(-m // 64) * 8), dtype=np.uint8)
        for state in range(1, self.size):
            on = (numbers == state).numpy()
            packed[:, state - 1, : -(-m // 8)] = np.packbits(on, axis=1, bitorder="little")
        return packed.reshape(-1, packed.shape[2]).view(np.uint64)

    @cached_property
    def alone(self) -> Int[ndarray, "units size"]:
        """How often every unit is in each of its states."""
        if self.numbers.device.type == "cpu":
            bits = np.bitwise_count(self.packed).sum(1, dtype=np.int64)
            rest = bits.reshape(len(self.numbers), self.size - 1)
        else:
            counts = [(self.numbers == state).sum(1) for state in range(1, self.size)]
            rest = torch.stack(counts, 1).cpu().numpy()
        return np.concatenate([self.moments - rest.sum(1, keepdims=True), rest], 1)

    def on(self, moments: slice) -> Float[Tensor, "rows p"]:
        """0 and 1 for every unit and state but the first, at some moments."""
        numbers = self.numbers[:, moments]
        on = [numbers == state for state in range(1, self.size)]
        return torch.stack(on, 1).flatten(0, 1).float()


@runtime_checkable
class Counting(Protocol):
    """A way to count."""

    def together(self, a: Coded, b: Coded) -> Int[ndarray, "a s b t"]:
        """Moments at which a unit of ``a`` and one of ``b`` are in two states, but the first."""
        ...


@final
@dataclass(frozen=True)
class Packed:
    """AND and population count of machine words by NumPy, in tiles that stay in the cache."""

    def together(self, a: Coded, b: Coded) -> Int[ndarray, "a s b t"]:
        """All pairs."""
        first, second = a.packed, b.packed
        if len(first) * len(second) < first.shape[1]:  # few pairs, many words
            return _by_state(_by_row(first, second), a, b)
        found = np.empty((len(first), len(second)), dtype=np.int64)
        columns = min(len(second), TILE)
        rows = max(1, TILE // max(1, columns))
        for start in range(0, len(first), rows):
            for left in range(0, len(second), columns):
                tile = slice(start, start + rows), slice(left, left + columns)
                found[tile] = _tile(first[tile[0]], second[tile[1]])
        return _by_state(found, a, b)


@final
@dataclass(frozen=True)
class Compiled:
    """The same in one compiled loop, with numba (the extra ``fast``)."""

    def together(self, a: Coded, b: Coded) -> Int[ndarray, "a s b t"]:
        """All pairs."""
        from infoplane.numerics import compiled  # numba takes a second to import

        return _by_state(compiled.together(a.packed, b.packed), a, b)


@final
@dataclass(frozen=True)
class Product:
    """Products of matrices of 0 and 1 in single precision, exact in pieces of 2²⁴ moments."""

    def together(self, a: Coded, b: Coded) -> Int[ndarray, "a s b t"]:
        """All pairs."""
        rows = [len(one.numbers) * (one.size - 1) for one in (a, b)]
        piece = min(EXACT, max(1, ELEMENTS // max(rows)))
        found = torch.zeros(rows, dtype=torch.int64, device=a.numbers.device)
        for start in range(0, a.moments, piece):
            some = slice(start, start + piece)
            found += (a.on(some) @ b.on(some).mT).long()
        return _by_state(found.cpu().numpy(), a, b)


COUNTINGS: Mapping[Way, Counting] = {
    "packed": Packed(),
    "compiled": Compiled(),
    "product": Product(),
}


def counting(way: Way | None, device: torch.device) -> Counting:
    """The way that was asked for, or the quickest: products on an accelerator, else packed words.

    Raises:
        InfoplaneError: There is no such way, or what it needs is not installed.
    """
    if way is None:
        if device.type != "cpu":
            return COUNTINGS["product"]
        return COUNTINGS["compiled" if has_numba() else "packed"]
    if way not in WAYS:
        raise InfoplaneError(f"way={way!r}: choose one of {', '.join(map(repr, WAYS))}.")
    if way == "compiled" and not has_numba():
        raise InfoplaneError(
            'way="compiled" needs numba, which is not installed: pip install "infoplane[fast]", or '
            'take way="packed".'
        )
    return COUNTINGS[way]


def has_numba() -> bool:
    """Whether the compiled loops can be had."""
    return find_spec("numba") is not None


def _by_row(a: Shaped[ndarray, "a words"], b: Shaped[ndarray, "b words"]) -> Int[ndarray, "a b"]:
    """Counts pair by pair, each in one sweep over its words."""
    rows = [[np.bitwise_count(one & other).sum(dtype=np.int64) for other in b] for one in a]
    return np.array(rows, dtype=np.int64).reshape(len(a), len(b))


def _tile(a: Shaped[ndarray, "a words"], b: Shaped[ndarray, "b words"]) -> Int[ndarray, "a b"]:
    """Counts of one tile, word by word, so that all pairs of a word are worked on in one sweep."""
    shape = len(a), len(b)
    total = np.zeros(shape, dtype=np.int64)
    both, bits = np.empty(shape, dtype=np.uint64), np.empty(shape, dtype=np.uint8)
    sums = np.zeros(shape, dtype=np.uint16)
    columns, rows = np.ascontiguousarray(a.T)[:, :, None], np.ascontiguousarray(b.T)[:, None, :]
    for place in range(a.shape[1]):
        np.bitwise_and(columns[place], rows[place], out=both)
        np.bitwise_count(both, out=bits)
        np.add(sums, bits, out=sums)
        if place % FLUSH == FLUSH - 1:
            total += sums
            sums[:] = 0
    return total + sums


def _by_state(found: Int[ndarray, "rows columns"], a: Coded, b: Coded) -> Int[ndarray, "a s b t"]:
    return found.reshape(len(a.numbers), a.size - 1, len(b.numbers), b.size - 1)

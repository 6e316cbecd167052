"""States of samples and how often they occur together, without a table of states × states.

A variable becomes a state number for every sample, a joint variable one number for every pair of
states, and a contingency table the list of its occupied cells: never more than there are samples.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int, Num, Shaped
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

DENSE = 1 << 16
"""So many numbers are counted in one array even if the samples are few; sorting is slower."""
LARGEST = 1 << 62
"""More cells than this cannot be numbered in 64 bits."""
COLUMNS = 64
"""Columns that are mixed at once, so that a wide array is not copied as a whole."""
ENTRIES = 1 << 22
"""Entries of shuffled samples that are counted at once."""
_ODD, _LOW31 = -0x61C8864680B583EB, (1 << 31) - 1
"""Fibonacci's multiplier in 64 bits, and the bits that a logical shift by 33 leaves."""


@final
@dataclass(frozen=True)
class States:
    """A discrete variable.

    Attributes:
        ids: State of every sample, 0 … size − 1.
        size: Bound of the numbers; not all of them need occur.
    """

    ids: Int[Tensor, " n"]
    size: int

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.ids)

    def counts(self) -> Int[Tensor, " k"]:
        """How often each state that occurs does occur."""
        return _occupied(self.ids, self.size)[1]

    def reordered(self, order: Int[Tensor, " n"]) -> "States":
        """The same variable with its samples in another order."""
        return States(self.ids[order], self.size)


@final
@dataclass(frozen=True)
class Marginal:
    """Counts of some variables of a table.

    Attributes:
        counts: How often each state occurs; a state may have count 0.
        place: State of every cell of the table it was made from; None if these are the cells.
    """

    counts: Float[np.ndarray, " k"]
    place: Int[np.ndarray, " c"] | None

    @property
    def occupied(self) -> int:
        """Number of states that occur."""
        return int(np.count_nonzero(self.counts))

    def at_cells(self) -> Float[np.ndarray, " c"]:
        """The count of every cell's own state."""
        return self.counts if self.place is None else self.counts[self.place]

    def log2_at_cells(self) -> Float[np.ndarray, " c"]:
        """Logarithm of the count of every cell's own state."""
        return np.log2(self.at_cells())


@final
@dataclass(frozen=True)
class Contingency:
    """How often the states of several variables occur together; empty cells are left out.

    The arrays are NumPy's, because tables are small: a call of torch costs more than its work.

    Attributes:
        cells: State of every variable in every occupied cell.
        counts: Samples in every occupied cell, each at least 1; float64, as logarithms want them.
        sizes: Bound of the state numbers of every variable.
        n: Number of samples.
    """

    cells: tuple[Int[np.ndarray, " c"], ...]
    counts: Float[np.ndarray, " c"]
    sizes: tuple[int, ...]
    n: int

    def marginal(self, axes: tuple[int, ...]) -> Marginal:
        """The table of the variables ``axes`` alone."""
        if axes == tuple(range(len(self.cells))):
            return Marginal(self.counts, None)
        sizes = [self.sizes[i] for i in axes]
        place, size = np.ravel_multi_index([self.cells[i] for i in axes], sizes), math.prod(sizes)
        if size > _dense(len(place)):
            place = np.unique(place, return_inverse=True)[1]
        return Marginal(np.bincount(place, self.counts), place)


def states(x: Shaped[Tensor, "n *d"]) -> States:
    """The state of every sample: integers of shape (n,) by value, rows by all their entries.

    Rows are told apart exactly: they are numbered by a random linear hash, every row is compared
    with one of its state, and another hash is drawn should two different rows have met.
    """
    alone = x.ndim == 1 or x[0].numel() == 1
    if alone and not x.is_floating_point():
        return _of_integers(x.flatten().long())
    return _of_rows(x.reshape(len(x), -1))


def joined(first: States, *others: States) -> States:
    """Several variables as one: a state for every combination that occurs."""
    for other in others:
        ids, size = _numbered([first.ids, other.ids], [first.size, other.size])
        if size > _dense(len(ids)):
            kept, ids = torch.unique(ids, return_inverse=True)
            size = len(kept)
        first = States(ids, size)
    return first


def contingency(*variables: States) -> Contingency:
    """The table of several variables.

    Raises:
        InfoplaneError: The combinations of their states cannot be numbered in 64 bits.
    """
    sizes = tuple(variable.size for variable in variables)
    codes, size = _numbered([variable.ids for variable in variables], list(sizes))
    places, counts = (one.cpu().numpy() for one in _occupied(codes, size))
    cells = np.unravel_index(places, sizes)
    return Contingency(cells, counts.astype(np.float64), sizes, variables[0].n)


def shuffled_cells(
    x: States, y: States, orders: Int[Tensor, "s n"]
) -> Iterator[tuple[Int[Tensor, " c"], Int[Tensor, " c"], int]]:
    """The occupied cells of the table of x and y[order] for every order, many orders at once.

    Yields:
        The order (from 0 within the block) and the count of every occupied cell, and how many
        orders the block has.
    """
    cells = x.size * y.size
    at_once = max(1, min(ENTRIES // x.n, LARGEST // cells))
    for block in orders.split(at_once):
        rows = torch.arange(len(block), device=block.device)[:, None]
        codes = rows * cells + (x.ids * y.size + y.ids[block])
        places, counts = _occupied(codes.flatten(), len(block) * cells)
        yield places // cells, counts, len(block)


def dense_table(*variables: States) -> Float[Tensor, "..."]:
    """Relative frequencies of all combinations of the states that occur, one axis a variable."""
    packed = [_packed(variable) for variable in variables]
    codes, size = _numbered([one.ids for one in packed], [one.size for one in packed])
    counts = torch.bincount(codes, minlength=size).double()
    return (counts / len(codes)).reshape([one.size for one in packed])


def _packed(variable: States) -> States:
    """The same variable without numbers that do not occur."""
    kept, ids = torch.unique(variable.ids, return_inverse=True)
    return States(ids, len(kept))


def _dense(n: int) -> int:
    """Up to how many numbers an array for all of them is cheaper than sorting n samples."""
    return max(DENSE, 2 * n)


def _of_integers(x: Int[Tensor, " n"]) -> States:
    low, high = (int(end) for end in x.aminmax())
    if high - low < _dense(len(x)):
        return States(x - low if low else x, high - low + 1)
    kept, ids = torch.unique(x, return_inverse=True)
    return States(ids, len(kept))


def _of_rows(x: Num[Tensor, "n d"], attempt: int = 0) -> States:
    distinct, ids = torch.unique(_hashed(x, attempt), return_inverse=True)
    if _told_apart(x, ids, len(distinct)):
        return States(ids, len(distinct))
    return _of_rows(x, attempt + 1)


def _numbered(ids: list[Tensor], sizes: list[int]) -> tuple[Tensor, int]:
    """One number for every combination of states, and the bound of these numbers."""
    size = math.prod(sizes)
    if size > LARGEST:
        raise InfoplaneError(
            f"{' × '.join(map(str, sizes))} combinations of states cannot be numbered: use coarser "
            "states; with so many, hardly a combination would occur twice anyway."
        )
    code = ids[0]
    for one, width in zip(ids[1:], sizes[1:], strict=True):
        code = torch.add(one, code, alpha=width)
    return code, size


def _occupied(codes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Numbers that occur, ascending, and how often."""
    if size > _dense(len(codes)):
        distinct, counts = torch.unique(codes, return_counts=True)
        return distinct, counts
    counts = torch.bincount(codes, minlength=size)
    places = counts.nonzero().squeeze(1)
    return places, counts.index_select(0, places)


def _hashed(x: Num[Tensor, "n d"], attempt: int) -> Int[Tensor, " n"]:
    """Σ_j f_j·mix(x_j) modulo 2⁶⁴ with random odd factors: equal for equal rows."""
    drawn = torch.randint(1 << 62, (x.shape[1],), generator=stream(attempt, "rows"))
    factors = (2 * drawn + 1).to(x.device)
    total = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    for columns, weights in zip(x.split(COLUMNS, 1), factors.split(COLUMNS), strict=True):
        total += (_mixed(_bits(columns)) * weights).sum(1)
    return total


def _bits(x: Tensor) -> Int[Tensor, "n d"]:
    """Numbers as 64-bit integers, different ones as different ones; −0 is 0."""
    return (x.double() + 0.0).view(torch.int64) if x.is_floating_point() else x.long()


def _mixed(v: Int[Tensor, "n d"]) -> Int[Tensor, "n d"]:
    """A bijection that spreads what differs in a few high bits, as floats do, over all bits."""
    v = (v ^ ((v >> 33) & _LOW31)) * _ODD
    return v ^ ((v >> 33) & _LOW31)


def _told_apart(x: Num[Tensor, "n d"], ids: Int[Tensor, " n"], size: int) -> bool:
    """Whether all rows of one state are equal."""
    places = torch.arange(len(ids), device=ids.device)
    member = ids.new_zeros(size).scatter_(0, ids, places)[ids]
    return all(bool((part == part[member]).all()) for part in x.split(COLUMNS, 1))

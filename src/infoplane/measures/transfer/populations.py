"""Counts of all pairs of units of two layers, from which their transfers follow exactly."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int, Integer, Shaped
from numpy import ndarray
from scipy.special import chdtrc
from torch import Tensor

from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.surrogates import among_equals
from infoplane.numerics.coincidences import Coded, Compiled, Counting
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

STATES = 1 << 12
"""Words of more states than this are not counted for all pairs."""
CELLS = 1 << 21
"""Cells of tables that are worked on at once."""


@final
@dataclass(frozen=True)
class Words:
    """The windows of two layers as one state a moment.

    Attributes:
        source: Window of every source unit.
        target: Past and future of every target unit, and what else is known before them; the
            future changes fastest.
        ends: How many states the future has.
    """

    source: Coded
    target: Coded
    ends: int

    @property
    def moments(self) -> int:
        """How many moments have their past."""
        return self.source.moments

    def moved(self, order: Integer[Tensor, " m"], given_past: bool) -> "Words":
        """The sources at other moments, or the targets' futures at others of the same past."""
        if not given_past:
            return replace(self, source=self.source.reordered(order))
        numbers = self.target.numbers
        moved = numbers.gather(1, among_equals(numbers // self.ends, order))
        return replace(self, target=Coded(moved, self.target.size))

    def targets(self, chosen: slice) -> "Words":
        """Some of the target units."""
        return replace(self, target=self.target.units(chosen))


@final
@dataclass(frozen=True)
class Populations:
    """How often the windows of every source and target unit occur together.

    Attributes:
        joint: Source unit, its state but the first, target unit, its state but the first. The
            counts with a first state are what these leave of the sums, so none is kept.
        source: Source unit and its state.
        target: Target unit, past, and future.
    """

    joint: Int[ndarray, "a s b t"]
    source: Int[ndarray, "a u"]
    target: Int[ndarray, "b p q"]

    @property
    def n(self) -> int:
        """Moments counted."""
        return int(self.source[0].sum()) if len(self.source) else 0

    def __add__(self, other: "Populations") -> "Populations":
        """Both together."""
        self._require_alike(other)
        return Populations(
            self.joint + other.joint, self.source + other.source, self.target + other.target
        )

    def __sub__(self, other: "Populations") -> "Populations":
        """What is left once the moments of another are taken out, which must be among these."""
        self._require_alike(other)
        return Populations(
            self.joint - other.joint, self.source - other.source, self.target - other.target
        )

    def cells(self, sources: slice, targets: slice) -> Int[ndarray, "a u b p q"]:
        """All counts of some pairs."""
        joint, source, target = self.joint[sources], self.source[sources], self.target[targets]
        joint = joint[:, :, targets]
        a, states, b, words = joint.shape
        whole = np.empty((a, states + 1, b, words + 1), dtype=np.int64)
        whole[:, 1:, :, 1:] = joint
        whole[:, 1:, :, 0] = source[:, 1:, None] - joint.sum(3)
        whole[:, 0] = target.reshape(b, words + 1) - whole[:, 1:].sum(1)
        return whole.reshape(a, states + 1, b, *target.shape[1:])

    def _require_alike(self, other: "Populations") -> None:
        if self.joint.shape != other.joint.shape or self.target.shape != other.target.shape:
            raise InfoplaneError(
                f"Counts of {self.joint.shape} and of {other.joint.shape} (source units, states, "
                "target units, states) are not of the same layers and history."
            )


@final
@dataclass(frozen=True)
class Transfers:
    """Transfer entropy of all pairs of units.

    Attributes:
        bits: The plug-in values.
        degrees: K_xyz + K_z − K_xz − K_yz, K counting occupied states: 2n ln 2 times the bias in
            bits to first order.
        freedom: Degrees of freedom of the χ² test: (sources seen − 1)(futures seen − 1) summed
            over the pasts seen. Equal to ``degrees`` where every cell is occupied.
        n: Moments.
    """

    bits: Float[ndarray, "a b"]
    degrees: Int[ndarray, "a b"]
    freedom: Int[ndarray, "a b"]
    n: int

    @property
    def miller_madow(self) -> Float[ndarray, "a b"]:
        """The values less their bias to first order, in bits.

        Source: miller1955note.
        """
        return self.bits - self.degrees / (2 * self.n * LN2)

    @property
    def p_values(self) -> Float[ndarray, "a b"]:
        """Of "nothing passes", by 2n ln 2 · TE ~ χ²; 1 where a unit is constant."""
        statistic = np.maximum(2 * self.n * LN2 * self.bits, 0.0)
        p = chdtrc(np.maximum(self.freedom, 1), statistic)
        return np.where(self.freedom > 0, np.maximum(p, np.finfo(float).tiny), 1.0)


def words_of(
    source: Integer[Tensor, "n a"],
    target: Integer[Tensor, "n b"],
    history: History,
    base: int,
    given: Integer[Tensor, " n"] | None = None,
    given_base: int = 1,
) -> Words:
    """The windows of two layers.

    Args:
        source: States 0 … base − 1, moments first.
        target: As many moments.
        history: Which steps.
        base: How many states a unit has.
        given: What else is known, the same for all pairs.
        given_base: How many states that has.

    Raises:
        InfoplaneError: The series are too short, or the words too many.
    """
    conditioned = given is not None
    moments = history.observations(len(source), conditioned)
    reach = history.reach(conditioned)
    known = given_base**history.given if conditioned else 1
    sizes = base**history.l, known * base ** (history.k + 1)
    if max(sizes) > STATES:
        raise InfoplaneError(
            f"Words of {history.words} have {sizes[0]} and {sizes[1]} states, more than {STATES}: "
            "ask about a shorter past or coarser states, or about one pair with transfer_entropy."
        )
    first = reach - history.lag - history.l + 1
    of_source = _word(source, base, first, history.l, moments)
    of_target = _word(target, base, reach - history.k, history.k + 1, moments)
    if given is not None:
        before = reach - history.lag - history.given + 1
        beside = _word(given[:, None], given_base, before, history.given, moments)
        of_target = _narrow(
            beside.int() * base ** (history.k + 1) + of_target.int(), sizes[1]
        ).contiguous()
    return Words(Coded(of_source, sizes[0]), Coded(of_target, sizes[1]), base)


def populations(words: Words, counting: Counting) -> Populations:
    """All counts."""
    target = words.target.alone
    return Populations(
        counting.together(words.source, words.target),
        words.source.alone,
        target.reshape(len(target), -1, words.ends),
    )


def transfers(counts: Populations, counting: Counting) -> Transfers:
    """Transfer entropy of all pairs, in bits; exactly 0 where a unit is constant.

    Σ n_spq [(log n_spq − log n_sp) − (log n_pq − log n_p)]/n, with logarithms of integers from a
    table, so that equal counts cancel to the last bit: of all up to n, or of those that occur
    where fewer counts than moments do.

    Raises:
        InfoplaneError: Nothing was counted.
    """
    n = counts.n
    if n == 0:
        raise InfoplaneError("No moment was counted: the series are shorter than their past.")
    a, b = len(counts.source), len(counts.target)
    log2 = (
        _logarithms(np.arange(n + 1))
        if n < a * counts.source.shape[1] * counts.target.size
        else None
    )
    if log2 is not None and isinstance(counting, Compiled):
        from infoplane.numerics import compiled  # numba takes a second to import

        values = compiled.transfer(counts.joint, counts.source, counts.target, log2)
        return Transfers(*values, n)
    bits = np.empty((a, b))
    degrees, freedom = np.empty((a, b), dtype=np.int64), np.empty((a, b), dtype=np.int64)
    for tile in _tiles(counts):
        of_tile = _transfers(counts.cells(*tile), counts.target[tile[1]], log2)
        bits[tile], degrees[tile], freedom[tile] = of_tile
    return Transfers(bits / n, degrees, freedom, n)


def _tiles(counts: Populations) -> Iterator[tuple[slice, slice]]:
    """Some sources and targets at a time, so that their tables stay small."""
    a, b = len(counts.source), len(counts.target)
    of_pair = counts.source.shape[1] * counts.target[0].size if b else 1
    columns = max(1, min(b, CELLS // of_pair))
    rows = max(1, CELLS // (of_pair * columns))
    for start in range(0, a, rows):
        for left in range(0, b, columns):
            yield slice(start, start + rows), slice(left, left + columns)


def _logarithms(counts: Int[ndarray, " m"]) -> Float[ndarray, " m"]:
    """log2 of each; of 0, which counts for nothing, 0."""
    return np.log2(np.maximum(counts, 1))


def _transfers(
    cells: Int[ndarray, "a u b p q"],
    target: Int[ndarray, "b p q"],
    every: Float[ndarray, " m"] | None,
) -> tuple[Float[ndarray, "a b"], Int[ndarray, "a b"], Int[ndarray, "a b"]]:
    """Bits times n, excess of occupied cells, and degrees of freedom.

    Args:
        cells: How often everything occurs together.
        target: The same without the source.
        every: log2 of all counts up to n; None to look up those that occur.
    """
    of_source, of_past = cells.sum(4), target.sum(2)
    if every is None:
        occur = np.unique(
            np.concatenate([one.ravel() for one in (cells, of_source, target, of_past)])
        )
        logarithms = _logarithms(occur)

    def log2(counts: Int[ndarray, "*any"]) -> Float[ndarray, "*any"]:
        return every[counts] if every is not None else logarithms[np.searchsorted(occur, counts)]

    known = log2(target) - log2(of_past)[..., None]
    gained = (log2(cells) - log2(of_source)[..., None]) - known
    total = (cells * gained).sum((1, 3, 4))
    seen, pasts = of_source > 0, of_past > 0
    ends = (target > 0).sum(2)
    occupied = (cells > 0).sum((1, 3, 4)) - seen.sum((1, 3)) - ends.sum(1) + pasts.sum(1)
    free = ((seen.sum(1) - 1) * (ends - 1) * pasts).sum(2)
    return total, occupied, free


def _word(
    states: Integer[Tensor, "n units"], base: int, first: int, length: int, moments: int
) -> Integer[Tensor, "units m"]:
    """The number of the word of some steps, oldest first, of every unit; time along the rows."""
    steps = _narrow(states, base**length).T.contiguous()
    word = steps[:, first : first + moments]
    for step in range(1, length):
        word = word * base + steps[:, first + step : first + step + moments]
    return word.contiguous()


def _narrow(states: Shaped[Tensor, "*any"], size: int) -> Shaped[Tensor, "*any"]:
    """Integers in as few bytes as their size needs."""
    return states.to(torch.uint8 if size <= 1 << 8 else torch.int32)

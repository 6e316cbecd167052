"""Transfer of all pairs of two layers at once, with the sources where they are or moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from infoplane.measures.evidence.null import reaches, share_reaching
from infoplane.measures.transfer.history import History, window
from infoplane.measures.transfer.populations import (
    Transfers,
    Words,
    populations,
    transfers,
)
from infoplane.measures.transfer.surrogates import NO_EQUAL_PASTS, Surrogates
from infoplane.numerics.coincidences import Counting
from infoplane.quantities.normal import SINGULAR
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

ENTRIES = 1 << 24
"""Counts, or covariances, of a block of target units that are held at once: 128 MB."""


def mean(bits: Float[ndarray, "a b"]) -> float:
    """Over all pairs."""
    return float(bits.mean())


@runtime_checkable
class Pairs(Protocol):
    """Two layers whose windows are known."""

    @property
    def moments(self) -> int:
        """Moments that have their past."""
        ...

    def measured(
        self, order: Int[Tensor, " m"] | None = None, given_past: bool = False
    ) -> Transfers:
        """All transfers; if an order is given, with moments moved in it.

        The windows of all sources alike, or ``given_past`` the future of every target among the
        moments of one past.
        """
        ...


@final
@dataclass(frozen=True)
class CountedPairs:
    """Units with states, counted.

    Attributes:
        words: Their windows.
        counting: How.
    """

    words: Words
    counting: Counting

    @property
    def moments(self) -> int:
        """Moments that have their past."""
        return self.words.moments

    def measured(
        self, order: Int[Tensor, " m"] | None = None, given_past: bool = False
    ) -> Transfers:
        """All transfers; a block of targets at a time, so that memory stays bounded."""
        words = self.words if order is None else self.words.moved(order, given_past)
        of_target = len(words.source.numbers) * words.source.size * words.target.size
        return _joined(
            transfers(populations(words.targets(block), self.counting), self.counting)
            for block in _blocks(len(words.target.numbers), of_target)
        )


@final
@dataclass(frozen=True)
class NormalPairs:
    """Units with numbers, by their covariances: −½ log2(1 − R²) of the source's past.

    R² is of the future on the source's window, after the target's past is taken out of both; one
    Schur complement for every pair, solved in batches.

    Attributes:
        source: Windows of every source unit, (moments, units, l), centred.
        future: Of every target unit, (moments, units), centred.
        past: Of every target unit, with what else is known, (moments, units, k), centred.

    Source: barnett2009granger.
    """

    source: Float[Tensor, "m a l"]
    future: Float[Tensor, "m b"]
    past: Float[Tensor, "m b k"]

    @property
    def moments(self) -> int:
        """Moments that have their past."""
        return len(self.future)

    def measured(
        self, order: Int[Tensor, " m"] | None = None, given_past: bool = False
    ) -> Transfers:
        """All transfers; a block of targets at a time.

        Raises:
            InfoplaneError: Moments of one past are asked for, and numbers have none twice.
        """
        if given_past:
            raise InfoplaneError(NO_EQUAL_PASTS)
        source = self.source if order is None else self.source[order.to(self.source.device)]
        a, steps = source.shape[1:]
        known = self.past.shape[2]
        return _joined(
            self._block(source, block)
            for block in _blocks(self.future.shape[1], a * steps * (steps + known + 1))
        )

    def _block(self, source: Float[Tensor, "m a l"], targets: slice) -> Transfers:
        m, a, l = source.shape
        future, past = self.future[:, targets], self.past[:, targets]
        b, k = past.shape[1:]
        x, p = source.reshape(m, a * l), past.reshape(m, b * k)
        within = torch.einsum("mbk,mbj->bkj", past, past) / m
        inverse = torch.linalg.pinv(within, hermitian=True, rtol=SINGULAR)
        of_past = torch.einsum("mbk,mb->bk", past, future) / m
        explained = torch.einsum("bkj,bj->bk", inverse, of_past)
        left = future.square().mean(0) - (explained * of_past).sum(1)
        x_past = (x.mT @ p / m).reshape(a, l, b, k)
        weights = torch.einsum("albk,bkj->albj", x_past, inverse)
        covariance = torch.einsum("mal,maj->alj", source, source) / m
        of_source = covariance[:, None] - torch.einsum("albj,aibj->abli", weights, x_past)
        shared = (x.mT @ future / m).reshape(a, l, b) - torch.einsum(
            "albk,bk->alb", weights, of_past
        )
        shared = shared.permute(0, 2, 1)
        scale = covariance.diagonal(dim1=1, dim2=2).clamp_min(0)[:, None].expand(a, b, l)
        free = of_source.diagonal(dim1=2, dim2=3) > SINGULAR * scale
        solved = torch.einsum(
            "abli,abi->abl", torch.linalg.pinv(of_source, hermitian=True, rtol=SINGULAR), shared
        )
        alive = (left > SINGULAR * future.square().mean(0)) & free.any(2)
        ratio = torch.where(alive, (solved * shared).sum(2) / left, 0.0)
        bits = -0.5 * torch.log1p(-ratio.clamp_max(1)) / LN2
        degrees = (free.sum(2) * alive).cpu().numpy()
        return Transfers(bits.cpu().numpy(), degrees, degrees, m)


def normal_pairs(
    source: Float[Tensor, "n a"],
    target: Float[Tensor, "n b"],
    history: History,
    given: Float[Tensor, "n d"] | None = None,
) -> NormalPairs:
    """The windows of units with numbers.

    Raises:
        InfoplaneError: The series are too short for so many regressors.
    """
    conditioned = given is not None
    m = history.observations(len(source), conditioned)
    reach = history.reach(conditioned)

    def steps(x: Tensor, last: int, length: int) -> Tensor:
        taken = [window(x, reach, last + i, 1).double() for i in range(length)]
        return torch.stack([one - one.mean(0) for one in taken], 2)

    past = steps(target, 1, history.k)
    if given is not None:
        known = steps(given, history.lag, history.given).flatten(1)
        past = torch.cat([past, known[:, None].expand(-1, past.shape[1], -1)], 2)
    columns = past.shape[2] + history.l
    if m <= columns + 1:
        raise InfoplaneError(
            f"{m} moments for {columns} regressors are too few: give a longer series or ask about "
            "a shorter past."
        )
    return NormalPairs(steps(source, history.lag, history.l), steps(target, 0, 1)[:, :, 0], past)


@final
@dataclass(frozen=True)
class Null:
    """What surrogates give.

    Attributes:
        mean: Of every pair, in bits.
        p_values: (r + 1)/(S + 1) of every pair.
        of_layer: What all pairs come to together, such as their mean, for every surrogate. One
            number of a layer scatters like this where nothing passes, or somewhat more: among equal
            pasts every target is moved by its own, and what targets share is partly lost.
    """

    mean: Float[ndarray, "a b"]
    p_values: Float[ndarray, "a b"]
    of_layer: Float[ndarray, " s"]


def null_of(
    pairs: Pairs,
    found: Transfers,
    surrogates: Surrogates,
    count: int,
    seed: int,
    together: Callable[[Float[ndarray, "a b"]], float] = mean,
) -> Null:
    """The null of all pairs; each surrogate moves all units, and costs one pass.

    Args:
        pairs: Two layers.
        found: Their transfers.
        surrogates: How moments are moved.
        count: How many times.
        seed: Of the surrogates.
        together: What all pairs come to.

    Raises:
        InfoplaneError: These surrogates do not exist for such pairs.
    """
    total, reached = np.zeros_like(found.bits), np.zeros(found.bits.shape, dtype=np.int64)
    of_layer = []
    for order in surrogates.orders(pairs.moments, count, seed):
        bits = pairs.measured(order, surrogates.given_past).bits
        total += bits
        reached += reaches(bits, found.bits)
        of_layer.append(together(bits))
    return Null(total / count, share_reaching(reached, count), np.array(of_layer))


def _blocks(units: int, of_unit: int) -> Iterator[slice]:
    """Slices of target units with so many numbers each."""
    size = max(1, ENTRIES // max(1, of_unit))
    return (slice(start, min(start + size, units)) for start in range(0, units, size))


def _joined(parts: Iterator[Transfers]) -> Transfers:
    """The transfers to several blocks of targets as one."""
    every = list(parts)
    if len(every) == 1:
        return every[0]
    bits, degrees, freedom = (
        np.concatenate([getattr(one, name) for one in every], axis=1)
        for name in ("bits", "degrees", "freedom")
    )
    return Transfers(bits, degrees, freedom, every[0].n)


def is_constant(x: Tensor) -> Bool[Tensor, " units"]:
    """Which units never change."""
    return (x == x[:1]).all(0)

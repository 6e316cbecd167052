"""Four bounds as estimators: a critic is trained, then measured on samples it has not seen."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

from infoplane.measures.estimator import Properties
from infoplane.measures.samples import Samples
from infoplane.measures.variational.bounds import (
    donsker_varadhan,
    info_nce,
    jensen_shannon,
    nguyen_wainwright_jordan,
    smile,
)
from infoplane.measures.variational.critic import Critic
from infoplane.measures.variational.held_out import OfScores
from infoplane.measures.variational.measured import Measured, measured
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Bound, Estimate

COMMON = ("poole2019variational", "mcallester2020formal")
"""What all of them rest on: the bounds side by side, and how much n samples can show at all."""


class _Trained(ABC):
    """Shared by all of them: how they are called, and how they say what they are."""

    critic: Critic
    seed: int
    _cited: ClassVar[tuple[str, ...]]
    _side: ClassVar[Bound | None] = "lower"

    @property
    def properties(self) -> Properties:
        """Of both places the same in law, not to the bit: each has a network of its own."""
        return Properties(symmetric=False, scale_invariant=True, bound=self._side, error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"{self._title}, {self.critic.words}, seed {self.seed}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return (*self._cited, *COMMON)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) in bits: at least this, where it is a bound.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w); integers of shape (n,) are class labels.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        return self._told(self._measured(x, y))

    def _measured(self, x: Samples, y: Samples) -> Measured:
        """Of a critic trained on the very bound that it is measured by."""
        return measured(self.critic, self.seed, x, y, self._bound, self._bound)

    @property
    @abstractmethod
    def _title(self) -> str:
        """What it is, without what is trained."""

    @property
    @abstractmethod
    def _bound(self) -> OfScores:
        """What is measured."""

    @abstractmethod
    def _told(self, found: Measured) -> Estimate:
        """The estimate, with its ceiling and its notes."""


@final
@dataclass(frozen=True)
class MINE(_Trained):
    """The Donsker–Varadhan bound of a trained critic, on samples that it has not seen.

    All strangers of a batch stand in its second term, some thousands, so the gradient is taken as
    it is, without a moving average. Of much information the value is too high and scatters: few
    strangers then decide it, and a note says so.

    Attributes:
        critic: What is trained, and how.
        seed: Seed of the division of the samples, the first weights and the batches.

    Where the samples lie, it computes. Source: belghazi2018mine, poole2019variational.
    """

    critic: Critic = Critic()
    seed: int = 0

    _cited = ("belghazi2018mine",)
    _title = "Donsker–Varadhan bound (MINE)"
    _bound = staticmethod(donsker_varadhan)

    def _told(self, found: Measured) -> Estimate:
        return found.estimate(repr(self), 2 * found.limit, self._side, found.few)


@final
@dataclass(frozen=True)
class NWJ(_Trained):
    """The Nguyen–Wainwright–Jordan bound of a trained critic, on samples that it has not seen.

    For every critic it is a lower bound in expectation; of much information it scatters.

    Attributes:
        critic: What is trained, and how.
        seed: Seed of the division of the samples, the first weights and the batches.

    Where the samples lie, it computes. Source: nguyen2010nwj, poole2019variational.
    """

    critic: Critic = Critic()
    seed: int = 0

    _cited = ("nguyen2010nwj",)
    _title = "Nguyen–Wainwright–Jordan bound"
    _bound = staticmethod(nguyen_wainwright_jordan)

    def _told(self, found: Measured) -> Estimate:
        ceiling = found.limit + 1 - math.exp(-found.limit)
        return found.estimate(repr(self), ceiling, self._side, found.few)


@final
@dataclass(frozen=True)
class InfoNCE(_Trained):
    """The InfoNCE bound of a trained critic, on samples that it has not seen.

    For every critic it is a lower bound in expectation, it scatters little, and it cannot exceed
    log2 of the number of samples measured together: all that were held out, 1024 at most.

    Attributes:
        critic: What is trained, and how.
        seed: Seed of the division of the samples, the first weights and the batches.

    Where the samples lie, it computes. Source: oord2018infonce, poole2019variational.
    """

    critic: Critic = Critic()
    seed: int = 0

    _cited = ("oord2018infonce",)
    _title = "InfoNCE bound"
    _bound = staticmethod(info_nce)

    def _told(self, found: Measured) -> Estimate:
        sizes = [math.log(len(one)) for one in found.scores]
        return found.estimate(repr(self), sum(sizes) / len(sizes), self._side)


@final
@dataclass(frozen=True)
class SMILE(_Trained):
    """The Donsker–Varadhan value with clipped ratios, of a critic that tells pairs from strangers.

    The critic is trained on the Jensen–Shannon objective, whose gradient scatters less. Clipping
    lowers the variance and forfeits the bound: the value may lie on either side of the truth.

    Attributes:
        critic: What is trained, and how.
        clip: Density ratios of strangers are clipped to e^±clip, a τ of 5 is usual.
        seed: Seed of the division of the samples, the first weights and the batches.

    Where the samples lie, it computes. Source: song2020smile.
    """

    critic: Critic = Critic()
    clip: float = 5.0
    seed: int = 0

    _cited = ("song2020smile", "nowozin2016fgan")
    _side = None

    def __post_init__(self) -> None:
        if not 0 < self.clip < math.inf:
            raise InfoplaneError(
                f"clip={self.clip}: give a positive number, such as 5; MINE clips nothing."
            )

    @property
    def _title(self) -> str:
        return (
            f"SMILE, ratios clipped to exp(±{self.clip:g}), trained on the Jensen–Shannon objective"
        )

    @property
    def _bound(self) -> OfScores:
        return partial(smile, clip=self.clip)

    def _measured(self, x: Samples, y: Samples) -> Measured:
        """Of a critic that was trained on another objective than it is measured by."""
        return measured(self.critic, self.seed, x, y, jensen_shannon, self._bound)

    def _told(self, found: Measured) -> Estimate:
        ceiling = found.limit + min(found.limit, self.clip)
        either = "SMILE may lie on either side of the truth; take NWJ or InfoNCE for a bound."
        return found.estimate(repr(self), ceiling, self._side, [either])

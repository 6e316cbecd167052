"""Four bounds as estimators: a critic is trained, then measured on samples it has not seen."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.samples import Samples, paired
from infoplane.measures.variational.bounds import (
    donsker_varadhan,
    effective_strangers,
    info_nce,
    jensen_shannon,
    nguyen_wainwright_jordan,
    smile,
)
from infoplane.measures.variational.critic import Critic
from infoplane.measures.variational.held_out import GROUPS, Bound, blocks, jackknife, together
from infoplane.measures.variational.training import (
    Training,
    encoded,
    own_gradients,
    parts,
    trained,
)
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Bound as Side
from infoplane.values.estimate import Estimate
from infoplane.values.units import LN2

FEW = 30
"""A mean over fewer strangers in effect is not known well enough for its error to be known."""
COMMON = ("poole2019variational", "mcallester2020formal")
"""What all of them rest on: the bounds side by side, and how much n samples can show at all."""


@final
@dataclass(frozen=True)
class MINE:
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

    @property
    def properties(self) -> Properties:
        """A lower bound."""
        return Properties(symmetric=False, scale_invariant=True, bound="lower", error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"Donsker–Varadhan bound (MINE), {self.critic.words}, seed {self.seed}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("belghazi2018mine", *COMMON)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) ≥ this, in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w); integers of shape (n,) are class labels.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        measured = _measured(self.critic, self.seed, x, y, donsker_varadhan, donsker_varadhan)
        return measured.estimate(repr(self), 2 * measured.limit, "lower", measured.few)


@final
@dataclass(frozen=True)
class NWJ:
    """The Nguyen–Wainwright–Jordan bound of a trained critic, on samples that it has not seen.

    For every critic it is a lower bound in expectation; of much information it scatters.

    Attributes:
        critic: What is trained, and how.
        seed: Seed of the division of the samples, the first weights and the batches.

    Where the samples lie, it computes. Source: nguyen2010nwj, poole2019variational.
    """

    critic: Critic = Critic()
    seed: int = 0

    @property
    def properties(self) -> Properties:
        """A lower bound."""
        return Properties(symmetric=False, scale_invariant=True, bound="lower", error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"Nguyen–Wainwright–Jordan bound, {self.critic.words}, seed {self.seed}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("nguyen2010nwj", *COMMON)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) ≥ this, in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w); integers of shape (n,) are class labels.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        bound = nguyen_wainwright_jordan
        measured = _measured(self.critic, self.seed, x, y, bound, bound)
        ceiling = measured.limit + 1 - math.exp(-measured.limit)
        return measured.estimate(repr(self), ceiling, "lower", measured.few)


@final
@dataclass(frozen=True)
class InfoNCE:
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

    @property
    def properties(self) -> Properties:
        """A lower bound."""
        return Properties(symmetric=False, scale_invariant=True, bound="lower", error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"InfoNCE bound, {self.critic.words}, seed {self.seed}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("oord2018infonce", *COMMON)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) ≥ this, in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w); integers of shape (n,) are class labels.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        measured = _measured(self.critic, self.seed, x, y, info_nce, info_nce)
        sizes = [math.log(len(one)) for one in measured.scores]
        return measured.estimate(repr(self), sum(sizes) / len(sizes), "lower")


@final
@dataclass(frozen=True)
class SMILE:
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

    def __post_init__(self) -> None:
        if not 0 < self.clip < math.inf:
            raise InfoplaneError(
                f"clip={self.clip}: give a positive number, such as 5; MINE clips nothing."
            )

    @property
    def properties(self) -> Properties:
        """No bound."""
        return Properties(symmetric=False, scale_invariant=True, error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return (
            f"SMILE, ratios clipped to exp(±{self.clip:g}), trained on the Jensen–Shannon "
            f"objective, {self.critic.words}, seed {self.seed}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("song2020smile", "nowozin2016fgan", *COMMON)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """An estimate of I(x; y) in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w); integers of shape (n,) are class labels.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        clipped = partial(smile, clip=self.clip)
        measured = _measured(self.critic, self.seed, x, y, jensen_shannon, clipped)
        ceiling = measured.limit + min(measured.limit, self.clip)
        either = "SMILE may lie on either side of the truth; take NWJ or InfoNCE for a bound."
        return measured.estimate(repr(self), ceiling, None, [either])


@final
@dataclass(frozen=True)
class _Measured:
    """A critic's scores of the samples it has not seen, block by block, and what became of it."""

    n: int
    critic: Critic
    training: Training
    bound: Bound
    scores: list[Float[Tensor, "b b"]]

    @property
    def limit(self) -> float:
        """Between minus this and this lie all scores, in nats."""
        return self.training.networks.limit

    def estimate(
        self, method: str, ceiling: float, side: Side | None, notes: Iterable[str] = ()
    ) -> Estimate:
        """The mean over blocks, with all there is to say of it.

        Args:
            method: The estimator.
            ceiling: The largest value that it can return with such scores, in nats.
            side: On which side of the truth it lies.
            notes: What else is to be known.
        """
        values = [float(self.bound(one)) / LN2 for one in self.scores]
        tested = sum(len(one) for one in self.scores)
        groups = min(GROUPS, tested)
        estimate = Estimate(
            value=sum(values) / len(values),
            n=self.n,
            method=method,
            stderr=together([jackknife(self.bound, one) / LN2 for one in self.scores]),
            stderr_source=f"{tested} held-out samples, {groups} groups left out in turn",
            bound=side,
            ceiling=ceiling / LN2,
            shared=True,
        )
        told = (*self.notes, *notes, *_if_saturated(estimate))
        return replace(estimate, notes=told)

    @property
    def notes(self) -> Iterator[str]:
        """What is to be known of the training."""
        if not self.training.finite:
            yield (
                f"The critic diverged after {self.training.steps} updates, and the best one before "
                f"was measured: lower learning_rate={self.critic.learning_rate:g}, and look for "
                "extreme values among the samples."
            )
        elif not self.training.patient:
            yield (
                f"The critic was still getting better after {self.training.steps} updates, so "
                f"more may be found: raise steps={self.critic.steps}."
            )
        elif self.training.best == 0:
            yield (
                "No update made the critic better on the validation part, so an untrained one was "
                "measured: nothing is shared, or more samples are needed to find it."
            )

    @property
    def few(self) -> Iterator[str]:
        """Whether few strangers make up the second term of the bound."""
        effective = min(float(effective_strangers(one)) for one in self.scores)
        if effective < FEW:
            size = len(self.scores[0])
            yield (
                f"Of {size * (size - 1)} held-out pairs of strangers {effective:.0f} decide the "
                "value in effect, so it may be far off and its standard error is too small: give "
                "more samples, or take InfoNCE."
            )


def _if_saturated(estimate: Estimate) -> Iterator[str]:
    if estimate.saturated:
        yield (
            f"{estimate.value:.3f} bit is close to {estimate.ceiling:.3f} bit, the most that can "
            "be said of so many samples: give more samples, or hold out more (held_out)."
        )


def _measured(
    critic: Critic, seed: int, x: Samples, y: Samples, objective: Bound, bound: Bound
) -> _Measured:
    """Divides the samples, trains, and scores the part that neither trained nor stopped."""
    first, second = paired(x, y)
    divided = parts(len(first), critic, seed)
    with own_gradients():
        inputs = encoded(first, divided.training), encoded(second, divided.training)
        training = trained(critic, objective, *inputs, divided, seed)
        test = divided.test.to(first.device)
        with torch.no_grad():
            scores = [
                training.networks.scores(inputs[0][test[block]], inputs[1][test[block]])
                for block in blocks(len(test))
            ]
    return _Measured(len(first), critic, training, bound, scores)

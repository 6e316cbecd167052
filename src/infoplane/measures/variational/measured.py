"""A trained critic's scores of samples it has not seen, and the estimate that follows from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.samples import Samples, paired
from infoplane.measures.variational.bounds import effective_strangers
from infoplane.measures.variational.critic import Critic
from infoplane.measures.variational.held_out import (
    GROUPS,
    OfScores,
    blocks,
    error_of_mean,
    jackknife,
)
from infoplane.measures.variational.training import (
    Training,
    encoded,
    own_gradients,
    split,
    trained,
)
from infoplane.values.estimate import Bound, Estimate
from infoplane.values.units import LN2

FEW = 30
"""A mean over fewer strangers in effect is not known well enough for its error to be known."""


@final
@dataclass(frozen=True)
class Measured:
    """A critic's scores of the samples it has not seen, block by block, and what became of it."""

    n: int
    critic: Critic
    training: Training
    bound: OfScores
    scores: list[Float[Tensor, "b b"]]

    @property
    def limit(self) -> float:
        """Between minus this and this lie all scores, in nats."""
        return self.training.networks.limit

    def estimate(
        self, method: str, ceiling: float, side: Bound | None, notes: Iterable[str] = ()
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
            stderr=error_of_mean([jackknife(self.bound, one) / LN2 for one in self.scores]),
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


def measured(
    critic: Critic, seed: int, x: Samples, y: Samples, objective: OfScores, bound: OfScores
) -> Measured:
    """Divides the samples, trains, and scores the part that neither trained nor stopped."""
    first, second = paired(x, y)
    divided = split(len(first), critic, seed)
    with own_gradients():
        inputs = encoded(first, divided.training), encoded(second, divided.training)
        training = trained(critic, objective, *inputs, divided, seed)
        test = divided.test.to(first.device)
        with torch.no_grad():
            scores = [
                training.networks.scores(inputs[0][test[block]], inputs[1][test[block]])
                for block in blocks(len(test))
            ]
    return Measured(len(first), critic, training, bound, scores)

"""What is supposed of p(y|x) where only labels are known, and labels that are wrong on purpose."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.training.variational.losses import onehot
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

FLOOR = 1e-7
"""The least entry of every row: the share of the uniform distribution mixed in is K times this."""


def require_share(**shares: float) -> None:
    """Refuses a share of nothing, and one of more than everything.

    Raises:
        InfoplaneError: One is not in (0, 1].
    """
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise InfoplaneError(f"{name}={share}: it is a share, above 0 and at most 1.")


def require_deviation(**deviations: float) -> None:
    """Refuses what is no standard deviation of a noise.

    Raises:
        InfoplaneError: One is not positive, or not finite.
    """
    for name, deviation in deviations.items():
        if not (math.isfinite(deviation) and deviation > 0):
            raise InfoplaneError(f"{name}={deviation}: it must be positive and finite.")


@runtime_checkable
class NoiseModel(Protocol):
    """p̃(y|x) from samples and their labels: rows that sum to 1 and are positive everywhere."""

    def __call__(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"], classes: int
    ) -> Float[Tensor, "n k"]:
        """One row per sample."""
        ...


@final
@dataclass(frozen=True)
class Smoothing:
    """The label with probability 1 − share + share/K, every other class with share/K.

    Attributes:
        share: In (0, 1].
    """

    share: float = 0.02

    def __post_init__(self) -> None:
        require_share(share=self.share)

    def __call__(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"], classes: int
    ) -> Float[Tensor, "n k"]:
        """One row per sample."""
        return (1 - self.share) * onehot(labels, classes) + self.share / classes


@final
@dataclass(frozen=True)
class Confusion:
    """The row of a confusion matrix that belongs to the label, normalised to sum to 1.

    Attributes:
        counts: How often a sample of the row's class is taken for the column's, shape (K, K); or
            probabilities. Every row needs a positive entry.
    """

    counts: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        table = [len(row) for row in self.counts]
        if not table or table != [len(table)] * len(table):
            raise InfoplaneError(f"A confusion matrix is square; these rows have lengths {table}.")
        for place, row in enumerate(self.counts):
            if not (all(math.isfinite(c) and c >= 0 for c in row) and sum(row) > 0):
                raise InfoplaneError(
                    f"Row {place} of the confusion matrix, {row}, holds no frequencies: they are "
                    "finite, at least 0, and not all 0."
                )

    def __call__(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"], classes: int
    ) -> Float[Tensor, "n k"]:
        """One row per sample.

        Raises:
            InfoplaneError: The matrix is of another number of classes.
        """
        if classes != len(self.counts):
            raise InfoplaneError(
                f"The confusion matrix is of {len(self.counts)} classes, the labels of {classes}."
            )
        table = torch.tensor(self.counts, dtype=torch.float64, device=labels.device)
        rows = table / table.sum(1, keepdim=True)  # by rows: without keepdim it would be columns
        return _positive(rows)[labels].float()

    @staticmethod
    def counted(
        labels: Int[Tensor, " n"], taken_for: Int[Tensor, " n"], classes: int
    ) -> "Confusion":
        """The matrix of labels and what was taken for them, one count added everywhere."""
        table = torch.ones(classes, classes)
        table.index_put_((labels.cpu(), taken_for.cpu()), torch.ones(len(labels)), accumulate=True)
        return Confusion(tuple(tuple(map(float, row)) for row in table.tolist()))


@final
@dataclass(frozen=True)
class Jittered:
    """One-hot rows plus normal noise, what is negative set to 0, and scaled to sum to 1.

    Attributes:
        deviation: Standard deviation of the noise, positive.
        seed: Of the noise.
    """

    deviation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        require_deviation(deviation=self.deviation)

    def __call__(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"], classes: int
    ) -> Float[Tensor, "n k"]:
        """One row per sample; the same samples in the same order have the same noise."""
        drawn = torch.randn(len(labels), classes, generator=stream(self.seed, "jitter"))
        noisy = onehot(labels, classes) + self.deviation * drawn.to(labels.device)
        kept = noisy.double().clamp(min=0.0)
        # where nothing is positive nothing is known
        kept = torch.where(kept.sum(1, keepdim=True) > 0, kept, torch.ones_like(kept))
        return _positive(kept / kept.sum(1, keepdim=True)).float()


@final
@dataclass(frozen=True)
class Predicted:
    """The probabilities that another classifier gives.

    Attributes:
        scores: From samples to class scores (n, K), such as a trained network.
    """

    scores: Callable[[Tensor], Tensor]

    def __call__(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"], classes: int
    ) -> Float[Tensor, "n k"]:
        """One row per sample.

        Raises:
            InfoplaneError: The classifier knows another number of classes.
        """
        with torch.no_grad():
            said = self.scores(x).double().softmax(1)
        if said.shape != (len(labels), classes):
            raise InfoplaneError(
                f"The classifier gives scores of shape {tuple(said.shape)}; "
                f"({len(labels)}, {classes}) are needed."
            )
        return _positive(said).float()


def flipped(
    labels: Int[Tensor, " n"], share: float, classes: int, *, seed: int
) -> Int[Tensor, " n"]:
    """Labels of which a share is another class, each of the others being as likely.

    Args:
        labels: Classes from 0.
        share: Of the samples, in [0, 1]; their number is rounded.
        classes: How many there are.
        seed: Of the choice, by the stream "label noise".

    Raises:
        InfoplaneError: The share is none, or there is no other class.
    """
    if share:
        require_share(share=share)
    count = round(share * len(labels))
    if count and classes < 2:
        raise InfoplaneError("Labels of one class cannot be wrong.")
    generator = stream(seed, "label noise")
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    moved = torch.randint(1, max(classes, 2), (count,), generator=generator)
    wrong = labels.clone()
    wrong[chosen] = (labels[chosen] + moved.to(labels)) % classes
    return wrong


def _positive(rows: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Rows with so much of the uniform distribution that no entry is below ``FLOOR``."""
    k = rows.shape[1]
    return (1 - k * FLOOR) * rows + FLOOR

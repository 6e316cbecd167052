"""How one estimator sees the variables of a plane: each by itself, then in pairs, then shuffled."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.gram import matrix
from infoplane.measures.samples import are_labels
from infoplane.numerics.bandwidth import Bandwidth, Described
from infoplane.numerics.gram import Gram, gaussian_gram, label_gram
from infoplane.numerics.workers import parallel
from infoplane.quantities.spectra import require_order
from infoplane.values.methods import RENYI, Method


class Seen(NamedTuple):
    """One variable under one estimator.

    Attributes:
        kept: All that the estimator needs of it.
        entropy: S in bits, shape (batch,); NaN if the estimator knows none.
        width: Kernel width, shape (batch,); NaN if there is none.
    """

    kept: Any
    entropy: Tensor
    width: Tensor


class PlaneEstimator(ABC):
    """Everything about batches of samples, in bits; one number per batch, without gradients."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What it is, with all its parameters, for a methods section."""

    @property
    @abstractmethod
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""

    @property
    @abstractmethod
    def family(self) -> str:
        """The functional that it estimates, as methods sections know it; empty if unknown."""

    @property
    def method(self) -> Method:
        """All of this, to be kept with the numbers."""
        return Method(self.words, self.sources, self.family, repr(self))

    @abstractmethod
    def ceiling(self, n: int) -> float:
        """The largest value in bits that n samples can have, +∞ if none is known."""

    @abstractmethod
    def keep(self, name: str, samples: Tensor) -> tuple[Any, Float[Tensor, " batch"]]:
        """What it needs of a variable, and its kernel width; called while the network runs.

        Args:
            name: Which variable it is.
            samples: Numbers of shape (batch, n, …), or integer labels of shape (batch, n); they
                may change after the call.
        """

    @abstractmethod
    def entropies(self, kept: Sequence[Any]) -> list[Tensor]:
        """The entropy of each variable, shape (batch,)."""

    @abstractmethod
    def informations(self, pairs: Sequence[tuple[Seen, Seen]]) -> list[Tensor]:
        """The information of each pair, shape (batch,)."""

    @abstractmethod
    def shuffled(
        self, pairs: Sequence[tuple[Seen, Seen]], orders: Int[Tensor, "s batch n"]
    ) -> list[Tensor]:
        """The information of each pair after each shuffle of its second, shape (s, batch)."""

    def seen(self, variables: Mapping[str, tuple[Any, Tensor]]) -> dict[str, Seen]:
        """What was kept of several variables, with their entropies."""
        entropies = self.entropies([kept for kept, _ in variables.values()])
        return {
            name: Seen(kept, entropy, width)
            for (name, (kept, width)), entropy in zip(variables.items(), entropies, strict=True)
        }


@final
@dataclass(frozen=True)
class MatrixRenyi(PlaneEstimator):
    """Matrix-based Rényi information with a kernel width for every variable.

    Of the samples only Gram matrices are kept, n² numbers a batch however wide the layer is.

    Attributes:
        alpha: Order of the entropy.
        bandwidth: Rule of every variable that has none of its own.
        own: Rules of single variables by name, such as of the input and its reconstruction, whose
            pixels want one common scale.
    """

    alpha: float
    bandwidth: Bandwidth
    own: Mapping[str, Bandwidth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_order(self.alpha)

    @property
    def words(self) -> str:
        """Order and every rule."""
        rules = [_formula(self.bandwidth)]
        rules += [f"for {name} {_formula(rule)}" for name, rule in self.own.items()]
        return (
            f"{self.family} information of order α = {self.alpha:g} of Gaussian kernels "
            f"exp(−d²/(2σ²)) with {'; '.join(rules)}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Of the measure and of its rules."""
        rules = (self.bandwidth, *self.own.values())
        cited = [key for rule in rules if isinstance(rule, Described) for key in rule.sources]
        return tuple(dict.fromkeys(["giraldo2015measures", *cited]))

    @property
    def family(self) -> str:
        """Matrix-based Rényi."""
        return RENYI

    def ceiling(self, n: int) -> float:
        """log2 n."""
        return matrix.ceiling(n)

    def keep(self, name: str, samples: Tensor) -> tuple[Gram, Tensor]:
        """Gram matrices and their widths."""
        if are_labels(samples[0]):
            return label_gram(samples), torch.full((len(samples),), torch.nan)
        vectors = samples.flatten(2) if samples.ndim > 2 else samples.unsqueeze(2)
        return gaussian_gram(vectors, self.own.get(name, self.bandwidth))

    def entropies(self, kept: Sequence[Gram]) -> list[Tensor]:
        """S_α of each."""
        return matrix.entropies([(gram,) for gram in kept], self.alpha)

    def informations(self, pairs: Sequence[tuple[Seen, Seen]]) -> list[Tensor]:
        """S_α(A) + S_α(B) − S_α(A, B); only the joint spectra are computed."""
        joints = matrix.entropies([(a.kept, b.kept) for a, b in pairs], self.alpha)
        return [a.entropy + b.entropy - s for (a, b), s in zip(pairs, joints, strict=True)]

    def shuffled(
        self, pairs: Sequence[tuple[Seen, Seen]], orders: Int[Tensor, "s batch n"]
    ) -> list[Tensor]:
        """Marginal entropies do not change under a shuffle; joint spectra do."""

        def joint_entropy(task: tuple[Seen, Seen, Tensor]) -> Tensor:
            a, b, order = task
            joint = matrix.joint(a.kept, b.kept.reordered(order))
            return matrix.entropy(joint, self.alpha)

        tasks = [(a, b, order) for a, b in pairs for order in orders]
        joints = torch.stack(parallel(joint_entropy, tasks)).unflatten(0, (len(pairs), -1))
        return [a.entropy + b.entropy - s for (a, b), s in zip(pairs, joints, strict=True)]


def _formula(rule: Bandwidth) -> str:
    return rule.formula if isinstance(rule, Described) else repr(rule)

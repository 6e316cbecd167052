"""What every estimator is: a frozen value, callable ``(x, y) → Estimate``, that says what it is."""

from dataclasses import dataclass
from typing import Literal, Protocol, final, runtime_checkable

from jaxtyping import Int
from torch import Tensor

from infoplane.measures.samples import Samples
from infoplane.values.estimate import Estimate


@final
@dataclass(frozen=True)
class Properties:
    """What an estimator promises; the law tests read it.

    Attributes:
        symmetric: Whether I(x; y) = I(y; x).
        nonnegative: Whether the value can never be below 0.
        bound: Whether the value bounds the true information, and on which side.
        interval: Whether it claims an interval of its own.
        discrete: Whether it needs discrete data.
    """

    symmetric: bool = True
    nonnegative: bool = False
    bound: Literal["lower", "upper"] | None = None
    interval: bool = False
    discrete: bool = False


@runtime_checkable
class Estimator(Protocol):
    """Mutual information from samples."""

    @property
    def properties(self) -> Properties:
        """What it promises."""
        ...

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) of paired samples, in bits."""
        ...


@runtime_checkable
class EntropyEstimator(Protocol):
    """An estimator that knows entropies too."""

    def entropy(self, x: Samples) -> Estimate:
        """S(x) of samples, in bits."""
        ...


@runtime_checkable
class ShuffledEstimator(Protocol):
    """An estimator with a quicker way through many permutations than as many calls."""

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) for every order, in bits."""
        ...

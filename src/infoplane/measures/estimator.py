"""What every estimator is: a frozen value, callable ``(x, y) → Estimate``, that says what it is."""

from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

from jaxtyping import Int
from torch import Tensor

from infoplane.measures.samples import Samples
from infoplane.values.estimate import Bound, Estimate
from infoplane.values.pairs import PAIRS, Pair


@final
@dataclass(frozen=True)
class Properties:
    """What an estimator promises; the law tests read it.

    Attributes:
        takes: The kinds of pairs that it can measure; it refuses the others with the remedy.
        symmetric: Whether I(x; y) = I(y; x).
        nonnegative: Whether the value can never be below 0.
        processing: Whether I(x; f(y)) ≤ I(x; y) for every map f of samples.
        scale_invariant: Whether the value stays if all numbers are doubled.
        bound: Whether the value bounds the true information from one side, up to its ``stderr``.
        interval: Whether it claims 90 % intervals that contain the truth.
        error: Largest distance from the truth in bits that it admits on 1000 samples of a
            bivariate normal with ρ = 0.6 (0.3219 bit) and with ρ = 0 (0 bit); of discrete
            estimators on those samples cut at their quartiles. None if it estimates something
            else than Shannon's information, and so has no truth to be compared with.
    """

    takes: tuple[Pair, ...] = PAIRS
    symmetric: bool = True
    nonnegative: bool = False
    processing: bool = False
    scale_invariant: bool = False
    bound: Bound | None = None
    interval: bool = False
    error: float | None = None


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
class Told(Protocol):
    """An estimator that says for a methods section what it does."""

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        ...


@runtime_checkable
class EntropyEstimator(Protocol):
    """An estimator that knows entropies too."""

    def entropy(self, x: Samples) -> Estimate:
        """S(x) of samples, in bits."""
        ...


@runtime_checkable
class JointEntropyEstimator(Protocol):
    """An estimator that knows the entropy of several variables together."""

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """S(x, y, …) of samples of several variables, in bits."""
        ...


@runtime_checkable
class ConditionalEstimator(Protocol):
    """An estimator that knows what two variables share beyond a third."""

    def conditional(self, x: Samples, y: Samples, given: Samples) -> Estimate:
        """I(x; y | given) of samples of three variables, in bits."""
        ...


@runtime_checkable
class ShuffledEstimator(Protocol):
    """An estimator with a quicker way through many permutations than as many calls."""

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) for every order, in bits."""
        ...

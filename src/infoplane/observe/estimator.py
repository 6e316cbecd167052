"""How one estimator sees the variables of a plane: each by itself, then in pairs, then shuffled."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import EntropyEstimator, Told
from infoplane.measures.gram import matrix
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.samples import are_labels
from infoplane.numerics.bandwidth import Bandwidth, Described
from infoplane.numerics.gram import Gram, gaussian_gram, label_gram
from infoplane.numerics.workers import parallel
from infoplane.quantities.spectra import require_order
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.methods import RENYI, Method
from infoplane.values.units import BIT

Asked = Callable[[Tensor, Tensor], Estimate]
"""Any estimator of the information of two variables from samples, in bits."""


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


class Named(NamedTuple):
    """The samples of a variable, shape (batch, n, …), and which one it is."""

    name: str
    samples: Tensor


@final
@dataclass(frozen=True)
class FromSamples(PlaneEstimator):
    """Any estimator ``(x, y) → Estimate``, asked batch by batch and pair by pair.

    The samples themselves are kept, so that memory grows with the width of the layers; it is asked
    in one thread and with gradients allowed, since it may draw at random, or train.

    Only an ``Estimate`` in bits is taken: nobody knows the unit of a plain number, and most
    libraries count in nats.

    Attributes:
        estimator: Anything that can be called with two arrays of samples; it may know entropies
            (``EntropyEstimator``), and say what it is (``Told``).
    """

    estimator: Asked

    def __repr__(self) -> str:
        return f"FromSamples({_described(self.estimator)})"

    @property
    def words(self) -> str:
        """How it describes itself; else its name, or its parameters if it writes them."""
        known = self.estimator
        return str(known.words) if isinstance(known, Told) else _described(known)

    @property
    def sources(self) -> tuple[str, ...]:
        """As it names them; none if it does not."""
        return tuple(self.estimator.sources) if isinstance(self.estimator, Told) else ()

    @property
    def family(self) -> str:
        """Not known of a foreign estimator."""
        return ""

    def ceiling(self, n: int) -> float:
        """Not known of a foreign estimator."""
        return math.inf

    def keep(self, name: str, samples: Tensor) -> tuple[Named, Tensor]:
        """A copy of the samples."""
        return Named(name, samples.clone()), torch.full((len(samples),), torch.nan)

    def entropies(self, kept: Sequence[Named]) -> list[Tensor]:
        """As the estimator gives them, NaN if it gives none."""
        known = self.estimator
        if not isinstance(known, EntropyEstimator):
            return [torch.full((len(one.samples),), torch.nan) for one in kept]
        return [
            _stacked(_bits(f"S({one.name})", known.entropy, x) for x in one.samples) for one in kept
        ]

    def informations(self, pairs: Sequence[tuple[Seen, Seen]]) -> list[Tensor]:
        """As the estimator gives them."""
        return [self._information(a.kept, b.kept) for a, b in pairs]

    def shuffled(
        self, pairs: Sequence[tuple[Seen, Seen]], orders: Int[Tensor, "s batch n"]
    ) -> list[Tensor]:
        """One call for every shuffle."""
        return [
            torch.stack([self._information(a.kept, _reordered(b.kept, order)) for order in orders])
            for a, b in pairs
        ]

    def _information(self, x: Named, y: Named) -> Tensor:
        what = f"I({x.name}; {y.name})"
        paired = zip(x.samples, y.samples, strict=True)
        return _stacked(_bits(what, self.estimator, a, b) for a, b in paired)


def seen_by(estimator: Asked | PlaneEstimator, source: str) -> PlaneEstimator:
    """An estimator of two variables as one of a plane.

    Args:
        estimator: Of its two bandwidth rules, a Rényi estimator's rule for x is that of ``source``.
        source: The variable X.
    """
    if isinstance(estimator, PlaneEstimator):
        return estimator
    if isinstance(estimator, Renyi):
        own = {} if estimator.x_bandwidth is None else {source: estimator.x_bandwidth}
        return MatrixRenyi(estimator.alpha, estimator.bandwidth, own)
    return FromSamples(estimator)


def _formula(rule: Bandwidth) -> str:
    return rule.formula if isinstance(rule, Described) else repr(rule)


def _described(estimator: object) -> str:
    """Its name, or what it writes of itself; never an address, which every process has anew.

    >>> _described(math.gcd), _described(object())
    ('gcd', 'object')
    """
    if isinstance(name := getattr(estimator, "__qualname__", None), str):
        return name
    if type(estimator).__repr__ is object.__repr__:
        return type(estimator).__qualname__
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(estimator))


def _bits(what: str, ask: Callable[..., object], *samples: Tensor) -> float:
    """What a foreign estimator answers.

    Raises:
        InfoplaneError: It fails, or its answer is no Estimate in bits.
    """
    try:
        with torch.enable_grad():
            answer = ask(*samples)
    except Exception as problem:
        raise InfoplaneError(
            f"{what} could not be estimated: {type(problem).__name__}: {problem}"
        ) from problem
    if not isinstance(answer, Estimate):
        raise InfoplaneError(
            f"{what} was answered by a {type(answer).__name__}, whose unit nobody knows; return "
            "Estimate(value, n, method), its value in bits (nats divided by ln 2)."
        )
    if answer.unit != BIT:
        raise InfoplaneError(
            f"{what} is in {answer.unit!r}, and everything beside it in bits; convert it "
            "(nats divided by ln 2) and return an Estimate of unit 'bit'."
        )
    return float(answer)


def _reordered(one: Named, order: Tensor) -> Named:
    """Samples of every batch in its own order."""
    shuffled = [x[places] for x, places in zip(one.samples, order, strict=True)]
    return Named(one.name, torch.stack(shuffled))


def _stacked(values: Iterable[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float64)

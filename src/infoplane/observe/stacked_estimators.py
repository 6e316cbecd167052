"""How the layers of many networks are measured: one estimator, all networks, given p(class|x)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from infoplane.measures.noise.both_bounds import both_bounds
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.noise.propagation import SamplePropagation
from infoplane.numerics.bandwidth import Bandwidth
from infoplane.numerics.binning import Adaptive, Binning, Quantile
from infoplane.numerics.packed import occupied, packed
from infoplane.numerics.workers import parallel
from infoplane.observe.estimator import MatrixRenyi, Seen
from infoplane.values.methods import Method

Layer = Float[Tensor, "net n d"]
Classes = Float[Tensor, "n k"]
"""Probability of every class at every pattern; labels are rows of 0 and 1."""


class Told(NamedTuple):
    """What one estimator says of one layer of all networks, in bits; NaN where it says nothing.

    Attributes:
        to_input: I(X;T), shape (net,).
        to_class: I(T;Y).
        entropy: H(T), or what stands for it.
    """

    to_input: Float[ndarray, " net"]
    to_class: Float[ndarray, " net"]
    entropy: Float[ndarray, " net"]


@runtime_checkable
class OfLayer(Protocol):
    """An estimator, or several that share their work."""

    @property
    def methods(self) -> Mapping[str, Method]:
        """What each is, by the name of its reading."""
        ...

    def ceiling(self, n: int) -> float:
        """The largest I(X;T) in bits that n patterns can show."""
        ...

    def __call__(self, layer: Layer, p: Classes) -> Mapping[str, Told]:
        """Its readings of one layer by name; patterns are distinct and equally likely."""
        ...


class _OfPatterns:
    """Of n distinct inputs nothing can be told but which of them it was."""

    def ceiling(self, n: int) -> float:
        return math.log2(n)


@final
@dataclass(frozen=True)
class Counted(_OfPatterns):
    """Entropy of states that are rows of bins; of a function of x that is I(X;T) as well.

    Attributes:
        name: Of its reading.
        rule: How units are cut.
    """

    name: str
    rule: Binning

    @property
    def methods(self) -> Mapping[str, Method]:
        """The rule, and that H(T) and I(X;T) are one number."""
        words = (
            f"binned: {self.rule.formula}; I(X;T) = H(T), because a network without noise is a "
            "function of its input; I(T;Y) by the given p(y|x)"
        )
        sources = tuple(dict.fromkeys([*self.rule.sources, "shwartz2017opening"]))
        return {self.name: Method(words, sources, parameters=repr(self))}

    def __call__(self, layer: Layer, p: Classes) -> Mapping[str, Told]:
        """States of all networks at once."""
        found = occupied(packed(self.bins(layer)), p.numpy())
        return {self.name: Told(found.entropy, found.information, found.entropy)}

    def bins(self, layer: Layer) -> ndarray:
        """The bin of every unit, shape (n, net, d)."""
        units = layer.transpose(0, 1).double()
        if isinstance(self.rule, Adaptive | Quantile) and self.rule.over == "whole":
            one = [self.rule.bins(units[:, place]) for place in range(units.shape[1])]
            return torch.stack(one, 1).numpy()  # the range is that of one network
        return self.rule.bins(units.flatten(1)).unflatten(1, units.shape[1:]).numpy()


@final
@dataclass(frozen=True)
class Bounds(_OfPatterns):
    """The two pairwise bounds of a layer with noise that the measure adds.

    Attributes:
        variance: Of the noise.
    """

    variance: float

    @property
    def methods(self) -> Mapping[str, Method]:
        """Both, each in its own words."""
        bounds = {f"kde-{bound}": PairwiseKDE(self.variance, bound) for bound in ("upper", "lower")}
        return {
            name: Method(
                f"{one.words}; I(T;Y) a difference of two such bounds", one.sources, "", repr(one)
            )
            for name, one in bounds.items()
        }

    def __call__(self, layer: Layer, p: Classes) -> Mapping[str, Told]:
        """Network by network."""
        both = parallel(lambda one: both_bounds(one, p, self.variance), layer)
        kinds = zip(("kde-upper", "kde-lower"), zip(*both, strict=True), strict=True)
        return {
            name: _told([one.of_input for one in some], [one.of_class for one in some])
            for name, some in kinds
        }


@final
@dataclass(frozen=True)
class Noisy(_OfPatterns):
    """A layer with noise that the measure adds, by sampling it.

    Attributes:
        deviation: Of the noise.
        seed: Of its draws.
    """

    deviation: float
    seed: int

    @property
    def methods(self) -> Mapping[str, Method]:
        """With its noise."""
        words = (
            f"I(x; t + Z) by sampling, Z normal noise of standard deviation {self.deviation:g} "
            "that the measure adds to every layer alone"
        )
        sources = ("goldfeld2019estimating", "goldfeld2020convergence")
        return {"channel": Method(words, sources, parameters=repr(self))}

    def __call__(self, layer: Layer, p: Classes) -> Mapping[str, Told]:
        """Network by network."""
        estimate = SamplePropagation(self.deviation, seed=self.seed)
        found = parallel(lambda one: estimate(one[:, None], p), layer)
        return {"channel": _told([one.of_input for one in found], [one.of_class for one in found])}


@final
@dataclass(frozen=True, eq=False)
class Renyi(_OfPatterns):
    """Matrix-based Rényi information under one rule of kernel widths.

    Attributes:
        name: Of its reading.
        alpha: Order.
        bandwidth: Rule of the widths.
        patterns: The inputs, shape (n, d).
        labels: One class for every pattern, drawn where it is not certain, shape (n,).
    """

    name: str
    alpha: float
    bandwidth: Bandwidth
    patterns: Float[Tensor, "n d"]
    labels: Tensor

    @property
    def methods(self) -> Mapping[str, Method]:
        """As in every plane."""
        return {self.name: self._estimator.method}

    @property
    def _estimator(self) -> MatrixRenyi:
        return MatrixRenyi(self.alpha, self.bandwidth)

    @cached_property
    def _fixed(self) -> tuple[Seen, Seen]:
        """Input and label, which training does not change."""
        kept = {
            "input": self._estimator.keep("input", self.patterns[None].double()),
            "label": self._estimator.keep("label", self.labels[None]),
        }
        seen = self._estimator.seen(kept)
        return seen["input"], seen["label"]

    def __call__(self, layer: Layer, p: Classes) -> Mapping[str, Told]:
        """Network by network."""
        x, y = self._fixed
        kept = {str(i): self._estimator.keep("layer", one[None]) for i, one in enumerate(layer)}
        seen = list(self._estimator.seen(kept).values())
        pairs = [(x, one) for one in seen] + [(one, y) for one in seen]
        found = [float(one) for one in self._estimator.informations(pairs)]
        return {
            self.name: Told(
                np.array(found[: len(seen)]),
                np.array(found[len(seen) :]),
                np.array([float(one.entropy) for one in seen]),
            )
        }


@final
@dataclass(frozen=True)
class Asked:
    """An estimator with the moments, networks and patterns that it is asked of.

    Attributes:
        estimator: Which.
        at: The steps.
        nets: The first so many networks.
        patterns: Numbers of the patterns; None for all.
    """

    estimator: OfLayer
    at: frozenset[int]
    nets: int
    patterns: Tensor | None = field(default=None)


def _told(to_input: list[float], to_class: list[float]) -> Told:
    return Told(np.array(to_input), np.array(to_class), np.full(len(to_input), np.nan))

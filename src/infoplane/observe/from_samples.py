"""An estimator of two variables, ours or anybody's, as one of a plane."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from jaxtyping import Int
from torch import Tensor

from infoplane.measures.counting.binned import Binned
from infoplane.measures.estimator import EntropyEstimator, Told
from infoplane.measures.gram.renyi import Renyi
from infoplane.observe.binned import BinnedStates
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator, Seen
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.units import BIT

Asked = Callable[[Tensor, Tensor], Estimate]
"""Any estimator of the information of two variables from samples, in bits."""


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
        estimator: Of its two rules, of kernel widths or of bins, the one for x is that of
            ``source`` alone, in whatever place of a pair it stands.
        source: The variable X.
    """
    if isinstance(estimator, PlaneEstimator):
        return estimator
    if isinstance(estimator, Renyi):
        own = {} if estimator.x_bandwidth is None else {source: estimator.x_bandwidth}
        return MatrixRenyi(estimator.alpha, estimator.bandwidth, own)
    if isinstance(estimator, Binned):
        cut = {} if estimator.x_rule is None else {source: estimator.x_rule}
        return BinnedStates(estimator.rule, cut, estimator.correction)
    return FromSamples(estimator)


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

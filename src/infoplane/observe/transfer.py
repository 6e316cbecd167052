"""Transfer entropy from layer to layer at one moment of training, along several time axes.

What is the time of a network? The published experiments take the index of the training sample. Two
layers react to the same sample at the same index, and shuffled samples are independent of each
other, so at lag 1 next to nothing can pass but through what changes meanwhile: the weights, or the
order of the samples. The axes below tell these apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, final, get_args, runtime_checkable

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Integer, UInt8
from numpy import ndarray
from torch import Tensor

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.transfer.front import transfer_entropy
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import CountedPairs, null_of
from infoplane.measures.transfer.populations import Words, words_of
from infoplane.measures.transfer.surrogates import (
    PERMUTED,
    GivenPast,
    PermutedWithin,
    Surrogates,
)
from infoplane.numerics.binary import Above, Binarisation
from infoplane.numerics.coincidences import Coded, counting
from infoplane.quantities.discoveries import adjusted
from infoplane.values.estimate import Estimate
from infoplane.values.seeds import stream
from infoplane.values.units import BIT, PURE

INPUT, OUTPUT, PREDICTION = "input", "output", "prediction"
"""What a network is given, its logits, and their softmax."""
Axis = Literal["training", "frozen", "sorted", "steps"]
AXES: Mapping[Axis, str] = {
    "training": "index of the training sample in the shuffled order of one epoch, while the "
    "weights change (the published experiments)",
    "frozen": "index of the same samples in the same order, with the weights as they are at the "
    "end of that epoch",
    "sorted": "index of the same samples sorted by class, with the weights as they are at the end "
    "of that epoch",
    "steps": "number of the update; every sample of a fixed probe is a series of its own. Pairs of "
    "units are counted over all series together; of whole patterns (“joint”) every series has a "
    "number, and the mean is taken",
}
Together = Literal["mean", "sum", "max", "joint"]
RATE = 0.05
"""False discovery rate of the share of significant pairs."""
BIASED, CORRECTED = PlugIn(), PlugIn("miller-madow")
READINGS = ("raw", "corrected", "effective")
"""As it is counted, less its bias to first order, and less the mean of its surrogates."""


@runtime_checkable
class Layered(Protocol):
    """A classifier that tells what its layers do."""

    layers: tuple[str, ...]

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Output of every recorded layer."""
        ...


@final
@dataclass(frozen=True)
class Rule:
    """How a layer's units become series of two states, and the transfers of pairs one number.

    Attributes:
        history: Which steps are asked about.
        binary: When a unit is on.
        prediction: When a class's probability is on.
        units: At most so many units of a layer, drawn once.
        together: "mean", "sum" or "max" over all pairs of units; or "joint", the transfer between
            the layers' whole patterns as states, which with many units has hardly a pattern twice.
        permutations: Surrogates.
        seed: Of the units and the surrogates.
    """

    history: History = History()
    binary: Binarisation = Above(0.0)
    prediction: Binarisation = Above(0.5)
    units: int = 64
    together: Together = "mean"
    permutations: int = 19
    seed: int = 0

    def numbers(self, x: Tensor, seen: Mapping[str, Tensor]) -> dict[str, Float[Tensor, "n units"]]:
        """What is looked at of a network that was shown some samples, before it is cut.

        Args:
            x: The samples.
            seen: Activations of all layers.
        """
        every = {INPUT: x, **seen}
        found = {name: self._chosen(name, one.detach().flatten(1)) for name, one in every.items()}
        return found | {PREDICTION: torch.softmax(seen[OUTPUT].detach(), 1)}

    def states(
        self, numbers: Mapping[str, Float[Tensor, "*n units"]]
    ) -> dict[str, UInt8[Tensor, "*n units"]]:
        """The states of all variables; a rule by the median takes all that is given for one."""
        return {
            name: (self.prediction if name == PREDICTION else self.binary)(
                one.flatten(0, -2)
            ).unflatten(0, one.shape[:-1])
            for name, one in numbers.items()
        }

    def _chosen(self, name: str, x: Float[Tensor, "n all"]) -> Float[Tensor, "n units"]:
        """The units of a layer that are looked at, the same at all moments."""
        if x.shape[1] <= self.units:
            return x
        drawn = torch.randperm(x.shape[1], generator=stream(self.seed, "units", name))
        return x[:, drawn[: self.units].sort().values.to(x.device)]


@final
@dataclass(frozen=True)
class LayerTransfer:
    """What passes from one layer to another, as one number with its evidence.

    Attributes:
        raw: As counted, in bits.
        corrected: Less its bias to first order.
        null: Mean over the surrogates.
        spread: Standard deviation over the surrogates; NaN of whole patterns.
        significant: Share of the pairs of units that are discoveries.
        at_once: The same question at lag 0, raw.
    """

    raw: float
    corrected: float
    null: float
    spread: float
    significant: float
    at_once: float

    @property
    def effective(self) -> float:
        """What is above the surrogates."""
        return self.raw - self.null


Series = Sequence[tuple[Integer[Tensor, "m a"], Integer[Tensor, "m b"]]]
"""Source and target of one or more series that are counted together."""


def layer_transfer(series: Series, rule: Rule, surrogates: Surrogates, seed: int) -> LayerTransfer:
    """What passes from one layer to another along some series.

    Args:
        series: States of all units.
        rule: What is asked.
        surrogates: How the sources are moved.
        seed: Of the surrogates.
    """
    if rule.together == "joint":
        return _joint(series, rule, surrogates, seed)
    pairs = _pairs(series, rule.history)
    found = pairs.measured()
    together = TOGETHER[rule.together]
    null = null_of(pairs, found, surrogates, rule.permutations, seed, together)
    here = rule.history
    at_once = _pairs(series, History(here.k, here.l, 0, here.given)).measured()
    return LayerTransfer(
        raw=together(found.bits),
        corrected=together(found.miller_madow),
        null=float(null.of_layer.mean()),
        spread=float(null.of_layer.std(ddof=1)),
        significant=float((adjusted(found.p_values) < RATE).mean()),
        at_once=together(at_once.bits),
    )


TOGETHER: Mapping[str, Callable[[Float[ndarray, "a b"]], float]] = {
    "mean": lambda bits: float(bits.mean()),
    "sum": lambda bits: float(bits.sum()),
    "max": lambda bits: float(bits.max()),
}


def _pairs(series: Series, history: History) -> CountedPairs:
    """All pairs of units; the windows of several series one after the other, none across."""
    each = [words_of(x, y, history, 2) for x, y in series]
    source, target = (
        Coded(torch.cat([one.numbers for one in parts], 1), parts[0].size)
        for parts in ([one.source for one in each], [one.target for one in each])
    )
    words = Words(source, target, each[0].ends)
    return CountedPairs(words, counting(None, source.numbers.device))


def _joint(series: Series, rule: Rule, surrogates: Surrogates, seed: int) -> LayerTransfer:
    """The transfer between whole patterns, a mean over the series."""
    here = rule.history

    def each(lag: int, estimator: PlugIn = BIASED, permutations: int = 0) -> list[Estimate]:
        return [
            transfer_entropy(
                source=x.long(),
                target=y.long(),
                k=here.k,
                l=here.l,
                lag=lag,
                estimator=estimator,
                permutations=permutations,
                surrogates=surrogates,
                seed=seed,
                check=False,
            )
            for x, y in series
        ]

    lagged = each(here.lag, permutations=rule.permutations)
    return LayerTransfer(
        raw=_mean_value(lagged),
        corrected=_mean_value(each(here.lag, CORRECTED)),
        null=float(np.mean([one.null for one in lagged if one.null is not None])),
        spread=float("nan"),
        significant=float((np.array([one.p_value for one in lagged]) < RATE).mean()),
        at_once=_mean_value(each(0)),
    )


def _mean_value(estimates: Sequence[Estimate]) -> float:
    return float(np.mean([one.value for one in estimates]))


def surrogates_of(axis: Axis, moments: int, together: Together) -> Surrogates:
    """The null of an axis: permutations, of a series of updates within that series.

    Of units they are among equal pasts of the target; of whole patterns, whose pasts hardly occur
    twice, they cannot be.
    """
    scheme = PermutedWithin(moments) if axis == "steps" else PERMUTED
    return scheme if together == "joint" else GivenPast(scheme)


def labelled(
    found: Mapping[tuple[Axis, str, int], LayerTransfer], n: Mapping[Axis, int]
) -> dict[str, xr.DataArray]:
    """All numbers as labelled arrays, NaN along an axis that was not measured.

    Args:
        found: By axis, pair and block.
        n: Moments of a block by axis; they are told as "te_n".
    """
    axes = list(get_args(Axis))
    pairs = list(dict.fromkeys(pair for _, pair, _ in found))
    blocks = max(block for _, _, block in found) + 1
    shape = (blocks, len(axes), len(pairs))

    def array(of: Callable[[LayerTransfer], float]) -> Float[ndarray, "batch axis pair"]:
        values = np.full(shape, np.nan)
        for (axis, pair, block), one in found.items():
            values[block, axes.index(axis), pairs.index(pair)] = of(one)
        return values

    coords = {"axis": axes, "pair": pairs}
    dims = ("batch", "axis", "pair")
    values = {
        name: xr.DataArray(array(of), dims=dims, coords=coords, attrs=said)
        for name, of, said in (
            ("te_null", lambda one: one.null, _said("surrogate mean of the transfer entropy", BIT)),
            ("te_spread", lambda one: one.spread, _said("spread over the surrogates", BIT)),
            ("te_lag0", lambda one: one.at_once, _said("the same at lag 0", BIT)),
            ("te_significant", lambda one: one.significant, _said("significant pairs", PURE)),
        )
    }
    readings = np.stack(
        [
            array(lambda one: one.raw),
            array(lambda one: one.corrected),
            array(lambda one: one.effective),
        ]
    )
    values["te"] = xr.DataArray(
        readings,
        dims=("estimator", *dims),
        coords={"estimator": list(READINGS), **coords},
        attrs=_said("transfer entropy", BIT),
    )
    moments = [float(n.get(axis, np.nan)) for axis in axes]
    values["te_n"] = xr.DataArray(
        moments, dims=("axis",), coords={"axis": axes}, attrs=_said("moments of a block", PURE)
    )
    return values


def _said(words: str, unit: str) -> dict[str, str]:
    return {"long_name": words, "unit": unit}


def adjacent(layers: Iterable[str]) -> list[tuple[str, str]]:
    """Every layer with the next, from the input to the prediction."""
    chain = [INPUT, *layers, PREDICTION]
    return list(zip(chain, chain[1:], strict=False))

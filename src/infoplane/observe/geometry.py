"""The shape of every layer at one moment: its dimension, and what it knows of the others."""

import math
import warnings
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.measures.geometry.gride import Gride, dimensions
from infoplane.measures.geometry.imbalance import imbalances
from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.measures.samples import count_not_finite
from infoplane.numerics.workers import parallel
from infoplane.observe.plane import INPUT
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.tap import Tap
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.estimate import Estimate
from infoplane.values.methods import METHODS, Method, methods_json
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured

HOLDER = "dimension_T"
"""The variable that keeps what every scale is, in words."""
Pair = tuple[str, str]


@final
@dataclass(frozen=True)
class Scale:
    """How far is near: which neighbours a dimension and an imbalance are measured by.

    Attributes:
        dimension: Estimator of the intrinsic dimension.
        neighbours: Neighbours whose ranks are the imbalance.
    """

    dimension: TwoNN | Gride
    neighbours: int = 1

    @property
    def method(self) -> Method:
        """It in words."""
        nearest = "neighbour" if self.neighbours == 1 else f"{self.neighbours} neighbours"
        words = f"{self.dimension.words}, and information imbalance of the nearest {nearest}"
        sources = (*self.dimension.sources, "glielmo2022ranking")
        return Method(words, sources, parameters=repr(self))


@final
@dataclass(frozen=True)
class Geometry:
    """Intrinsic dimension of every layer, and its information imbalance with input and target.

    Every number is measured on each batch by itself: both depend on the number of
    samples n, which is an attribute of every variable. Variables along (estimator, batch, layer),
    where an estimator is a ``Scale``:

    * ``dimension_T``, and its standard error ``dimension_error_T`` as the estimator tells it;
    * ``imbalance_TX`` = Δ(T → X) and ``imbalance_XT`` of every layer and the input;
    * ``imbalance_TY`` and ``imbalance_YT`` of every layer and the target.

    Along (estimator, batch, pair), where pairs are consecutive members of ``path``:

    * ``imbalance_forward`` = Δ(T_l → T_l+1) and ``imbalance_backward``;
    * ``imbalance_change``, their difference over their mean: below 0 for compression, above for
      expansion.

    Along (batch, layer) there is ``different_T``, how many samples are different. A layer whose
    activations are not all finite has no values; one that has too few different samples has no
    dimension.

    Attributes:
        x: The samples looked at, shape (batch, n, …); the network is shown a batch at a time.
        layers: The layers T; "input" is the network's own input.
        target: The layer Y, one of them.
        scales: Estimators side by side, by name.
        path: Layers in the order in which a sample passes them; of these consecutive ones are
            compared.
        steps: The steps at which it is measured; at others there are no values.
    """

    x: Float[Tensor, "batch n *shape"]
    layers: tuple[str, ...]
    target: str
    scales: Mapping[str, Scale]
    path: tuple[str, ...]
    steps: Container[int]

    def __post_init__(self) -> None:
        if unknown := [one for one in (self.target, *self.path) if one not in self.layers]:
            raise InfoplaneError(
                f"Geometry: {unknown} is none of the layers {list(self.layers)}; add it to them."
            )
        if not self.scales:
            raise InfoplaneError("Geometry: there is no scale to measure at; give one or more.")
        furthest = max(max(one.dimension.reach, one.neighbours) for one in self.scales.values())
        if self.n <= furthest:
            raise InfoplaneError(
                f"Geometry looks at {furthest} neighbours of every sample, so that a batch "
                f"needs more samples than that; it has {self.n}. Take larger batches, "
                "or fewer neighbours."
            )

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment; nothing at other steps than those asked for.

        Raises:
            InfoplaneError: A layer was never called, or there are too few samples.

        Warns:
            InfoplaneWarning: A layer cannot be measured, for the first time.
        """
        if snapshot.step not in self.steps:
            return Measured({})
        clock = Stopwatch()
        with undisturbed(snapshot.model):
            # a batch at a time: all layers of one fill a hundred megabytes
            looked = [self._look(self._seen(snapshot.model, x, clock), clock) for x in self.x]
        for one in looked:
            self._alarm(one.words, snapshot.step)
        values = {
            name: self._labelled(name, np.stack([one.values[name] for one in looked]))
            for name in looked[0].values
        }
        return Measured(values, clock.seconds)

    @cached_property
    def links(self) -> tuple[Pair, ...]:
        """Consecutive layers of the path."""
        return tuple(zip(self.path, self.path[1:], strict=False))

    def _seen(self, model: nn.Module, x: Tensor, clock: Stopwatch) -> dict[str, Tensor]:
        """Every layer's activations of one batch, shape (n, d)."""
        inner = [name for name in self.layers if name != INPUT]
        with clock.timing("forward"), Tap(model, inner) as tapped:
            model(x)
        if silent := [name for name in inner if name not in tapped]:
            raise InfoplaneError(f"Layers {silent} were not called in the forward pass.")
        every = {INPUT: x, **tapped}
        return {name: self._samples(name, every[name]) for name in self.layers}

    def _samples(self, name: str, output: Tensor) -> Tensor:
        """One sample for each that the network was shown."""
        if len(output) != self.n:
            raise InfoplaneError(
                f"Layer {name!r} gives an output of shape {tuple(output.shape)}, not one for each "
                f"of {self.n} samples; leave it out."
            )
        return output.flatten(1).cpu()

    @property
    def n(self) -> int:
        """Samples of one batch."""
        return self.x.shape[1]

    def _look(self, seen: Mapping[str, Tensor], clock: Stopwatch) -> "_Look":
        """Everything about one batch; samples of shape (n, d) by layer."""
        words = {
            name: f"{count} of {x.numel()} activations are NaN or infinite"
            for name, x in seen.items()
            if (count := count_not_finite(x))
        }
        whole = {name: x for name, x in seen.items() if name not in words}
        with clock.timing("dimension"):
            values = self._dimensions(whole, words)
        with clock.timing("imbalance"):
            values |= self._imbalances(whole)
        return _Look(values, words)

    def _dimensions(
        self, seen: Mapping[str, Tensor], words: dict[str, str]
    ) -> dict[str, np.ndarray]:
        """Dimensions and their errors, shape (scale, layer); what has none adds its words."""
        estimators = {name: scale.dimension for name, scale in self.scales.items()}
        value, error = np.full((2, len(self.scales), len(self.layers)), math.nan)
        different = np.full(len(self.layers), math.nan)
        found = parallel(lambda name: _attempted(seen[name], estimators), seen)
        for name, told in zip(seen, found, strict=True):
            column = self.layers.index(name)
            if isinstance(told, str):
                words[name] = told
                continue
            for row, one in enumerate(told.values()):
                value[row, column] = one.value
                error[row, column] = math.nan if one.stderr is None else one.stderr
                different[column] = one.n
        return {"dimension_T": value, "dimension_error_T": error, "different_T": different}

    def _imbalances(self, seen: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
        """Every imbalance, shape (scale, layer) or (scale, pair)."""
        asked = {name: [p for p in pairs if set(p) <= seen.keys()] for name, pairs in self._asked}
        every = list(dict.fromkeys(pair for pairs in asked.values() for pair in pairs))
        ks = [scale.neighbours for scale in self.scales.values()]
        found = imbalances(seen, every, tuple(dict.fromkeys(ks))) if every else {}
        values = {
            name: np.array(
                [[found[k][p].value if p in every else math.nan for p in pairs] for k in ks]
            )
            for name, pairs in self._asked
        }
        forward, backward = values["imbalance_forward"], values["imbalance_backward"]
        return values | {"imbalance_change": 2 * (forward - backward) / (forward + backward)}

    @cached_property
    def _asked(self) -> tuple[tuple[str, tuple[Pair, ...]], ...]:
        """Which pairs every variable is about, in order."""
        to_input = tuple((layer, INPUT) for layer in self.layers)
        to_target = tuple((layer, self.target) for layer in self.layers)
        return (
            ("imbalance_TX", to_input),
            ("imbalance_XT", _turned(to_input)),
            ("imbalance_TY", to_target),
            ("imbalance_YT", _turned(to_target)),
            ("imbalance_forward", self.links),
            ("imbalance_backward", _turned(self.links)),
        )

    def _labelled(self, name: str, array: np.ndarray) -> xr.DataArray:
        """An array (batch, …) with its dimensions, meaning, unit and n."""
        attributes = {"long_name": self._meanings[name], "unit": "1", "n": self.n}
        if name == HOLDER:
            told = {key: scale.method for key, scale in self.scales.items()}
            attributes[METHODS] = methods_json(told)
        over = "pair" if name in _OVER_LINKS else "layer"
        coords = {"layer": list(self.layers), "pair": [f"{a} · {b}" for a, b in self.links]}
        if array.ndim == 2:
            return xr.DataArray(array, {over: coords[over]}, ("batch", over), attrs=attributes)
        return xr.DataArray(
            array.swapaxes(0, 1),
            {"estimator": list(self.scales), over: coords[over]},
            ("estimator", "batch", over),
            attrs=attributes,
        )

    @property
    def _meanings(self) -> dict[str, str]:
        """What every variable is, in words."""
        return {
            "dimension_T": "intrinsic dimension of the layer",
            "dimension_error_T": "standard error of the intrinsic dimension, of one batch",
            "different_T": "different samples of a batch",
            "imbalance_TX": f"Δ(layer → {INPUT})",
            "imbalance_XT": f"Δ({INPUT} → layer)",
            "imbalance_TY": f"Δ(layer → {self.target})",
            "imbalance_YT": f"Δ({self.target} → layer)",
            "imbalance_forward": "Δ(first → second)",
            "imbalance_backward": "Δ(second → first)",
            "imbalance_change": "(Δ(first → second) − Δ(second → first)) / mean",
        }

    @cached_property
    def _alarm(self) -> Callable[[Mapping[str, str], int], None]:
        warned: set[str] = set()

        def tell(words: Mapping[str, str], step: int) -> None:
            for layer, why in words.items():
                if layer not in warned:
                    warned.add(layer)
                    warnings.warn(
                        f"Layer {layer!r} has no geometry at step {step}: {why}",
                        InfoplaneWarning,
                        stacklevel=4,
                    )

        return tell


@final
@dataclass(frozen=True)
class NormalDimension:
    """What every scale makes of normal samples of known dimension: its bias at this n.

    Measured at step 0 alone, as ``dimension_normal`` along (estimator, batch).

    Attributes:
        size: Their dimension.
        n: Samples of one batch.
        batches: Batches.
        scales: Estimators side by side, by name.
        seed: Seed of the samples.
    """

    size: int
    n: int
    batches: int
    scales: Mapping[str, Scale]
    seed: int

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures, if it is the first step."""
        if snapshot.step:
            return Measured({})
        estimators = {name: scale.dimension for name, scale in self.scales.items()}
        shape = (self.batches, self.n, self.size)
        drawn = torch.randn(shape, generator=stream(self.seed, "normal"), dtype=torch.float64)
        found = [[one.value for one in dimensions(x, estimators).values()] for x in drawn]
        meaning = f"intrinsic dimension of {self.size} independent normal variables"
        values = xr.DataArray(
            np.array(found).T,
            {"estimator": list(self.scales)},
            ("estimator", "batch"),
            attrs={"long_name": meaning, "unit": "1", "n": self.n},
        )
        return Measured({"dimension_normal": values})


_OVER_LINKS = ("imbalance_forward", "imbalance_backward", "imbalance_change")


def _attempted(x: Tensor, estimators: Mapping[str, TwoNN | Gride]) -> dict[str, Estimate] | str:
    """Dimensions of samples (n, d), or why they have none."""
    try:
        return dimensions(x, estimators)
    except InfoplaneError as problem:
        return str(problem)


@final
@dataclass(frozen=True)
class _Look:
    """What one batch shows, and by layer what cannot be measured, in words."""

    values: Mapping[str, np.ndarray]
    words: Mapping[str, str]


def _turned(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return tuple((b, a) for a, b in pairs)

"""What the errors of each layer share with those of the last: the chain that runs backwards."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from infoplane.observe.estimator import PlaneEstimator, Seen
from infoplane.observe.labelled import ByLayer
from infoplane.observe.probe import Probe
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.errors import errors
from infoplane.record.snapshot import Snapshot
from infoplane.values.seeds import orders
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class Backward:
    """``I_delta``, I(δ_K; δ_i) of every layer i before the last, K, and ``S_delta``.

    δ_i holds, sample by sample, the gradient of the sample's own cross-entropy with respect to what
    the layer's rectifier is given. It is not divided by the number of samples, which would set the
    scale, and so what a width that is fixed in its units shows.

    Attributes:
        probe: The samples looked at, with their classes.
        preactivations: By layer, in forward order, the submodule whose output is meant.
        estimators: Estimators side by side, by name.
        null_steps: Steps at which the permutation null is measured too.
        permutations: Shuffles per null.
        seed: Seed of the shuffles.

    Source: yu2020understanding.
    """

    probe: Probe
    preactivations: Mapping[str, str]
    estimators: Mapping[str, PlaneEstimator]
    null_steps: Container[int] = field(default=frozenset())
    permutations: int = 39
    seed: int = 0

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment; a layer whose δ are not all finite has no values."""
        clock = Stopwatch()
        kept: dict[str, dict[str, tuple[Any, Tensor]]] = {name: {} for name in self.estimators}
        layers = {module: layer for layer, module in self.preactivations.items()}

        def reduce(module: str, gradient: Tensor) -> None:
            samples = self.probe.samples(module, gradient).to(self.probe.x.device)
            if not torch.isfinite(samples).all():
                return
            for name, estimator in self.estimators.items():
                kept[name][layers[module]] = estimator.keep(layers[module], samples)

        with clock.timing("errors"):
            errors(snapshot.model, tuple(layers), self.probe.given, self._loss, reduce)
            seen = {name: one.seen(kept[name]) for name, one in self.estimators.items()}
            values = self._values(seen)
        if snapshot.step in self.null_steps and self.permutations > 0:
            with clock.timing("null"):
                values |= self._null(seen, snapshot.step)
        return Measured(values, clock.seconds)

    def _loss(self, model: nn.Module, x: Tensor) -> Tensor:
        """The sum of the samples' cross-entropies in nats."""
        return cross_entropy(model(x), self.probe.y.flatten().to(x.device), reduction="sum")

    def _values(self, seen: Mapping[str, Mapping[str, Seen]]) -> dict[str, xr.DataArray]:
        entropies = {
            (name, layer): one.entropy for name, some in seen.items() for layer, one in some.items()
        }
        shared = self._of_each(seen, lambda estimator, pairs: estimator.informations(pairs))
        return {
            "I_delta": self._labels.labelled(
                shared, f"I(δ of {self._last}; δ of layer)", told=True
            ),
            "S_delta": self._labels.labelled(entropies, "S(δ of layer)"),
        }

    def _null(self, seen: Mapping[str, Mapping[str, Seen]], step: int) -> dict[str, xr.DataArray]:
        """The permutation mean of every information."""
        batches, n = self.probe.batches, self.probe.n
        drawn = orders(self.seed, "null of errors", step, n=n, count=self.permutations * batches)
        shuffles = drawn.reshape(self.permutations, batches, n).to(self.probe.x.device)
        means = self._of_each(
            seen,
            lambda estimator, pairs: [one.mean(0) for one in estimator.shuffled(pairs, shuffles)],
        )
        words = f"I(δ of {self._last}; δ of layer) after shuffling"
        null = self._labels.labelled(means, words, permutations=self.permutations)
        return {"I_delta_null": null}

    def _of_each(
        self,
        seen: Mapping[str, Mapping[str, Seen]],
        asked: Callable[[PlaneEstimator, list[tuple[Seen, Seen]]], list[Tensor]],
    ) -> dict[tuple[str, str], Tensor]:
        """An answer about every earlier layer and the last, where both were seen."""
        found: dict[tuple[str, str], Tensor] = {}
        for name, some in seen.items():
            before = [layer for layer in some if layer != self._last and self._last in some]
            pairs = [(some[self._last], some[layer]) for layer in before]
            answers = asked(self.estimators[name], pairs) if pairs else []
            found |= {(name, layer): one for layer, one in zip(before, answers, strict=True)}
        return found

    @property
    def _last(self) -> str:
        return list(self.preactivations)[-1]

    @cached_property
    def _labels(self) -> ByLayer:
        layers = list(self.preactivations)
        return ByLayer(self.estimators, layers, self.probe.batches, self.probe.n)

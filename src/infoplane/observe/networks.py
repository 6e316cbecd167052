"""Many networks side by side at one moment: their planes, errors, saturation and scale."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from infoplane.measures.noise.propagation import SamplePropagation
from infoplane.models.stacked import StackedNetworks
from infoplane.observe.stacked_estimators import Asked, Told
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.tap import Tap
from infoplane.record.undisturbed import undisturbed
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.methods import HOLDER, METHODS, Method, methods_json
from infoplane.values.replicates import Replicate
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured
from infoplane.values.units import BIT, PURE

INIT = Replicate.INIT.value
SATURATED = 0.9
"""A tanh unit beyond ±this is saturated."""
MEANINGS = {"I_XT": "I(input; layer)", "I_TY": "I(layer; label)", "S_T": "H(layer)"}
"""Variables of the plane; matrix-based Rényi has its own entropy, pairwise bounds have none."""
PROPAGATED = "propagated"


@final
@dataclass(frozen=True, eq=False)
class Patterns:
    """All inputs, each once and equally likely.

    Attributes:
        x: Inputs, shape (n, d).
        p: Probability of every class at every input, shape (n, k).
        y: The labels that are learned from, shape (n,).
    """

    x: Float[Tensor, "n d"]
    p: Float[Tensor, "n k"]
    y: Int[Tensor, " n"]


@final
@dataclass(frozen=True, eq=False)
class NoisePropagation:
    """I(X;T) of networks that were trained with noise, on some of the patterns.

    Attributes:
        at: The steps.
        nets: The first so many networks.
        patterns: Numbers of the patterns.
        draws: How often each is sent through the network, beside those that are evaluated.
        seed: Of all draws.
    """

    at: frozenset[int]
    nets: int
    patterns: Int[Tensor, " m"]
    draws: int
    seed: int


@final
@dataclass(frozen=True, eq=False)
class StackedPlanes:
    """Looks at all networks in one forward pass.

    Attributes:
        patterns: What they are shown.
        trained_on: Which patterns every network learns from, shape (net, n).
        asked: The estimators.
        clusters: The reading whose entropy is H(Bin(T)), a measure of how clustered units are.
        noise: How networks with noise of their own are measured; None for networks without.
    """

    patterns: Patterns
    trained_on: Bool[Tensor, "net n"]
    asked: Sequence[Asked]
    clusters: str
    noise: NoisePropagation | None = None

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Rows of one moment, along networks, layers and estimators.

        An estimator that is not due has NaN, and so have networks that it is not asked of.
        """
        model, clock = snapshot.model, Stopwatch()
        assert isinstance(model, StackedNetworks)
        names = model.layers
        with clock.timing("forward"), undisturbed(model), Tap(model, names) as seen:
            model(self.patterns.x)
        layers = {name: seen[name].transpose(0, 1) for name in names}
        told = dict(self._told(snapshot, model, layers, clock))
        values = self._planes(told, names, model.nets)
        with clock.timing("loss"):
            values |= self._errors(layers[names[-1]])
            values |= self._scale(layers, model)
            values["clusters_T"] = self._clusters(values["S_T"])
        return Measured(values, clock.seconds)

    def _told(
        self,
        snapshot: Snapshot,
        model: StackedNetworks,
        layers: Mapping[str, Tensor],
        clock: Stopwatch,
    ) -> Iterator[tuple[tuple[str, str], Told]]:
        """Readings by estimator and layer."""
        for one in self.asked:
            if snapshot.step not in one.at:
                continue
            kept = slice(None) if one.patterns is None else one.patterns
            p = self.patterns.p[kept]
            with clock.timing(type(one.estimator).__name__.lower()):
                for layer, units in layers.items():
                    for name, told in one.estimator(units[: one.nets, kept], p).items():
                        yield (name, layer), told
        if self.noise is not None and snapshot.step in self.noise.at:
            with clock.timing(PROPAGATED):
                yield from self._propagated(self.noise, model, snapshot.step)

    def _propagated(
        self, noise: NoisePropagation, model: StackedNetworks, step: int
    ) -> Iterator[tuple[tuple[str, str], Told]]:
        estimate = SamplePropagation(model.noise, seed=noise.seed)
        x, p = self.patterns.x[noise.patterns], self.patterns.p[noise.patterns]
        generator = stream(noise.seed, PROPAGATED, step)
        drawn = model.propagated(x, noise.draws + estimate.evaluated, generator)
        for layer, units in drawn.items():
            if layer == model.layers[-1]:  # the class probabilities have no noise of their own
                continue
            found = [estimate(one, p) for one in units[: noise.nets]]
            told = [np.array([getattr(one, key) for one in found]) for key in found[0]._fields]
            yield (PROPAGATED, layer), Told(told[0], told[1], np.full(len(found), np.nan))

    @cached_property
    def _methods(self) -> dict[str, Method]:
        """Every reading in words, in order."""
        known = {name: one for asked in self.asked for name, one in asked.estimator.methods.items()}
        if self.noise is None:
            return known
        words = (
            "I(X;T) of networks with noise in every hidden unit, the same while they learn and "
            f"while they are measured, by propagating each of {len(self.noise.patterns)} inputs "
            f"{self.noise.draws} times; a lower bound in the mean"
        )
        own = Method(words, ("goldfeld2019estimating",), parameters=f"draws={self.noise.draws}")
        return {**known, PROPAGATED: own}

    @cached_property
    def _ceilings(self) -> str:
        n = len(self.patterns.x)
        tops = {
            name: one.estimator.ceiling(n if one.patterns is None else len(one.patterns))
            for one in self.asked
            for name in one.estimator.methods
        }
        if self.noise is not None:
            tops[PROPAGATED] = float(np.log2(len(self.noise.patterns)))
        return ceilings_json(tops)

    def _planes(
        self, told: Mapping[tuple[str, str], Told], layers: Sequence[str], nets: int
    ) -> dict[str, xr.DataArray]:
        names = list(self._methods)
        numbers = np.full((3, len(names), nets, len(layers)), np.nan)
        for (name, layer), one in told.items():
            place = names.index(name), slice(0, len(one.to_input)), layers.index(layer)
            for kind, values in enumerate(one):
                numbers[(kind, *place)] = values
        found = {}
        for (variable, words), values in zip(MEANINGS.items(), numbers, strict=True):
            attributes: dict[str, Any] = {"long_name": words, "unit": BIT}
            attributes |= {CEILINGS: self._ceilings, "n": len(self.patterns.x)}
            if variable == HOLDER:
                attributes[METHODS] = methods_json(self._methods)
            found[variable] = xr.DataArray(
                values,
                {"estimator": names, "layer": list(layers)},
                ("estimator", INIT, "layer"),
                attrs=attributes,
            )
        return found

    def _clusters(self, entropies: xr.DataArray) -> xr.DataArray:
        words = f"H(Bin(layer)) under {self.clusters}"
        chosen = entropies.sel(estimator=self.clusters, drop=True)
        return chosen.drop_attrs().assign_attrs({"long_name": words, "unit": BIT})

    def _errors(self, probabilities: Float[Tensor, "net n k"]) -> dict[str, xr.DataArray]:
        """Cross-entropy and error of every network on what it learned from, and on the rest."""
        own = one_hot(self.patterns.y, probabilities.shape[2]).bool()
        loss = -probabilities[:, own].double().clamp_min(1e-300).log()
        wrong = (probabilities.argmax(2) != self.patterns.y).double()
        found = {}
        for side, chosen in (("train", self.trained_on), ("test", ~self.trained_on)):
            share = chosen.double() / chosen.sum(1, keepdim=True)
            for name, of, words, unit in (
                ("loss", loss, "cross-entropy", "nat"),
                ("error", wrong, "classification error", PURE),
            ):
                found[f"{name}_{side}"] = xr.DataArray(
                    (of * share).sum(1).numpy(),
                    dims=(INIT,),
                    attrs={"long_name": f"{words}, {side}", "unit": unit},
                )
        return found

    def _scale(
        self, layers: Mapping[str, Tensor], model: StackedNetworks
    ) -> dict[str, xr.DataArray]:
        """How large activations are, and how many tanh units are saturated."""
        norms = torch.stack([one.norm(dim=2).mean(1) for one in layers.values()], 1)
        found = {"norm_T": (norms, "mean norm of the activations")}
        if model.kind == "tanh":
            full = [(one.abs() > SATURATED).double().mean((1, 2)) for one in layers.values()]
            full[-1] = torch.full_like(full[-1], torch.nan)  # class probabilities
            found["saturated_T"] = (
                torch.stack(full, 1),
                f"share of activations beyond ±{SATURATED:g}",
            )
        return {
            name: xr.DataArray(
                values.double().numpy(),
                {"layer": list(layers)},
                (INIT, "layer"),
                attrs={"long_name": words, "unit": PURE},
            )
            for name, (values, words) in found.items()
        }

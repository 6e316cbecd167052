"""Redundancy against synergy of the maps of a layer, and what they share, over training."""

import math
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.gram.matrix import entropy
from infoplane.measures.gram.pairs import (
    NOTHING,
    PairEntropies,
    PairInformation,
    pair_entropies,
    pair_information,
    positions,
)
from infoplane.measures.gram.trio import Two, chosen_pairs, standard_error
from infoplane.numerics.gram import Dense, Gram, gaussian_gram, label_gram
from infoplane.numerics.maps import map_grams, maps_gram
from infoplane.numerics.workers import parallel
from infoplane.observe.estimator import PlaneEstimator
from infoplane.observe.labelled import ByLayer
from infoplane.observe.of_maps import OfMaps
from infoplane.observe.plane import INPUT
from infoplane.observe.probe import Probe
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.values.seeds import orders
from infoplane.values.trace import Measured
from infoplane.values.units import BIT, PURE

BINS = 20
"""Bins of the histogram of the normalised information of pairs, which is between 0 and 1."""
MIDDLES = (np.arange(BINS) + 0.5) / BINS
X, Y = "X", "Y"
"""The two targets: the input and the class."""
_WORDS = {X: "the input", Y: "the class"}
_ABOUT = {
    "trade_off": "redundancy less synergy of pairs of maps about {}, I₁ + I₂ − I₁₂",
    "non_redundant": "weighted non-redundant information of pairs of maps about {}, 2I₁₂ − I₁ − I₂",
    "pairwise": "information of pairs of maps about {}, I₁₂",
    "least": "smaller of the informations of the two maps of a pair about {}, min(I₁, I₂)",
    "joint": "entropy of pairs of maps together with {}",
    "trade_off_error": "standard error of redundancy less synergy about {} over the maps",
    "non_redundant_error": "standard error of non-redundant information about {} over the maps",
}
_OF_MAPS = {
    "T_star": ("normalised total correlation of the maps, T*", PURE),
    "I_star": ("normalised information of pairs of maps, I*", PURE),
    "S_pair": ("entropy of pairs of maps", BIT),
    "constant_maps": ("maps that are the same for all samples", PURE),
}
_SHARES = "I_star_share"
Numbers = dict[str, Tensor]


@final
@dataclass(frozen=True)
class Maps:
    """The trio of pairs of maps about input and class, and the maps' total correlation.

    Means are over all pairs of up to 64 maps, and over as many pairs as these have of more, drawn
    by the seed; ``trade_off_error_X`` and ``non_redundant_error_X`` are the standard errors of that
    choice, as ``trio`` has them, or of other maps of the kind. R, U and S are not identified and
    none of them is measured: ``least_X`` is what one further assumption takes for R.

    Attributes:
        probe: The samples looked at, with their classes.
        layers: All layers of the Trace.
        estimators: All estimators of the Trace; those that take maps as variables are measured.
        at: Steps at which this is measured, which costs two spectra per pair.
        pairs: At most so many pairs, drawn at random; None as above.
        null_steps: Those of them at which the target is shuffled too.
        permutations: Shuffles of the target.
        seed: Seed of the pairs and of the shuffles.

    Source: yu2020understanding; yu2021measuring, eqs. 11 and 16.
    """

    probe: Probe
    layers: tuple[str, ...]
    estimators: Mapping[str, PlaneEstimator]
    at: Container[int]
    pairs: int | None = None
    null_steps: Container[int] = field(default=frozenset())
    permutations: int = 0
    seed: int = 0

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment; a layer that is not finite has no values."""
        if snapshot.step not in self.at:
            return Measured({})
        clock = Stopwatch()
        found: dict[str, dict[tuple[str, str], Tensor]] = defaultdict(dict)

        def reduce(layer: str, output: Tensor) -> None:
            maps = self.probe.samples(layer, output).to(self.probe.x.device).flatten(3)
            if not torch.isfinite(maps).all():
                return
            names = [name for name, one in self._measured.items() if layer in one.maps]
            for name, numbers in self._of_layer(names, layer, maps, snapshot.step).items():
                for key, values in numbers.items():
                    found[key][name, layer] = values

        with clock.timing("maps"):
            _ = self._targets  # once, before threads ask for it
            layers = tuple(dict.fromkeys(m for one in self._measured.values() for m in one.maps))
            self.probe.show(snapshot.model, layers, reduce)
        return Measured(dict(self._labelled(found)), clock.seconds)

    @cached_property
    def _measured(self) -> dict[str, OfMaps]:
        return {name: one for name, one in self.estimators.items() if isinstance(one, OfMaps)}

    @cached_property
    def _targets(self) -> dict[str, list[dict[str, Gram]]]:
        """Input and class of every batch, under every estimator; computed once."""
        found: dict[str, list[dict[str, Gram]]] = {}
        for name, one in self._measured.items():
            images = gaussian_gram(self.probe.x.flatten(2), one.rule(INPUT))[0]
            classes = [label_gram(y) for y in self.probe.y]
            batches = zip(images.kernel, classes, strict=True)
            found[name] = [{X: Dense(kernel), Y: labels} for kernel, labels in batches]
        return found

    def _of_layer(
        self, names: list[str], layer: str, maps: Float[Tensor, "batch n c d"], step: int
    ) -> dict[str, Numbers]:
        """All of a layer by estimator, each number of shape (batch,) or (batch, bin)."""
        count = maps.shape[2]
        most = None if self.pairs is None else min(self.pairs, math.comb(count, 2))
        looked = chosen_pairs(count, most, self.seed)
        tasks = [(name, place) for name in names for place in range(len(maps))]

        def measure(task: tuple[str, int]) -> Numbers:
            name, place = task
            return self._of_batch(name, layer, maps[place], looked, step, place)

        each = dict(zip(tasks, parallel(measure, tasks), strict=True))
        return {
            name: {
                key: torch.stack([each[name, place][key] for place in range(len(maps))])
                for key in each[name, 0]
            }
            for name in names
        }

    def _of_batch(
        self,
        name: str,
        layer: str,
        maps: Float[Tensor, "n c d"],
        looked: list[Two],
        step: int,
        place: int,
    ) -> Numbers:
        estimator = self._measured[name]
        alpha, rule = estimator.inner.alpha, estimator.rule(layer)
        grams, _ = map_grams(maps, rule)
        chosen = positions(looked, maps.device)
        alone = pair_entropies(grams, chosen, alpha)
        whole = entropy(maps_gram(maps, rule)[0], alpha)
        numbers = _shared(alone, whole)
        for key, target in self._targets[name][place].items():
            about = _Asked(grams, alone, target, alpha)
            numbers |= {f"{part}_{key}": one for part, one in about.told(looked).items()}
            if step in self.null_steps and self.permutations > 0:
                shuffles = orders(
                    self.seed, "null of maps", step, place, n=len(maps), count=self.permutations
                ).to(maps.device)
                null = about.after(shuffles)
                numbers |= {f"{part}_{key}_null": one for part, one in null.items()}
        return numbers

    def _labelled(
        self, found: Mapping[str, Mapping[tuple[str, str], Tensor]]
    ) -> Iterator[tuple[str, xr.DataArray]]:
        labels = ByLayer(self.estimators, self.layers, self.probe.batches, self.probe.n)
        for key, numbers in found.items():
            part, _, null = key.partition("_null")
            if key == _SHARES:
                words = "share of the pairs of maps"
                yield key, labels.labelled(numbers, words, PURE, bins=MIDDLES)
            elif key in _OF_MAPS:
                yield key, labels.labelled(numbers, *_OF_MAPS[key])
            elif key.endswith("_null"):
                words = f"{_meaning(part)} after shuffling"
                yield key, labels.labelled(numbers, words, permutations=self.permutations)
            else:
                yield key, labels.labelled(numbers, _meaning(key), BIT)


@final
@dataclass(frozen=True)
class _Asked:
    """A layer's maps before one target."""

    grams: Dense
    alone: PairEntropies
    target: Gram
    alpha: float

    def told(self, looked: list[Two]) -> Numbers:
        """Means over the pairs, and how far they depend on which maps there are."""
        joint = pair_entropies(self.grams, self.alone.pairs, self.alpha, self.target)
        found = pair_information(self.alone, joint, entropy(self.target, self.alpha))
        count = len(self.alone.alone)
        numbers = _means(found) | {"joint": joint.both.mean()}
        numbers["least"] = found.supposing_minimum().redundant.mean()
        for part in ("trade_off", "non_redundant"):
            error, _ = standard_error(getattr(found, part).cpu(), looked, count)
            numbers[f"{part}_error"] = joint.both.new_tensor(torch.nan if error is None else error)
        return numbers

    def after(self, shuffles: Tensor) -> Numbers:
        """The same means, averaged over shuffles of the target."""
        own = entropy(self.target, self.alpha)
        each = []
        for order in shuffles:
            other = self.target.reordered(order)
            joint = pair_entropies(self.grams, self.alone.pairs, self.alpha, other)
            each.append(_means(pair_information(self.alone, joint, own)))
        return {part: torch.stack([one[part] for one in each]).mean() for part in each[0]}


def _means(found: PairInformation) -> Numbers:
    return {
        "trade_off": found.trade_off.mean(),
        "non_redundant": found.non_redundant.mean(),
        "pairwise": found.both.mean(),
    }


def _shared(alone: PairEntropies, whole: Tensor) -> Numbers:
    """What maps share among themselves; NaN where all of them are constant."""
    entropies, normalised = alone.alone, alone.normalised
    known = normalised[~normalised.isnan()]
    places = (known * BINS).floor().clamp(0, BINS - 1).long()  # what is below 0 is in the first
    total = entropies.sum()
    largest = total - entropies.max()
    return {
        "T_star": torch.where(largest > NOTHING, (total - whole) / largest, torch.nan),
        "I_star": known.mean(),
        "S_pair": alone.both.mean(),
        "constant_maps": (entropies <= NOTHING).sum().double(),
        _SHARES: torch.bincount(places, minlength=BINS).double() / len(known),
    }


def _meaning(key: str) -> str:
    """What a variable such as "trade_off_X" is."""
    part, _, target = key.rpartition("_")
    return _ABOUT[part].format(_WORDS[target])

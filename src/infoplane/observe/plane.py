"""The information plane: information between any two recorded variables, with its evidence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.measures import matrix
from infoplane.measures.evidence import ROUNDING
from infoplane.measures.renyi import Renyi
from infoplane.measures.samples import count_not_finite
from infoplane.numerics.gram import Gram, gaussian_gram, label_gram
from infoplane.numerics.workers import parallel
from infoplane.observe.probe import Probe
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.tap import Tap, undisturbed
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import orders
from infoplane.values.trace import Measured
from infoplane.values.units import BIT

INPUT, TARGET = "input", "target"
"""Names of the two variables that the probe itself brings."""

Pair = tuple[str, str]


@final
@dataclass(frozen=True)
class Plane:
    """Measures I(X;T) and I(T;Y) of every layer T, and the information of further pairs.

    X (``source``) and Y (``target``) are any recorded variables: the probe's "input" or "target",
    or a layer by name. The same code therefore serves autoencoders (Y is the reconstruction),
    classifiers (Y is the label, or the prediction), regression, and any cost.

    Attributes:
        probe: The samples looked at.
        layers: The layers T, from input to output.
        target: The variable Y.
        source: The variable X.
        pairs: Further pairs of layers, such as the symmetric pairs of an autoencoder.
        estimators: Readings side by side, by name.
        images: Variables measured with the estimator's ``x_bandwidth`` (inputs, reconstructions).
        null_steps: Steps at which the permutation null is measured too.
        permutations: Shuffles per null.
        seed: Seed of the shuffles.
    """

    probe: Probe
    layers: tuple[str, ...]
    target: str
    estimators: Mapping[str, Renyi]
    source: str = INPUT
    pairs: tuple[Pair, ...] = ()
    images: frozenset[str] = frozenset({INPUT})
    null_steps: frozenset[int] = field(default=frozenset())
    permutations: int = 39
    seed: int = 0

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment.

        Raises:
            InfoplaneError: A layer's activations are not finite, or a layer was never called.
        """
        clock = Stopwatch()
        with clock.timing("forward"):
            samples = self._samples(snapshot)
        readings = [self._reading(name, samples, snapshot.step, clock) for name in self.estimators]
        arrays = {name: np.stack([reading[name] for reading in readings]) for name in readings[0]}
        values = {name: self._labelled(name, array) for name, array in arrays.items()}
        values["norm_T"] = self._norms(samples)
        return Measured(values, clock.seconds)

    @property
    def questions(self) -> dict[str, tuple[Pair, ...]]:
        """Which pairs each variable of the Trace holds, in order."""
        return {
            "I_XT": tuple((self.source, layer) for layer in self.layers),
            "I_TY": tuple((layer, self.target) for layer in self.layers),
            "I_XY": ((self.source, self.target),),
            **({"I_pair": self.pairs} if self.pairs else {}),
        }

    @cached_property
    def _variables(self) -> tuple[str, ...]:
        """Source, target, layers and members of pairs, each once."""
        members = [name for pair in self.pairs for name in pair]
        return tuple(dict.fromkeys((self.source, self.target, *self.layers, *members)))

    @cached_property
    def _constant(self) -> dict[str, dict[str, tuple[Gram, Tensor, Tensor]]]:
        """Gram, entropy and width of what training cannot change, by estimator and variable."""
        fixed = [name for name in self._variables if name in (INPUT, TARGET)]
        own = {INPUT: self.probe.x, TARGET: self.probe.y}
        known: dict[str, dict[str, tuple[Gram, Tensor, Tensor]]] = {}
        for reading, estimator in self.estimators.items():
            known[reading] = {}
            for name in fixed:
                gram, width = self._gram(estimator, name, own[name])
                (entropy,) = matrix.entropies([(gram,)], estimator.alpha)
                known[reading][name] = (gram, entropy, width)
        return known

    def _samples(self, snapshot: Snapshot) -> dict[str, Tensor]:
        """Activations of all layers on the probe, each of shape (batch, n, d)."""
        wanted = [name for name in self._variables if name not in (INPUT, TARGET)]
        flat = self.probe.x.flatten(0, 1)
        with undisturbed(snapshot.model), Tap(snapshot.model, wanted) as seen:
            snapshot.model(flat)
        if silent := [name for name in wanted if name not in seen]:
            raise InfoplaneError(f"Layers {silent} were not called in the forward pass.")
        for name in wanted:
            if broken := count_not_finite(seen[name]):
                raise InfoplaneError(
                    f"Layer {name!r} holds {broken} NaN or infinite activations of "
                    f"{seen[name].numel()} at step {snapshot.step}: training has diverged; "
                    "lower the learning rate, or stop recording before this step."
                )
        return {name: seen[name].unflatten(0, self.probe.x.shape[:2]) for name in wanted}

    def _gram(self, estimator: Renyi, name: str, samples: Tensor) -> tuple[Gram, Tensor]:
        """Gram matrices of a variable and their widths (NaN for class labels), per batch."""
        if samples.ndim == 2 and not samples.is_floating_point():
            return label_gram(samples), torch.full((self.probe.batches,), torch.nan)
        samples = samples.reshape(self.probe.batches, self.probe.n, -1)
        rule = estimator.bandwidth
        if name in self.images and estimator.x_bandwidth is not None:
            rule = estimator.x_bandwidth
        return gaussian_gram(samples, rule)

    def _reading(
        self, reading: str, samples: Mapping[str, Tensor], step: int, clock: Stopwatch
    ) -> dict[str, np.ndarray]:
        """Everything one estimator says of one moment; arrays of shape (batch,) or (batch, …)."""
        estimator, fixed = self.estimators[reading], self._constant[reading]
        moving = tuple(samples)
        with clock.timing("gram"):
            built = parallel(lambda name: self._gram(estimator, name, samples[name]), moving)
        grams = {name: gram for name, (gram, _, _) in fixed.items()}
        grams |= {name: gram for name, (gram, _) in zip(moving, built, strict=True)}
        widths = {name: width for name, (_, _, width) in fixed.items()}
        widths |= {name: width for name, (_, width) in zip(moving, built, strict=True)}

        asked = [pair for pairs in self.questions.values() for pair in pairs]
        with clock.timing("spectrum"):
            groups = [(grams[name],) for name in moving] + [(grams[a], grams[b]) for a, b in asked]
            found = matrix.entropies(groups, estimator.alpha)
        entropies = {name: entropy for name, (_, entropy, _) in fixed.items()}
        entropies |= dict(zip(moving, found, strict=False))
        joints = dict(zip(asked, found[len(moving) :], strict=True))
        marginals = {(a, b): entropies[a] + entropies[b] for a, b in asked}
        information = {pair: marginals[pair] - joints[pair] for pair in asked}

        values = self._answers(information)
        for kind, per_variable in (("S", entropies), ("width", widths)):
            values[f"{kind}_X"] = _array(per_variable[self.source])
            values[f"{kind}_Y"] = _array(per_variable[self.target])
            values[f"{kind}_T"] = _columns([per_variable[layer] for layer in self.layers])
        if step in self.null_steps and self.permutations > 0:
            with clock.timing("null"):
                null = self._null(estimator, grams, marginals, step)
            values |= self._evidence(information, null)
        return values

    def _null(
        self,
        estimator: Renyi,
        grams: Mapping[str, Gram],
        marginals: Mapping[Pair, Tensor],
        step: int,
    ) -> dict[Pair, Tensor]:
        """Information after each shuffle of the second variable, shape (permutations, batch)."""
        drawn = self._orders(step)
        tasks = [(pair, order) for pair in marginals for order in drawn]
        entropies = parallel(
            lambda task: matrix.entropy(
                matrix.joint(grams[task[0][0]], grams[task[0][1]].reordered(task[1])),
                estimator.alpha,
            ),
            tasks,
        )
        per_pair = torch.stack(entropies).reshape(len(marginals), self.permutations, -1)
        return {
            pair: marginals[pair] - joint for pair, joint in zip(marginals, per_pair, strict=True)
        }

    def _orders(self, step: int) -> Tensor:
        """Shuffles of every batch, shape (permutations, batch, n); each step draws its own."""
        batches, n = self.probe.batches, self.probe.n
        drawn = orders(self.seed, "null", step, n=n, count=self.permutations * batches)
        return drawn.reshape(self.permutations, batches, n).to(self.probe.x.device)

    def _evidence(
        self, information: Mapping[Pair, Tensor], null: Mapping[Pair, Tensor]
    ) -> dict[str, np.ndarray]:
        """Mean of the null and p-value of every information."""
        means = {pair: shuffled.mean(0) for pair, shuffled in null.items()}
        reached = {pair: (null[pair] >= information[pair] - ROUNDING).sum(0) for pair in null}
        p_values = {
            pair: (r + 1.0).double() / (self.permutations + 1) for pair, r in reached.items()
        }
        named = {f"{name}_null": array for name, array in self._answers(means).items()}
        return named | {f"{name}_p": array for name, array in self._answers(p_values).items()}

    def _answers(self, per_pair: Mapping[Pair, Tensor]) -> dict[str, np.ndarray]:
        """Numbers per pair, arranged by question."""
        answers = {
            name: _columns([per_pair[pair] for pair in pairs])
            for name, pairs in self.questions.items()
        }
        return answers | {"I_XY": answers["I_XY"][:, 0]}

    def _norms(self, samples: Mapping[str, Tensor]) -> xr.DataArray:
        """Mean Euclidean norm of every layer's activations: scale, to be told from information."""
        norms = [samples[layer].flatten(2).double().norm(dim=-1).mean(-1) for layer in self.layers]
        return xr.DataArray(
            _columns(norms),
            dims=("batch", "layer"),
            coords={"layer": list(self.layers)},
            attrs={"long_name": "mean norm of the activations", "unit": "1"},
        )

    def _labelled(self, name: str, array: np.ndarray) -> xr.DataArray:
        """An array with its dimensions, unit, ceiling and meaning."""
        kind, _, subject = name.removesuffix("_null").removesuffix("_p").partition("_")
        coords: dict[str, Sequence[str]] = {"estimator": list(self.estimators)}
        dims = ["estimator", "batch"]
        if "T" in subject:
            dims.append("layer")
            coords["layer"] = list(self.layers)
        if subject == "pair":
            dims.append("pair")
            coords["pair"] = [f"{a} · {b}" for a, b in self.pairs]
        attributes = {
            "long_name": _meaning(kind, subject, self.source, self.target),
            "unit": _unit(kind, name),
            "n": self.probe.n,
        }
        if kind in ("I", "S"):
            attributes["ceiling"] = matrix.ceiling(self.probe.n)
            attributes["estimators"] = json.dumps(
                {key: repr(estimator) for key, estimator in self.estimators.items()}
            )
        return xr.DataArray(array, dims=dims, coords=coords, attrs=attributes)


def _meaning(kind: str, subject: str, source: str, target: str) -> str:
    words = {"X": source, "Y": target, "T": "layer"}
    if kind == "I" and subject != "pair":
        return f"I({words[subject[0]]}; {words[subject[1]]})"
    if kind == "I":
        return "I(first; second) of the pair"
    return f"{ {'S': 'entropy', 'width': 'kernel width'}[kind] } of {words[subject]}"


def _unit(kind: str, name: str) -> str:
    if name.endswith("_p"):
        return "1"
    return BIT if kind in ("I", "S") else "units of the prepared samples"


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


def _columns(values: Sequence[Tensor]) -> np.ndarray:
    """Per-batch numbers of several variables, shape (batch, variables)."""
    return _array(torch.stack(list(values), dim=-1))

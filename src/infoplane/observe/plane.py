"""The information plane: information between any two recorded variables, with its evidence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.measures import matrix
from infoplane.measures.evidence import permutation_p
from infoplane.measures.samples import count_not_finite
from infoplane.numerics.gram import Gram
from infoplane.numerics.workers import parallel
from infoplane.observe.estimator import PlaneEstimator
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


class Seen(NamedTuple):
    """One variable under one estimator: Gram matrices, entropies and widths, one per batch."""

    gram: Gram
    entropy: Tensor
    width: Tensor


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
        estimators: Estimators side by side, by name.
        null_steps: Steps at which the permutation null is measured too.
        permutations: Shuffles per null.
        seed: Seed of the shuffles.
    """

    probe: Probe
    layers: tuple[str, ...]
    target: str
    estimators: Mapping[str, PlaneEstimator]
    source: str = INPUT
    pairs: tuple[Pair, ...] = ()
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
        measured = [self._measured(name, samples, snapshot.step, clock) for name in self.estimators]
        values = {
            name: self._labelled(name, np.stack([numbers[name] for numbers in measured]))
            for name in measured[0]
        }
        return Measured(values | {"norm_T": self._norms(samples)}, clock.seconds)

    @property
    def questions(self) -> dict[str, tuple[Pair, ...]]:
        """Which pairs each information in the Trace is about, in order."""
        return {
            "I_XT": tuple((self.source, layer) for layer in self.layers),
            "I_TY": tuple((layer, self.target) for layer in self.layers),
            "I_XY": ((self.source, self.target),),
            **({"I_pair": self.pairs} if self.pairs else {}),
        }

    @property
    def asked(self) -> tuple[Pair, ...]:
        """All pairs that a question is about, each once."""
        return tuple(dict.fromkeys(p for pairs in self.questions.values() for p in pairs))

    @cached_property
    def _moving(self) -> tuple[str, ...]:
        """Variables that training changes: everything but what the probe brings."""
        members = [name for pair in self.pairs for name in pair]
        every = dict.fromkeys((self.source, self.target, *self.layers, *members))
        return tuple(name for name in every if name not in (INPUT, TARGET))

    @cached_property
    def _constant(self) -> dict[str, dict[str, Seen]]:
        """What training cannot change, by estimator and variable; computed once."""
        brought = {INPUT: self.probe.x, TARGET: self.probe.y}
        needed = {name: brought[name] for name in (self.source, self.target) if name in brought}
        clock = Stopwatch()
        return {name: self._seen(name, needed, clock) for name in self.estimators}

    def _samples(self, snapshot: Snapshot) -> dict[str, Tensor]:
        """Activations of all layers on the probe, each of shape (batch, n, …)."""
        with undisturbed(snapshot.model), Tap(snapshot.model, self._moving) as seen:
            snapshot.model(self.probe.x.flatten(0, 1))
        if silent := [name for name in self._moving if name not in seen]:
            raise InfoplaneError(f"Layers {silent} were not called in the forward pass.")
        for name in self._moving:
            if broken := count_not_finite(seen[name]):
                raise InfoplaneError(
                    f"Layer {name!r} holds {broken} NaN or infinite activations of "
                    f"{seen[name].numel()} at step {snapshot.step}: training has diverged; "
                    "lower the learning rate, or stop recording before this step."
                )
        return {name: seen[name].unflatten(0, self.probe.x.shape[:2]) for name in self._moving}

    def _seen(
        self, estimator: str, samples: Mapping[str, Tensor], clock: Stopwatch
    ) -> dict[str, Seen]:
        """Gram matrices, entropies and widths of some variables."""
        chosen = self.estimators[estimator]
        with clock.timing("gram"):
            built = parallel(lambda item: chosen.gram(*item), samples.items())
        with clock.timing("spectrum"):
            entropies = matrix.entropies([(gram,) for gram, _ in built], chosen.alpha)
        return {
            name: Seen(gram, entropy, width)
            for name, (gram, width), entropy in zip(samples, built, entropies, strict=True)
        }

    def _measured(
        self, estimator: str, samples: Mapping[str, Tensor], step: int, clock: Stopwatch
    ) -> dict[str, np.ndarray]:
        """Everything one estimator says of one moment; arrays of shape (batch,) or (batch, …)."""
        seen = self._constant[estimator] | self._seen(estimator, samples, clock)
        alpha = self.estimators[estimator].alpha
        with clock.timing("spectrum"):
            joints = matrix.entropies([(seen[a].gram, seen[b].gram) for a, b in self.asked], alpha)
        marginals = {(a, b): seen[a].entropy + seen[b].entropy for a, b in self.asked}
        information = {
            pair: marginals[pair] - joint for pair, joint in zip(self.asked, joints, strict=True)
        }
        values = self._answers(information)
        for role, name in (("X", self.source), ("Y", self.target)):
            values[f"S_{role}"] = _array(seen[name].entropy)
            values[f"width_{role}"] = _array(seen[name].width)
        values["S_T"] = _columns([seen[layer].entropy for layer in self.layers])
        values["width_T"] = _columns([seen[layer].width for layer in self.layers])
        if step in self.null_steps and self.permutations > 0:
            with clock.timing("null"):
                null = self._null(seen, marginals, alpha, step)
            values |= self._evidence(information, null)
        return values

    def _null(
        self, seen: Mapping[str, Seen], marginals: Mapping[Pair, Tensor], alpha: float, step: int
    ) -> dict[Pair, Tensor]:
        """Information after each shuffle of the second variable, shape (permutations, batch)."""
        drawn = self._orders(step)
        tasks = [(a, b, order) for a, b in marginals for order in drawn]

        def joint_entropy(task: tuple[str, str, Tensor]) -> Tensor:
            a, b, order = task
            return matrix.entropy(matrix.joint(seen[a].gram, seen[b].gram.reordered(order)), alpha)

        joints = torch.stack(parallel(joint_entropy, tasks))
        per_pair = joints.reshape(len(marginals), self.permutations, -1)
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
        """Mean of the null, and p-value, of every information."""
        means = {pair: shuffled.mean(0) for pair, shuffled in null.items()}
        p_values = {pair: permutation_p(information[pair], null[pair]) for pair in null}
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
        over = {"T": "layer", "pair": "pair"}
        meaning, subject, unit = self._meanings[name]
        coords: dict[str, Sequence[str]] = {
            "estimator": list(self.estimators),
            "layer": list(self.layers),
            "pair": [f"{a} · {b}" for a, b in self.pairs],
        }
        dims = ["estimator", "batch", *(dim for key, dim in over.items() if key in subject)]
        attributes = {"long_name": meaning, "unit": unit, "n": self.probe.n}
        if unit == BIT:
            described = {key: repr(estimator) for key, estimator in self.estimators.items()}
            attributes["ceiling"] = matrix.ceiling(self.probe.n)
            attributes["estimators"] = json.dumps(described, ensure_ascii=False)
        used = {dim: coords[dim] for dim in dims if dim in coords}
        return xr.DataArray(array, dims=dims, coords=used, attrs=attributes)

    @cached_property
    def _meanings(self) -> dict[str, tuple[str, str, str]]:
        """What every variable of the Trace is: words, subject and unit."""
        names = {"X": self.source, "Y": self.target, "T": "layer"}
        meanings = {
            f"I_{a}{b}": (f"I({names[a]}; {names[b]})", a + b, BIT) for a, b in ("XT", "TY", "XY")
        }
        meanings["I_pair"] = ("I(first; second)", "pair", BIT)
        for question, (words, subject, _) in tuple(meanings.items()):
            meanings[f"{question}_null"] = (f"{words} after shuffling", subject, BIT)
            meanings[f"{question}_p"] = (f"permutation p-value of {words}", subject, "1")
        for role, variable in names.items():
            meanings[f"S_{role}"] = (f"S({variable})", role, BIT)
            meanings[f"width_{role}"] = (f"kernel width σ of {variable}", role, "prepared samples")
        return meanings


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


def _columns(values: Sequence[Tensor]) -> np.ndarray:
    """Per-batch numbers of several variables, shape (batch, variables)."""
    return _array(torch.stack(list(values), dim=-1))

"""The information plane of one moment: every layer against input, target and partners."""

import warnings
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.measures.evidence.null import permutation_p
from infoplane.measures.samples import count_not_finite
from infoplane.numerics.kernels import row_norms
from infoplane.numerics.workers import parallel
from infoplane.observe.estimator import PlaneEstimator, Seen
from infoplane.observe.probe import Probe
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.methods import HOLDER, METHODS, methods_json
from infoplane.values.seeds import orders
from infoplane.values.trace import Measured
from infoplane.values.units import BIT

INPUT, TARGET = "input", "target"
"""Names of the two variables that the probe itself brings."""
AT_ONCE = 1 << 24
"""Bytes of activations that may wait, so that several layers are worked on at once; beyond them
each layer is reduced to what the estimators keep of it before the network goes on."""

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
    null_steps: Container[int] = field(default=frozenset())
    permutations: int = 39
    seed: int = 0

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Measures one moment.

        A layer whose activations are not all finite has no values at this moment: everything
        about it is NaN, and all else is measured.

        Raises:
            InfoplaneError: A layer was never called, or an estimator failed.

        Warns:
            InfoplaneWarning: A layer's activations are not finite for the first time.
        """
        measured, broken = self.look(snapshot)
        self._alarm(broken)
        return measured

    def look(self, snapshot: Snapshot) -> tuple[Measured, dict[str, str]]:
        """Measures one moment and warns of nothing.

        Returns:
            What was measured, and by layer what is not finite about it, in words.

        Raises:
            InfoplaneError: A layer was never called, or an estimator failed.
        """
        clock = Stopwatch()
        arriving = _Arriving(self, snapshot.step, clock)
        with clock.timing("forward"):
            self.probe.show(snapshot.model, self._moving, arriving)
        arriving.reduce()
        if silent := [name for name in self._moving if name not in arriving.norms]:
            raise InfoplaneError(f"Layers {silent} were not called in the forward pass.")
        measured = [
            self._answered(name, arriving.kept[name], snapshot.step, clock)
            for name in self.estimators
        ]
        values = {
            name: self._labelled(name, np.stack([numbers[name] for numbers in measured]))
            for name in measured[0]
        }
        # the network's time is what remains when the work done in between is taken off
        clock.seconds["forward"] -= arriving.meanwhile
        values |= {"norm_T": self._norms(arriving.norms)}
        return Measured(values, clock.seconds), arriving.broken

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
        needed = [name for name in dict.fromkeys((self.source, self.target)) if name in brought]
        return {
            key: estimator.seen({name: estimator.keep(name, brought[name]) for name in needed})
            for key, estimator in self.estimators.items()
        }

    @cached_property
    def _alarm(self) -> "Alarm":
        return Alarm()

    def _answered(
        self, name: str, kept: Mapping[str, tuple[Any, Tensor]], step: int, clock: Stopwatch
    ) -> dict[str, np.ndarray]:
        """Everything one estimator says, or that it failed, and when."""
        try:
            return self._measured(name, kept, step, clock)
        except InfoplaneError as problem:
            raise InfoplaneError(f"Estimator {name!r} at step {step}: {problem}") from problem

    def _measured(
        self, name: str, kept: Mapping[str, tuple[Any, Tensor]], step: int, clock: Stopwatch
    ) -> dict[str, np.ndarray]:
        """Everything one estimator says of one moment; arrays of shape (batch,) or (batch, …).

        What was not kept, because it is not finite, is NaN.
        """
        estimator = self.estimators[name]
        with clock.timing("spectrum"):
            seen = self._constant[name] | estimator.seen(kept)
            asked = [pair for pair in self.asked if seen.keys() >= set(pair)]
            pairs = [(seen[a], seen[b]) for a, b in asked]
            found = estimator.informations(pairs) if pairs else []
            information = dict(zip(asked, found, strict=True))
        values = self._answers(information)
        entropies = {variable: one.entropy for variable, one in seen.items()}
        widths = {variable: one.width for variable, one in seen.items()}
        for role, variable in (("X", self.source), ("Y", self.target)):
            values[f"S_{role}"] = _array(entropies.get(variable, self._nothing))
            values[f"width_{role}"] = _array(widths.get(variable, self._nothing))
        values["S_T"] = self._columns(entropies, self.layers)
        values["width_T"] = self._columns(widths, self.layers)
        if step in self.null_steps and self.permutations > 0:
            with clock.timing("null"):
                shuffled = estimator.shuffled(pairs, self._orders(step)) if pairs else []
            values |= self._evidence(information, dict(zip(asked, shuffled, strict=True)))
        return values

    @property
    def _nothing(self) -> Tensor:
        """What stands where nothing was measured, shape (batch,)."""
        return torch.full((self.probe.batches,), torch.nan, dtype=torch.float64)

    def _columns(self, known: Mapping[Any, Tensor], wanted: Sequence[Any]) -> np.ndarray:
        """Per-batch numbers of several variables or pairs, shape (batch, wanted)."""
        nothing = self._nothing
        for one in known.values():  # all of them lie on one device
            nothing = nothing.to(one.device)
            break
        return _array(torch.stack([known.get(one, nothing) for one in wanted], dim=-1))

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
        p_values = {
            pair: permutation_p(information[pair], shuffled).where(
                ~(information[pair] + means[pair]).isnan(), torch.nan
            )
            for pair, shuffled in null.items()
        }
        named = {f"{name}_null": array for name, array in self._answers(means).items()}
        return named | {f"{name}_p": array for name, array in self._answers(p_values).items()}

    def _answers(self, per_pair: Mapping[Pair, Tensor]) -> dict[str, np.ndarray]:
        """Numbers per pair, arranged by question."""
        answers = {name: self._columns(per_pair, pairs) for name, pairs in self.questions.items()}
        return answers | {"I_XY": answers["I_XY"][:, 0]}

    def _norms(self, norms: Mapping[str, Tensor]) -> xr.DataArray:
        """Mean Euclidean norm of every layer's activations: scale, to be told from information."""
        return xr.DataArray(
            self._columns(norms, self.layers),
            dims=("batch", "layer"),
            coords={"layer": list(self.layers)},
            attrs={"long_name": "mean norm of the activations", "unit": "1"},
        )

    def _labelled(self, name: str, array: np.ndarray) -> xr.DataArray:
        """An array with its dimensions, unit, ceilings and meaning."""
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
            attributes[CEILINGS] = self._ceilings
        if name == HOLDER:
            attributes[METHODS] = self._methods
        if name.endswith(("_null", "_p")):
            attributes["permutations"] = self.permutations
        used = {dim: coords[dim] for dim in dims if dim in coords}
        return xr.DataArray(array, dims=dims, coords=used, attrs=attributes)

    @cached_property
    def _methods(self) -> str:
        """What every estimator is, as JSON."""
        return methods_json({name: one.method for name, one in self.estimators.items()})

    @cached_property
    def _ceilings(self) -> str:
        """The most that every estimator can say of one batch, as JSON."""
        n = self.probe.n
        return ceilings_json({name: one.ceiling(n) for name, one in self.estimators.items()})

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
            meanings[f"width_{role}"] = (f"kernel width σ of {variable}", role, "scaled samples")
        return meanings


@final
class Alarm:
    """Warns of every layer once."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def __call__(self, broken: Mapping[str, str]) -> None:
        """Warns of layers that are broken for the first time; words by layer."""
        for layer, words in broken.items():
            if layer not in self._warned:
                self._warned.add(layer)
                warnings.warn(
                    f"Layer {layer!r} is not measured where it is not finite: {words}. Training "
                    "has diverged there: lower the learning rate, or look for the overflow.",
                    InfoplaneWarning,
                    stacklevel=4,
                )


@final
class _Arriving:
    """Takes layers' outputs as the network makes them, and keeps what the estimators need.

    Attributes:
        kept: By estimator and layer.
        norms: Mean norm of each layer, shape (batch,); NaN if the layer is not finite.
        broken: What is not finite about layers of which nothing was kept, in words.
        meanwhile: Seconds spent here while the network waited.
    """

    def __init__(self, plane: Plane, step: int, clock: Stopwatch) -> None:
        self.kept: dict[str, dict[str, tuple[Any, Tensor]]] = {
            name: {} for name in plane.estimators
        }
        self.norms: dict[str, Tensor] = {}
        self.broken: dict[str, str] = {}
        self.meanwhile = 0.0
        self._plane, self._step, self._clock = plane, step, clock
        self._waiting: dict[str, Tensor] = {}

    def __call__(self, name: str, output: Tensor) -> None:
        """Takes one output, and works at once if too much is waiting."""
        if name not in self._plane._moving:
            return
        begun = self._clock.seconds.get("gram", 0.0)
        samples = self._plane.probe.samples(name, output).to(self._plane.probe.x.device)
        numbers = samples.flatten(2) if samples.ndim > 2 else samples[..., None]
        norms = row_norms(numbers)
        self.norms[name] = norms.mean(-1)
        # norms are cheaper to ask than every activation
        if not torch.isfinite(norms).all() and (count := count_not_finite(samples)):
            self.norms[name] = torch.full_like(self.norms[name], torch.nan)
            self.broken[name] = (
                f"{count} of {samples.numel()} activations are NaN or infinite at step {self._step}"
            )
            return
        self._waiting[name] = samples
        if sum(waiting.nbytes for waiting in self._waiting.values()) > AT_ONCE:
            self.reduce()
        else:  # a copy, because a later in-place activation would change it
            self._waiting[name] = samples.clone()
        self.meanwhile += self._clock.seconds.get("gram", 0.0) - begun

    def reduce(self) -> None:
        """Every waiting layer under every estimator, side by side."""
        tasks = [(key, name) for name in self._waiting for key in self._plane.estimators]

        def keep(task: tuple[str, str]) -> tuple[Any, Tensor]:
            key, name = task
            return self._plane.estimators[key].keep(name, self._waiting[name])

        with self._clock.timing("gram"):
            for (key, name), kept in zip(tasks, parallel(keep, tasks), strict=True):
                self.kept[key][name] = kept
        self._waiting.clear()


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()

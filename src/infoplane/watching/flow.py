"""The information flow of one network, looked at moment by moment."""

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, final

import torch
import xarray as xr
from torch import nn

from infoplane.experiments.catalogue import WATCH
from infoplane.experiments.watched import Watched
from infoplane.observe.plane import INPUT, TARGET, Plane
from infoplane.observe.probe import Forward, called
from infoplane.observe.side_by_side import SideBySide
from infoplane.observe.tokens import Tokens
from infoplane.presentation import write
from infoplane.record.layers import Layers, bare, leaves
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import device_of, same_draws
from infoplane.store.manifest import machine, versions
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.trace import Measured, Row, Trace, trace_of
from infoplane.watching.estimators import ESTIMATORS, Estimators, by_name
from infoplane.watching.folder import WatchFolder
from infoplane.watching.probes import Showing, inputs_of, left_out, named_probes, probe_of
from infoplane.watching.survey import survey

FEW = 30
"""Fewer samples a batch are told of."""

Listener = Callable[[Row], None]
"""Is told of every row the moment it is measured."""


class Options(TypedDict, total=False):
    """What a ``Flow`` can be given beyond model, probe and layers."""

    target: str
    source: str
    batches: int
    estimators: Estimators
    permutations: int
    tokens: Tokens | Literal["all", "each", "mean"] | int | None
    forward: Forward
    autocast: torch.dtype | None
    seed: int
    folder: str | Path | None
    listeners: Sequence[Listener] | Listener
    title: str
    settings: Mapping[str, Any]


@final
class Flow:
    """What each layer of a network shares with input and target, at every moment it is looked at.

    Args:
        model: Any ``nn.Module``; it is looked at in evaluation mode, and left as it was.
        probe: Held-out inputs as the model takes them, samples along the first axis, and their
            targets: integer labels (n,), numbers (n, …), or None. Or several such pairs by name,
            {"train": …, "test": …}, of equally many samples; the last one is taken as held out.
            The model takes a tensor, a tuple of them (its arguments) or a mapping (its keyword
            arguments).
        layers: A pattern of submodule names in which ``*`` stays within one level ("encoder.*"),
            names in order, a predicate of name and module, or, by default, every leaf that
            matters: no containers, no dropout, no reshaping.
        target: The variable Y: "target", "input", or the name of a layer such as the last.
        source: The variable X: "input", the key of one of several inputs, or a layer's name.
        batches: Equal parts of the probe, whose spread is the standard error.
        estimators: Estimators side by side by name, or one alone: a ``Renyi``, or anything that
            is called as ``(x, y)`` and gives an ``Estimate``.
        permutations: Shuffles per moment for a null; 0 for none, 39 resolve p = 0.025.
        tokens: What a sample is in activations of shape (n, t, d): "all", "each", "mean", a
            position, or a ``Tokens``.
        forward: How the model is called with the probe's inputs.
        autocast: Precision of the pass, such as ``torch.bfloat16``; None for the model's own.
        seed: Seed of your training, by which several trainings are told apart; the shuffles are
            drawn from it.
        folder: Where every moment is kept as soon as it is measured; None keeps them in memory.
        start: Updates made before; moments that ``folder`` holds up to it are kept.
        listeners: Are told of every row, one or several; one that fails is left out from then on.
        title: Of the report; the model's class if empty.
        settings: What else the record should say of your training, such as {"lr": 1e-3}.

    Raises:
        InfoplaneError: No layer can be measured, a named one cannot, or the probe does not fit.

    Warns:
        InfoplaneWarning: A pattern or predicate means layers that cannot be measured; which and
            why is in ``skipped``, too.

    Attributes:
        layers: What is measured, in the network's order.
        skipped: Why other layers that were meant are not, by name.
    """

    def __init__(
        self,
        model: nn.Module,
        probe: object,
        layers: Layers = leaves,
        *,
        target: str = TARGET,
        source: str = INPUT,
        batches: int = 5,
        estimators: Estimators = ESTIMATORS,
        permutations: int = 0,
        tokens: Tokens | Literal["all", "each", "mean"] | int | None = None,
        forward: Forward = called,
        autocast: torch.dtype | None = None,
        seed: int = 0,
        folder: str | Path | None = None,
        start: int = 0,
        listeners: Sequence[Listener] | Listener = (),
        title: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if permutations < 0:
            raise InfoplaneError(f"permutations={permutations}: 0 for no null, 39 for p = 0.025.")
        if start < 0:
            raise InfoplaneError(f"start={start}: so many updates were made before; 0 for none.")
        if not (autocast is None or isinstance(autocast, torch.dtype)):
            raise InfoplaneError(f"autocast={autocast!r}: give a torch.dtype, torch.bfloat16.")
        if not isinstance(model, nn.Module):
            raise InfoplaneError(f"An nn.Module is watched; got a {type(model).__name__}.")
        chosen = tokens if tokens is None or isinstance(tokens, Tokens) else Tokens(tokens)
        how = Showing(batches, source, target, forward, chosen, autocast)
        pairs = named_probes(probe)
        self._model = bare(model)
        probes = {name: probe_of(self._model, pair, how) for name, pair in pairs.items()}
        first = next(iter(pairs))
        x = INPUT if source in inputs_of(pairs[first]) else source
        partners = [name for name in (x, target) if name not in (INPUT, TARGET)]
        found = survey(self._model, probes[first], layers, partners)
        self.layers, self.skipped = found.layers, dict(found.skipped)
        if words := self._skipped_words:
            warnings.warn(words, InfoplaneWarning, stacklevel=3)
        self._null_steps: set[int] = set()
        seen = by_name(estimators, x)
        planes = {
            name: Plane(
                probe=one,
                layers=self.layers,
                target=target,
                source=x,
                estimators=seen,
                null_steps=self._null_steps,
                permutations=permutations,
                seed=seed,
            )
            for name, one in probes.items()
        }
        self._plane = SideBySide(planes) if len(planes) > 1 else planes[first]
        self._notes = [self._skipped_words] if self._skipped_words else []
        self._notes += _left_out_words(pairs, batches)
        if probes[first].n < FEW:
            self._notes.append(
                f"Batches of {probes[first].n} samples are few: no value can exceed "
                f"{math.log2(probes[first].n):.1f} bit, and independent samples reach much of "
                "that. Give more samples, or fewer batches."
            )
        self._seed, self._title = seed, title
        self._settings = {
            "layers": ", ".join(self.layers),
            "X": source,
            "Y": target,
            "probe": f"{batches} × {probes[first].n}",
            "probe digest": {name or "probe": one.digest for name, one in probes.items()},
            "estimators": {name: one.words for name, one in seen.items()},
            "permutations": permutations,
            "tokens": str(chosen),
            "autocast": str(autocast),
            "seed": seed,
            **(settings or {}),
        }
        self._listeners = [listeners] if callable(listeners) else list(listeners)
        self._rows: list[Row] = []
        self._unkept: list[Row] = []
        self._folder: WatchFolder | None = None
        if folder is not None:
            self._folder = WatchFolder(Path(folder), start, self._attributes)
            self._rows += self._folder.kept

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps at which it was looked at so far."""
        return tuple(row.step for row in self._rows)

    def look(
        self, step: int, *, epoch: float = math.nan, loss: float | None = None, null: bool = True
    ) -> Row:
        """Measures this moment; the network comes out as it went in.

        Args:
            step: Updates made so far; larger than at the last look.
            epoch: The same in passes over the training data, if known.
            loss: Of the update's batch, if it is to be shown.
            null: Whether the null is measured, too, if there are permutations.

        Raises:
            InfoplaneError: The step is not later than the last.
        """
        if self._rows and step <= self._rows[-1].step:
            raise InfoplaneError(
                f"Step {step} was to be looked at after step {self._rows[-1].step}; steps must "
                "increase."
            )
        if null:
            self._null_steps.add(step)
        device = device_of(self._model)
        # estimators and listeners may draw, too, and count in full precision
        with same_draws(device), torch.autocast(device.type, enabled=False):
            parts = [self._plane(Snapshot(step, epoch, self._model, loss))]
            told = math.nan if loss is None else float(loss)
            attributes = {"long_name": "loss of the last batch", "unit": "1"}
            parts.append(Measured({"loss": xr.DataArray(told, attrs=attributes)}))
            row = Row.at(step, epoch, parts)
            self._rows.append(row)
            self._keep(row)
            self._tell(row)
        return row

    def _keep(self, row: Row) -> None:
        """Writes a row; if the disk refuses, it is tried again with the next one."""
        if self._folder is None:
            return
        self._unkept.append(row)
        try:
            while self._unkept:
                self._folder.append(self._unkept[0])
                self._unkept.pop(0)
        except InfoplaneError as problem:
            warnings.warn(f"{problem} Until then it is in memory.", InfoplaneWarning, stacklevel=4)

    def _tell(self, row: Row) -> None:
        """Tells the listeners; what goes wrong in one must not end a training."""
        for listener in list(self._listeners):
            try:
                listener(row)
            except Exception as problem:  # noqa: BLE001 — the one border to code of others
                self._listeners.remove(listener)
                said = f"{type(problem).__name__}: {problem}"
                warnings.warn(
                    f"Listener {listener!r} failed at step {row.step} ({said}) and is left out.",
                    InfoplaneWarning,
                    stacklevel=4,
                )

    @property
    def trace(self) -> Trace:
        """What has been measured so far.

        Raises:
            InfoplaneError: Nothing.
        """
        if not self._rows:
            raise InfoplaneError(
                "Nothing was looked at yet: use `with ip.watch(…) as w:`, or call look(step)."
            )
        return trace_of(self._rows, self._attributes)

    def report(self, path: str | Path) -> Path:
        """Writes a self-contained HTML report and returns its path."""
        return write(self.trace, Watched, Path(path), machine={**machine(), **versions()})

    def finish(self, *, stopped: bool = False) -> None:
        """Completes the folder, if there is one: Trace and findings beside the journal.

        Args:
            stopped: Whether training ended by an error.
        """
        if self._folder is not None and self._rows:
            for row in self._unkept:
                self._folder.append(row)
            trace = self.trace
            self._folder.complete(trace, Watched.findings([trace]), stopped=stopped)
            self._folder = None

    @property
    def _attributes(self) -> dict[str, Any]:
        kind = type(self._model).__name__
        return {
            "experiment": WATCH,
            "title": self._title or f"Information flow in {kind}",
            "description": kind,
            "notes": json.dumps(self._notes, ensure_ascii=False),
            "settings": json.dumps(self._settings, ensure_ascii=False, sort_keys=True),
            "seed": self._seed,
        }

    @property
    def _skipped_words(self) -> str:
        """What is not measured, and why; of an output of which another part is, no word."""
        measured = {name.split("[")[0] for name in self.layers}
        told = {name: why for name, why in self.skipped.items() if _module(name) not in measured}
        said = "; ".join(f"{name!r} {reason}" for name, reason in told.items())
        return f"Not measured: {said}." if said else ""


def _module(name: str) -> str:
    """Whose output a part such as "lstm[1][0]" is of; a whole layer is nobody's part."""
    return name.split("[")[0] if name.endswith("]") else ""


def _left_out_words(pairs: Mapping[str, Any], batches: int) -> list[str]:
    counts = {name: left_out(pair, batches) for name, pair in pairs.items()}
    return [
        f"{count} samples of the {name + ' ' if name else ''}probe do not fill {batches} batches "
        "and are left out."
        for name, count in counts.items()
        if count
    ]

"""Three lines around your own training loop."""

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import final

import torch
import xarray as xr
from torch import Tensor, nn

from infoplane.experiments import panels as shared
from infoplane.measures.renyi import Renyi
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.observe.estimator import PlaneEstimator
from infoplane.observe.plane import INPUT, TARGET, Plane
from infoplane.observe.probe import Probe
from infoplane.record.schedule import LogSpaced, Schedule
from infoplane.record.snapshot import Snapshot
from infoplane.report.page import page
from infoplane.store.files import write_whole
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Measured, Row, Trace, trace_of

ESTIMATORS: Mapping[str, PlaneEstimator] = {
    "tapia": PlaneEstimator(1.01, Tapia(), {INPUT: Tapia(standardise="whole")}),
    "silverman": PlaneEstimator(1.01, Silverman()),
}
"""The scale-invariant width beside the one that most papers used."""
LONGEST = 1_000_000
"""Updates over which a schedule is spread if nobody says how many there will be."""


@final
class watch:  # noqa: N801 — used as a verb: with ip.watch(model, …) as w
    """Watches a network while your own loop trains it; training is not touched.

    ::

        with ip.watch(model, probe=(x, y), layers="encoder.*") as w:
            for batch in loader:
                ...
                optimizer.step()
                w.step(loss=loss.item())
        w.report("flow.html")

    Args:
        model: Any ``nn.Module``; it is probed in evaluation mode, and left as it was.
        probe: Held-out inputs (n, …), and their targets: integer labels (n,), or numbers (n, …);
            None as target needs ``target`` to name a layer.
        layers: Pattern of submodule names, in which ``*`` stays within one level ("encoder.*"),
            or a list of names in order.
        every: When to look.
        updates: How many there will be, if known: the schedule is then spread over exactly these.
        target: The variable Y: "target", or the name of a layer such as the last.
        batches: Equal parts of the probe, whose spread is the standard error; what does not fill
            them is left out, and the report says so.
        estimators: Estimators side by side, by name, such as {"mine": ip.Renyi(alpha=2)}.
        permutations: Shuffles per moment for a null; 0 for none, 39 resolve p = 0.025.
        seed: Seed of the shuffles.

    Raises:
        InfoplaneError: No layer matches, or the probe is no pair, or too small.
    """

    def __init__(
        self,
        model: nn.Module,
        probe: tuple[Tensor, Tensor | None],
        layers: str | Sequence[str],
        *,
        every: Schedule | None = None,
        updates: int | None = None,
        target: str = TARGET,
        batches: int = 5,
        estimators: Mapping[str, Renyi | PlaneEstimator] = ESTIMATORS,
        permutations: int = 0,
        seed: int = 0,
    ) -> None:
        schedule = LogSpaced(40) if every is None else every
        if updates is None and not isinstance(schedule, LogSpaced):
            raise InfoplaneError(
                f"{schedule} spreads its moments over a number of updates: give updates=…"
            )
        _require_model_and_pair(model, probe)
        self._model = model
        self._left_out = len(probe[0]) % max(batches, 1)
        self._due = frozenset(schedule.steps(LONGEST if updates is None else updates))
        self._plane = Plane(
            probe=_split(probe, batches, target, _device(model)),
            layers=_matching(model, layers),
            target=target,
            estimators={name: _seen_by(one) for name, one in estimators.items()},
            null_steps=self._due,
            permutations=permutations,
            seed=seed,
        )
        self._rows: list[Row] = []
        self._step = 0
        self._loss: float | None = None

    def __enter__(self) -> "watch":
        self._measure()
        return self

    def step(self, loss: float | None = None) -> None:
        """To be called after every update; measures when it is time.

        Args:
            loss: Loss of the update's batch, if you like to see it in the report.
        """
        self._step += 1
        self._loss = loss
        if self._step in self._due:
            self._measure()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None and self._rows[-1].step != self._step:
            self._measure()

    @property
    def trace(self) -> Trace:
        """What has been measured so far."""
        description = f"{type(self._model).__name__}, watched for {self._step} updates"
        return trace_of(self._rows, {"experiment": "watch", "description": description})

    def report(self, path: str | Path) -> Path:
        """Writes a self-contained HTML report and returns its path."""
        trace, names = self.trace, list(self._plane.estimators)
        text = page(
            title=f"Information flow in {type(self._model).__name__}",
            summary=self._summary(trace),
            panels=[
                *(shared.plane(trace, name) for name in names),
                *(
                    shared.curves(trace, variable, name, caption)
                    for variable, caption in _CAPTIONS.items()
                    for name in names
                ),
                *(
                    shared.companions(trace, name, title, caption, {name: ""})
                    for name, (title, caption) in _COMPANIONS.items()
                    if name in trace
                ),
            ],
            findings=[],
            settings={name: repr(estimator) for name, estimator in self._plane.estimators.items()},
            machine={"torch": torch.__version__},
        )
        write_whole(Path(path), text.encode())
        return Path(path)

    def _summary(self, trace: Trace) -> list[str]:
        """What was watched, on what, and what speaks for the numbers."""
        probe, layers = self._plane.probe, ", ".join(self._plane.layers)
        left_out = f" ({self._left_out} left out)" if self._left_out else ""
        return [
            f"{trace.attrs['description']}: {layers}.",
            f"Probe of {probe.batches} batches of {probe.n} samples{left_out}; errors are over "
            f"the batches, and no value can exceed log₂ n = {math.log2(probe.n):.2f} bit.",
            "Dashed is the null, the same after shuffling."
            if "I_XT_null" in trace
            else "No null was measured, so nothing here says how much of a value independent "
            "samples would show, too: pass permutations=39.",
        ]

    def _measure(self) -> None:
        parts = [self._plane(Snapshot(self._step, math.nan, self._model, self._loss))]
        if self._loss is not None:
            attributes = {"long_name": "loss of the last batch", "unit": "1"}
            parts.append(Measured({"loss": xr.DataArray(self._loss, attrs=attributes)}))
        self._rows.append(Row.at(self._step, math.nan, parts))


_COMPANIONS = {
    "norm_T": ("Mean norm of the activations", "Scale, not information."),
    "loss": ("Loss", "Of the batch of the last update, as it was told."),
}
_CAPTIONS = {
    "I_XT": "What each layer keeps of the input.",
    "I_TY": "What each layer shares with the target.",
    "S_T": "Entropy of each layer: at the ceiling, informations are entropies.",
}


def _matching(model: nn.Module, layers: str | Sequence[str]) -> tuple[str, ...]:
    """Names of the submodules that a pattern means, in the model's order."""
    if not isinstance(layers, str):
        return tuple(layers)
    known = [name for name, _ in model.named_modules() if name]
    matching = tuple(name for name in known if _matches(name, layers))
    if not matching:
        raise InfoplaneError(f"No layer matches {layers!r}; the model has: {', '.join(known)}.")
    return matching


def _matches(name: str, pattern: str) -> bool:
    """Level by level, so that "encoder.*" means the stages and not what is inside them."""
    parts, patterns = name.split("."), pattern.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _split(
    probe: tuple[Tensor, Tensor | None], batches: int, target: str, device: torch.device
) -> Probe:
    """The probe in equal batches, on the model's device."""
    x, y = probe
    if y is None and target == TARGET:
        raise InfoplaneError(
            "The probe has no targets; give probe=(x, y), or name a layer as target."
        )
    if batches < 1 or len(x) // batches < 2:
        raise InfoplaneError(
            f"A probe of {len(x)} samples cannot be split into {batches} batches of at least "
            "two; give more samples, or set batches."
        )
    shape = (batches, len(x) // batches)
    whole = math.prod(shape)
    targets = torch.zeros(len(x), dtype=torch.long) if y is None else y
    return Probe(x[:whole].unflatten(0, shape), targets[:whole].unflatten(0, shape)).to(device)


def _require_model_and_pair(model: object, probe: object) -> None:
    """Refuses what is no network, and what is no pair of paired tensors."""
    if not isinstance(model, nn.Module):
        raise InfoplaneError(f"watch needs an nn.Module, got a {type(model).__name__}.")
    if not (isinstance(probe, tuple) and len(probe) == 2 and isinstance(probe[0], Tensor)):
        raise InfoplaneError("The probe is a pair of tensors: probe=(inputs, targets).")
    x, y = probe
    if y is not None and not (isinstance(y, Tensor) and len(y) == len(x)):
        shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise InfoplaneError(
            f"The probe has {len(x)} inputs, and targets of shape {shape}; one for each is needed."
        )


def _seen_by(estimator: Renyi | PlaneEstimator) -> PlaneEstimator:
    """A Rényi estimator with its rule for x taken as that of the network's input."""
    if isinstance(estimator, PlaneEstimator):
        return estimator
    own = {} if estimator.x_bandwidth is None else {INPUT: estimator.x_bandwidth}
    return PlaneEstimator(estimator.alpha, estimator.bandwidth, own)


def _device(model: nn.Module) -> torch.device:
    return next((weights.device for weights in model.parameters()), torch.device("cpu"))

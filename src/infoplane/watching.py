"""Three lines around your own training loop."""

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import final

import torch
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
from infoplane.values.trace import Row, Trace, trace_of

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
        batches: Parts of the probe; their spread is the standard error.
        estimators: Estimators side by side, by name, such as {"mine": ip.Renyi(alpha=2)}.
        permutations: Shuffles per moment for a null; 0 for none.
        seed: Seed of the shuffles.

    Raises:
        InfoplaneError: No layer matches, or the probe cannot be split into equal batches.
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
        self._model = model
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
            summary=[trace.attrs["description"] + "."],
            panels=[
                *(shared.plane(trace, name) for name in names),
                *(
                    shared.curves(trace, variable, name, caption)
                    for variable, caption in _CAPTIONS.items()
                    for name in names
                ),
            ],
            findings=[],
            settings={name: repr(estimator) for name, estimator in self._plane.estimators.items()},
            machine={"torch": torch.__version__},
        )
        write_whole(Path(path), text.encode())
        return Path(path)

    def _measure(self) -> None:
        seen = self._plane(Snapshot(self._step, math.nan, self._model, self._loss))
        self._rows.append(Row.at(self._step, math.nan, [seen]))


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
    if batches < 1 or len(x) % batches or len(x) // batches < 2:
        raise InfoplaneError(
            f"A probe of {len(x)} samples cannot be split into {batches} equal batches of at "
            "least two; give another number of samples, or set batches."
        )
    shape = (batches, len(x) // batches)
    targets = torch.zeros(len(x), dtype=torch.long) if y is None else y
    return Probe(x.unflatten(0, shape), targets.unflatten(0, shape)).to(device)


def _seen_by(estimator: Renyi | PlaneEstimator) -> PlaneEstimator:
    """A Rényi estimator with its rule for x taken as that of the network's input."""
    if isinstance(estimator, PlaneEstimator):
        return estimator
    own = {} if estimator.x_bandwidth is None else {INPUT: estimator.x_bandwidth}
    return PlaneEstimator(estimator.alpha, estimator.bandwidth, own)


def _device(model: nn.Module) -> torch.device:
    return next((weights.device for weights in model.parameters()), torch.device("cpu"))

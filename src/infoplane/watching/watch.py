"""Three lines around your own training loop."""

import math
from pathlib import Path
from types import TracebackType
from typing import Unpack, final

from torch import Tensor, nn

from infoplane.record.layers import Layers, leaves
from infoplane.record.schedule import LogSpaced, Schedule
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace
from infoplane.watching.flow import Flow, Options

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
        model: Any ``nn.Module``, wrapped or compiled as you like.
        probe: Held-out inputs and their targets, or several such pairs by name; see ``Flow``.
        layers: A pattern, names, a predicate, or by default every leaf that matters.
        every: When to look.
        updates: How many there will be, if known: the schedule is then spread over exactly these.
        start: Updates made before, when training goes on from a checkpoint.
        options: What else a ``Flow`` can be given: ``target``, ``source``, ``batches``,
            ``estimators``, ``permutations``, ``tokens``, ``forward``, ``autocast``, ``seed``,
            ``folder``, ``listeners``.

    Raises:
        InfoplaneError: No layer can be measured, a named one cannot, or the probe does not fit.
    """

    def __init__(
        self,
        model: nn.Module,
        probe: object,
        layers: Layers = leaves,
        *,
        every: Schedule | None = None,
        updates: int | None = None,
        start: int = 0,
        **options: Unpack[Options],
    ) -> None:
        schedule = LogSpaced(40) if every is None else every
        if updates is None and not isinstance(schedule, LogSpaced):
            raise InfoplaneError(
                f"{schedule} spreads its moments over a number of updates: give updates=…"
            )
        self._due = frozenset(schedule.steps(LONGEST if updates is None else updates))
        self._step = start
        self._loss: float | Tensor | None = None
        self._epoch = math.nan
        self.flow = Flow(
            model, probe, layers, start=start, settings={"every": str(schedule)}, **options
        )

    def __enter__(self) -> "watch":
        self._look_once()
        return self

    def step(self, loss: float | Tensor | None = None) -> None:
        """To be called after every update; measures when it is time.

        Args:
            loss: Loss of the update's batch, if you like to see it in the report.
        """
        self._step += 1
        self._loss = _kept(loss)
        if self._step in self._due:
            self._look_once()

    def at(self, step: int, loss: float | Tensor | None = None, epoch: float = math.nan) -> None:
        """As ``step`` for who counts updates already: ``step`` of them are made.

        Where the count jumps over scheduled moments, the next call is their look.
        """
        passed = range(self._step + 1, step + 1)
        self._step, self._loss, self._epoch = step, _kept(loss), epoch
        if any(one in self._due for one in passed):
            self._look_once()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._look_once()
        self.flow.finish()

    @property
    def trace(self) -> Trace:
        """What has been measured so far."""
        return self.flow.trace

    @property
    def layers(self) -> tuple[str, ...]:
        """What is measured, in the network's order."""
        return self.flow.layers

    @property
    def skipped(self) -> dict[str, str]:
        """Why layers that were meant are not measured, by name."""
        return self.flow.skipped

    def report(self, path: str | Path) -> Path:
        """Writes a self-contained HTML report and returns its path."""
        return self.flow.report(path)

    def _look_once(self) -> None:
        if self._step not in self.flow.steps[-1:]:
            loss = None if self._loss is None else float(self._loss)
            self.flow.look(self._step, epoch=self._epoch, loss=loss)


def _kept(loss: float | Tensor | None) -> float | Tensor | None:
    """A loss without the graph behind it, which would hold all activations until the next."""
    return loss.detach() if isinstance(loss, Tensor) else loss

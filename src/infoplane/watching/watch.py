"""Three lines around your own training loop."""

import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Unpack, final

from torch import Tensor, distributed, nn

from infoplane.record.layers import Layers, leaves, nearest
from infoplane.record.schedule import EvenlySpaced, Every, LogSpaced, Schedule, some_of
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace
from infoplane.watching.flow import Flow, Options

LONGEST = 1_000_000
"""Updates over which a schedule is spread if nobody says how many there will be."""


@final
class watch:  # noqa: N801 — used as a verb: with ip.watch(model, …) as w
    """Watches a network while your own loop trains it; training is not touched.

    Of a distributed training, the process with rank 0 looks.

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
        every: When to look: a schedule, or a number n for every n updates.
        updates: How many there will be, if known: the schedule is then spread over exactly these.
        nulls: At so many of these moments the null is measured, too, if there are
            ``permutations``, each of which costs about as much as all else; and at the end, if
            it is no such moment anyway.
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
        every: Schedule | int | None = None,
        updates: int | None = None,
        nulls: int = 20,
        start: int = 0,
        **options: Unpack[Options],
    ) -> None:
        _require_known(options)
        schedule = _schedule(every)
        if updates is None and isinstance(schedule, EvenlySpaced):
            raise InfoplaneError(
                f"{schedule} spreads its moments over a number of updates: give updates=…, or "
                "every=100 for every 100 updates."
            )
        steps = schedule.steps(LONGEST if updates is None else updates)
        self._due, self._due_nulls = frozenset(steps), frozenset(some_of(steps, nulls))
        self._step = start
        self._loss: float | Tensor | None = None
        self._epoch = math.nan
        self._entered = False
        self._flow: Flow | None = None
        if not _is_elsewhere():
            options["settings"] = {"every": str(schedule), **options.get("settings", {})}
            self._flow = Flow(model, probe, layers, start=start, **options)

    def __enter__(self) -> "watch":
        self._entered = True
        self._look_once(null=True)
        return self

    def step(self, loss: float | Tensor | None = None) -> None:
        """To be called after every update; measures when it is time.

        Args:
            loss: Loss of the update's batch, if you like to see it in the report.
        """
        if not self._entered:
            raise InfoplaneError(
                "The untrained network was not looked at: use `with ip.watch(…) as w:` around "
                "the training."
            )
        self._step += 1
        self._loss = _kept(loss)
        if self._step in self._due:
            self._look_once(null=self._step in self._due_nulls)

    def at(self, step: int, loss: float | Tensor | None = None, epoch: float = math.nan) -> None:
        """As ``step`` for who counts updates already: ``step`` of them are made.

        Where the count jumps over scheduled moments, the next call is their look.
        """
        passed = range(self._step + 1, step + 1)
        self._step, self._loss, self._epoch = step, _kept(loss), epoch
        if any(one in self._due for one in passed):
            self._look_once(null=any(one in self._due_nulls for one in passed))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._look_once(null=True)
        finally:
            if self._flow is not None:
                self._flow.finish(stopped=kind is not None)

    @property
    def flow(self) -> Flow:
        """What is measured.

        Raises:
            InfoplaneError: This is not the first process of a distributed training.
        """
        if self._flow is None:
            raise InfoplaneError(
                "Of a distributed training the process with rank 0 looks at the network; there is "
                "nothing here. Ask for the trace where torch.distributed.get_rank() == 0."
            )
        return self._flow

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
        """Writes a self-contained HTML report and returns its path.

        Of a distributed training, only the process with rank 0 writes it.
        """
        return Path(path) if self._flow is None else self._flow.report(path)

    def _look_once(self, *, null: bool) -> None:
        if self._flow is not None and self._step not in self._flow.steps[-1:]:
            loss = None if self._loss is None else float(self._loss)
            self._flow.look(self._step, epoch=self._epoch, loss=loss, null=null)


def _schedule(every: Schedule | int | None) -> Schedule:
    """When to look; by default more and more rarely."""
    if every is None:
        return LogSpaced(40)
    if isinstance(every, int):
        return Every(every)
    if not isinstance(every, Schedule):
        raise InfoplaneError(
            f"every={every!r}: give ip.LogSpaced(40), ip.EvenlySpaced(40), or a number n for "
            "every n updates."
        )
    return every


def _require_known(options: Mapping[str, object]) -> None:
    """Refuses a misspelt option, as Python itself would, and says what may have been meant."""
    known = [*Options.__annotations__, "every", "updates", "nulls", "start", "layers", "probe"]
    for name in options.keys() - Options.__annotations__.keys():
        raise TypeError(f"watch has no argument {name!r}.{nearest([name], known)}")


def _is_elsewhere() -> bool:
    """Whether another process of a distributed training looks, so that this one need not."""
    running = distributed.is_available() and distributed.is_initialized()
    return running and distributed.get_rank() != 0


def _kept(loss: float | Tensor | None) -> float | Tensor | None:
    """A loss without the graph behind it, which would hold all activations until the next."""
    return loss.detach() if isinstance(loss, Tensor) else loss

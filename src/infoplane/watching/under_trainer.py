"""A watch whose beginning, updates and end a trainer announces."""

import math
import warnings
from pathlib import Path
from typing import Any, final

from torch import Tensor, nn

from infoplane.record.layers import Layers
from infoplane.record.schedule import Schedule
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.trace import Trace
from infoplane.watching.flow import Flow, Options
from infoplane.watching.probes import named_probes
from infoplane.watching.watch import watch


@final
class UnderTrainer:
    """What the callbacks of all trainers share.

    Args:
        probe: As ``ip.watch`` takes it.
        layers: Which submodules are looked at.
        every: When to look; None for the usual schedule.
        updates: How many updates there will be; None for what the trainer says.
        report: Where the report is written when training ends; None for nowhere.
        options: What else a ``Flow`` can be given.

    Raises:
        InfoplaneError: The probe is neither a pair nor several of them by name.
        TypeError: There is no option of a name.
    """

    def __init__(
        self,
        probe: object,
        layers: Layers,
        every: Schedule | None,
        updates: int | None,
        report: str | Path | None,
        options: Options,
    ) -> None:
        named_probes(probe)  # what is wrong is told of before anything is set up
        _require_known(options)
        self._arguments: dict[str, Any] = {
            "probe": probe,
            "layers": layers,
            "every": every,
            **options,
        }
        self._updates = updates
        self._report = report
        self._watch: watch | None = None

    @property
    def running(self) -> bool:
        """Whether training has begun."""
        return self._watch is not None

    @property
    def flow(self) -> Flow:
        """What is measured.

        Raises:
            InfoplaneError: Training has not begun.
        """
        if self._watch is None:
            raise InfoplaneError(
                "Nothing is measured yet: give this callback to a trainer and train first."
            )
        return self._watch.flow

    def begin(self, model: nn.Module, *, start: int, updates: int | None) -> None:
        """Looks for the first time, after ``start`` updates.

        Args:
            model: The network on its device, with the weights that training begins with.
            start: Updates made before; more than 0 when training goes on from a checkpoint.
            updates: How many there will be, if the trainer knows.
        """
        total = updates if self._updates is None else self._updates
        self._watch = watch(model, start=start, updates=total, **self._arguments)
        self._watch.__enter__()

    def at(self, step: int, loss: float | Tensor | None = None, epoch: float = math.nan) -> None:
        """After ``step`` updates; looks when it is due."""
        if self._watch is not None:
            self._watch.at(step, loss, epoch)

    def end(self) -> None:
        """Looks for the last time, completes the folder and writes the report."""
        if self._watch is not None:
            self._watch.__exit__(None, None, None)
            self._write()

    def leave(self) -> None:
        """Completes folder and report with what was measured, without another look."""
        if self._watch is not None and self.flow.steps:
            self.flow.finish()
            self._write()

    def fail(self) -> None:
        """As ``leave``, while an error is on its way that must not be hidden by another."""
        try:
            self.leave()
        except InfoplaneError as problem:
            warnings.warn(str(problem), InfoplaneWarning, stacklevel=2)

    def _write(self) -> None:
        if self._report is not None:
            self.flow.report(self._report)


class TrainerCallbacks:
    """What a callback shows its user, whichever trainer calls it; a base beside the trainer's."""

    _watching: UnderTrainer

    @property
    def flow(self) -> Flow:
        """What is measured; on the process with rank 0 alone.

        Raises:
            InfoplaneError: Training has not begun.
        """
        return self._watching.flow

    @property
    def trace(self) -> Trace:
        """What has been measured so far; on the process with rank 0 alone."""
        return self.flow.trace


def spread_weights(under: str) -> InfoplaneError:
    """What to say where no process has all weights.

    Args:
        under: What spreads them.
    """
    return InfoplaneError(
        f"Under {under} no process has all weights, so that none can look at the network alone; "
        "save checkpoints and give them to ip.watch_checkpoints."
    )


def _require_known(options: Options) -> None:
    """As Python does, but before training: the arguments travel far before they are used."""
    for name in options:
        if name not in Options.__annotations__:
            raise TypeError(
                f"got an unexpected keyword argument {name!r}; there are "
                f"{', '.join(Options.__annotations__)}"
            )

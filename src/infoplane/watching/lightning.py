"""A callback for Lightning, whichever of its two packages you import."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Unpack, final

from torch import Tensor, nn

from infoplane.observe.probe import called
from infoplane.record.layers import Layers, leaves
from infoplane.record.schedule import Schedule
from infoplane.values.errors import InfoplaneError
from infoplane.watching.flow import Options
from infoplane.watching.under_trainer import TrainerCallbacks, UnderTrainer, spread_weights

Trainer = Any
"""A trainer of either package, whose classes have nothing in common."""
PACKAGES = ("lightning.pytorch", "pytorch_lightning")
_SHARDED = ("FSDPStrategy", "ModelParallelStrategy", "DeepSpeedStrategy")


def _callbacks() -> tuple[type, ...]:
    """The base class of every package in use, or else of every one that is installed."""
    used = [name for name in PACKAGES if name in sys.modules]
    installed = [name for name in PACKAGES if find_spec(name.partition(".")[0]) is not None]
    if not installed:
        raise InfoplaneError(
            "LightningWatch needs Lightning; install it with: pip install 'infoplane[lightning]'"
        )
    return tuple(import_module(name).Callback for name in used or installed)


@final
class LightningWatch(TrainerCallbacks, *_callbacks()):  # type: ignore[misc] # which ones depends on the user
    """Watches a LightningModule while a ``Trainer`` trains it; training is not touched.

    ::

        flow = ip.LightningWatch(probe=(x_test, y_test), layers="encoder.*")
        Trainer(max_epochs=10, callbacks=[flow]).fit(module, loader)
        flow.trace

    It looks before the first update, after updates that are due, and after the last. If training
    is interrupted or fails, folder and report hold what was measured until then; a training that
    goes on from a checkpoint (``ckpt_path``) goes on at its step, and keeps the moments before it
    if ``folder`` names the same folder. Every ``fit`` begins a Trace of its own.

    Args:
        probe: Held-out inputs as ``forward`` takes them and their targets, or several such pairs
            by name; see ``Flow``.
        layers: A pattern, names, a predicate, or by default every leaf that matters.
        every: When to look; by default 40 moments, evenly spaced on a logarithmic axis.
        updates: Optimiser steps there will be; None for what the trainer says. Several optimisers
            count one step each, as in ``trainer.global_step``.
        report: Where the report is written when training ends; None for nowhere.
        options: What else a ``Flow`` can be given, such as ``permutations``, ``forward``,
            ``folder`` and ``listeners``.

    Raises:
        InfoplaneError: At once, the probe is no pair; or before the first update, it does not fit
            the module, nothing can be measured, the module has no ``forward`` and none is given,
            or its weights are spread over several devices.
        TypeError: At once, there is no option of a name.
    """

    def __init__(
        self,
        probe: object,
        layers: Layers = leaves,
        *,
        every: Schedule | None = None,
        updates: int | None = None,
        report: str | Path | None = "flow.html",
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        self._own_forward = options.get("forward", called) is called
        self._watching = UnderTrainer(probe, layers, every, updates, report, options)

    def on_train_start(self, trainer: Trainer, pl_module: nn.Module) -> None:
        """Looks for the first time."""
        _require_whole(trainer)
        if self._own_forward:
            _require_forward(pl_module)
        if trainer.is_global_zero:
            total = trainer.estimated_stepping_batches
            updates = int(total) if 0 <= total < float("inf") else None
            self._watching.begin(pl_module, start=trainer.global_step, updates=updates)
            self._last = trainer.global_step

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: nn.Module,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Looks if this batch completed an update that is due."""
        if self._watching.running and trainer.global_step > self._last:
            self._last = trainer.global_step
            epoch = trainer.current_epoch + (batch_idx + 1) / trainer.num_training_batches
            self._watching.at(self._last, _loss(outputs), float(epoch))

    def on_train_end(self, trainer: Trainer, pl_module: nn.Module) -> None:
        """Looks for the last time, completes the folder and writes the report."""
        self._watching.end()

    def on_exception(
        self, trainer: Trainer, pl_module: nn.Module, exception: BaseException
    ) -> None:
        """Completes folder and report with what was measured."""
        self._watching.fail()


def _loss(outputs: object) -> Tensor | None:
    """The loss in what ``training_step`` gave."""
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
    return loss if isinstance(loss, Tensor) and loss.numel() == 1 else None


def _require_forward(module: nn.Module) -> None:
    """Lightning defines a ``forward`` of its own that only says that there is none."""
    owner = type(module).forward.__qualname__
    blank = owner in ("LightningModule.forward", "_forward_unimplemented")
    if blank and "forward" not in vars(module):
        raise InfoplaneError(
            f"{type(module).__name__} defines no forward, so it is not known how it takes the "
            "probe: define one, or give forward=lambda module, x: module.encoder(x)."
        )


def _require_whole(trainer: Trainer) -> None:
    names = {kind.__name__ for kind in type(trainer.strategy).__mro__}
    if sharded := names.intersection(_SHARDED):
        raise spread_weights(sharded.pop())

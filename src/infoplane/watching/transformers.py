"""A callback for the ``Trainer`` of Hugging Face Transformers."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack, final

from torch import nn

from infoplane.record.layers import Layers, leaves
from infoplane.record.schedule import Schedule
from infoplane.values.errors import InfoplaneError
from infoplane.watching.flow import Options
from infoplane.watching.under_trainer import TrainerCallbacks, UnderTrainer, spread_weights

try:
    from transformers import TrainerCallback
except ImportError as problem:
    raise InfoplaneError(
        "TransformersWatch needs Transformers; install it with: "
        "pip install 'infoplane[transformers]'"
    ) from problem

State = Any
"""``TrainerState``, ``TrainingArguments`` and ``TrainerControl``, of which little is needed."""


@final
class TransformersWatch(TrainerCallbacks, TrainerCallback):
    """Watches a model while a ``Trainer`` trains it; training is not touched.

    ::

        held_out = {"input_ids": ids, "attention_mask": mask}
        flow = ip.TransformersWatch(probe=(held_out, labels), source="bert.embeddings", tokens=0)
        Trainer(model, arguments, train_dataset=data, callbacks=[flow]).train()
        flow.trace

    It looks before the first update, after updates that are due, and after the last, before
    ``load_best_model_at_end`` puts other weights in its place. A training that goes on
    (``resume_from_checkpoint``) goes on at its step, and keeps the moments before it if
    ``folder`` names the same folder. A ``Trainer`` tells nobody when training fails: what was
    measured until then is in the folder and in ``trace``, and ``finish()`` completes both folder
    and report.

    Args:
        probe: Held-out inputs, a mapping of the model's keyword arguments, and their targets; or
            several such pairs by name; see ``Flow``.
        layers: A pattern, names, a predicate, or by default every leaf that matters.
        every: When to look; by default 40 moments, evenly spaced on a logarithmic axis.
        updates: Optimiser steps there will be; None for what the trainer says.
        report: Where the report is written when training ends; None for nowhere.
        options: What else a ``Flow`` can be given: ``source`` and ``tokens`` are needed where the
            inputs are token ids.

    The loss in the Trace is the trainer's own, the mean since it last logged one, at the steps
    at which it logs (``logging_steps``); NaN at others.

    Raises:
        InfoplaneError: At once, the probe is no pair; or before the first update, it does not fit
            the model, nothing can be measured, or the weights are spread over several devices.
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
        self._watching = UnderTrainer(probe, layers, every, updates, report, options)
        self._awaits_loss = False

    def finish(self) -> None:
        """Completes folder and report with what was measured, after a training that failed."""
        self._watching.leave()

    def on_train_begin(
        self, args: State, state: State, control: State, *, model: nn.Module, **_: object
    ) -> None:
        """Looks for the first time."""
        _require_whole(args)
        if state.is_world_process_zero:
            updates = state.max_steps if state.max_steps > 0 else None
            self._watching.begin(model, start=state.global_step, updates=updates)

    def on_step_begin(self, args: State, state: State, control: State, **_: object) -> None:
        """Looks if the loss that was waited for has not come."""
        self._look(state, None)

    def on_step_end(self, args: State, state: State, control: State, **_: object) -> None:
        """Looks if it is due; where the trainer is about to log, once it has told the loss."""
        self._awaits_loss = True
        if not control.should_log:
            self._look(state, None)

    def on_log(
        self,
        args: State,
        state: State,
        control: State,
        *,
        logs: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Looks, now that the loss is known."""
        self._look(state, (logs or {}).get("loss"))

    def on_save(self, args: State, state: State, control: State, **_: object) -> None:
        """Looks if training was stopped early: at its end the weights may be others."""
        if control.should_training_stop and self._watching.running:
            self._look(state, None)
            if state.global_step not in self.flow.steps[-1:]:
                self.flow.look(state.global_step)

    def on_train_end(self, args: State, state: State, control: State, **_: object) -> None:
        """Looks for the last time, completes the folder and writes the report."""
        if args.load_best_model_at_end and state.best_model_checkpoint is not None:
            self._watching.leave()
        else:
            self._watching.end()

    def _look(self, state: State, loss: float | None) -> None:
        if self._awaits_loss:
            self._awaits_loss = False
            epoch = math.nan if state.epoch is None else float(state.epoch)
            self._watching.at(state.global_step, loss, epoch)


def _require_whole(args: State) -> None:
    if getattr(args, "deepspeed", None) or getattr(args, "fsdp", None):
        raise spread_weights("DeepSpeed or FSDP")

"""A training that is over, seen through the checkpoints that it left."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Unpack

from rich.console import Console
from rich.progress import track
from torch import nn

from infoplane.record.layers import Layers, bare, leaves
from infoplane.values.errors import InfoplaneError
from infoplane.watching.checkpoint_files import Checkpoints, files_by_step
from infoplane.watching.flow import Flow, Options
from infoplane.watching.weights import load_into, weights_in


def watch_checkpoints(
    checkpoints: Checkpoints,
    model: nn.Module | Callable[[], nn.Module],
    probe: object,
    layers: Layers = leaves,
    *,
    key: str | None = None,
    start: int = 0,
    **options: Unpack[Options],
) -> Flow:
    """Looks at every checkpoint of a network; the values are those that ``watch`` would have seen.

    ::

        flow = ip.watch_checkpoints("checkpoints", Net, probe=(x, y), layers="encoder.*")
        flow.report("flow.html")

    A checkpoint is data: it is read with safetensors, or by torch with ``weights_only``, never in
    a way that could execute code.

    Args:
        checkpoints: A folder of ``.safetensors``, ``.pt``, ``.pth``, ``.ckpt`` or ``.bin`` files;
            or of folders with a ``model.safetensors`` or ``pytorch_model.bin`` each, such as
            ``checkpoint-500/`` (files beside these are left alone); or files; or files by step.
            If not given, the step is the number after "step" in the name, or else the last one.
        model: The network, which has its own weights again afterwards; or what makes one, such as
            its class.
        probe: Held-out inputs and their targets, or several such pairs by name; see ``Flow``.
        layers: A pattern, names, a predicate, or by default every leaf that matters.
        key: Where in each file the weights are, if it holds more: "state_dict", "model", ….
        start: With ``folder``: checkpoints up to the last moment that it holds up to this step
            are not looked at again.
        options: What else a ``Flow`` can be given.

    Returns:
        The flow, with a row for every checkpoint.

    Raises:
        InfoplaneError: There are no checkpoints, a step is not known or there twice, or a file
            cannot be read, holds more than data, or does not fit the network.
    """
    files = files_by_step(checkpoints)
    network = model if isinstance(model, nn.Module) else _made(model)
    flow = Flow(network, probe, layers, start=start, **options)
    due = [step for step in files if step > max(flow.steps, default=-1)]
    with _weights_kept(network):
        try:
            for step in _shown(due):
                load_into(bare(network), weights_in(files[step], key), files[step])
                flow.look(step)
        finally:
            if flow.steps:
                flow.finish()
    return flow


def _made(make: Callable[[], nn.Module]) -> nn.Module:
    made = make()
    if not isinstance(made, nn.Module):
        raise InfoplaneError(
            f"The model is an nn.Module, or makes one when called; got a {type(made).__name__}."
        )
    return made


@contextmanager
def _weights_kept(model: nn.Module) -> Iterator[None]:
    """Parameters and buffers come out as they went in."""
    before = copy.deepcopy(bare(model).state_dict())
    try:
        yield
    finally:
        bare(model).load_state_dict(before)


def _shown(steps: Sequence[int]) -> Iterator[int]:
    """The same steps, with a bar on the terminal's error stream, if it is one."""
    console = Console(stderr=True)
    silent = not console.is_terminal
    yield from track(steps, "Checkpoints", console=console, disable=silent, transient=True)

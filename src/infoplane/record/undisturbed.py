"""A network is looked at, and cannot tell afterwards."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from infoplane.values.errors import InfoplaneError


@contextmanager
def undisturbed(model: nn.Module, autocast: torch.dtype | None = None) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards everything is as before.

    Modes, attributes, buffers, gradients and every random stream (torch, NumPy, Python) come out as
    they went in, and compiled networks run uncompiled, because hooks on compiled ones are ignored.
    What a forward pass does elsewhere stays done: what it appends to a list of its own, and what
    hooks of the user's own do.

    Args:
        model: The network.
        autocast: The reduced precision to run in, such as ``torch.bfloat16``; None for the
            network's own, even within an ``autocast`` block.

    Raises:
        InfoplaneError: The network has parameters that its first batch will make.
    """
    _require_made(model)
    device = device_of(model)
    with (
        same_draws(device),
        _without_fast_paths(),
        _uncompiled(model),
        torch.no_grad(),
        # without the cache, whose copies of the weights would be without gradients afterwards
        torch.autocast(
            device.type, dtype=autocast, enabled=autocast is not None, cache_enabled=False
        ),
        _evaluating(model),
    ):
        yield


def device_of(model: nn.Module) -> torch.device:
    """Where its first parameter lies; the CPU if it has none."""
    return next((weights.device for weights in model.parameters()), torch.device("cpu"))


def _require_made(model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise InfoplaneError(
                f"Parameter {name!r} is lazy and not made yet; run one batch through the model "
                "before it is looked at."
            )


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Modes, attributes and buffers are put back, the same objects with the same content.

    The mode is set directly, because ``eval()`` may be overridden to do more, such as merging
    weights.
    """
    before = [(one, one.training, dict(vars(one)), dict(one._buffers)) for one in model.modules()]
    contents = [(buffer, buffer.clone()) for buffer in model.buffers()]
    for module, *_ in before:
        module.training = False
    try:
        yield
    finally:
        for module, training, attributes, buffers in before:
            for name in vars(module).keys() - attributes.keys():
                del vars(module)[name]
            vars(module).update(attributes)
            module._buffers.clear()
            module._buffers.update(buffers)
            module.training = training
        for buffer, content in contents:
            if not _equal(buffer, content):
                buffer.copy_(content)


def _equal(one: Tensor, other: Tensor) -> bool:
    """To the bit, so that NaN equals NaN."""
    return bool(((one == other) | ((one != one) & (other != other))).all())


@contextmanager
def same_draws(device: torch.device) -> Iterator[None]:
    """What torch, NumPy and Python draw after the block is as if it had drawn nothing."""
    python, numpy = random.getstate(), np.random.get_state()
    elsewhere = device.type not in ("cpu", "meta")
    index = 0 if device.index is None else device.index
    with torch.random.fork_rng(
        devices=[index] if elsewhere else [], device_type=device.type if elsewhere else "cuda"
    ):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def _without_fast_paths() -> Iterator[None]:
    """Attention in evaluation may skip its submodules, whose hooks would then not fire."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _uncompiled(model: nn.Module) -> AbstractContextManager[object]:
    """Eager execution if any part was compiled; asking costs the import of the compiler."""
    compiled = any(
        hasattr(module, "_orig_mod") or module._compiled_call_impl is not None
        for module in model.modules()
    )
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()

"""Outputs of named submodules, by ``with``; nothing is left behind, nothing is disturbed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from infoplane.values.errors import InfoplaneError


@final
class Tap:
    """The outputs of named submodules during the enclosed forward passes.

    A module that is called several times in one pass is kept as ``name``, ``name@2``, …, and may
    be asked for by any of these.

    Args:
        model: The network.
        names: Names of submodules as ``model.named_modules()`` gives them.

    Raises:
        InfoplaneError: On entry, a name is no submodule; in the pass, an output is no tensor.
    """

    def __init__(self, model: nn.Module, names: Iterable[str]) -> None:
        self._modules = dict(model.named_modules())
        self._names = tuple(dict.fromkeys(name.split("@")[0] for name in names))
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> Mapping[str, Tensor]:
        seen: dict[str, Tensor] = {}
        if unknown := [name for name in self._names if name not in self._modules]:
            known = ", ".join(name for name in self._modules if name)
            raise InfoplaneError(f"The model has no layer {unknown}; it has: {known}.")
        for name in self._names:
            self._hooks.append(self._modules[name].register_forward_hook(_keeper(seen, name)))
        return seen

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()


def _keeper(seen: dict[str, Tensor], name: str) -> Any:  # noqa: ANN401 — a torch hook
    """A hook that keeps a copy of each output under the layer's name."""

    def keep(module: nn.Module, _inputs: object, output: object) -> None:
        if not isinstance(output, Tensor):
            raise InfoplaneError(
                f"Layer {name!r} ({type(module).__name__}) returns a {type(output).__name__}, "
                "not a tensor; tap one of its submodules instead."
            )
        calls = sum(1 for key in seen if key == name or key.startswith(f"{name}@"))
        # a copy, because a later in-place activation would change it
        seen[name if calls == 0 else f"{name}@{calls + 1}"] = output.detach().clone()

    return keep


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; modes and random state are as before afterwards."""
    modes = {module: module.training for module in model.modules()}
    devices = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes.items():
                module.training = training

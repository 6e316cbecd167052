"""Outputs of named submodules, by ``with``; nothing is left behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from typing import Any, final

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from infoplane.record.layers import layers_of, listed, nearest
from infoplane.values.errors import InfoplaneError

See = Callable[[str, Tensor], None]
"""Is shown an output under its name; the tensor may change once the call has returned."""


@final
class Tap:
    """The outputs of named submodules during the enclosed forward passes.

    A module that is called several times in one pass is seen as ``name``, ``name@2``, …; of an
    output with several tensors (tuple, list, mapping, dataclass, nested) each is seen as
    ``name[0]``, ``name[hidden]``, …. Any of these may be asked for; whoever asks for ``name@1``
    sees the first call under this name.

    Args:
        model: The network, perhaps within ``DataParallel`` or ``torch.compile``.
        names: Names of submodules as ``model.named_modules()`` gives them.
        see: Takes the outputs one at a time, so that they need not be kept; without it, copies of
            all of them are.
        attached: Whether they are shown as part of the graph, to whoever wants their gradient.

    Raises:
        InfoplaneError: On entry, a name is no submodule.
    """

    def __init__(
        self,
        model: nn.Module,
        names: Iterable[str],
        see: See | None = None,
        *,
        attached: bool = False,
    ) -> None:
        self._modules = layers_of(model)
        self._names = tuple(names)
        self._see = see
        self._attached = attached
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> Mapping[str, Tensor]:
        seen: dict[str, Tensor] = {}

        def copy(name: str, output: Tensor) -> None:
            seen[name] = output.clone()

        meant = {name: self._module_name(name) for name in self._names}
        if unknown := [name for name, module in meant.items() if module not in self._modules]:
            raise InfoplaneError(
                f"The model has no layer {unknown}; {listed(self._modules)}."
                f"{nearest(unknown, self._modules)}"
            )
        for name in dict.fromkeys(meant.values()):
            first = f"{name}@1"
            numbered = any(asked == first or asked.startswith(f"{first}[") for asked in self._names)
            hook = _shown(name, numbered, self._see or copy, self._attached)
            self._hooks.append(self._modules[name].register_forward_hook(hook))
        return seen

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _module_name(self, name: str) -> str:
        """The submodule that ``name``, ``name@2`` or ``name[0]`` is about."""
        return name if name in self._modules else name.split("[")[0].split("@")[0]


def tensors_in(output: object) -> dict[str, Tensor]:
    """The tensors of an output by their place, "" if there is one alone.

    >>> import torch
    >>> list(tensors_in((torch.zeros(1), {"hidden": torch.zeros(1)}, None)))
    ['[0]', '[1][hidden]']
    """
    found = dict(_tensors(output, ""))
    return {"": next(iter(found.values()))} if len(found) == 1 else found


def _shown(name: str, numbered: bool, see: See, attached: bool) -> Callable[..., None]:
    """A hook that shows every call's output under a name of its own."""
    calls = count(1)

    def hook(_module: nn.Module, _inputs: object, output: object) -> None:
        number = next(calls)
        call = f"{name}@{number}" if number > 1 or numbered else name
        for place, tensor in tensors_in(output).items():
            see(call + place, tensor if attached else tensor.detach())

    return hook


def _tensors(output: object, place: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(output, Tensor):
        yield place, output
    for key, member in _members(output):
        yield from _tensors(member, f"{place}[{key}]")


def _members(output: object) -> Iterable[tuple[Any, object]]:
    """What an output is made of, by key, field or number."""
    if isinstance(output, Mapping):
        return output.items()
    if is_dataclass(output) and not isinstance(output, type):
        return [(field.name, getattr(output, field.name)) for field in fields(output)]
    if isinstance(output, tuple | list):
        return zip(getattr(output, "_fields", range(len(output))), output, strict=True)
    return ()

"""Which submodules of a network are meant, by pattern, by predicate, or every leaf that matters."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from torch import nn

from infoplane.values.errors import InfoplaneError

Layers = str | Sequence[str] | Callable[[str, nn.Module], bool]
"""A pattern in which ``*`` stays within one level, names in order, or a predicate of name and
module."""

PASSIVE = (
    nn.Identity,
    nn.Flatten,
    nn.Unflatten,
    nn.modules.dropout._DropoutNd,
    nn.modules.linear.NonDynamicallyQuantizableLinear,
)
"""Modules that, in evaluation, hand their input on and hold no information of their own; and the
output weights of torch's attention, which are used but never called."""
_NO_LEAVES = (*PASSIVE, nn.Sequential, nn.ModuleList, nn.ModuleDict)
_WEIGHTS = "parametrizations"
_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)
_COMPILED = "_orig_mod"


def bare(model: nn.Module) -> nn.Module:
    """The network inside ``DataParallel``, ``DistributedDataParallel`` and ``torch.compile``."""
    while True:
        if isinstance(inner := getattr(model, _COMPILED, None), nn.Module):
            model = inner
        elif isinstance(model, _WRAPPERS):
            model = model.module
        else:
            return model


def layers_of(model: nn.Module) -> dict[str, nn.Module]:
    """Every submodule by name; a shared one under each of its names.

    Wrappers around the network, and compiled submodules' own level, do not show in the names.
    """
    found = bare(model).named_modules(remove_duplicate=False)
    return {_without_compiled(name): module for name, module in found if name}


def leaves(name: str, module: nn.Module) -> bool:
    """Every leaf that matters: what computes something by itself, not through submodules.

    Submodules that only hand on, such as a dropout, and those that hold the parametrisation of a
    module's weights do not count.
    """
    children = [child for key, child in module.named_children() if key != _WEIGHTS]
    alone = all(isinstance(child, PASSIVE) for child in children)
    return alone and _WEIGHTS not in name.split(".") and not isinstance(module, _NO_LEAVES)


def matching(model: nn.Module, layers: Layers) -> tuple[str, ...]:
    """Names of the meant submodules in the model's order; a shared one comes once.

    Raises:
        InfoplaneError: Nothing matches.
    """
    if not isinstance(layers, str) and not callable(layers):
        if not layers:
            raise InfoplaneError("layers=[] names no layer; leave it out for every leaf.")
        if wrong := [name for name in layers if not isinstance(name, str)]:
            raise InfoplaneError(
                f"Layers are meant by their names: {str(wrong[0])!r}, not {wrong[0]!r}."
            )
        return tuple(layers)
    known = layers_of(model)
    if isinstance(layers, str):
        meant = [name for name in known if matches(name, layers)]
    else:
        meant = [name for name, module in known.items() if layers(name, module)]
    first: dict[int, str] = {}
    for name in meant:
        first.setdefault(id(known[name]), name)
    if not first:
        wanted = repr(layers) if isinstance(layers, str) else "the predicate"
        wanted = "“every leaf that matters”" if layers is leaves else wanted
        raise InfoplaneError(f"No layer matches {wanted}; {listed(known)}.")
    return tuple(first.values())


def matches(name: str, pattern: str) -> bool:
    """Level by level, so that "encoder.*" means the stages and not what is inside them.

    >>> matches("encoder.0", "encoder.*"), matches("encoder.0.linear", "encoder.*")
    (True, False)
    """
    parts, patterns = name.split("."), pattern.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def listed(names: Sequence[str] | dict[str, nn.Module]) -> str:
    """The layers there are, in words."""
    return (
        f"the model has: {', '.join(names)}"
        if names
        else "the model has no submodules: wrap it in nn.Sequential"
    )


def nearest(names: Sequence[str], known: Iterable[str]) -> str:
    """A question that offers what may have been meant; empty if nothing is near.

    >>> nearest(["encodr.0"], ["encoder.0", "head"])
    " Did you mean 'encoder.0'?"
    """
    near = [close for name in names for close in get_close_matches(name, known, n=1)]
    return f" Did you mean {', '.join(map(repr, near))}?" if near else ""


def _without_compiled(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != _COMPILED)

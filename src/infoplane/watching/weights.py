"""Weights from a file that may come from anywhere, into a network that they must fit."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from infoplane.values.errors import InfoplaneError

Weights = Mapping[str, Any]
"""Tensors by name, and what modules add of their own under ``…_extra_state``."""

SOUND_SINCE = (2, 10)
"""Before, a crafted file could execute code in spite of ``weights_only`` (CVE-2025-32434 up to
2.5, CVE-2026-24747 up to 2.9)."""
PARALLEL, COMPILED = "module", "_orig_mod"
"""The level of its own that ``DataParallel`` puts before every name, and ``torch.compile`` within
the names of whatever it compiled."""
_EXTRA = "_extra_state"


def weights_in(path: Path, key: str | None = None) -> Weights:
    """The weights in a file, under the names that it has for them.

    Args:
        path: A ``.safetensors`` file, or one that torch has written.
        key: Where in it they are, if it holds more.

    Raises:
        InfoplaneError: It cannot be read, holds more than data, or has no weights at this place.
    """
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    if not isinstance(content, Mapping):
        raise InfoplaneError(
            f"{path} holds a {type(content).__name__}, no weights by name; save "
            "model.state_dict() instead."
        )
    if key is not None:
        if key not in content:
            raise InfoplaneError(f"{path} has no {key!r}; {_there(content)}.")
        content = content[key]
    if not isinstance(content, Mapping) or not content or not all(map(_is_weight, content.items())):
        raise InfoplaneError(_more_than_weights(path, key, content))
    return content


def load_into(model: nn.Module, weights: Weights, path: Path) -> None:
    """Copies weights into a network, in its own precision.

    A tied weight may be there under one of its names alone, and names may have the levels that
    ``DataParallel`` and ``torch.compile`` add.

    Raises:
        InfoplaneError: Names or shapes differ; which, and in which file.
    """
    own = model.state_dict()
    weights = _named_as(own, weights)
    tensors = {name: value for name, value in own.items() if isinstance(value, Tensor)}
    there = {_place(tensors[name]) for name in tensors if name in weights}
    missing = [name for name in own if name not in weights and _place_of(own[name]) not in there]
    unexpected = [name for name in weights if name not in own]
    other = [
        f"{name} {_shape(weights[name])} instead of {_shape(tensor)}"
        for name, tensor in tensors.items()
        if name in weights and _shape(weights[name]) != _shape(tensor)
    ]
    wrong = {"it lacks": missing, "it has besides": unexpected, "other shapes": other}
    if any(wrong.values()):
        said = "; ".join(f"{what}: {_some(names)}" for what, names in wrong.items() if names)
        raise InfoplaneError(
            f"The weights in {path} are not those of this {type(model).__name__}: {said}. Build "
            "the model as it was in training."
        )
    model.load_state_dict(dict(weights), strict=False)


def _safetensors(path: Path) -> Weights:
    try:
        return load_file(path)
    except Exception as problem:  # there is no end of ways in which a file may be malformed
        raise InfoplaneError(
            f"{path} is damaged, or no safetensors file: {_said(problem)}"
        ) from problem


def _pickled(path: Path) -> object:
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < SOUND_SINCE:
        raise InfoplaneError(
            f"{path} is not read: in torch {torch.__version__} such a file can execute code "
            f"(CVE-2026-24747). Update torch to {'.'.join(map(str, SOUND_SINCE))} or later, or "
            "save the weights with safetensors."
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as problem:
        raise InfoplaneError(
            f"{path} is refused: it is damaged, or holds more than weights and plain data, and "
            "reading it could execute code. Where you trust it, save model.state_dict() alone, "
            "best with safetensors."
        ) from problem
    except Exception as problem:  # torch reads bytes as they come, and fails as they come
        raise InfoplaneError(
            f"{path} is damaged, or no file of weights: {_said(problem)}"
        ) from problem


def _said(problem: Exception) -> str:
    """What a library said in its first line, which may be nothing."""
    kind = type(problem).__name__
    return ": ".join([kind, *str(problem).strip().splitlines()[:1]])


def _is_weight(member: tuple[object, object]) -> bool:
    name, value = member
    return isinstance(name, str) and (isinstance(value, Tensor) or name.endswith(_EXTRA))


def _more_than_weights(path: Path, key: str | None, content: object) -> str:
    where = f"{path}" if key is None else f"{key!r} in {path}"
    if not isinstance(content, Mapping):
        return f"{where} is a {type(content).__name__}, no weights by name."
    inner = [name for name, member in content.items() if isinstance(member, Mapping)]
    remedy = f"; say where the weights are: key={inner[0]!r}" if inner else ""
    return f"{where} holds more than weights, or none; {_there(content)}{remedy}."


def _there(content: Mapping[Any, object]) -> str:
    return f"its keys are {_some([str(name) for name in content])}"


def _some(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most]) or 'none'}{more}"


def _named_as(own: Mapping[str, Any], weights: Weights) -> Weights:
    """The weights under the network's own names, as far as these can be found.

    A network may have a submodule called "module" itself: names that fit stay as they are.
    """
    return max(_readings(own, weights), key=lambda named: len(named.keys() & own.keys()))


def _readings(own: Mapping[str, Any], weights: Weights) -> Iterator[Weights]:
    """The names as they are, then without wrappers' levels, one after another."""
    yield weights
    real = {_uncompiled(name): name for name in own}
    plain = {_uncompiled(name): value for name, value in weights.items()}
    while len(plain) == len(weights):  # two names that become one are no longer told apart
        yield {real.get(name, name): value for name, value in plain.items()}
        if not all(name.startswith(f"{PARALLEL}.") for name in plain):
            return
        plain = {name.removeprefix(f"{PARALLEL}."): value for name, value in plain.items()}


def _uncompiled(name: str) -> str:
    return ".".join(level for level in name.split(".") if level != COMPILED)


def _shape(value: object) -> tuple[int, ...] | None:
    return tuple(value.shape) if isinstance(value, Tensor) else None


def _place(tensor: Tensor) -> tuple[int, tuple[int, ...]]:
    """Tied weights are one tensor in one place."""
    return tensor.data_ptr(), tuple(tensor.shape)


def _place_of(value: object) -> tuple[int, tuple[int, ...]] | None:
    return _place(value) if isinstance(value, Tensor) and value.numel() else None

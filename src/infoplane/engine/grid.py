"""Which experiments a sweep computes: lists of values for some fields of one experiment."""

import dataclasses
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import tyro

from infoplane.experiments.comparison.naming import short_names
from infoplane.experiments.protocol import Experiment
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import flat

Kind = TypeVar("Kind", bound=Experiment)
Axes = Mapping[str, Any]
"""Values by the name of a field, such as ``code_size`` or ``training.steps``: a list, or one."""
SEED = "seed"


def grid(base: Kind, **axes: Any) -> list[Kind]:  # noqa: ANN401 — values of any kind
    """The experiments of all combinations of some fields' values; all else is as in ``base``.

    A nested field is named alone where that is clear, as on the command line: ``steps`` for
    ``training.steps``. The last axis varies fastest.

    Args:
        base: The experiment that the others are made from.
        axes: A list of values, or one value, by field.

    Returns:
        Different experiments, in order.

    Raises:
        InfoplaneError: There is no such field, it is not one that counts for the results, or a
            value is not of its kind.
    """
    return gridded(base, [axes])


def gridded(base: Kind, grids: Sequence[Axes]) -> list[Kind]:
    """The experiments of several grids, one grid after the other, each experiment once.

    Raises:
        InfoplaneError: As ``grid``.
    """
    made = [experiment for axes in grids for experiment in _combined(base, axes)]
    return list(dict.fromkeys(made))


def over_seeds(experiments: Sequence[Kind], count: int) -> list[Kind]:
    """Every experiment under ``count`` seeds, from its own upwards.

    Raises:
        InfoplaneError: There are less than one, or the experiments have several seeds already.
    """
    if count < 1:
        raise InfoplaneError(f"seeds={count}: it must be at least 1.")
    if count > 1 and len({_read(one, SEED) for one in experiments}) > 1:
        raise InfoplaneError("The grid names its seeds already; leave out --seeds.")
    return [
        _with(one, [SEED], _read(one, SEED) + place)
        for one in experiments
        for place in range(count)
    ]


def axis(text: str) -> tuple[str, list[str]]:
    """A field and its values from "code_size=2,4,8".

    Raises:
        InfoplaneError: It is not of that form.

    >>> axis("code_size=2,4,8")
    ('code_size', ['2', '4', '8'])
    """
    name, _, values = text.partition("=")
    listed = [value.strip() for value in values.split(",")]
    if not (name.strip() and all(listed)):
        raise InfoplaneError(f"--grid {text}: write FIELD=VALUE,VALUE,…, as in code_size=2,4,8.")
    return name.strip(), listed


def axes_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """Several fields with their values, each named once.

    Raises:
        InfoplaneError: A field is named twice.
    """
    named = [axis(text) for text in texts]
    for name, _ in named:
        if sum(name == other for other, _ in named) > 1:
            raise InfoplaneError(f"--grid names {name} twice; put all its values into one list.")
    return dict(named)


def grids_in(path: Path) -> list[dict[str, Any]]:
    """The grids of a TOML file: its tables ``[[grid]]``, each with a value or a list per field.

    Raises:
        InfoplaneError: The file cannot be read, or holds something else.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:  # TOMLDecodeError and UnicodeError are ValueErrors
        raise InfoplaneError(f"Cannot read the grids in {path}: {problem}.") from problem
    tables = content.pop("grid", None)
    is_list = isinstance(tables, list) and all(isinstance(one, Mapping) for one in tables)
    if content or not is_list or not tables:
        other = f"; it has {', '.join(content)}" if content else ""
        raise InfoplaneError(f"{path} must hold tables [[grid]] and nothing else{other}.")
    return [flat(table) for table in tables]


def fields_of(experiment: Experiment) -> dict[str, Any]:
    """The type of every field that counts for the results, nested ones under "outer.inner"."""
    return dict(_fields(type(experiment), ""))


def _combined(base: Kind, axes: Axes) -> Iterator[Kind]:
    """One grid's experiments."""
    kinds = fields_of(base)
    chosen: dict[str, list[Any]] = {}
    for name, values in axes.items():
        path = _path(name, kinds, base)
        if path in chosen:
            raise InfoplaneError(f"The grid names {path} twice.")
        several = isinstance(values, Iterable) and not isinstance(values, str)
        listed = list(values) if several else [values]
        chosen[path] = [_value(path, kinds[path], value) for value in listed]
        if not chosen[path]:
            raise InfoplaneError(f"The grid has no value for {name}.")
    for values in product(*chosen.values()):
        made = base
        for path, value in zip(chosen, values, strict=True):
            made = _with(made, path.split("."), value)
        yield made


def _fields(kind: type, prefix: str) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if not field.metadata.get("address", True):
            continue
        yield prefix + field.name, hints[field.name]
        if dataclasses.is_dataclass(hints[field.name]):
            yield from _fields(hints[field.name], f"{prefix}{field.name}.")


def _path(name: str, kinds: Mapping[str, Any], base: Any) -> str:  # noqa: ANN401 — a dataclass
    """The full name of a field."""
    plain = name.strip().replace("-", "_")
    found = [path for path in kinds if path == plain] or [
        path for path in kinds if path.endswith(f".{plain}")
    ]
    if len(found) > 1:
        raise InfoplaneError(f"{name} may be {' or '.join(found)}; write it whole.")
    if found:
        return found[0]
    if plain in {field.name for field in dataclasses.fields(base)}:
        raise InfoplaneError(f"{name} says where to compute, not what; a grid cannot vary it.")
    leaves = [path for path, kind in kinds.items() if not dataclasses.is_dataclass(kind)]
    fields = list(short_names(dict.fromkeys(leaves)).values())
    near = get_close_matches(plain, fields, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise InfoplaneError(f"{base.name} has no field {name}. {hint}It has: {', '.join(fields)}.")


def _value(path: str, kind: Any, value: Any) -> Any:  # noqa: ANN401 — whatever a field holds
    """A value as a field's kind has it, read as on the command line.

    Several values of one field are separated by spaces there, such as "256 64".
    """
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if isinstance(value, kind):
            return value
        raise InfoplaneError(f"{path} is a {kind.__name__}; got {value!r}. Vary its fields.")
    if isinstance(value, str) and get_origin(kind) is tuple:
        value = value.split()
    words = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    try:
        with redirect_stderr(io.StringIO()):  # tyro would print a box about options
            return tyro.cli(kind, args=words, console_outputs=False)
    except SystemExit:
        raise InfoplaneError(f"{path}={value}: it must be {_described(kind)}.") from None


def _described(kind: Any) -> str:  # noqa: ANN401 — a type or a special form
    """A field's kind for a reader."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    return f"of type {kind.__name__ if isinstance(kind, type) else kind}"


def _with(value: Any, path: Sequence[str], leaf: Any) -> Any:  # noqa: ANN401
    """A dataclass with one field replaced, however deep."""
    first, *rest = path
    inner = _with(getattr(value, first), rest, leaf) if rest else leaf
    return dataclasses.replace(value, **{first: inner})


def _read(experiment: Experiment, name: str) -> Any:  # noqa: ANN401 — whatever the field holds
    if not hasattr(experiment, name):
        raise InfoplaneError(f"{experiment.name} has no {name}.")
    return getattr(experiment, name)

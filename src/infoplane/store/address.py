"""A run's address is a function of what it computes: settings, data and version of the results."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from infoplane.values.errors import InfoplaneError

NOT_ADDRESSED = {"address": False}
"""Metadata of fields that say where or how, never what: paths, devices, numbers of jobs."""
ADDED_LATER = {"added_later": True}
"""Metadata of fields that an experiment got after it had runs, and whose default leaves everything
as it was: at that default they are left out, so that those runs keep their addresses."""


def canonical(value: Any) -> Any:  # noqa: ANN401 — any nested configuration
    """A value as plain JSON, with the type name of every dataclass in it.

    Two rules with equal fields but different types differ; an integer in a field of floats is a
    float; fields marked with ``NOT_ADDRESSED`` are left out, and at their defaults those marked
    with ``ADDED_LATER``.

    Raises:
        InfoplaneError: Something in it is neither a dataclass nor plain data.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        addressed = [f for f in dataclasses.fields(value) if _counts(f, getattr(value, f.name))]
        entries = {field.name: getattr(value, field.name) for field in addressed}
        for field in addressed:
            if field.type in (float, "float"):
                entries[field.name] = float(entries[field.name])
        return {"type": type(value).__name__} | {k: canonical(v) for k, v in entries.items()}
    if isinstance(value, Mapping):
        return {str(key): canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise InfoplaneError(
        f"A {type(value).__name__} cannot be part of a run's settings; use plain values."
    )


def _counts(field: dataclasses.Field[Any], value: object) -> bool:
    """Whether a field says what is computed."""
    as_before = field.metadata.get("added_later", False) and value == field.default
    return bool(field.metadata.get("address", True)) and not as_before


def unaddressed(settings: object) -> dict[str, str]:
    """Where and how: the fields that ``canonical`` leaves out, as text."""
    assert dataclasses.is_dataclass(settings)
    return {
        field.name: str(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
        if not field.metadata.get("address", True)
    }


def address(settings: object, *, data: str, results_version: int) -> str:
    """Twelve hexadecimal digits that name the results of these settings on these data.

    Args:
        settings: A frozen dataclass.
        data: Content hash of the data.
        results_version: Raised whenever the same settings begin to give other numbers.
    """
    content = {"settings": canonical(settings), "data": data, "results_version": results_version}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]

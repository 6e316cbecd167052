"""Names of runs, or of settings with several seeds: what they differ in."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.analysis.across import SEEDS
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace, settings_of

ABSENT, AS_MOST = "not set", "as most"
LONGEST = 64
"""A run's name of more characters than this helps nobody; its folder is named instead."""


def named(traces: Sequence[Trace], folders: Sequence[Sequence[str]]) -> list[str]:
    """A name for every run: the settings it differs in, or its folder if these are too many.

    Where all settings that differ somewhere are too many, those are told in which a run is not as
    most of them are. Which seeds several of one setting have is no part of its name.

    Args:
        traces: The runs, or several seeds of a setting as one.
        folders: The parts of each run's path, which differ.

    Raises:
        InfoplaneError: There are fewer than two runs, or two of one folder.
    """
    if len(traces) < 2:
        raise InfoplaneError(f"A comparison needs at least two runs, got {len(traces)}.")
    for names in (labels(found := differing(traces)), exceptions(found)):
        if 1 < len(set(names)) == len(names) and max(map(len, names)) <= LONGEST:
            return names
    return _by_folder(folders)


def differing(traces: Sequence[Trace]) -> dict[str, tuple[str, ...]]:
    """The settings that are not the same in all runs: one value per run, as text.

    Which seeds were computed of a setting is none of its settings.
    """
    known = [
        {"experiment": trace.attrs.get("experiment", ABSENT), **settings_of(trace)}
        for trace in traces
    ]
    return different([{key: value for key, value in one.items() if key != SEEDS} for one in known])


def different(settings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Of several settings, nested ones under "outer.inner", those that are not all the same."""
    keys = dict.fromkeys(key for one in settings for key in one)
    told = {key: tuple(_told(one.get(key, ABSENT)) for one in settings) for key in keys}
    return {key: values for key, values in told.items() if len(set(values)) > 1}


def labels(different: Mapping[str, Sequence[str]]) -> list[str]:
    """What tells one from the others, such as "code_size=4, seed=2"; none if nothing differs.

    >>> labels({"size": ("2", "4"), "training.steps": ("9", "5")})
    ['size=2, steps=9', 'size=4, steps=5']
    """
    short = short_names(different)
    lists = zip(*different.values(), strict=True)
    return [
        ", ".join(f"{name}={value}" for name, value in zip(short.values(), values, strict=True))
        for values in lists
    ]


def exceptions(different: Mapping[str, Sequence[str]]) -> list[str]:
    """The same, of each the settings alone in which it is not as most are; ``AS_MOST`` for none.

    >>> exceptions({"size": ("2", "2", "4"), "training.steps": ("9", "5", "9")})
    ['as most', 'steps=5', 'size=4']
    """
    usual = {key: Counter(values).most_common(1)[0][0] for key, values in different.items()}
    short = short_names(different)
    lists = zip(*different.values(), strict=True)
    return [
        ", ".join(
            f"{short[key]}={value}"
            for key, value in zip(different, values, strict=True)
            if value != usual[key]
        )
        or AS_MOST
        for values in lists
    ]


def short_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """Names of settings without what they are nested in, where that is clear."""
    last = [key.rpartition(".")[2] for key in settings]
    return {
        key: end if last.count(end) == 1 else key for key, end in zip(settings, last, strict=True)
    }


def _by_folder(folders: Sequence[Sequence[str]]) -> list[str]:
    """The last parts of each path, as many as it takes to tell them apart."""
    for depth in range(1, max(map(len, folders)) + 1):
        names = ["/".join(parts[-depth:]) for parts in folders]
        if len(set(names)) == len(names):
            return names
    raise InfoplaneError(
        f"The same run twice: {', '.join('/'.join(parts) for parts in folders)}; name others."
    )


def _told(value: Any) -> str:  # noqa: ANN401 — whatever a setting is
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

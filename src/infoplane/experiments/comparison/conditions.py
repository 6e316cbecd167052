"""Under which conditions runs were measured: which are known to differ, which are not known."""

from collections.abc import Iterator, Mapping, Sequence

from infoplane.experiments.comparison.common import (
    DATA,
    VARIABLES,
    Runs,
    label,
    named_briefly,
)
from infoplane.values.methods import UNTOLD, methods_of
from infoplane.values.trace import Trace, probes, settings_of

Known = Mapping[str, str | None]
"""A condition by run, as text; None where a run does not tell it."""

_VARIABLES = {"X": "I_XT", "Y": "I_TY"}
"""The variable that depends on X, or Y; its name tells which where the settings do not."""
_SETTINGS = {
    "tokens": "What one sample of a sequence is",
    "autocast": "Precision of the pass",
    "probe": "Probe, batches × samples",
}
_DIGITS = 12
"""As many digits of a content hash tell two apart for a reader."""


def incomparable(runs: Runs, variable: str | None = None) -> list[str]:
    """Why values of some runs cannot be held against each other; empty if nothing is known.

    Args:
        runs: What is compared.
        variable: Of what the values are; None for all of ``VARIABLES``.
    """
    asked = [name for name, one in _VARIABLES.items() if variable in (None, one)]
    questions = {name: _question(runs, name) for name in asked}
    others = {words: _setting(runs, key) for key, words in _SETTINGS.items()}
    told = {**_data(runs), **questions, **others}
    return [
        *_other_sizes(runs),
        *_other_estimators(runs),
        *(f"{words}: {listed(known)}." for words, known in told.items() if _is_otherwise(known)),
    ]


def unknown(runs: Runs) -> list[str]:
    """What values depend on first, and some run does not tell."""
    told = {
        "n": _is_told(_sizes(runs)),
        "estimators": not any(_untold_estimators(trace) for trace in runs.values()),
        "data": any(_is_told(known) for known in _data(runs).values()),
        **{name: _is_told(_question(runs, name)) for name in _VARIABLES},
    }
    return [name for name, known in told.items() if not known]


def listed(told: Known) -> str:
    """A condition of all runs in words, each value once."""
    whose: dict[str, list[str]] = {}
    for name, value in told.items():
        whose.setdefault(value or "unknown", []).append(name)
    return "; ".join(f"{value} in {named_briefly(names)}" for value, names in whose.items())


def _other_sizes(runs: Runs) -> Iterator[str]:
    sizes = _sizes(runs)
    if _is_otherwise(sizes):
        yield f"Samples per batch n: {listed(sizes)} (bias and ceiling log₂ n go with it)."


def _sizes(runs: Runs) -> Known:
    """Samples per batch of the informations."""
    return {name: _size(trace) for name, trace in runs.items()}


def _size(trace: Trace) -> str | None:
    known = [trace[name].attrs for name in VARIABLES if name in trace]
    return next((str(attributes["n"]) for attributes in known if "n" in attributes), None)


def _other_estimators(runs: Runs) -> Iterator[str]:
    """Estimators of one name that are not the same."""
    used = {name: methods_of(trace) for name, trace in runs.items()}
    for estimator in dict.fromkeys(key for one in used.values() for key in one):
        meant = {
            name: one[estimator].parameters or one[estimator].words
            for name, one in used.items()
            if estimator in one
        }
        if _is_otherwise(meant):
            yield f"Estimator “{estimator}”: {listed(meant)}."


def _untold_estimators(trace: Trace) -> bool:
    methods = methods_of(trace).values()
    return not methods or UNTOLD in methods


def _data(runs: Runs) -> dict[str, Known]:
    """Content hashes: of a data set where an experiment tells it, of the probes where a watch."""
    whole = {name: _digest(str(trace.attrs.get(DATA, ""))) for name, trace in runs.items()}
    return {"Data": whole, "Samples of the probe": _probe_digests(runs)}


def _probe_digests(runs: Runs) -> Known:
    """Of all probes if the runs have the same; else of the held-out one, which is compared."""
    named = {name: probes(trace) for name, trace in runs.items()}
    alike = len({tuple(names) for names in named.values()}) == 1
    return {
        name: _probe_digest(trace, named[name] if alike else named[name][-1:])
        for name, trace in runs.items()
    }


def _probe_digest(trace: Trace, names: Sequence[str]) -> str | None:
    settings = settings_of(trace)
    told = [_digest(str(settings.get(f"probe digest.{name or 'probe'}", ""))) for name in names]
    return None if None in told else " and ".join(filter(None, told))


def _digest(text: str) -> str | None:
    return text[:_DIGITS] or None


def _question(runs: Runs, name: str) -> Known:
    """What X or Y is: by the settings where all runs have it there, else by the variable's name."""
    told = _setting(runs, name)
    if _is_told(told):
        return told
    variable = _VARIABLES[name]
    return {
        run: label(trace[variable]) if variable in trace else None for run, trace in runs.items()
    }


def _setting(runs: Runs, key: str) -> Known:
    found = {name: settings_of(trace).get(key) for name, trace in runs.items()}
    return {name: None if value is None else str(value) for name, value in found.items()}


def _is_told(known: Known) -> bool:
    return None not in known.values()


def _is_otherwise(known: Known) -> bool:
    return len({value for value in known.values() if value is not None}) > 1

"""What was not compared, and what is saturated, in words."""

from collections.abc import Iterator, Sequence

from infoplane.experiments.comparison.common import (
    FEW,
    VARIABLES,
    Runs,
    label,
    losses,
    members,
    quantity,
    saturated,
)
from infoplane.experiments.comparison.conditions import listed
from infoplane.values.trace import probes


def left_out(runs: Runs) -> list[str]:
    """What was not compared, a sentence each; nothing can be missed if there is one alone."""
    if len(runs) < 2:
        return []
    return [*_lonely(runs), *_other_quantities(runs), *_other_probes(runs)]


def saturation(runs: Runs) -> str:
    """Which values of which run are saturated, in a sentence."""
    told = []
    for name, trace in runs.items():
        at = {variable: saturated(trace[variable]) for variable in VARIABLES if variable in trace}
        shares = [
            f"{label(trace[v])} {reached.mean():.0%}" for v, reached in at.items() if reached.any()
        ]
        told += [f"{name} ({', '.join(shares)} of its values)"] if shares else []
    if not told:
        return "No value is saturated at log₂ n."
    return f"Saturated at log₂ n, where a value says little but n: {_brief(told)}."


def _brief(told: Sequence[str]) -> str:
    """What is said of a few, and of how many others the like could be said."""
    rest = f"; and {len(told) - FEW} others" if len(told) > FEW else ""
    return "; ".join(told[:FEW]) + rest


def _lonely(runs: Runs) -> Iterator[str]:
    """Layers and estimators that one of them has alone."""
    for dimension in ("estimator", "layer"):
        for name, trace in runs.items():
            others = [members(one, dimension) for other, one in runs.items() if other != name]
            known = {member for one in others for member in one}
            if alone := [one for one in members(trace, dimension) if one not in known]:
                kind = dimension if len(alone) == 1 else f"{dimension}s"
                yield f"In {name} alone, and so not compared: {kind} {', '.join(alone)}."


def _other_quantities(runs: Runs) -> Iterator[str]:
    """Variables that one run has alone, or that are something else in another."""
    for variable in (*VARIABLES, *losses(runs)):
        meant = {
            name: quantity(trace[variable]) for name, trace in runs.items() if variable in trace
        }
        if len(set(meant.values())) > 1:
            yield f"Not the same quantity, and so not compared: {listed(meant)}."
        elif len(meant) == 1:
            ((name, words),) = meant.items()
            yield f"In {name} alone, and so not compared: {words}."


def _other_probes(runs: Runs) -> Iterator[str]:
    """The probes, if they are not the same in all runs."""
    named = {name: " and ".join(filter(None, probes(one))) or "one" for name, one in runs.items()}
    if len(set(named.values())) > 1:
        yield f"Probes are {listed(named)}: only the last, held-out one of each is compared."

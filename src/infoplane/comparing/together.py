"""Runs that differ in the one setting that their experiment compares, judged and shown together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from pathlib import Path
from statistics import fmean
from typing import Any, final

from infoplane.analysis.across import combined
from infoplane.analysis.family import Value, dimension_of, family
from infoplane.comparing.column import Read
from infoplane.experiments.catalogue import WATCH
from infoplane.experiments.comparison.naming import different, labels
from infoplane.experiments.members import of_member
from infoplane.experiments.protocol import Family
from infoplane.report.page import Chapter
from infoplane.report.references import Citations
from infoplane.runs import Run
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, flat

HEADING = "What the runs say together"
SEED = "seed"
LISTED = 8
"""So many values of a setting are listed in a heading."""


@final
@dataclass(frozen=True)
class Together:
    """A family of runs, under one or several seeds.

    Attributes:
        kind: How it is presented.
        runs: Its members by their value, under every seed; the same values under all of them.
        left_out: Values that some seed has no run of, and that are therefore not in it.
    """

    kind: type[Family]
    runs: Mapping[int, Mapping[Value, Run]]
    left_out: tuple[Value, ...] = ()

    @cached_property
    def read(self) -> Read:
        """What its members measured, over the seeds, and its claims; no run's Trace is kept.

        Raises:
            InfoplaneError: The runs differ in more than the family's setting and their seed, or
                cannot be joined.
        """
        traces = [self._of_one_seed(members) for members in self.runs.values()]
        findings = self.kind.findings(traces)
        return Read(combined(traces), findings)

    def _of_one_seed(self, members: Mapping[Value, Run]) -> Trace:
        fresh = {value: Run(run.folder).trace for value, run in members.items()}
        return family(fresh, self.kind.along)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall-clock time of every member by part, the mean over the seeds that told it."""
        found: dict[str, list[float]] = {}
        for members in self.runs.values():
            for value, run in members.items():
                for part, spent in run.manifest.seconds.items():
                    found.setdefault(of_member(value, part), []).append(spent)
        return {name: fmean(told) for name, told in found.items()}

    @property
    def notes(self) -> list[str]:
        """What is not in it, in sentences."""
        if not self.left_out:
            return []
        told = ", ".join(map(str, self.left_out))
        return [
            f"Judged together are the values of {self.kind.along} that all seeds have a complete "
            f"run of; left out: {told}."
        ]

    @property
    def summary(self) -> list[str]:
        """What a reader should know first."""
        return [*self.kind.summary(self.read.trace, self.read.findings), *self.notes]

    def chapter(self, name: str, citations: Citations, called: Mapping[Path, str]) -> Chapter:
        """Its part of a page.

        Args:
            name: What it is called.
            citations: Numbers the works that its claims are from.
            called: What the page calls each run, by its folder.
        """
        trace, findings = self.read.trace, self.read.findings
        return Chapter(
            heading=f"{HEADING}: {name}",
            summary=self.summary,
            findings=[replace(one, source=citations.cite(one.source)) for one in findings],
            tables=self.kind.tables(trace, self.seconds),
            panels=[self._placed(one, called) for one in self.kind.panels(trace)],
        )

    def _placed(self, panel: Panel, called: Mapping[Path, str]) -> Panel:
        """A figure on a page with those of the settings one by one, which it names as they do."""
        members = next(iter(self.runs.values()))
        named = {str(value): called[run.folder] for value, run in members.items()}
        return replace(
            panel,
            key=f"together-{panel.key}",
            scale=panel.scale and f"together-{panel.scale}",
            series=tuple(replace(one, of=named.get(one.of, one.of)) for one in panel.series),
        )


def families_of(runs: Sequence[Run]) -> dict[str, Together]:
    """All families among some runs, by what they lie along and what tells them apart.

    A family needs two values of its setting that every seed has one complete run of. Runs of
    which two have the same value and seed are no family: nobody could say which is meant.
    """
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        if (key := _key(run)) is not None:
            grouped.setdefault(key, []).append(run)
    found = {key: one for key, members in grouped.items() if (one := _together(members))}
    others = [_others(next(iter(one.runs.values()))) for one in found.values()]
    names = labels(different(others)) if len(others) > 1 else [""] * len(others)
    return {
        ", ".join(part for part in (_along_words(one), name) if part): one
        for one, name in zip(found.values(), names, strict=True)
    }


def _along_words(one: Together) -> str:
    """The setting with the values that are judged together; of many the first ones and the last."""
    values = [str(value) for value in next(iter(one.runs.values()))]
    told = ", ".join(values)
    if len(values) > LISTED:
        told = f"{', '.join(values[: LISTED - 1])}, … {values[-1]} ({len(values)} in all)"
    return f"{dimension_of(one.kind.along)} = {told}"


def _key(run: Run) -> str | None:
    """What all members of a family have in common under all seeds; None if it has no family."""
    manifest = run.manifest
    if manifest.experiment == WATCH or run.shown.family is None:
        return None
    settings = flat(manifest.settings)
    same = _without(settings, run.shown.family.along)
    if len(same) == len(settings) or SEED not in same:
        return None
    del same[SEED]
    known = [manifest.experiment, manifest.results_version, manifest.data, same]
    return json.dumps(known, sort_keys=True)


def _others(members: Mapping[Value, Run]) -> dict[str, Any]:
    """The settings that tell one family from another."""
    manifest = next(iter(members.values())).manifest
    kind = next(iter(members.values())).shown.family
    settings = flat(manifest.settings)
    settings.pop(SEED, None)
    if kind is not None:
        settings = _without(settings, kind.along)
    named = {"experiment": manifest.experiment, "results": manifest.results_version}
    return {**named, "data": manifest.data, **settings}


def _together(runs: Sequence[Run]) -> Together | None:
    """A family with the values that all seeds have; None if they are fewer than two."""
    kind = runs[0].shown.family
    assert kind is not None
    placed: dict[int, dict[Value, Run]] = {}
    for run in runs:
        settings = flat(run.manifest.settings)
        members = placed.setdefault(int(settings[SEED]), {})
        value = kind.named(setting_of(run.manifest.settings, kind.along))
        if value in members:
            return None
        members[value] = run
    every = list(_in_order(value for members in placed.values() for value in members))
    common = [value for value in every if all(value in members for members in placed.values())]
    if len(common) < 2:
        return None
    whole = {seed: {value: placed[seed][value] for value in common} for seed in sorted(placed)}
    return Together(kind, whole, tuple(value for value in every if value not in common))


def _in_order(values: Iterator[Value]) -> list[Value]:
    """Different values: numbers in increasing order, names in that of their appearance."""
    distinct = list(dict.fromkeys(values))
    if all(isinstance(one, int | float) for one in distinct):
        return sorted(distinct, key=lambda one: float(one))
    return distinct


def _without(settings: Mapping[str, Any], along: str) -> dict[str, Any]:
    """Flat settings but one, which may consist of several."""
    inside = f"{along}."
    return {
        key: value for key, value in settings.items() if key != along and not key.startswith(inside)
    }


def setting_of(settings: Mapping[str, Any], along: str) -> Any:  # noqa: ANN401 — whatever it is
    """One of nested settings, such as "training.steps"."""
    return reduce(lambda inner, name: inner[name], along.split("."), settings)

"""Every estimator on pairs whose information is known: who is right about what."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np
import xarray as xr
from torch import Tensor

from infoplane.analysis.calibration import MEASURED, PROMISES, TASKS, State, cells
from infoplane.datasets.known.catalogue import TASKS as SUITE
from infoplane.datasets.known.catalogue import described, task
from infoplane.experiments.calibration import panels as shown
from infoplane.experiments.calibration.budget import Asked, planned, timed
from infoplane.experiments.calibration.claims import claims
from infoplane.experiments.calibration.numbers import numbers
from infoplane.experiments.protocol import Experiment
from infoplane.experiments.settings import require_at_least
from infoplane.measures.catalogue import ESTIMATORS, TRAINED, estimator
from infoplane.measures.estimator import Estimator, Told
from infoplane.numerics.workers import cores
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.finding import Finding
from infoplane.values.methods import METHODS, Method, methods_json
from infoplane.values.trace import Checkpoint, Row, Tick, Trace
from infoplane.values.units import BIT

LEAST_SAMPLES = 10
SEEDS_APART = 1_000_000
"""Replicates of one seed have consecutive streams; those of another seed begin so far away."""
PROBLEMS = (InfoplaneError, ArithmeticError, ValueError, RuntimeError)
"""What an estimator may fail with on a sample; anything else is a mistake in the program."""
MEANINGS: Mapping[str, str] = {
    "estimate": "estimate of I(X;Y)",
    "stderr": "its standard error",
    "low": "lower end of its 90 % interval",
    "high": "upper end of its 90 % interval",
    "ceiling": "the largest value it could have",
}


@final
@dataclass(frozen=True)
class Preset:
    """What is done unless it is said otherwise."""

    tasks: tuple[str, ...]
    sizes: tuple[int, ...]
    repeats: int
    estimators: tuple[str, ...]


PRESETS: Mapping[str, Preset] = {
    "full": Preset(tuple(SUITE), (100, 300, 1000, 3000, 10_000), 10, tuple(ESTIMATORS)),
    "digest": Preset(
        (
            "independent-1",
            "normal-1",
            "normal-5-pairs",
            "normal-25-pairs",
            "student-2-df3",
            "half-cube-1",
            "steps-5",
            "classes-4",
            "channel-10",
            "layer",
        ),
        (100, 300, 1000),
        3,
        tuple(name for name in ESTIMATORS if name not in TRAINED),
    ),
}


@final
@dataclass(frozen=True)
class Calibration(Experiment):
    """Estimators of information on pairs of variables whose information is known.

    The suite follows Czyż et al., Beyond Normal (2023), with every truth derived anew; discrete and
    mixed pairs, independent ones, and a layer without noise are added.

    Attributes:
        size: What is done where nothing else is said: "full" takes most of an hour, "digest" a
            part of it in two minutes.
        estimators: Names out of the catalogue of estimators; None for those of the size.
        tasks: Names out of the suite; None for those of the size.
        sizes: Sample sizes, increasing; None for those of the size.
        repeats: Independent samples of every task and size; None for those of the size.
        seed: Seed of every random stream.
    """

    name: ClassVar[str] = "calibration"
    title: ClassVar[str] = "Estimators of information where the truth is known"
    results_version: ClassVar[int] = 1

    size: Literal["full", "digest"] = "full"
    estimators: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    sizes: tuple[int, ...] | None = None
    repeats: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        asked = self.asked
        require_at_least(1, repeats=asked.repeats)
        for field in ("estimators", "tasks", "sizes"):
            members = getattr(asked, field)
            if not members or len(set(members)) < len(members):
                raise InfoplaneError(f"{field}={members}: name at least one, and none twice.")
        if list(asked.sizes) != sorted(asked.sizes) or asked.sizes[0] < LEAST_SAMPLES:
            raise InfoplaneError(
                f"sizes={asked.sizes}: give increasing numbers of at least {LEAST_SAMPLES}."
            )
        for name in asked.tasks:
            task(name)
        for name in asked.estimators:
            estimator(name)

    @property
    def asked(self) -> Preset:
        """What is done: the preset, with what was said otherwise."""
        preset = PRESETS[self.size]
        return Preset(
            preset.tasks if self.tasks is None else self.tasks,
            preset.sizes if self.sizes is None else self.sizes,
            preset.repeats if self.repeats is None else self.repeats,
            preset.estimators if self.estimators is None else self.estimators,
        )

    @property
    def chosen(self) -> dict[str, Estimator]:
        """The estimators by name."""
        return {name: estimator(name) for name in self.asked.estimators}

    @property
    def samples(self) -> list[Asked]:
        """All samples, replicate by replicate: what is left undone is whole replicates."""
        asked = self.asked
        return [
            Asked(task(name), n, replicate)
            for replicate in range(asked.repeats)
            for n in asked.sizes
            for name in asked.tasks
        ]

    @property
    def data_digest(self) -> str:
        """Of the tasks and estimators with all their parameters, as their names do not tell."""
        asked = self.asked
        told = {
            "tasks": {name: repr(task(name)) for name in asked.tasks},
            "estimators": {name: repr(one) for name, one in self.chosen.items()},
            "sizes": asked.sizes,
            "repeats": asked.repeats,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def threads(self) -> int:
        """One per core."""
        return cores()

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself, of its tasks, and of what every estimator promises."""
        asked = self.asked
        promises = {name: _promise(one) for name, one in self.chosen.items()}
        tasks = [described(task(name)) for name in asked.tasks]
        return {
            "experiment": self.name,
            "description": (
                f"{len(asked.estimators)} estimators on {len(asked.tasks)} tasks of known "
                f"information, n = {', '.join(map(str, asked.sizes))}, {asked.repeats} samples of "
                f"each, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "czyz2023beyond",
            TASKS: json.dumps(tasks, ensure_ascii=False),
            PROMISES: json.dumps(promises),
            METHODS: methods_json({name: _method(one) for name, one in self.chosen.items()}),
        }

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """One row per sample; resumed, those that are left."""
        samples, chosen = self.samples, self.chosen
        plans = [
            {name: planned(name, one, sample) for name, one in chosen.items()} for sample in samples
        ]
        counts = [sum(state is State.MEASURED for state in plan.values()) for plan in plans]
        first = 0 if resume is None else resume.step
        done, total = sum(counts[:first]), sum(counts)
        for step in range(first, len(samples)):
            row = _Row(samples[step], self.seed, plans[step])
            for name, state in plans[step].items():
                if state is State.MEASURED:
                    row.ask(name, chosen[name])
                    done += 1
                    yield Tick(done, total, "estimates")
            yield row.finished(step, self.asked.tasks.index(samples[step].task.name))
            yield Checkpoint(step + 1, {}, {})

    claims = staticmethod(claims)
    subject = staticmethod(cells)
    panels = staticmethod(shown.panels)
    tables = staticmethod(shown.tables)
    methods = staticmethod(shown.methods)
    numbers = staticmethod(numbers)

    @staticmethod
    def summary(trace: Trace, found: Sequence[Finding]) -> list[str]:
        """What was asked, and who was nearest to the truth."""
        return shown.summary_words(trace)


@final
class _Row:
    """What all estimators say of one sample."""

    def __init__(self, sample: Asked, seed: int, plan: Mapping[str, State]) -> None:
        self.sample, self.plan = sample, dict(plan)
        drawn = sample.task.sample(sample.n, seed * SEEDS_APART + sample.replicate)
        self.x, self.y = drawn
        self.said: dict[str, Estimate] = {}
        self.sentences: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def ask(self, name: str, one: Estimator) -> None:
        """Measures, and keeps the sentence if that fails, or gives no number."""
        begun = time.perf_counter()
        said = attempted(one, self.x, self.y)
        self.seconds[timed(name, self.sample.n)] = time.perf_counter() - begun
        if isinstance(said, str):
            self.plan[name] = State.FAILED
            self.sentences[name] = said
        else:
            self.said[name] = said

    def finished(self, step: int, place: int) -> Row:
        """The row."""
        numbers = np.array([_numbers(self.said.get(name)) for name in self.plan], dtype=float)
        names = {"estimator": list(self.plan)}
        values = {
            kind: xr.DataArray(
                numbers[:, i], names, ("estimator",), attrs=_attributes(MEANINGS[kind])
            )
            for i, kind in enumerate(MEASURED)
        }
        states = np.array([int(state) for state in self.plan.values()], dtype=np.int8)
        meant = "; ".join(f"{int(state)} {state.name.lower()}" for state in State)
        values["state"] = xr.DataArray(
            states, names, ("estimator",), attrs=_attributes(f"what became of it: {meant}", "1")
        )
        values |= {
            "task": xr.DataArray(place, attrs=_attributes("number of the task", "1")),
            "n": xr.DataArray(self.sample.n, attrs=_attributes("samples", "1")),
            "replicate": xr.DataArray(
                self.sample.replicate, attrs=_attributes("which sample of the task", "1")
            ),
            "truth": xr.DataArray(self.sample.task.truth, attrs=_attributes("I(X;Y)")),
        }
        return Row(step, float("nan"), values, self.seconds, self.sentences)


def attempted(one: Estimator, x: Tensor, y: Tensor) -> Estimate | str:
    """The estimate, or the sentence that says why there is none."""
    try:
        estimate = one(x, y)
    except PROBLEMS as problem:
        told = str(problem)
        return told if isinstance(problem, InfoplaneError) else f"{type(problem).__name__}: {told}"
    if np.isnan(estimate.value):
        return " ".join(estimate.notes) or "The value is no number."
    return estimate


def _numbers(estimate: Estimate | None) -> tuple[float, ...]:
    """In the order of ``MEASURED``."""
    if estimate is None:
        return (np.nan,) * len(MEASURED)
    low, high = (np.nan, np.nan) if estimate.interval is None else estimate.interval
    stderr = np.nan if estimate.stderr is None else estimate.stderr
    return estimate.value, stderr, low, high, estimate.ceiling


def _attributes(meaning: str, unit: str = BIT) -> dict[str, str]:
    return {"long_name": meaning, "unit": unit}


def _method(one: Estimator) -> Method:
    """An estimator in words."""
    if isinstance(one, Told):
        return Method(one.words, one.sources, parameters=repr(one))
    return Method(repr(one), parameters=repr(one))


def _promise(one: Estimator) -> dict[str, Any]:
    """What an estimator promises, as plain JSON."""
    promised = one.properties
    return {
        "takes": list(promised.takes),
        "interval": promised.interval,
        "bound": promised.bound,
        "comparable": promised.error is not None,
    }

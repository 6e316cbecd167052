"""Which estimator does best on what, from a calibration that was computed once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from infoplane.store.files import read_json
from infoplane.values.errors import InfoplaneError

DIMENSIONS: Mapping[str, float] = {"1": 1, "2 to 5": 5, "more than 5": math.inf}
"""Classes of dimensions, by the most columns of x or y."""
SHIPPED = Path(__file__).with_name("calibrated.json")
"""The summary that comes with the package."""


@final
@dataclass(frozen=True)
class Skill:
    """How well an estimator does on tasks of one sort, at one sample size; all errors in bits.

    Attributes:
        estimator: Its name in the catalogue.
        kind: Of the pairs: "numbers", "mixed" or "labels".
        dims: Class of their dimensions, a key of ``DIMENSIONS``.
        n: Samples.
        tasks: On how many tasks with finite information this rests.
        bias: Mean of estimate − truth over tasks and seeds.
        spread: Standard deviation over the seeds, mean over tasks; NaN of one seed.
        rmse: Root mean square error over tasks and seeds.
        worst: The largest root mean square error over the seeds that any of the tasks has.
        failures: Share (0…1) of the estimates asked for that failed.
        comparable: Whether it estimates Shannon's information at all.
    """

    estimator: str
    kind: str
    dims: str
    n: int
    tasks: int
    bias: float
    spread: float
    rmse: float
    worst: float
    failures: float
    comparable: bool


def of_dimensions(columns: int) -> str:
    """The class of so many columns.

    >>> of_dimensions(1), of_dimensions(3), of_dimensions(25)
    ('1', '2 to 5', 'more than 5')
    """
    return next(name for name, most in DIMENSIONS.items() if columns <= most)


def ranked(skills: Sequence[Skill], kind: str, dims: int, n: int) -> list[Skill]:
    """Estimators for such a pair, the best first.

    The rule: of those that estimate Shannon's information and failed on no task of this kind and
    class of dimensions, the one whose worst task has the smallest root mean square error. Each is
    judged at the largest calibrated sample size that is not above ``n`` (else at the smallest),
    and is left out if it was asked about fewer tasks there than others were.

    Args:
        skills: A ``summary``.
        kind: "numbers", "mixed" or "labels".
        dims: The most columns that x or y have.
        n: Samples.
    """
    alike = [one for one in skills if one.kind == kind and one.dims == of_dimensions(dims)]
    sizes = sorted({one.n for one in alike})
    if not sizes:
        return []
    at = max((size for size in sizes if size <= n), default=sizes[0])
    there = [one for one in alike if one.n == at and one.comparable]
    most = max((one.tasks for one in there), default=0)
    able = [one for one in there if one.failures == 0 and one.tasks == most > 0]
    return sorted(able, key=lambda one: (one.worst, one.rmse, one.estimator))


def best(skills: Sequence[Skill], kind: str, dims: int, n: int) -> Skill:
    """The first of ``ranked``.

    Raises:
        InfoplaneError: No estimator was calibrated on such pairs without a failure.
    """
    found = ranked(skills, kind, dims, n)
    if not found:
        known = dict.fromkeys(f"{one.kind} ({one.dims})" for one in skills)
        raise InfoplaneError(
            f"No estimator was calibrated on pairs like this (kind {kind!r}, {dims} columns) "
            f"without a failure; kinds (columns) are {', '.join(known) or 'none at all'}."
        )
    return found[0]


def as_json(skills: Sequence[Skill]) -> list[dict[str, Any]]:
    """A summary as plain JSON; what is no finite number becomes null."""
    return [
        {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(one).items()
        }
        for one in skills
    ]


def of_json(entries: Any) -> list[Skill]:  # noqa: ANN401 — whatever a file holds
    """Back from JSON: an error that is no finite number is infinite, a spread not known.

    Raises:
        InfoplaneError: Something else was written.
    """
    try:
        return [_read(entry) for entry in entries]
    except (TypeError, KeyError, ValueError) as problem:
        raise InfoplaneError(
            f"This is no summary of a calibration ({type(problem).__name__}: {problem}); write it "
            "anew with scripts/ship_calibration.py."
        ) from problem


def _read(entry: Any) -> Skill:  # noqa: ANN401 — whatever a file holds
    """One entry, with its missing numbers."""
    missing = {"bias": math.nan, "spread": math.nan, "rmse": math.inf, "worst": math.inf}
    numbers = {
        key: other if entry[key] is None else float(entry[key]) for key, other in missing.items()
    }
    return Skill(
        estimator=str(entry["estimator"]),
        kind=str(entry["kind"]),
        dims=str(entry["dims"]),
        n=int(entry["n"]),
        tasks=int(entry["tasks"]),
        failures=float(entry["failures"]),
        comparable=bool(entry["comparable"]),
        **numbers,
    )


def shipped() -> list[Skill]:
    """The summary that comes with the package (docs/calibration.md says from which runs).

    Raises:
        InfoplaneError: The file is missing or damaged.
    """
    if not SHIPPED.exists():
        raise InfoplaneError(
            f"No calibration comes with this package ({SHIPPED.name} is missing); "
            "`make paper-calibration` computes it and writes it anew."
        )
    return of_json(read_json(SHIPPED))

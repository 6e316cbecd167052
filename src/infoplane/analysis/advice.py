"""Which of several estimates of one pair of variables to believe, if any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from infoplane.analysis.skills import Skill, ranked
from infoplane.measures.catalogue import ESTIMATORS
from infoplane.measures.diagnostics.checks import obstacle
from infoplane.measures.diagnostics.determined import occur_once
from infoplane.measures.samples import is_discrete, pair_of
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

NUMBERS = ("numbers",)
"""The pairs that an estimator takes which presumes a density."""
REPEATED = 0.05
"""If more samples than this share repeat another exactly, a variable has no density."""


@final
@dataclass(frozen=True)
class Advice:
    """What to believe.

    Attributes:
        estimator: Its name in the catalogue; empty if none.
        words: Why, in sentences.
    """

    estimator: str
    words: str


def advice(
    skills: Sequence[Skill], x: Tensor, y: Tensor, said: Mapping[str, Estimate | InfoplaneError]
) -> Advice:
    """The estimator out of those asked that errs least on calibrated pairs of this sort.

    None is named where no number can say what they share: one is constant, numbers the samples, or
    is a function of the other. Estimators that presume a density are left out where samples repeat.

    Args:
        skills: A calibration's ``summary``.
        x: Checked samples (n,) or (n, d).
        y: As many samples.
        said: What was asked, by name, and the answers.
    """
    named = {"x": x, "y": y}
    if reason := obstacle(named):
        return Advice("", f"Nothing to recommend: {reason}")
    kind, columns = pair_of(x, y), max(_varying(x), _varying(y))
    answered = {name: one for name, one in said.items() if isinstance(one, Estimate)}
    repeated = any(_repeats(v) for v in named.values())
    fit = [
        name
        for name in answered
        if name in ESTIMATORS and not (repeated and ESTIMATORS[name].properties.takes == NUMBERS)
    ]
    best = next(
        (one for one in ranked(skills, kind, columns, len(x)) if one.estimator in fit), None
    )
    if best is None:
        return Advice("", _none(skills, kind, columns, fit))
    among = "of those asked" + (" that allow for repeated samples" if repeated else "")
    tasks = "1 calibrated task" if best.tasks == 1 else f"{best.tasks} calibrated tasks"
    return Advice(
        best.estimator,
        f"Recommended: {best.estimator}, {answered[best.estimator].value:.4f} bit. It errs least "
        f"{among}: where the truth is known ({tasks} of such pairs, n = {best.n}) its worst root "
        f"mean square error is {best.worst:.2f} bit. What is unlike those tasks may be estimated "
        "worse: docs/calibration.md.",
    )


def _none(skills: Sequence[Skill], kind: str, columns: int, fit: Sequence[str]) -> str:
    """Why no estimator is named."""
    if not fit:
        return "Nothing to recommend: none of the estimators asked suits such a pair."
    known = dict.fromkeys(f"{one.kind} ({one.dims})" for one in skills)
    return (
        f"Nothing to recommend: none of those asked was calibrated without a failure on pairs like "
        f"this (kind {kind!r}, {columns} columns that vary); kinds (columns) are "
        f"{', '.join(known) or 'none at all'}."
    )


def _varying(v: Tensor) -> int:
    """Columns that are not constant."""
    return 1 if v.ndim == 1 else int((v != v[0]).flatten(1).any(0).sum())


def _repeats(v: Tensor) -> bool:
    """Whether samples of numbers repeat others exactly."""
    if is_discrete(v):
        return False
    rows = v.flatten(1) if v.ndim > 1 else v[:, None]
    return bool((~occur_once(rows)).to(torch.float64).mean() > REPEATED)

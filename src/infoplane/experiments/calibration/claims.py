"""What an estimator of information should do where the truth is known."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.calibration import asked, covered, errors
from infoplane.analysis.claims import Claim
from infoplane.values.ceilings import CEILINGS, ceilings_json

USUAL_N = 1000
"""Claims are judged at the largest sample size that is not above this."""
LEAST, SHARE = 0.1, 0.1
"""An estimate is right within so many bits, or within such a share of the truth if that is more."""
LOWEST, HIGHEST = 0.85, 0.95
"""An interval that claims 90 % should contain the truth so often."""
FEW_COLUMNS = 5
SOURCE = "czyz2023beyond"
OWN = "our own question"

Chosen = Callable[[xr.Dataset], np.ndarray]
"""Which tasks a claim is about, as truth values along "task"."""


def claims(trace: xr.Dataset) -> list[Claim]:
    """The claims that can be asked about these tasks."""
    n = usual(trace)
    right = (
        f"the mean absolute error is at most {LEAST:g} bit, or {SHARE:.0%} of the truth, "
        f"at n = {n}."
    )
    accurate = [
        _accurate(key, f"{words} {right}", trace, names)
        for key, (words, chosen) in _GROUPS.items()
        if len(names := _names(trace, chosen))
    ]
    intervals = [
        _coverage(key, words, trace, names)
        for key, (words, chosen) in _INTERVALS.items()
        if len(names := _names(trace, chosen))
    ]
    return [*accurate, *_invariance(trace), *intervals, *_deterministic(trace)]


def usual(laid: xr.Dataset) -> int:
    """The sample size at which claims are judged: the largest up to ``USUAL_N``, or the least."""
    sizes = laid["n"].values
    below = sizes[sizes <= USUAL_N]
    return int(below.max() if below.size else sizes.min())


def tolerance(laid: xr.Dataset) -> xr.DataArray:
    """How far an estimate may be from the truth in bits, along "task"."""
    return (SHARE * laid["truth"]).clip(min=LEAST)


def _numbers(laid: xr.Dataset, *families: str) -> np.ndarray:
    """Tasks of numbers that belong to some families."""
    known: np.ndarray = np.isin(laid["family"].values, families)
    return known & (laid["kind"].values == "numbers")


def _few(laid: xr.Dataset) -> np.ndarray:
    few: np.ndarray = laid["columns"].values <= FEW_COLUMNS
    return few


_GROUPS: Mapping[str, tuple[str, Chosen]] = {
    "accurate-independent": (
        "Of independent numbers in up to 5 dimensions",
        lambda laid: _numbers(laid, "independent") & _few(laid),
    ),
    "accurate-normal": (
        "Of normal variables in 1 to 5 dimensions",
        lambda laid: _numbers(laid, "normal") & _few(laid),
    ),
    "accurate-many-dimensions": (
        "Of normal variables in more than 5 dimensions",
        lambda laid: _numbers(laid, "normal", "independent") & ~_few(laid),
    ),
    "accurate-heavy-tails": (
        "Of variables with Student's tails",
        lambda laid: _numbers(laid, "heavy tails"),
    ),
    "accurate-noise": (
        "Of a uniform variable with uniform noise",
        lambda laid: _numbers(laid, "noise"),
    ),
    "accurate-images": (
        "Of one-to-one images of normal variables and of Student's",
        lambda laid: _numbers(laid, "image"),
    ),
    "accurate-mixed": (
        "Of numbers in up to 5 dimensions with labels",
        lambda laid: (laid["kind"].values == "mixed") & _few(laid),
    ),
    "accurate-mixed-many-dimensions": (
        "Of numbers in more than 5 dimensions with labels",
        lambda laid: (laid["kind"].values == "mixed") & ~_few(laid),
    ),
    "accurate-labels": (
        "Of two labels",
        lambda laid: (laid["kind"].values == "labels") & (laid["columns"].values == 1),
    ),
    "accurate-rows": (
        "Of two rows of labels",
        lambda laid: (laid["kind"].values == "labels") & (laid["columns"].values > 1),
    ),
}
_INTERVALS: Mapping[str, tuple[str, Chosen]] = {
    "intervals-numbers": (
        "of normal and of independent variables in up to 5 dimensions",
        lambda laid: _numbers(laid, "normal", "independent") & _few(laid),
    ),
    "intervals-labels": (
        "of two labels, or two rows of labels",
        lambda laid: laid["kind"].values == "labels",
    ),
}


def _names(laid: xr.Dataset, chosen: Chosen) -> list[str]:
    """The names of the tasks that a claim is about."""
    return [str(name) for name in laid["task"].values[chosen(laid)]]


def _accurate(key: str, statement: str, laid: xr.Dataset, names: list[str]) -> Claim:
    """The estimate is near the truth; a part of the claim per task."""
    n = usual(laid)

    def margin(trace: xr.Dataset) -> xr.DataArray:
        at = trace.sel(task=names, n=n)
        return _parts(tolerance(at) - abs(errors(at)))

    def evidence(trace: xr.Dataset) -> Mapping[str, Mapping[str, Any]]:
        return _means("bias", errors(trace.sel(task=names, n=n)))

    return Claim(key, statement, OWN, margin, lambda one: _raw(one, names, [n]), evidence=evidence)


def _invariance(laid: xr.Dataset) -> list[Claim]:
    """The estimate of an image is that of its base, sample by sample; a part per image."""
    known = set(laid["task"].values.tolist())
    bases = dict(zip(laid["task"].values.tolist(), laid["image_of"].values.tolist(), strict=True))
    pairs = {image: base for image, base in bases.items() if base in known}
    if not pairs:
        return []
    images, originals, n = list(pairs), list(pairs.values()), usual(laid)

    def margin(trace: xr.Dataset) -> xr.DataArray:
        image = trace.sel(task=images, n=n)
        base = trace["estimate"].sel(task=originals, n=n).assign_coords(task=images)
        return _parts(tolerance(image) - abs(image["estimate"] - base))

    return [
        Claim(
            "invariant",
            "One-to-one maps of x and y leave the estimate where it is, within "
            f"{LEAST:g} bit or {SHARE:.0%} of the truth, at n = {n}.",
            SOURCE,
            margin,
            lambda one: _raw(one, [*images, *originals], [n]),
            notes=("Information does not change under one-to-one maps; estimates may.",),
        )
    ]


def _coverage(key: str, words: str, laid: xr.Dataset, names: list[str]) -> Claim:
    """Claimed intervals contain the truth neither too seldom nor too often, over all sizes.

    An estimator may claim an interval of some samples and none of others, such as a plug-in
    estimate of too few samples per cell: the share is over those that it claims.
    """

    def held(trace: xr.Dataset) -> xr.DataArray:
        return covered(trace.sel(task=names)).mean(["task", "n"])

    def margin(trace: xr.Dataset) -> xr.DataArray:
        share = held(trace)
        parts = {"not too seldom": share - LOWEST, "not too often": HIGHEST - share}
        return xr.concat(list(parts.values()), dim="part").assign_coords(part=list(parts))

    def evidence(trace: xr.Dataset) -> Mapping[str, Mapping[str, Any]]:
        return _claimed(trace.sel(task=names))

    return Claim(
        key,
        f"Claimed 90 % intervals {words} contain the truth in {LOWEST:.0%} to {HIGHEST:.0%} of "
        "all samples for which one is claimed.",
        OWN,
        margin,
        held,
        evidence=evidence,
        unit="",
        notes=(
            "Estimators that claim no interval have no reading; the evidence says how many "
            "intervals were claimed of how many estimates asked for.",
        ),
    )


def _claimed(laid: xr.Dataset) -> Mapping[str, Mapping[str, Any]]:
    """The share of intervals that hold, and how many were claimed, by estimator and task."""
    over, inside = ["n", "seed"], covered(laid)
    found = xr.Dataset(
        {
            "share": inside.mean(over),
            "claimed": inside.notnull().sum(over),
            "asked": asked(laid).sum(over),
        }
    )
    told: dict[str, Mapping[str, Any]] = {}
    for name in map(str, laid["estimator"].values):
        tasks = {str(task): found.sel(estimator=name, task=task) for task in laid["task"].values}
        told[name] = {
            "share of intervals with the truth": {
                task: float(one["share"]) for task, one in tasks.items() if one["claimed"]
            },
            "intervals claimed": {
                task: f"{int(one['claimed'])} of {int(one['asked'])}" for task, one in tasks.items()
            },
        }
    return told


def _deterministic(laid: xr.Dataset) -> list[Claim]:
    """Without noise the information is infinite: what is estimated grows with n."""
    names = [str(name) for name in laid["task"].values[np.isinf(laid["truth"].values)]]
    sizes = [int(n) for n in laid["n"].values if n <= usual(laid)]
    if not names or len(sizes) < 2:
        return []
    steps = [f"n = {a} → {b}" for a, b in zip(sizes, sizes[1:], strict=False)]

    def growth(trace: xr.Dataset) -> xr.DataArray:
        values = trace["estimate"].sel(task=names, n=sizes).mean("task")
        grown = values.transpose("n", "estimator", "seed").diff("n")
        return grown.rename(n="part").assign_coords(part=steps)

    return [
        Claim(
            "deterministic-grows",
            "Of a layer without noise, whose information is infinite, the estimate grows with n.",
            "goldfeld2019estimating",
            growth,
            lambda one: _raw(one, names, sizes),
            notes=("Every finite number is wrong there: it says how fine the estimator looks.",),
        )
    ]


def _parts(values: xr.DataArray) -> xr.DataArray:
    """Tasks as the parts of a claim."""
    return values.rename(task="part").transpose("part", "estimator", "seed")


def _raw(laid: xr.Dataset, names: list[str], sizes: list[int]) -> xr.DataArray:
    """The estimates that a claim rests on, with the highest of their ceilings."""
    at = laid.sel(task=names, n=sizes)
    tops = at["ceiling"].max(["task", "n", "seed"])
    known = {str(name): float(tops.sel(estimator=name)) for name in tops["estimator"].values}
    return at["estimate"].assign_attrs({CEILINGS: ceilings_json(known)})


def _means(words: str, values: xr.DataArray) -> Mapping[str, Mapping[str, Any]]:
    """Means along "task" as evidence, by estimator."""
    others = [dim for dim in values.dims if dim not in ("task", "estimator")]
    means = values.mean(others)
    return {
        str(name): {
            words: {
                str(one): float(means.sel(estimator=name, task=one)) for one in means["task"].values
            }
        }
        for name in means["estimator"].values
    }

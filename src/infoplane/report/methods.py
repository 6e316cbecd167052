"""The methods section of a report: how the numbers of a Trace were measured, from it alone."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.across import PROBE_BATCHES
from infoplane.report.references import Citations
from infoplane.report.words import number
from infoplane.values.ceilings import ceiling
from infoplane.values.estimate import SATURATION
from infoplane.values.finding import LEVEL
from infoplane.values.methods import RENYI, Method, methods_of
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace, probes


def methods(trace: Trace, citations: Citations) -> list[str]:
    """Paragraphs as in a paper's methods section; none if no information was measured.

    Args:
        trace: A run.
        citations: Numbers the works that the page cites.
    """
    informations = [values for name, values in trace.items() if str(name).startswith("I_")]
    measured = [values for values in informations if values.attrs.get("unit") == "bit"]
    if not measured:
        return []
    return [
        " ".join(sentences)
        for sentences in (
            _estimation(methods_of(trace), citations),
            _sampling(trace, measured[0]),
            _evidence(trace, measured[0], citations),
        )
    ]


def _estimation(used: Mapping[str, Method], citations: Citations) -> list[str]:
    """What information is here, and every estimator of it."""
    sentences: list[str] = []
    if any(method.family == RENYI for method in used.values()):
        sentences += [
            f"Information is the {RENYI} functional {_cited(_RENYI_SOURCES, citations)}.",
            "The Gram matrix K of n samples has the Gaussian kernel exp(−d²/(2σ²)) of their "
            "Euclidean distances d, or for class labels 1 within a class and 0 between classes.",
            "Scaled to trace 1, with eigenvalues λᵢ, it has the entropy "
            "S = log₂(Σ λᵢ^α)/(1 − α) in bits (at α = 1 its limit −Σ λᵢ log₂ λᵢ); several "
            "variables together have that of the elementwise product of their Gram matrices.",
            "I(A;B) = S(A) + S(B) − S(A,B).",
        ]
    told = "; ".join(_told(name, method, citations) for name, method in used.items())
    if len(used) == 1:
        return [*sentences, f"The estimator is {told}."]
    return [
        *sentences,
        f"{len(used)} estimators stand side by side: {told}.",
        "Absolute values under different estimators are not comparable.",
    ]


_RENYI_SOURCES = ("giraldo2015measures", "yu2019understanding")


def _told(name: str, method: Method, citations: Citations) -> str:
    """“name”, what it is, and where it is from."""
    cited = f" {_cited(method.sources, citations)}" if method.sources else ""
    return f"“{name}”, {method.words}{cited}"


def _cited(keys: Sequence[str], citations: Citations) -> str:
    return ", ".join(citations.cite(key) for key in keys)


def _sampling(trace: Trace, information: xr.DataArray) -> list[str]:
    """Which variables, on which samples, at which moments, and what the errors are over."""
    x, y = _variable(trace, "S_X", "the source"), _variable(trace, "S_Y", "the target")
    layers = f" of {_several(trace.sizes['layer'], 'layer')} T" if "layer" in trace.dims else ""
    names = list(filter(None, probes(trace)))
    each = f" on each of {len(names)} probes ({', '.join(names)})" if names else ""
    return [
        f"X is {x} and Y is {y}; information{layers} with both was measured{each} "
        f"{_moments(trace)}.",
        _batches(trace, information),
    ]


def _variable(trace: Trace, name: str, otherwise: str) -> str:
    """What X or Y is, as the name of its entropy says."""
    words = str(trace[name].attrs.get("long_name", "")) if name in trace else ""
    inner = words.removeprefix("S(").removesuffix(")")
    return f"“{inner}”" if inner and inner != words else otherwise


def _moments(trace: Trace) -> str:
    """At how many moments, from which to which."""
    steps, epochs = trace["step"].values.tolist(), trace["epoch"].values.tolist()
    if len(steps) == 1:
        return f"at one moment, {_moment(steps[0], epochs[0])}"
    first, last = _moment(steps[0], epochs[0]), _moment(steps[-1], epochs[-1])
    return f"at {len(steps)} moments of training, from {first} to {last}"


def _moment(step: int, epoch: float) -> str:
    """A step in words, with its epoch if that is known."""
    details = ["untrained"] if step == 0 else []
    details += [f"epoch {number(epoch)}"] if step and math.isfinite(epoch) else []
    return f"step {step}" + (f" ({', '.join(details)})" if details else "")


def _batches(trace: Trace, information: xr.DataArray) -> str:
    """How many samples there are, and what errors are over."""
    n = information.attrs.get("n")
    size = f"n = {n} samples" if n is not None else "samples"
    count = int(trace.sizes.get("batch", trace.attrs.get(PROBE_BATCHES, 1)))
    probe = "Each probe" if "probe" in trace.dims else "The probe"
    if Replicate.SEED in trace.dims:
        batches = _several(count, "fixed batch", "fixed batches")
        return (
            f"{probe} is {batches} of {size} in every seed: values are means over "
            f"{trace.sizes[Replicate.SEED]} seeds of the means over the batches, and errors are "
            f"half of the {LEVEL:.0%} t-interval over the seeds."
        )
    if count == 1:
        return (
            f"{probe} is one fixed batch of {size}: there is no standard error, and no "
            "verdict that needs one."
        )
    return (
        f"{probe} is {count} fixed batches of {size}, measured one by one: values are their "
        "mean, and standard errors are over the batches."
    )


def _evidence(trace: Trace, information: xr.DataArray, citations: Citations) -> list[str]:
    """Null and ceiling: what a value is to be held against."""
    return [*_null(trace, citations), *_ceiling(information)]


def _null(trace: Trace, citations: Citations) -> list[str]:
    """How the null was drawn and at how many moments, or that there is none."""
    nulls = [name for name in map(str, trace) if name.startswith("I_") and name.endswith("_null")]
    if not nulls:
        return [
            "No permutation null was measured, so it is not known how much of a value "
            "independent samples would show, too."
        ]
    null = trace[nulls[0]]
    others = [dim for dim in null.dims if dim != "snapshot"]
    measured = int(np.count_nonzero(null.notnull().any(others).values))
    drawn = null.attrs.get("permutations")
    count = "random permutations" if drawn is None else _several(int(drawn), "random permutation")
    p_value = f" The p-value is (r + 1)/({drawn} + 1) if r of them reach it." if drawn else ""
    where = "every moment" if measured == trace.sizes["snapshot"] else f"{measured} of the moments"
    return [
        f"The null is the mean of the same value over {count} of the samples of one variable, "
        f"drawn at {where}; what a value has above it is what counts "
        f"{citations.cite('skean2023dime')}.{p_value}"
    ]


def _ceiling(information: xr.DataArray) -> list[str]:
    """The largest value there can be, and what it means to be there."""
    tops = ceiling(information)
    limited = [str(name) for name in tops["estimator"].values[np.isfinite(tops.values)]]
    rest = [str(name) for name in tops["estimator"].values if str(name) not in limited]
    return [*_limits(information, limited, bool(rest)), *_unlimited(rest)]


def _limits(information: xr.DataArray, limited: Sequence[str], alone: bool) -> list[str]:
    """The ceiling of the estimators that have one; they are named if others have none."""
    if not limited:
        return []
    top, unit = float(ceiling(information).sel(estimator=limited[0])), information.attrs["unit"]
    whose = f" under {_quoted(limited)}" if alone else ""
    return [
        f"No value{whose} can exceed log₂ n = {number(top)} {unit}.",
        f"A value of at least {100 * SATURATION:.0f} % of that is called saturated: to the "
        "estimator all samples are then different, and it measures their number alone.",
    ]


def _unlimited(names: Sequence[str]) -> list[str]:
    """Which estimators have no ceiling that anybody knows."""
    if not names:
        return []
    return [
        f"No ceiling is known of {_quoted(names)}, so that no value under it is called saturated."
    ]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _several(count: int, noun: str, nouns: str = "") -> str:
    """A count and its noun.

    >>> _several(1, "layer"), _several(3, "batch", "batches")
    ('1 layer', '3 batches')
    """
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"

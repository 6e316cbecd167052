"""What S0 and S1 say of a stacked autoencoder."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.claims import SHUFFLED, UNTRAINED, Claim, Evidence
from infoplane.analysis.dpi import Chain
from infoplane.experiments import chains as shared
from infoplane.experiments.autoencoder.principal import NAME, has_principal, principal
from infoplane.experiments.chains import CODE, SIDES
from infoplane.experiments.claims import (
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.values.trace import Trace

SOURCE = "yu2019understanding"
COSTS_LITTLE = 0.05
"""So much more of the test error is little."""
TYPE_ONE = "yu2019understanding, first property (type-I DPI)"
TYPE_TWO = "yu2019understanding, second property (type-II DPI; direction from memory)"


def claims(trace: Trace) -> list[Claim]:
    """All claims that a run can be asked about; those about the null only if it has one.

    Args:
        trace: The run, on one probe.
    """
    beside = {NAME: principal} if has_principal(trace) else {}
    ordered = [
        *(shared.towards_code(side, TYPE_ONE, beside=beside) for side in SIDES),
        *shared.nested(TYPE_TWO, beside=beside),
    ]
    phases = [fitting(CODE), simplifying(CODE)]
    if not has_null(trace):
        without = [replace(claim, controls={}) for claim in phases]
        return [*ordered, *without, early_stopping(), measurable()]
    corrected = [shared.towards_code_above_null(side, beside=beside) for side in SIDES]
    return [
        *ordered,
        *phases,
        *corrected,
        simplifying_above_null(CODE),
        early_stopping(SHUFFLED),
        measurable(),
    ]


def chains(trace: Trace) -> dict[str, Chain]:
    """S0's three chains: towards the code, back from the output, and through nested pairs."""
    return shared.chains(trace) | {"nested": shared.nested_pairs(trace)}


def early_stopping(*controls: str) -> Claim:
    """Training may stop where the information of the code turns back.

    Args:
        controls: What it is asked of beside the last update and the untrained network.
    """
    asked: dict[str, Callable[[Trace], xr.DataArray]] = {
        "last update": lambda trace: _margin(trace, _information(trace).isel(snapshot=-1) * 0, -1),
        UNTRAINED: lambda trace: _margin(trace, _information(trace).isel(snapshot=0) * 0, 0),
    }
    if SHUFFLED in controls:
        asked[SHUFFLED] = lambda trace: _margin_at_peak(trace, "I_XT_null")
    return Claim(
        key="early-stopping",
        statement=f"Stopping where I(X;{CODE}) is largest costs at most {COSTS_LITTLE:.0%} of the "
        "least test error.",
        source=f"{SOURCE}, early stopping at the turning point (from memory)",
        statistic=lambda trace: _margin_at_peak(trace, "I_XT"),
        controls=asked,
        rests_on=_information,
        needs=lambda trace: [
            trace["loss_test"].expand_dims(estimator=trace["estimator"].values),
            *([_null_course(trace)] if SHUFFLED in controls else []),
        ],
        evidence=_stopping,
        unit="× least",
        notes=(
            f"The effect is {COSTS_LITTLE:.0%} less the relative cost, at the moments that were "
            "looked at. The controls stop elsewhere: where one shows the claim as well, the "
            "turning point is not needed for it.",
        ),
    )


def stopping_cost(trace: Trace, name: str = "I_XT") -> xr.DataArray:
    """How much larger the test error is where a course of the code peaks than at its least.

    Returns:
        A share of the least test error, 0 at best; the dimensions of the course but "snapshot".
    """
    course = _null_course(trace) if name.endswith("_null") else _information(trace)
    losses = trace["loss_test"]
    at_peak = losses.values[_places(course, trace)]
    peak = course.isel(snapshot=0, drop=True).copy(data=at_peak)
    return peak / float(losses.min()) - 1


def _places(course: xr.DataArray, trace: Trace) -> np.ndarray:
    """The moments of a Trace at which a course, of all or some of them, is largest."""
    steps = course["step"].values[course.argmax("snapshot").values]
    return np.searchsorted(trace["step"].values, steps)


def _margin_at_peak(trace: Trace, name: str) -> xr.DataArray:
    return COSTS_LITTLE - stopping_cost(trace, name)


def _margin(trace: Trace, like: xr.DataArray, moment: int) -> xr.DataArray:
    """The margin of stopping at one moment, the same for all that ``like`` (zeros) has."""
    losses = trace["loss_test"].values
    return like + COSTS_LITTLE - (float(losses[moment]) / float(losses.min()) - 1)


def _information(trace: Trace) -> xr.DataArray:
    return trace["I_XT"].sel(layer=CODE)


def _null_course(trace: Trace) -> xr.DataArray:
    return trace["I_XT_null"].sel(layer=CODE).dropna("snapshot", how="all")


def _stopping(trace: Trace) -> Evidence:
    """Where the mean course is largest, and what stopping there costs, by estimator."""
    losses, steps = trace["loss_test"].values, trace["step"].values
    places = _information(trace).mean("batch").argmax("snapshot")
    best = int(losses.argmin())
    return {
        str(name): {
            "turning point at step": int(steps[place]),
            "test error there": float(losses[place]),
            "least test error": float(losses[best]),
            "at step": int(steps[best]),
        }
        for name, place in zip(trace["estimator"].values, places.values, strict=True)
    }

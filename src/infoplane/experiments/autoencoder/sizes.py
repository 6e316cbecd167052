"""What the Trace of a family of code sizes holds, size by size."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.family import member
from infoplane.analysis.repeated import mean, repeated_over
from infoplane.experiments.autoencoder.dimension import (
    Dimension,
    Sides,
    dimension_at,
    narrowest_stage,
)
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace

ALONG = "code_size"
CODE = "code"


def dimensions(trace: Trace) -> Dimension:
    """The dimension of the data, which all members and seeds have in common."""
    return dimension_at(trace.isel({"snapshot": 0, ALONG: 0}))


def placed(trace: Trace) -> Sides:
    """Which sizes lie below the dimension of the data, at it and above it."""
    return Sides.of(sizes(trace), dimensions(trace), narrowest_stage(trace))


def sizes(trace: Trace) -> list[int]:
    """The code sizes, in increasing order."""
    return sorted(int(size) for size in trace[ALONG].values)


def by_size(trace: Trace, asked: Sequence[int]) -> Iterator[Trace]:
    """The members of some sizes as they were measured."""
    for size in asked:
        yield member(trace, ALONG, size)


def course(one: Trace, name: str) -> xr.DataArray:
    """A variable of a member's code over training; a null at the moments that have one."""
    values = one[name].sel(layer=CODE, drop=True)
    return values.dropna("snapshot", how="all") if name.endswith("_null") else values


def courses(trace: Trace, estimator: str) -> dict[int, np.ndarray]:
    """I(X;code) of every size, shape (snapshot, replicate); none of a size that diverged.

    The replicates are the seeds if there are several, else the probe batches.
    """
    found = {}
    for size, one in zip(sizes(trace), by_size(trace, sizes(trace)), strict=True):
        values = course(one, "I_XT").sel(estimator=estimator)
        over = repeated_over(values) or Replicate.BATCH
        numbers = values.transpose("snapshot", over).values
        if np.isfinite(numbers).all():
            found[size] = numbers
    return found


def best_of(errors: Mapping[int, float]) -> int | None:
    """The size with the least error, None if no error is a finite number."""
    known = {size: one for size, one in errors.items() if np.isfinite(one)}
    return min(known, key=lambda size: known[size]) if known else None


def test_errors(trace: Trace) -> dict[int, float]:
    """The test error of every size at the end, over the seeds if there are several."""
    return {
        size: float(mean("loss_test", one["loss_test"]).values[-1])
        for size, one in zip(sizes(trace), by_size(trace, sizes(trace)), strict=True)
    }


def errors_of_principal(trace: Trace) -> dict[int, float]:
    """The test error of every size's PCA autoencoder; NaN where it was not measured."""
    found = {}
    for size, one in zip(sizes(trace), by_size(trace, sizes(trace)), strict=True):
        known = "pca_loss_test" in one
        value = mean("", one["pca_loss_test"]).values[0] if known else np.nan
        found[size] = float(value)
    return found

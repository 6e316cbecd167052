"""The largest value that each estimator can return, beside the values; and what lies at it."""

import json
import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from infoplane.values.estimate import SATURATION

CEILINGS = "ceilings"
"""Attribute of every variable in bits: JSON of a number by estimator, null where none is known."""


def ceilings_json(ceilings: Mapping[str, float]) -> str:
    """Ceilings by estimator as an attribute; +∞ says that none is known.

    >>> ceilings_json({"tapia": 2.0, "mine": math.inf})
    '{"tapia": 2.0, "mine": null}'
    """
    known = {name: top if math.isfinite(top) else None for name, top in ceilings.items()}
    return json.dumps(known, ensure_ascii=False)


def ceiling(values: xr.DataArray) -> xr.DataArray:
    """The ceiling of every estimator of a variable, in the variable's unit.

    Returns:
        Along "estimator", or without dimensions if one of them was selected; +∞ where none is
        known.
    """
    if "estimator" not in values.coords:
        return xr.DataArray(math.inf)
    told = json.loads(values.attrs.get(CEILINGS, "{}"))
    names = values["estimator"]
    tops = [told.get(str(name)) for name in names.values.ravel()]
    numbers = np.array([math.inf if top is None else float(top) for top in tops])
    return xr.DataArray(
        numbers.reshape(names.shape),
        dims=names.dims,
        coords={"estimator": (names.dims, names.values)},
    )


def known_ceiling(values: xr.DataArray) -> float | None:
    """The ceiling of values of one estimator, None if none is known."""
    top = float(ceiling(values))
    return top if math.isfinite(top) else None


def saturated(values: xr.DataArray) -> xr.DataArray:
    """Where values are saturated, same dimensions; never where no ceiling is known.

    Whoever asks of means must keep their attributes: ``values.mean("batch", keep_attrs=True)``.
    """
    top = ceiling(values)
    return (values >= SATURATION * top) & np.isfinite(top)

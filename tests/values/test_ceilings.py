"""Every estimator its own ceiling: kept with the numbers, and read in one place."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from infoplane.store.journal import Journal
from infoplane.store.traces import read_trace, write_trace
from infoplane.values.ceilings import CEILINGS, ceiling, ceilings_json, known_ceiling, saturated
from infoplane.values.estimate import SATURATION, Estimate
from infoplane.values.trace import Row, trace_of

TOPS = {"ours": 4.0, "<b>mine</b>": math.inf}
LEVELS = np.array([1.0, 0.999 * SATURATION * 4, SATURATION * 4, 1e9])


def information():
    return xr.DataArray(
        np.stack([LEVELS, LEVELS]),
        dims=("estimator", "batch"),
        coords={"estimator": list(TOPS)},
        attrs={"unit": "bit", CEILINGS: ceilings_json(TOPS)},
    )


def test_each_estimator_has_its_own():
    found = ceiling(information())
    assert dict(zip(found["estimator"].values, found.values, strict=True)) == TOPS
    assert known_ceiling(information().sel(estimator="ours")) == 4.0
    assert known_ceiling(information().sel(estimator="<b>mine</b>")) is None


def test_saturated_is_from_the_share_on_and_never_without_a_ceiling():
    assert saturated(information()).values.tolist() == [[False, False, True, True], [False] * 4]
    assert saturated(information().sel(estimator="ours")).values.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("lacking", [CEILINGS, "estimator"])
def test_who_tells_no_ceiling_has_none(lacking):
    one = information().isel(estimator=0)
    one.attrs.pop(lacking, None)
    one = one.drop_vars(lacking, errors="ignore")
    assert float(ceiling(one)) == math.inf and not saturated(one).any()


def test_what_was_not_measured_is_not_saturated():
    assert not saturated(information() * np.nan).any()
    assert not saturated((information() * np.nan).assign_attrs(information().attrs)).any()


def test_no_ceiling_survives_journal_and_zarr(tmp_path):
    row = Row(3, math.nan, {"I_XT": information()})
    Journal(tmp_path / "journal.jsonl").append(row)
    again = Journal(tmp_path / "journal.jsonl").rows[3]
    write_trace(tmp_path / "trace.zarr", trace_of([again], {}))
    found = read_trace(tmp_path / "trace.zarr")["I_XT"]
    assert ceiling(found).identical(ceiling(information()))
    assert ceiling(found.sel(estimator="ours")) == 4.0
    json.loads(found.attrs[CEILINGS], parse_constant=pytest.fail)  # strict JSON, no Infinity


def test_an_estimate_without_a_ceiling_is_never_saturated():
    assert Estimate(9.5, 8, "any", ceiling=10.0).saturated
    assert not any(Estimate(value, 8, "any").saturated for value in (9.5, math.inf, math.nan))

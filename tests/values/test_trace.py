import numpy as np
import pytest
import xarray as xr

from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import SCHEMA_VERSION, Row, trace_of


def array(*values):
    return xr.DataArray(
        np.array(values), dims="layer", coords={"layer": ["a", "b"]}, attrs={"unit": "bit"}
    )


def test_rows_become_snapshots_and_what_was_not_measured_is_nan():
    rows = [
        Row(0, 0.0, {"I": array(1.0, 2.0), "I_null": array(0.5, 0.6)}),
        Row(3, 0.1, {"I": array(3.0, 4.0)}),
    ]
    trace = trace_of(rows, {"seed": 1})
    assert trace["I"].dims == ("snapshot", "layer")
    assert trace["step"].values.tolist() == [0, 3]
    assert trace["I"].sel(layer="b").values.tolist() == [2.0, 4.0]
    assert np.isnan(trace["I_null"].isel(snapshot=1)).all()
    assert trace["I"].attrs["unit"] == "bit"
    assert trace.attrs == {"schema_version": SCHEMA_VERSION, "seed": 1}


def test_rows_out_of_order_or_of_another_shape_are_refused():
    with pytest.raises(InfoplaneError, match=r"increasing.*\[3, 0\]"):
        trace_of([Row(3, 0.0, {"I": array(1.0, 2.0)}), Row(0, 0.0, {"I": array(1.0, 2.0)})], {})
    short = array(1.0, 2.0).isel(layer=[0])
    with pytest.raises(InfoplaneError, match="at step 1"):
        trace_of([Row(0, 0.0, {"I": array(1.0, 2.0)}), Row(1, 0.0, {"I": short})], {})
    with pytest.raises(InfoplaneError, match="at least one row"):
        trace_of([], {})


def test_coordinates_that_differ_are_refused_never_sorted_or_merged():
    swapped = xr.DataArray([1.0, 2.0], dims="layer", coords={"layer": ["b", "a"]})
    with pytest.raises(InfoplaneError, match=r"\['b', 'a'\].*at step 1"):
        trace_of([Row(0, 0.0, {"I": array(1.0, 2.0)}), Row(1, 0.0, {"I": swapped})], {})
    other = xr.DataArray([1.0, 2.0], dims="layer", coords={"layer": ["c", "a"]})
    with pytest.raises(InfoplaneError, match="agree on their coordinates"):
        trace_of([Row(0, 0.0, {"I": array(1.0, 2.0), "J": other})], {})


def test_an_integer_that_was_not_measured_is_nan_too():
    rows = [Row(0, 0.0, {"k": xr.DataArray(3)}), Row(1, 0.0, {"I": array(1.0, 2.0)})]
    assert np.isnan(trace_of(rows, {})["k"].values[1])

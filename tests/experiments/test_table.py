"""The table holds every number that was measured, and no other."""

import csv
import io

import numpy as np
import pytest

from infoplane.experiments.table import table


def lines(trace) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table(trace), newline="")))


def test_every_number_reads_back_as_it_was(watched_trace):
    trace = watched_trace(probes=("train", "test"))
    found = lines(trace)
    sizes = [
        values.isel(batch=0).size if "batch" in values.dims else values.size
        for values in trace.values()
    ]
    assert len(found) == sum(sizes)
    for line in found[::37]:
        values = trace[line["variable"]].sel(snapshot=int(line["step"]))
        named = {key: line[key] for key in ("probe", "estimator", "layer") if line[key]}
        one = values.sel(named)
        if "batch" not in one.dims:
            assert (float(line["value"]), line["error"]) == (float(one), "")
            continue
        if line["variable"].endswith("_p"):
            continue
        assert float(line["value"]) == float(one.mean("batch"))
        assert float(line["error"]) == pytest.approx(float(one.std("batch", ddof=1)) / 5**0.5)
        assert line["error_is"] == "standard error over 5 probe batches"
        assert line["unit"] == one.attrs["unit"]


def test_of_p_values_it_is_the_largest_without_an_error(watched_trace):
    trace = watched_trace()
    found = [line for line in lines(trace) if line["variable"] == "I_XT_p"]
    assert len(found) == trace["I_XT_p"].isel(batch=0).size
    for line in found:
        at = {"estimator": line["estimator"], "layer": line["layer"]}
        here = trace["I_XT_p"].sel(at).isel(snapshot=int(line["step"]))
        assert (float(line["value"]), line["error"]) == (float(here.max()), "")


def test_columns_are_those_of_the_trace(watched_trace):
    head = table(watched_trace()).split("\r\n")[0]
    assert head == "step,epoch,estimator,layer,variable,value,error,error_is,unit"


def test_what_was_not_measured_has_no_line(watched_trace):
    trace = watched_trace()
    whole = len(lines(trace))
    trace["I_TY"].loc[{"layer": "last"}] = np.nan
    assert len(lines(trace)) == whole - 2 * trace.sizes["snapshot"]


def test_one_batch_has_no_error(watched_trace):
    assert {line["error"] for line in lines(watched_trace(batches=1))} == {""}


def test_names_are_quoted(watched_trace):
    name = '<script>alert(1)</script>,"%{x}"\n'
    assert name in {line["layer"] for line in lines(watched_trace((name, "b")))}

"""Who does best: the summary of a calibration, the rule, and the way through JSON."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis import skills as skills_module
from infoplane.analysis.calibration import (
    PROMISES,
    TASKS,
    State,
    asked,
    cells,
    covered,
    errors,
    summary,
)
from infoplane.analysis.skills import (
    Skill,
    as_json,
    best,
    of_dimensions,
    of_json,
    ranked,
    shipped,
)
from infoplane.store.files import write_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, trace_of

TOLD = [
    {"name": "a", "words": "A", "family": "normal", "kind": "numbers", "dims": [1, 1]},
    {"name": "b", "words": "B", "family": "normal", "kind": "numbers", "dims": [1, 1]},
    {"name": "c", "words": "C", "family": "deterministic", "kind": "numbers", "dims": [1, 3]},
]
TRUTHS = (0.5, 1.0, math.inf)


def made(values, *, states=None):
    """A Trace of (task, seed) estimates, shape (3, 2), by estimator, at n = 50 and n = 100."""
    rows = []
    for n in (50, 100):
        for seed in range(2):
            for place in range(3):
                numbers = [one[place][seed] for one in values.values()]
                given = [
                    (states or {}).get((name, place), int(math.isnan(number)))
                    for name, number in zip(values, numbers, strict=True)
                ]
                coords, dims = {"estimator": list(values)}, ("estimator",)
                row = {
                    "estimate": xr.DataArray(numbers, coords, dims),
                    "stderr": xr.DataArray(np.full(len(values), np.nan), coords, dims),
                    "low": xr.DataArray(np.array(numbers) - 0.1, coords, dims),
                    "high": xr.DataArray(np.array(numbers) + 0.1, coords, dims),
                    "ceiling": xr.DataArray(np.full(len(values), np.inf), coords, dims),
                    "state": xr.DataArray(np.array(given), coords, dims),
                    "task": xr.DataArray(place),
                    "n": xr.DataArray(n),
                    "replicate": xr.DataArray(seed),
                    "truth": xr.DataArray(TRUTHS[place]),
                }
                rows.append(Row(len(rows), math.nan, row))
    told = [{**one, "image_of": ""} for one in TOLD]
    promises = {name: {"comparable": name != "other"} for name in values}
    return trace_of(rows, {TASKS: json.dumps(told), PROMISES: json.dumps(promises)})


NEAR = [[0.5, 0.7], [1.1, 1.1], [3.0, 4.0]]
FAR = [[0.5, 0.5], [1.5, 1.5], [math.inf, 4.0]]
GONE = [[math.nan, math.nan], [1.0, 1.0], [3.0, 3.0]]


def test_the_rows_are_laid_out():
    laid = cells(made({"near": NEAR, "far": FAR}))
    assert dict(laid.sizes) == {"task": 3, "n": 2, "seed": 2, "estimator": 2}
    assert laid["estimate"].sel(task="b", estimator="far", n=50).values.tolist() == [1.5, 1.5]
    assert laid["columns"].values.tolist() == [1, 1, 3]
    assert bool(asked(laid).all())


def test_what_no_row_tells_was_left_out():
    trace = made({"near": NEAR})
    laid = cells(trace.isel(snapshot=slice(0, 11)))
    assert laid["state"].sel(task="c", n=100, seed=1).item() == State.LEFT_OUT
    assert math.isnan(laid["estimate"].sel(task="c", n=100, seed=1).item())


def test_errors_of_infinite_information():
    wrong = errors(cells(made({"far": FAR}))).sel(task="c", n=50, estimator="far")
    assert wrong.values.tolist() == [0.0, -math.inf]


def test_coverage_counts_claimed_intervals_alone():
    inside = covered(cells(made({"near": NEAR, "gone": GONE}))).sel(n=50)
    assert inside.sel(task="a", estimator="near").values.tolist() == [1.0, 0.0]
    assert inside.sel(task="a", estimator="gone").isnull().all()


def test_bias_spread_and_errors_are_what_they_are_called():
    found = {one.estimator: one for one in summary(made({"near": NEAR, "far": FAR})) if one.n == 50}
    near, far = found["near"], found["far"]
    assert (near.kind, near.dims, near.tasks) == ("numbers", "1", 2)
    assert near.bias == pytest.approx(0.1)
    assert near.spread == pytest.approx(math.sqrt(0.02) / 2)
    assert near.worst == pytest.approx(math.sqrt(0.02))
    assert near.rmse == pytest.approx(math.sqrt((0.02 + 0.01) / 2))
    assert far.worst == pytest.approx(0.5) and near.failures == far.failures == 0


def test_a_failure_counts_and_no_number_is_made_of_it():
    found = next(one for one in summary(made({"gone": GONE})) if one.n == 50)
    assert found.failures == 0.5 and found.tasks == 1 and found.worst == 0.0


def test_what_was_never_asked_has_no_entry():
    states = {("near", place): int(State.REFUSED) for place in range(3)}
    values = {"near": [[math.nan] * 2] * 3, "far": FAR}
    assert {one.estimator for one in summary(made(values, states=states))} == {"far"}


def test_the_best_is_the_one_with_the_least_worst_error():
    skills = summary(made({"far": FAR, "near": NEAR, "gone": GONE, "other": NEAR}))
    assert [one.estimator for one in ranked(skills, "numbers", 1, 80)] == ["near", "far"]
    assert best(skills, "numbers", 1, 80).n == 50
    assert best(skills, "numbers", 1, 10_000).n == 100
    assert best(skills, "numbers", 1, 5).n == 50


def test_fewer_tasks_are_no_merit():
    one = next(one for one in summary(made({"near": NEAR})) if one.n == 50)
    lucky = replace(one, estimator="lucky", tasks=1, worst=0.0, rmse=0.0)
    assert [found.estimator for found in ranked([one, lucky], "numbers", 1, 50)] == ["near"]


@pytest.mark.parametrize(("kind", "dims"), (("labels", 1), ("numbers", 30)))
def test_nobody_is_best_at_what_was_not_asked(kind, dims):
    with pytest.raises(InfoplaneError, match=f"kind '{kind}', {dims} columns"):
        best(summary(made({"near": NEAR})), kind, dims, 100)


def test_what_was_calibrated_is_named_where_there_is_no_best():
    with pytest.raises(InfoplaneError, match=r"No estimator was calibrated on .*numbers \(1\)\.$"):
        best(summary(made({"near": NEAR})), "mixed", 64, 100)
    with pytest.raises(InfoplaneError, match="none at all"):
        best([], "mixed", 64, 100)


def test_a_calibration_that_is_not_there_names_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(skills_module, "SHIPPED", tmp_path / "calibrated.json")
    with pytest.raises(InfoplaneError, match="calibrated.json is missing.*make paper-calibration"):
        shipped()
    write_json(skills_module.SHIPPED, as_json(summary(made({"near": NEAR}))))
    assert shipped() == summary(made({"near": NEAR}))


def test_classes_of_dimensions_cover_all():
    assert [of_dimensions(d) for d in (1, 2, 5, 6, 784)] == [
        "1",
        "2 to 5",
        "2 to 5",
        "more than 5",
        "more than 5",
    ]


def test_a_summary_comes_back_from_json():
    skills = summary(made({"near": NEAR, "far": FAR, "gone": GONE}))
    again = of_json(json.loads(json.dumps(as_json(skills), allow_nan=False)))
    assert again == skills
    boundless = Skill("e", "numbers", "1", 9, 1, math.inf, math.nan, math.inf, math.inf, 0.0, True)
    (back,) = of_json(as_json([boundless]))
    assert math.isinf(back.worst) and math.isnan(back.spread)


@pytest.mark.parametrize("wrong", ([{"estimator": "e"}], [3], [{"nothing": 1}]))
def test_other_json_is_refused(wrong):
    with pytest.raises(InfoplaneError, match="no summary of a calibration"):
        of_json(wrong)


def test_another_trace_is_refused():
    other = trace_of([Row(0, 0.0, {"loss": xr.DataArray(1.0)})], {})
    with pytest.raises(InfoplaneError, match="infoplane run calibration"):
        cells(other)

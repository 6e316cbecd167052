"""Infinite ensembles as an experiment: rows, the exact curve, finite widths, claims, families."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from infoplane.analysis.across import combined
from infoplane.analysis.family import family
from infoplane.datasets.known.regression import Regression
from infoplane.experiments.wide.experiment import Wide
from infoplane.experiments.wide.family import Networks
from infoplane.experiments.wide.measured import reached
from infoplane.experiments.wide.settings import Finite, Gaussian, Looking, Network
from infoplane.quantities.normal import mutual_information
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, trace_of

SMALL = Wide(
    network=Network(samples=20, depth=1),
    task=Gaussian(inputs=4),
    looking=Looking(per_decade=1, batches=3, batch_size=60, draws=3),
    finite=Finite(widths=(2, 128), copies=100, updates=120),
)


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def trace():
    return traced(SMALL)


def found(trace):
    return {one.key: one for one in Wide.findings([trace])}


def test_times_run_from_nothing_to_the_end(trace):
    times = trace["time"].values
    assert times[0] == 0 and times[1] == 1e-2 and np.isclose(times[-1], 1e10)
    assert len(times) == 14


def test_the_untrained_ensemble_knows_nothing_of_target_and_data(trace):
    start = trace.isel(snapshot=0)
    assert float(start["I_ZD"].max()) < 1e-6 and float(start["energy"]) == 0
    assert float(start["I_TY"].mean()) < 0.05
    assert float(trace["I_TY"].isel(snapshot=-1).mean()) > 0.05


def test_no_point_lies_above_the_exact_curve(trace):
    finding = found(trace)["below"]
    assert finding.verdict is not Verdict.CONTRADICTED
    assert finding.readings[0].effect.mean > 0


def test_finite_ensembles_near_the_infinite_one(trace):
    told = found(trace)
    assert all(part.mean > 0 for part in told["converges"].readings[0].parts.values())
    assert told["matches"].readings[0].effect.mean > 0
    measured = trace["apart_mean"].isel(batch=0, width=0).notnull().values
    assert measured[0] and not measured[-1]


def test_every_claim_is_judged_and_every_figure_made(trace):
    keys = {"below", "early-stopping", "near-optimal", "compression", "gap"}
    assert set(found(trace)) == keys | {"converges", "matches"}
    panels = {one.key: one for one in Wide.panels(trace)}
    assert {"plane", "information", "losses", "data", "path", "distances"} <= set(panels)
    names = [one.name for one in panels["plane"].series]
    assert names[0] == "exact bottleneck" and "128 units" in names
    assert all(np.isfinite(one.x).all() for one in panels["plane"].series)
    assert len(Wide.tables(trace, {})[0].rows) == 3
    assert any("At" in one or "most of the target" in one for one in Wide.summary(trace, []))
    assert len(Wide.methods(trace)) == 3


def test_resumed_it_yields_the_same_rows():
    events = list(SMALL.run())
    middle = [one for one in events if isinstance(one, Checkpoint)][2]
    rows = [one for one in events if isinstance(one, Row) and one.step >= middle.step]
    resumed = [one for one in SMALL.run(middle) if isinstance(one, Row)]
    assert rows and len(resumed) == len(rows)
    for one, other in zip(resumed, rows, strict=True):
        assert set(one.values) == set(other.values)
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


@pytest.mark.parametrize("convolution", [False, True])
def test_the_parity_of_digits_is_learned(convolution):
    network = replace(SMALL.network, samples=80, convolution=convolution, activation="relu")
    looking = replace(SMALL.looking, batches=2, batch_size=40, last=1e3)
    trace = traced(
        replace(SMALL, dataset="digits", network=network, looking=looking, finite=Finite(widths=()))
    )
    told = trace["I_TY"].sel(estimator="upper").mean("batch").values[:, 0]
    assert told[0] < 0.05 and 0.3 < told[-1] < 1
    assert "ceiling_TY" not in trace and "near-optimal" not in found(trace)
    assert found(trace)["below"].verdict is not Verdict.CONTRADICTED
    assert [one.name for one in Wide.panels(trace)[0].series][0] == "infinite ensemble"


@pytest.fixture(scope="module")
def seeds():
    """Two seeds of five networks, without finite ones."""
    small = replace(SMALL, finite=Finite(widths=()), looking=replace(SMALL.looking, last=1e3))
    networks = [
        replace(SMALL.network, **changed)
        for changed in (
            {},
            {"weight_variance": 0.5},
            {"samples": 40},
            {"activation": "relu"},
            {"depth": 2},
        )
    ]
    return [
        family(
            {one.name: traced(replace(small, network=one, seed=seed)) for one in networks},
            "network",
        )
        for seed in (0, 1)
    ]


def test_a_family_is_judged_over_seeds_and_drawn(seeds):
    told = {one.key: one for one in Networks.findings(seeds)}
    assert set(told) == {"below", "erf-overfits", "samples"}
    assert len(told["below"].readings[0].parts) == 5
    assert told["below"].verdict is not Verdict.CONTRADICTED
    for trace in (seeds[0], combined(seeds)):
        panels = {one.key: one for one in Networks.panels(trace)}
        assert {"planes", "overfitting-weight-variance", "told-samples"} <= set(panels)
        assert len(panels["planes"].series) == 6
        assert len(Networks.tables(trace, {})[0].rows) == 5
        assert Networks.summary(trace, list(told.values()))


def test_members_of_a_family_have_the_same_new_samples():
    few, many = (
        replace(SMALL, network=replace(SMALL.network, samples=n)).problem() for n in (20, 40)
    )
    assert torch.equal(few.new_x, many.new_x) and torch.equal(few.new_y, many.new_y)


def test_a_member_is_named_by_its_network():
    setting = canonical(Network(activation="relu", convolution=True))
    assert Networks.named(setting) == Network(activation="relu", convolution=True).name
    assert Network.named(Networks.named(setting)) == Network(activation="relu", convolution=True)


@pytest.mark.parametrize(("inputs", "rho2"), [(1, 0.3), (5, 0.9), (30, 0.0)])
def test_the_regression_has_the_information_that_it_says(inputs, rho2):
    task = Regression(inputs, rho2)
    assert abs(float(mutual_information(task.covariance, inputs)) - task.truth) < 1e-9
    assert abs(float(task.covariance[:-1, :-1].trace()) - inputs) < 1e-9
    x, y = task.sample(20_000, 1)
    sampled = torch.cat([x, y], 1).T.cov()
    assert float((sampled - task.covariance).abs().max()) < 0.15 * float(task.covariance.max())
    assert not torch.equal(task.sample(5, 1)[0], task.sample(5, 1, "test")[0])


def test_what_updates_reach():
    assert reached((0.0, 1.0, 2.0, 10.0), 0.5, 4) == (0.0, 1.0, 2.0)
    assert reached((0.0, 1.0), 2.0, 1) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Wide(network=Network(convolution=True)), "needs images"),
        (lambda: Wide(task=Gaussian(rho2=1.0)), "rho2"),
        (lambda: Network(weight_variance=-1.0), "weight_variance"),
        (lambda: Network(depth=0), "depth"),
        (lambda: Looking(first=0.0), "positive times"),
        (lambda: Looking(batches=1), "batches"),
        (lambda: Finite(widths=(8, 4)), "rising"),
        (lambda: Finite(rate=2.5), "between"),
        (lambda: Network.named("what is this"), "names no network"),
        (
            lambda: replace(SMALL, dataset="digits", network=Network(samples=5000)).problem(),
            "take fewer",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, told):
    with pytest.raises(InfoplaneError, match=told):
        make()

"""Transfer between layers: runs, their axes, and S4's statements as findings."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import spearmanr

from infoplane.analysis.claims import judge
from infoplane.engine.grid import gridded, grids_in
from infoplane.experiments.feedback.experiment import TransferFeedback
from infoplane.experiments.transfer.claims import claims
from infoplane.experiments.transfer.experiment import LayerTransfers
from infoplane.experiments.transfer.settings import Asking, Learning
from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.transfer.front import transfer_entropy
from infoplane.measures.transfer.surrogates import PERMUTED
from infoplane.numerics.binary import Above, AboveMedian
from infoplane.observe.transfer import (
    AXES,
    INPUT,
    OUTPUT,
    PREDICTION,
    Rule,
    adjacent,
    layer_transfer,
)
from infoplane.report.references import bibliography
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, trace_of

SWEEPS = Path(__file__).parents[2] / "sweeps"
SMALL = LayerTransfers(
    hidden=(12, 8),
    learning=Learning(epochs=3, batch_size=50, learning_rate=0.1, snapshots=4, evaluation=200),
    asking=Asking(permutations=5, blocks=3, probe=6, units=16),
)


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def trace():
    return traced(SMALL)


def test_every_axis_is_measured_once_there_is_a_training(trace):
    te = trace["te"].mean("batch")
    assert set(trace["axis"].values) == set(AXES) and te.notnull().isel(snapshot=-1).all()
    before = te.isel(snapshot=0)
    assert before.sel(axis=["training", "steps"]).isnull().all()
    assert before.sel(axis=["frozen", "sorted"]).notnull().all()
    assert trace["te_lag0"].isel(snapshot=-1).notnull().all()


def test_effective_is_raw_less_its_surrogates(trace):
    raw, effective = (trace["te"].sel(estimator=name, drop=True) for name in ("raw", "effective"))
    xr.testing.assert_allclose(raw - trace["te_null"], effective)


def test_shuffled_samples_pass_nothing_sorted_ones_do_and_all_is_at_lag_zero(trace):
    found = {one.key: one for one in SMALL.findings([trace])}
    assert found["order"].verdict is Verdict.SUPPORTED
    assert found["lag-0"].verdict is Verdict.SUPPORTED
    for key in ("nothing", "surrogates-fair"):
        assert found[key].verdict is not Verdict.CONTRADICTED
    assert len(found["nothing"].readings[0].parts) == 2 * 4
    assert [one.estimator for one in found["order"].readings] == ["effective"]
    assert set(found) == {
        "last-layers",
        "decreases",
        "nothing",
        "surrogates-fair",
        "order",
        "lag-0",
    }


def test_the_untrained_network_and_the_course_of_training_are_those_without_looking(trace):
    bare = traced(replace(SMALL, asking=replace(SMALL.asking, probe=0, permutations=2)))
    assert (bare["loss_test"].values == trace["loss_test"].values).all()
    assert bare["te"].sel(axis="steps").isnull().all()


def test_a_resumed_run_gives_the_same_rows():
    every = list(SMALL.run())
    checkpoint = next(one for one in every if isinstance(one, Checkpoint))
    rows = [one for one in every if isinstance(one, Row) and one.step > checkpoint.step]
    again = [one for one in SMALL.run(checkpoint) if isinstance(one, Row)]
    assert [one.step for one in again] == [one.step for one in rows]
    for one, two in zip(rows, again, strict=True):
        assert all(one.values[name].equals(two.values[name]) for name in one.values)


def test_a_cnn_runs_too_and_other_questions_can_be_asked():
    asking = replace(SMALL.asking, states="median", together="max", probe=0)
    cnn = replace(SMALL, network="cnn", hidden=(8,), asking=asking)
    short = replace(cnn, learning=replace(cnn.learning, epochs=2, snapshots=3))
    found = traced(short)
    assert {"conv.1 → conv.2", "conv.2 → hidden.1"} <= set(found["pair"].values)
    assert len(short.panels(found)) > 5 and short.summary(found, short.findings([found]))


def test_a_page_shows_raw_surrogates_effective_and_lag_zero_side_by_side(trace):
    table = SMALL.tables(trace, {})[0]
    assert table.columns[1:4] == ("raw", "surrogates", "effective") and "lag 0" in table.columns
    assert len(table.rows) == 4 * len(adjacent(json.loads(trace.attrs["layers"])))
    assert any("Not verified" in words for words in table.words)
    keys = [panel.key for panel in SMALL.panels(trace)]
    assert len(keys) == len(set(keys)) and {"te-plane-in-out-raw", "te-plane-adjacent-raw"} <= set(
        keys
    )
    cited = {key for text in SMALL.methods(trace) for key in _keys(text)}
    assert cited and cited <= bibliography().keys()
    for words in AXES.values():
        assert words in " ".join(SMALL.methods(trace))


def _keys(text):
    return [part.split("]")[0] for part in text.split("[@")[1:]]


def test_the_statements_are_found_where_they_are_made_to_hold():
    trace = _made_up()
    found = {one.key: one for one in (judged(claim, trace) for claim in claims(trace))}
    assert found["last-layers"].verdict is Verdict.SUPPORTED
    assert found["decreases"].verdict is Verdict.SUPPORTED
    assert found["follows"].verdict is Verdict.SUPPORTED
    flat = _made_up(falling=0.0, last=0.0)
    found = {one.key: one for one in (judged(claim, flat) for claim in claims(flat))}
    assert found["last-layers"].verdict is not Verdict.SUPPORTED
    assert found["decreases"].verdict is not Verdict.SUPPORTED


def judged(claim, trace):
    return judge(claim, [trace])


def _made_up(falling=0.01, last=0.02):
    """Five moments of a network whose transfers fall, and are larger in its last layers."""
    layers = ["hidden.1", "hidden.2", "output"]
    pairs = [f"{a} → {b}" for a, b in adjacent(layers)]
    r = np.random.default_rng(0)
    shape = (3, 4, len(AXES), len(pairs))
    rows = []
    for step in range(6):
        level = 0.05 + falling * (5 - step) + last * (np.arange(len(pairs)) >= len(pairs) - 2)
        noise = 1e-3 * r.standard_normal(shape)
        coords = {"axis": list(AXES), "pair": pairs}
        te = xr.DataArray(
            level + noise,
            dims=("estimator", "batch", "axis", "pair"),
            coords={"estimator": ["raw", "corrected", "effective"], **coords},
        )
        beside = te.isel(estimator=0, drop=True)
        rows.append(
            Row(
                step,
                float(step),
                {
                    "te": te,
                    "te_null": beside,
                    "te_spread": beside,
                    "te_lag0": beside + 0.1,
                    "loss_test": xr.DataArray(1.0 - 0.1 * step),
                    "error_test": xr.DataArray(0.9 - 0.1 * step),
                },
            )
        )
    return trace_of(
        rows, {"layers": json.dumps(layers), "seed": 0, "asking": '{"permutations": 19}'}
    )


@pytest.mark.parametrize(
    ("true", "nothing", "fair"),
    [
        (0.0, Verdict.SUPPORTED, Verdict.SUPPORTED),
        (1.5, Verdict.CONTRADICTED, Verdict.SUPPORTED),
        (-1.5, Verdict.SUPPORTED, Verdict.CONTRADICTED),
    ],
)
def test_a_transfer_within_the_spread_of_one_epoch_is_seen_over_many(true, nothing, fair):
    """A constant transfer of 1.5 deviations of one epoch is 5 errors of a mean of twelve."""
    trace = xr.concat([_made_up().isel(snapshot=[i % 6]) for i in range(14)], "snapshot")
    trace = trace.assign_coords(step=("snapshot", np.arange(14)))
    seeds = []
    for seed in range(6):
        noise = np.random.default_rng(seed).standard_normal(trace["te"].shape)
        te = xr.zeros_like(trace["te"]) + true + noise
        seeds.append(trace.assign(te=te).assign_attrs(seed=seed))
    asked = [one for one in claims(trace) if one.key in ("nothing", "surrogates-fair")]
    found = {one.key: judge(one, seeds) for one in asked}
    assert found["nothing"].verdict is nothing
    assert found["surrogates-fair"].verdict is fair
    (alone,) = judge(asked[0], seeds[:1]).readings
    told = alone.evidence["in standard errors of a block"]
    assert np.mean([*told.values()]) == pytest.approx(true * np.sqrt(12), abs=0.5)


def test_a_transfer_between_two_layers_is_not_averaged_away():
    trace = xr.concat([_made_up().isel(snapshot=[i % 6]) for i in range(14)], "snapshot")
    trace = trace.assign_coords(step=("snapshot", np.arange(14)))
    noise = np.random.default_rng(1).standard_normal(trace["te"].shape)
    trace["te"] = xr.zeros_like(trace["te"]) + noise + 2.0 * (trace["pair"] == trace["pair"][0])
    (claim,) = (one for one in claims(trace) if one.key == "nothing")
    assert judged(claim, trace).verdict is Verdict.CONTRADICTED


def test_epochs_with_the_same_error_are_not_ranked_by_time():
    """The transfer falls within the ties of the error alone: as much before as after."""
    trace = _made_up(last=0.0)
    course = np.array([9.0, 2.0, 1.0, 2.0, 1.0, 3.0])
    trace["te"] = xr.zeros_like(trace["te"]) + xr.DataArray(course, dims="snapshot")
    trace["error_test"] = xr.DataArray([0.9, 0.5, 0.5, 0.3, 0.3, 0.3], dims="snapshot")
    (claim,) = (one for one in claims(trace) if one.key == "follows")
    found = claim.statistic(trace).sel(part="error")
    assert found.values == pytest.approx(spearmanr(course[1:], trace["error_test"][1:]).statistic)


def test_one_number_of_two_layers(r=None):
    r = np.random.default_rng(0)
    x, y = (torch.from_numpy(one).to(torch.uint8) for one in r.integers(0, 2, (2, 300, 4)))
    each = [[transfer_entropy(source=a, target=b).value for b in y.T] for a in x.T]
    rule = Rule(permutations=4)
    for together, of in (("mean", np.mean), ("sum", np.sum), ("max", np.max)):
        found = layer_transfer([(x, y)], replace(rule, together=together), PERMUTED, 0)
        assert found.raw == pytest.approx(of(each))
        assert found.effective == pytest.approx(found.raw - found.null)
    joint = layer_transfer([(x, y)], replace(rule, together="joint"), PERMUTED, 0)
    whole = transfer_entropy(source=x.long(), target=y.long()).value
    assert joint.raw == pytest.approx(whole)
    x, y = x[:, :2], y[:, :2]  # with four units a pattern is hardly seen twice
    joint = layer_transfer([(x, y)], replace(rule, together="joint"), PERMUTED, 0)
    less = transfer_entropy(source=x.long(), target=y.long(), estimator=PlugIn("miller-madow"))
    assert joint.corrected == pytest.approx(less.value) and less.value < joint.raw - 0.05


def test_the_moments_of_a_block_are_told_of_every_axis(trace):
    images = len(SMALL.data.train_x)
    told = trace["te_n"].isel(snapshot=-1)
    updates = -(-images // SMALL.learning.batch_size)
    assert told.sel(axis=["training", "frozen", "sorted"]).values.tolist() == [images // 3] * 3
    assert float(told.sel(axis="steps")) == updates * (SMALL.asking.probe // 3)
    assert trace["te_n"].isel(snapshot=0).sel(axis=["training", "steps"]).isnull().all()
    assert "n" not in trace["te"].attrs


def test_series_are_counted_together_and_not_across():
    r = np.random.default_rng(0)
    parts = [tuple(torch.from_numpy(one) for one in r.integers(0, 2, (2, 50, 3))) for _ in range(3)]
    rule = Rule(permutations=2)
    together = layer_transfer(parts, rule, PERMUTED, 0)
    long = [torch.cat([one[side] for one in parts]) for side in (0, 1)]
    assert together.raw != layer_transfer([tuple(long)], rule, PERMUTED, 0).raw
    same = layer_transfer([parts[0], parts[0]], rule, PERMUTED, 0).raw
    assert same == pytest.approx(layer_transfer([parts[0]], rule, PERMUTED, 0).raw)


def test_units_are_drawn_once_and_cut_by_a_rule():
    rule = Rule(units=5, binary=AboveMedian(), prediction=Above(0.5))
    seen = {"hidden.1": torch.randn(40, 20), OUTPUT: torch.randn(40, 3)}
    numbers = rule.numbers(torch.randn(40, 1, 2, 2), seen)
    assert numbers["hidden.1"].shape == (40, 5) and numbers[INPUT].shape == (40, 4)
    again = rule.numbers(torch.randn(40, 1, 2, 2), seen)
    assert (numbers["hidden.1"] == again["hidden.1"]).all()
    states = rule.states(numbers)
    assert (states["hidden.1"].float().mean(0) == 0.5).all()
    assert (states[PREDICTION].sum(1) <= 1).all()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"window": 20}, "take 30 a block"),
        ({"probe": 2}, "every block needs one"),
        ({"permutations": 1}, "permutations=1"),
        ({"k": 0}, "k=0"),
    ],
)
def test_bad_settings(how, said):
    with pytest.raises(InfoplaneError, match=said):
        Asking(**how)


def test_the_settings_of_the_reproduction_are_those_of_the_experiment():
    found = gridded(LayerTransfers(), grids_in(SWEEPS / "s4.toml"))
    told = [(one.dataset, one.network, one.hidden, one.learning.images) for one in found]
    assert told == [("mnist", "mlp", (64, 32), 20_000), ("mnist", "cnn", (120,), 6000)]
    fed = gridded(TransferFeedback(), grids_in(SWEEPS / "s4-feedback.toml"))
    assert [one.feeding.signal for one in fed] == ["te", "effective", "cnn_te_2021"]
    assert {(one.dataset, one.course.images, one.course.epochs) for one in fed} == {
        ("mnist", 6000, 10)
    }

"""Training without end-to-end back-propagation: runs, and what is said of them side by side."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.analysis.claims import judge
from infoplane.analysis.family import family
from infoplane.analysis.settling import outer_first, settled_at
from infoplane.experiments.layerwise.claims import claims as run_claims
from infoplane.experiments.layerwise.claims import outer_pairs_first
from infoplane.experiments.layerwise.experiment import Layerwise
from infoplane.experiments.layerwise.family import Methods, claims
from infoplane.experiments.members import of_member
from infoplane.experiments.settings import Probing, Training
from infoplane.store.address import canonical
from infoplane.training.phases import TRAINING
from infoplane.training.stacked import METHODS
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, Tick, trace_of

SMALL = Layerwise(
    training=Training(steps=40, batch_size=50),
    probing=Probing(
        snapshots=5,
        probe_batches=2,
        probe_size=20,
        null_snapshots=2,
        permutations=2,
        evaluation=50,
    ),
)


def told(experiment, rows):
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def runs():
    """The events of a tiny run of every method."""
    return {name: list(replace(SMALL, method=name).run()) for name in METHODS}


@pytest.fixture(scope="module")
def traces(runs):
    return {
        name: told(replace(SMALL, method=name), [one for one in events if isinstance(one, Row)])
        for name, events in runs.items()
    }


def altered(traces, seed, errors, kept):
    """The same runs under another seed, with a test error and I(X;code) of their own at the end."""
    changed = {}
    for name, trace in traces.items():
        trace = trace.copy(deep=True)
        trace["loss_test"].values[-1] = errors[name]
        trace["I_XT"].loc[{"snapshot": trace.sizes["snapshot"] - 1, "layer": "code"}] = kept[name]
        settings = {**json.loads(trace.attrs["settings"]), "seed": seed}
        changed[name] = trace.assign_attrs(seed=seed, settings=json.dumps(settings))
    return family(changed, "method")


def test_every_method_measures_the_same_at_the_same_moments(traces):
    first = traces["backpropagation"]
    for trace in traces.values():
        assert {name: one.dims for name, one in trace.items()} == {
            name: one.dims for name, one in first.items()
        }
        assert trace["step"].values.tolist() == [0, 1, 3, 12, 40]
        for name in ("I_XT", "loss_test"):
            assert np.array_equal(trace[name].values[0], first[name].values[0])


def test_what_was_spent_is_in_the_trace(traces):
    """Digits, 64-82-41-20-10: of a batch of 50, back-propagation takes 50·(3·19260 − 5248)."""
    whole = 50 * (3 * 2 * (64 * 82 + 82 * 41 + 41 * 20 + 20 * 10) - 64 * 82)
    for name, trace in traces.items():
        spent = trace["multiply_adds"].values
        assert spent[0] == 0 and 0.75 * 40 * whole < spent[-1] <= 40 * whole, name
        phases = json.loads(trace.attrs["phases"])
        parts = [one["updates"] * one["multiply-adds of an update"] for one in phases]
        assert sum(parts) == spent[-1]
        assert sum(one["updates"] for one in phases) == trace["updates"].values[-1]
        assert [one["last step"] + 1 for one in phases[:-1]] == [
            one["first step"] for one in phases[1:]
        ]
    assert traces["backpropagation"]["multiply_adds"].values[-1] == 40 * whole
    assert traces["backpropagation"]["updates"].values[-1] == 40


@pytest.mark.parametrize("method", ["pairs", "information"])
def test_resumed_it_yields_the_same_rows(runs, method):
    events = runs[method]
    saved = [one for one in events if isinstance(one, Checkpoint)]
    middle = saved[len(saved) // 2]
    rows = [one for one in events if isinstance(one, Row) and one.step > middle.step]
    again = replace(SMALL, method=method).run(middle)
    resumed = [one for one in again if isinstance(one, Row)]
    assert rows and [one.step for one in resumed] == [one.step for one in rows]
    for one, other in zip(resumed, rows, strict=True):
        assert one.epoch == other.epoch
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


def test_a_run_says_what_it_cost(runs, traces):
    seconds = {}
    for row in (one for one in runs["information"] if isinstance(one, Row)):
        for part, spent in row.seconds.items():
            seconds[part] = seconds.get(part, 0.0) + spent
    (table,) = Layerwise.tables(traces["information"], seconds)
    names = [row[0].lines[0] for row in table.rows]
    assert names == [
        *("encoder.1", "encoder.2", "encoder.3", "code"),
        *("decoder.3", "decoder.2", "decoder.1", "output"),
    ]
    assert all(float(row[-1].lines[0]) >= 0 for row in table.rows)
    assert {f"training: {name}" for name in names} <= seconds.keys()


def test_a_run_is_shown_and_judged(traces):
    trace = traces["information"]
    found = Layerwise.findings([trace])
    asked = [one.key for one in run_claims(trace)]
    # in so few updates no pair moves far enough to settle
    assert asked == ["settling", *(one.key for one in found)]
    assert {one.key for one in found} >= {
        *(f"dpi-{part}" for part in ("encoder", "decoder", "nested", "nested-markov")),
        *(f"dpi-{side}-above-null" for side in ("encoder", "decoder")),
        *("fitting", "simplifying", "measurable"),
    }
    keys = [panel.key for panel in Layerwise.panels(trace)]
    assert len(set(keys)) == len(keys)
    assert "updates" in Layerwise.summary(trace, found)[1]


def test_the_family_lays_the_methods_side_by_side(traces):
    whole = family(traces, "method")
    found = Methods.findings([whole])
    assert {one.key for one in claims(whole)} == {
        *(f"error-{name}" for name in ("pairs", "information")),
        *(f"code-{name}" for name in ("pairs", "information")),
        *(f"code-{name}-above-null" for name in ("pairs", "information")),
        *(f"random-{name}" for name in ("pairs", "information")),
        "settling",
    }
    panels = Methods.panels(whole)
    assert [one.title for one in panels[:4]] == [f"Information plane, {name}" for name in METHODS]
    assert len({one.key for one in panels}) == len(panels)
    (table,) = Methods.tables(whole, {of_member("pairs", f"{TRAINING}{i}"): 1.5 for i in range(2)})
    assert [row[0].lines[0] for row in table.rows] == list(METHODS)
    assert [row[-1].lines[0] for row in table.rows] == ["–", "3.0", "–", "–"]
    assert "Test error after at most" in Methods.summary(whole, found)[0]


def test_one_run_each_decides_nothing_about_errors(traces):
    found = {one.key: one for one in Methods.findings([family(traces, "method")])}
    for key in ("error-pairs", "random-information"):
        assert found[key].verdict is Verdict.UNDECIDED


def diverged(traces, name):
    """The runs of which one is no number from its last moment but two on."""
    one = traces[name].copy(deep=True)
    for variable in one:
        if variable not in ("updates", "multiply_adds"):
            one[variable] = one[variable].astype(float)
            one[variable].values[-2:] = np.nan
    return {**traces, name: one}


def test_of_a_method_that_diverged_nothing_is_judged_and_the_table_says_so(traces):
    whole = family(diverged(traces, "pairs"), "method")
    found = Methods.findings([whole])
    assert {one.key for one in found} == {
        *("error-information", "code-information", "code-information-above-null"),
        "random-information",
    }
    words = Methods.summary(whole, found)
    assert any(
        words.startswith("Not judged") and "error-pairs, code-pairs, code-pairs-above-null" in words
        for words in words
    )
    assert "pairs no number" in words[0]
    assert any(one.startswith("pairs: Training diverged.") for one in words)
    (table,) = Methods.tables(whole, {})
    rows = {row[0].lines[0]: [cell.lines[0] for cell in row[1:6]] for row in table.rows}
    assert rows["pairs"] == ["no number"] * 5
    assert all("no number" not in row for name, row in rows.items() if name != "pairs")
    assert "had diverged" in table.caption
    assert len(Methods.panels(whole)) == len(Methods.panels(family(traces, "method")))


def test_beside_a_whole_that_diverged_no_local_method_is_judged(traces):
    found = Methods.findings([family(diverged(traces, "backpropagation"), "method")])
    assert {one.key for one in found} == {"random-pairs", "random-information"}


def test_several_seeds_are_shown_by_their_mean(traces):
    errors = dict.fromkeys(METHODS, 0.02)
    several = [
        altered(traces, seed, {**errors, "pairs": 0.01 * (1 + seed)}, dict.fromkeys(METHODS, 2.0))
        for seed in range(3)
    ]
    whole = combined(several)
    (table,) = Methods.tables(whole, {})
    rows = {row[0].lines[0]: [cell.lines[0] for cell in row] for row in table.rows}
    assert rows["pairs"][1:4] == ["0.02000", "2.000", "2.000"]
    assert "pairs 0.0200 (" in Methods.summary(whole, [])[0]
    (curve,) = [one for one in Methods.panels(whole) if one.key == "loss-test"]
    named = {one.name: one for one in curve.series}
    assert named["pairs"].y[-1] == pytest.approx(0.02)
    assert named["pairs"].y_error[-1] > 0 and named["random"].y_error[-1] == 0


@pytest.mark.parametrize("size", [144, 16])
def test_information_of_one_image_is_refused_before_anything_is_measured(size):
    """1297 training images leave one for the last batch of 144, and of 16."""
    one = replace(SMALL, training=Training(steps=40, batch_size=size))
    assert len(one.data.train_x) == 1297
    with pytest.raises(InfoplaneError, match=f"batches of {size} leave one .* two samples"):
        next(replace(one, method="information").run())
    assert isinstance(next(replace(one, method="pairs").run()), Row | Checkpoint | Tick)


def test_on_both_probes_the_claims_are_about_the_test_images():
    """Of one method the run on both probes holds what the run on test images alone does."""
    both = {
        name: replace(SMALL, method=name, probing=replace(SMALL.probing, probe_from="both"))
        for name in ("backpropagation", "pairs")
    }
    traces = {
        name: told(one, [row for row in one.run() if isinstance(row, Row)])
        for name, one in both.items()
    }
    alone = replace(SMALL, method="pairs")
    rows = [row for row in alone.run() if isinstance(row, Row)]
    one, other = traces["pairs"], told(alone, rows)
    assert one["probe"].values.tolist() == ["train", "test"]
    assert one["I_XT"].sel(probe="test", drop=True).equals(other["I_XT"])
    found, known = Layerwise.findings([one]), Layerwise.findings([other])
    assert [(f.key, f.verdict) for f in found] == [(k.key, k.verdict) for k in known]
    assert "Claims are judged on the test samples." in Layerwise.summary(one, found)
    panels = Layerwise.panels(one)
    assert {panel.side for panel in panels if panel.plane} == {"train", "test"}
    assert len({panel.key for panel in panels if not panel.side}) == sum(
        not panel.side for panel in panels
    )
    whole = family(traces, "method")
    assert {f.key for f in Methods.findings([whole])} >= {"error-pairs", "code-pairs"}
    assert Methods.panels(whole) and Methods.tables(whole, {})
    assert "Claims are judged on the test samples." in Methods.summary(whole, [])


def test_verdicts_over_seeds_are_those_of_the_numbers(traces):
    kept = {"backpropagation": 3.0, "pairs": 3.2, "information": 2.5, "random": 1.0}
    several = [
        altered(
            traces,
            seed,
            {
                "backpropagation": 0.0100 + 1e-5 * seed,
                "pairs": 0.0108,
                "information": 0.0200,
                "random": 0.0150,
            },
            {name: value + 1e-3 * seed**2 for name, value in kept.items()},
        )
        for seed in range(3)
    ]
    found = {one.key: one for one in Methods.findings(several)}
    verdicts = {key: one.verdict for key, one in found.items()}
    assert verdicts["error-pairs"] is Verdict.SUPPORTED
    assert verdicts["error-information"] is Verdict.CONTRADICTED
    assert verdicts["random-pairs"] is Verdict.SUPPORTED
    assert verdicts["random-information"] is Verdict.CONTRADICTED
    assert verdicts["code-information"] is Verdict.CONTRADICTED
    reading = found["error-pairs"].readings[0]
    expected = np.mean([1.1 - 0.0108 / (0.0100 + 1e-5 * seed) for seed in range(3)])
    assert reading.parts[""].mean == pytest.approx(expected, abs=1e-12)
    control = reading.controls["untrained network"][""]
    assert control.mean < -1  # an untrained network is far from it
    mean = found["code-pairs"].readings[0].parts[""].mean
    assert mean == pytest.approx(0.2, abs=1e-9)


def test_methods_that_are_not_there_are_not_asked_about(traces):
    some = family({name: traces[name] for name in ("pairs", "random")}, "method")
    assert [one.key for one in claims(some)] == ["random-pairs"]
    Methods.findings([some])
    Methods.panels(some)


def test_too_few_steps_are_refused():
    with pytest.raises(InfoplaneError, match="8 groups of stages"):
        next(replace(SMALL, method="information", training=Training(steps=7)).run())


STEPS = np.array([0, 1, 3, 7, 15, 31, 63])


def courses(**by_pair):
    """I_pair of two estimators and three equal batches."""
    curves = np.array(list(by_pair.values()), dtype=float).T
    values = np.broadcast_to(curves[:, None, None, :], (len(STEPS), 2, 3, len(by_pair)))
    return xr.Dataset(
        {"I_pair": (("snapshot", "estimator", "batch", "pair"), values.copy())},
        coords={"step": ("snapshot", STEPS), "estimator": ["a", "b"], "pair": list(by_pair)},
    )


def test_when_a_curve_settles():
    """From the step on after which it stays within a tenth of its range about its end."""
    curves = {
        "jump": [0, 0, 0, 2, 2, 2, 2],
        "down": [3, 3, 3, 3, 3, 1, 1],
        "visits": [0, 2, 0, 2, 2, 2, 2],
        "near": [0, 1.7, 1.9, 2, 2, 2, 2],
        "still": [1, 1.1, 1.2, 1.1, 1, 1.1, 1],
        "late": [0, 0, 0, 0, 0, 0, 2],
    }
    trace = courses(**curves)
    found = {
        name: settled_at(trace["I_pair"].sel(pair=name), -1.0).sel(estimator="a").values.tolist()
        for name in curves
    }
    at = {"jump": 3.0, "down": 5.0, "visits": 3.0, "near": 2.0, "still": -1.0, "late": 6.0}
    assert found == {name: [value] * 3 for name, value in at.items()}


def test_pairs_from_the_outside_in():
    trace = courses(
        one=[0, 2, 2, 2, 2, 2, 2], two=[0, 0, 0, 2, 2, 2, 2], three=[0, 0, 2, 2, 2, 2, 2]
    )
    found = outer_first(trace)
    assert found["part"].values.tolist() == ["two after one", "three after two"]
    assert found.sel(estimator="b", batch=0).values.tolist() == [2.0, -1.0]


def test_a_pair_that_never_moves_has_no_reading():
    """Under estimator a both pairs move, inner last; under b the inner one stays where it is."""
    trace = courses(one=[0, 2, 2, 2, 2, 2, 2], two=[0, 0, 0, 2, 2, 2, 2])
    trace["I_pair"].loc[{"estimator": "b", "pair": "two"}] = 1.0
    finding = judge(outer_pairs_first(trace), [trace])
    (reading,) = finding.readings
    assert reading.estimator == "a" and reading.effect.mean == 2.0
    assert any("under b: no reading" in note for note in finding.notes)

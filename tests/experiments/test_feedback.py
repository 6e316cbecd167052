"""Training with feedback beside its controls: runs, and what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.experiments.feedback.experiment import TransferFeedback
from infoplane.experiments.feedback.settings import CONTROLS, PLAIN, RULES, Course, Feeding, arm
from infoplane.report.references import bibliography
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Row, trace_of

SMALL = TransferFeedback(
    hidden=(12,),
    course=Course(epochs=5, batch_size=16, images=300, learning_rate=0.3, target=0.5),
    feeding=Feeding(window=64, every=4),
)


GRADIENT = [arm("grad_scale", given) for given in ("measured", *CONTROLS)]


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def trace():
    return traced(SMALL)


def test_all_arms_begin_alike_and_part(trace):
    assert len(set(trace["test_loss"].isel(snapshot=0).values.tolist())) == 1
    ends = trace["test_loss"].isel(snapshot=-1)
    assert len(set(ends.sel(arm=[PLAIN, *GRADIENT]).values.tolist())) == 5
    assert float(ends.sel(arm=arm("weight_mix"))) != float(ends.sel(arm=PLAIN))
    assert float(trace["test_accuracy"].sel(arm=PLAIN)[-1]) > 0.5
    assert np.isnan(trace["fed_back"].sel(arm=PLAIN)).all()


def test_uniform_feedback_into_the_weights_changes_nothing_of_the_function_at_once(trace):
    """The logits of all classes shift alike, so the softmax and its gradient are those without."""
    uniform = trace["test_loss"].sel(arm=arm("weight_mix", "uniform_te"), drop=True)
    assert uniform.values == pytest.approx(trace["test_loss"].sel(arm=PLAIN).values, abs=1e-4)
    assert float(trace["fed_back"].sel(arm=arm("weight_mix", "uniform_te"))[-1]) > 0


def test_the_same_settings_give_the_same_rows(trace):
    again = traced(SMALL)
    xr.testing.assert_identical(trace.drop_attrs(), again.drop_attrs())


def test_one_run_decides_nothing_and_says_so(trace):
    findings = SMALL.findings([trace])
    assert {one.key for one in findings} == {
        f"{what}-{rule}" for what in ("accelerates", "loss") for rule in RULES.values()
    }
    assert all(one.verdict is Verdict.UNDECIDED for one in findings)
    told = " ".join(SMALL.summary(trace, findings))
    assert "accelerates" not in told and "not verified" in told


def seeds(saved):
    """Traces of five seeds in which arms with feedback need so many epochs less."""
    names = [PLAIN, *(arm(rule, one) for rule in RULES for one in ("measured", *CONTROLS))]
    found = []
    for seed in range(5):
        rows = []
        for step in range(9):
            rise = {name: saved * (name.endswith(", TE")) for name in names}
            reached = [min(1.0, 0.1 * step + 0.1 * rise[name] + 0.001 * seed) for name in names]
            values = xr.DataArray(reached, dims="arm", coords={"arm": names})
            signal = values * 0 + 0.01
            rows.append(
                Row(
                    step,
                    float(step),
                    {
                        "test_accuracy": values,
                        "test_loss": 1 - values,
                        "fed_back": signal,
                        "fed_back_max": 2 * signal,
                    },
                )
            )
        attrs = {"seed": seed, "target": 0.6, "signal": "te", "experiment": "feedback"}
        settings = json.dumps({"seed": seed})
        found.append(trace_of(rows, {**attrs, "settings": settings, "description": "made up"}))
    return found


def test_the_word_stands_only_beside_every_control():
    for saved, verdict in ((2, Verdict.SUPPORTED), (-2, Verdict.CONTRADICTED)):
        traces = seeds(saved)
        findings = {one.key: one for one in TransferFeedback.findings(traces)}
        assert findings["accelerates-gradient"].verdict is verdict
        assert findings["loss-weights"].verdict is verdict
        whole = combined(traces)
        told = " ".join(TransferFeedback.summary(whole, list(findings.values())))
        assert ("accelerates training, beside every control" in told) == (saved > 0)


def test_the_control_is_held_against_the_measured_arm_and_can_share_the_effect():
    """If shuffled numbers save as much beside all but TE, the control shows what TE shows."""
    traces = [one.copy(deep=True) for one in seeds(2)]
    for one in traces:
        for name in ("test_accuracy", "test_loss"):
            one[name].loc[{"arm": arm("grad_scale", "random_te")}] = (
                one[name].sel(arm=arm("grad_scale")).values
            )
    saved = {one.key: one for one in TransferFeedback.findings(traces)}["accelerates-gradient"]
    (reading,) = saved.readings
    shuffled = reading.controls["random TE in its place"]
    assert set(shuffled) == set(reading.parts) == {PLAIN, *CONTROLS}
    assert {name: one.mean for name, one in shuffled.items()} == pytest.approx(
        {PLAIN: 2, "random_te": 0, "uniform_te": 2, "reduced_rate": 2}
    )
    apart = seeds(2)
    (other,) = {one.key: one for one in TransferFeedback.findings(apart)}[
        "accelerates-gradient"
    ].readings
    assert other.controls["random TE in its place"]["random_te"].mean == -2


def test_a_control_that_is_the_plain_arm_once_more_is_no_part():
    found = {one.key: one for one in TransferFeedback.findings(seeds(2))}
    for key in ("accelerates-weights", "loss-weights"):
        (reading,) = found[key].readings
        assert len(reading.parts) == 3 and not any("uniform" in one for one in reading.parts)
        assert any("no control" in note for note in found[key].notes)
    assert len(found["loss-gradient"].readings[0].parts) == 4


def test_an_arm_that_diverged_is_not_scored_on_the_epochs_before():
    traces = [one.copy(deep=True) for one in seeds(2)]
    traces[1]["test_loss"].loc[{"arm": arm("grad_scale"), "snapshot": 5}] = np.nan
    findings = TransferFeedback.findings(traces)
    keys = {one.key for one in findings}
    assert "loss-gradient" not in keys and "loss-weights" in keys
    told = " ".join(TransferFeedback.summary(combined(traces), findings))
    assert "Not judged" in told and "loss-gradient" in told


def test_an_arm_without_a_signal_says_nothing_of_feedback():
    traces = [one.copy(deep=True) for one in seeds(2)]
    for one in traces:
        one["fed_back_max"].loc[{"arm": arm("weight_mix")}] = 0.0
    findings = TransferFeedback.findings(traces)
    assert {one.key for one in findings} == {"accelerates-gradient", "loss-gradient"}
    told = " ".join(TransferFeedback.summary(combined(traces), findings))
    assert "Nothing was ever fed back into the weights" in told and "gradient:" not in told
    rows = {row[0].lines: row[4].lines for row in TransferFeedback.tables(traces[0], {})[0].rows}
    assert rows[(arm("weight_mix"),)] == ("0.01000",)


def test_over_seeds_every_number_has_its_interval_and_arms_that_never_arrive_are_counted():
    traces = [one.copy(deep=True) for one in seeds(2)]
    traces[0]["test_accuracy"].loc[{"arm": PLAIN}] = 0.1
    traces[1]["test_loss"].loc[{"arm": arm("grad_scale"), "snapshot": 8}] = np.nan
    rows = {
        row[0].lines[0]: [one.lines[0] for one in row[1:4]]
        for row in TransferFeedback.tables(combined(traces), {})[0].rows
    }
    assert rows[PLAIN][0] == "6.6 ± 1.3; 1 of 5 never"
    assert rows[arm("weight_mix")][:2] == ["4.0 ± 0.0", "1.0000 ± 0.0000"]
    assert rows[arm("grad_scale")][2] == "no number"


def test_tables_and_figures(trace):
    seconds = {f"training: {name}": 1.0 + (name != PLAIN) for name in trace["arm"].values}
    table = SMALL.tables(trace, seconds)[0]
    assert len(table.rows) == 9 and table.rows[1][-1].lines == ("+100 %",)
    assert len(SMALL.panels(trace)) == 3
    cited = [part.split("]")[0] for text in SMALL.methods(trace) for part in text.split("[@")[1:]]
    assert set(cited) <= bibliography().keys() and cited


def test_the_published_signal_can_be_asked_for():
    feeding = Feeding(signal="cnn_te_2021", window=64)
    short = replace(SMALL, feeding=feeding, course=replace(SMALL.course, epochs=2))
    assert traced(short)["fed_back"].sel(arm=arm("weight_mix")).notnull().any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Course(target=1.5), "target=1.5"),
        (lambda: Course(epochs=1), "epochs=1"),
        (lambda: Feeding(window=2), "window=2"),
    ],
)
def test_bad_settings(make, said):
    with pytest.raises(InfoplaneError, match=said):
        make()

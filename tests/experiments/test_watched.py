"""How the Trace of any network is shown: few or many layers, gaps, one batch, no null."""

import numpy as np
import pytest

from infoplane.experiments.watched import MOMENTS, Watched, last_measured
from infoplane.values.finding import Verdict
from infoplane.values.trace import held_out


def shown(trace):
    findings = Watched.findings([trace])
    return findings, Watched.panels(trace), " ".join(Watched.summary(trace, findings))


def test_with_a_null_the_phases_of_the_last_layer_are_judged(watched_trace):
    findings, _, summary = shown(watched_trace())
    verdicts = {one.key: one.verdict for one in findings}
    assert verdicts == {
        "measurable": Verdict.SUPPORTED,
        "fitting": Verdict.SUPPORTED,
        "simplifying": Verdict.CONTRADICTED,
        "simplifying-above-null": Verdict.CONTRADICTED,
    }
    assert "I(X;last)" in findings[1].statement
    assert "Of 4 claims: 2 supported, 2 contradicted." in summary


@pytest.mark.parametrize("lacking", ({"null": False}, {"moments": MOMENTS - 1}))
def test_without_evidence_phases_are_left_out_and_the_remedy_is_said(watched_trace, lacking):
    findings, panels, summary = shown(watched_trace(**lacking))
    assert [one.key for one in findings] == ["measurable"]
    assert ("permutations=39" if "null" in lacking else f"{MOMENTS} moments") in summary
    dashed = any(series.dashed for panel in panels for series in panel.series)
    assert dashed == ("null" not in lacking)
    words = [panel.caption for panel in panels if not panel.plane]
    assert any("dashed" in caption for caption in words) == ("null" not in lacking)


def test_one_batch_has_no_errors_and_decides_nothing(watched_trace):
    findings, panels, summary = shown(watched_trace(batches=1))
    assert {one.verdict for one in findings} == {Verdict.UNDECIDED}
    assert all(one.y_error is None for panel in panels for one in panel.series)
    assert "standard error" not in panels[0].caption
    assert "One batch has no standard error" in summary


@pytest.mark.parametrize("estimators", (("mine",), ("a", "b", "c", "d")))
def test_every_estimator_has_its_figures(watched_trace, estimators):
    _, panels, _ = shown(watched_trace(estimators=estimators))
    groups = [panel.group for panel in panels if panel.plane]
    assert groups == list(estimators)
    assert len({panel.key for panel in panels}) == len(panels)


def test_every_probe_is_a_side_and_the_last_one_is_judged(watched_trace):
    trace = watched_trace(probes=("train", "test"))
    findings, panels, summary = shown(trace)
    assert [panel.side for panel in panels if panel.plane] == ["train", "test"] * 2
    assert [panel.side for panel in panels if panel.key == "loss"] == [""]
    alone = Watched.findings([held_out(trace)])
    assert [one.readings for one in findings] == [one.readings for one in alone]
    assert all(one.spread.endswith(", on the test samples") for one in findings)
    assert "train and test samples" in summary
    plane = next(panel for panel in panels if panel.plane and panel.side == "train")
    expected = trace["I_XT"].sel(probe="train", estimator="silverman", layer="last").mean("batch")
    assert plane.series[-1].x == pytest.approx(expected.values)


def test_a_layer_with_gaps_is_named_and_not_judged(watched_trace):
    trace = watched_trace()
    trace["I_TY"].loc[{"layer": "last"}] = np.nan
    findings, panels, summary = shown(trace)
    assert last_measured(trace) == "second"
    assert "I(X;second)" in findings[1].statement
    assert "Not measured everywhere: last." in summary
    assert np.isnan(panels[0].series[-1].y).all()


def test_nothing_measured_whole_leaves_no_claim_about_a_layer(watched_trace):
    trace = watched_trace()
    trace["I_TY"][:] = np.nan
    assert [one.key for one in shown(trace)[0]] == ["measurable"]


def test_saturated_layers_are_named_once(watched_trace):
    few = shown(watched_trace(level=6.7))[2]
    assert few.count("Saturated") == 1
    assert "first, second, last (silverman)" in few
    many = shown(watched_trace(tuple(f"layer {i}" for i in range(60)), level=6.7))[2]
    assert "60 layers (silverman); 60 layers (tapia)" in many
    assert "no layer's entropy is saturated" in shown(watched_trace())[2]


def test_all_companions_stand_beside_a_point(watched_trace):
    _, panels, _ = shown(watched_trace())
    beside = panels[0].series[0].beside
    assert set(beside) == {
        "I(input; layer) after shuffling [bit]",
        "permutation p-value of I(input; layer), largest of the probe batches",
        "S(layer) [bit]",
        "S(input) [bit]",
        "I(layer; target) after shuffling [bit]",
    }
    trace = watched_trace()
    largest = trace["I_XT_p"].sel(estimator="silverman", layer="first").max("batch")
    found = beside["permutation p-value of I(input; layer), largest of the probe batches"]
    assert found == pytest.approx(largest.values)


def test_series_of_a_layer_say_so_in_every_figure(watched_trace):
    _, panels, _ = shown(watched_trace())
    about = {panel.key: {series.of for series in panel.series} for panel in panels}
    layers = {"first", "second", "last"}
    assert about.pop("loss") == {""}
    assert all(found == layers for found in about.values())


def test_an_input_that_does_not_vary_is_said_and_asked_nothing(watched_trace):
    trace = watched_trace()
    trace["S_X"][:] = 0.0
    findings, _, summary = shown(trace)
    assert findings == [] and "X is the same in all samples" in summary


def test_what_lies_above_the_null_is_a_figure_of_its_own(watched_trace):
    trace = watched_trace()
    _, panels, _ = shown(trace)
    panel = next(one for one in panels if one.key == "I-TY-above-null-silverman")
    excess = (trace["I_TY"] - trace["I_TY_null"]).sel(estimator="silverman", layer="last")
    expected = excess.mean("batch").dropna("snapshot")
    assert panel.series[-1].y == pytest.approx(expected.values)


def test_a_training_that_has_not_ended_is_called_so(watched_trace):
    for status, words in (("running", "had not ended"), ("stopped", "was stopped")):
        assert words in shown(watched_trace().assign_attrs(status=status))[2]

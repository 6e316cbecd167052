"""Runs side by side: names that tell them apart, figures of what they share, words for the rest."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane.experiments.comparison.common import views
from infoplane.experiments.comparison.conditions import incomparable, unknown
from infoplane.experiments.comparison.doubts import left_out, saturation
from infoplane.experiments.comparison.figures import panels
from infoplane.experiments.comparison.naming import differing, named
from infoplane.experiments.comparison.verdicts import judged, summary
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, Interval, Reading, Verdict
from infoplane.values.methods import METHODS, Method, methods_json
from infoplane.values.trace import Row, trace_of

STEPS = (0, 1, 10, 100)


def trace(
    *,
    layers=("fc1", "fc2"),
    names=("silverman", "tapia"),
    n=100,
    h=5,
    level=1.0,
    target="target",
    batches=5,
    probes=(),
    loss="1",
    settings=None,
    data="0123456789abcdef",
):
    """A run whose every information is ``level``·log₂(1 + step) + 0.1·batch, in every layer."""
    described = {name: Method(name, parameters=f"{name}(h={h})") for name in names}
    tops = ceilings_json({name: math.log2(n) for name in names})
    attrs = {"unit": "bit", "n": n, CEILINGS: tops, METHODS: methods_json(described)}
    dims = {"estimator": names, "probe": probes, "batch": range(batches), "layer": layers}
    used = {dim: list(members) for dim, members in dims.items() if len(members)}
    labels = {dim: members for dim, members in used.items() if dim != "batch"}
    words = {"I_XT": "I(input; layer)", "I_TY": f"I(layer; {target})", "S_T": "S(layer)"}
    rows = []
    for step in STEPS:
        values = np.full([len(one) for one in used.values()], level * np.log2(1 + step))
        array = xr.DataArray(values, dims=list(used), coords=labels, attrs=attrs)
        array = array + xr.DataArray(0.1 * np.arange(batches), dims="batch")
        measured = {
            name: array.assign_attrs(attrs, long_name=meaning) for name, meaning in words.items()
        }
        if loss:
            told = {"long_name": "loss", "unit": loss}
            measured["loss_test"] = xr.DataArray(1 / (1 + step), attrs=told)
        rows.append(Row(step, float(step), measured))
    attributes = {"experiment": "made-up", "settings": json.dumps(settings or {}), "data": data}
    return trace_of(rows, attributes)


def finding(effects, statement="It rises.", key="rise", saturated=0.0):
    reading = Reading("tapia", {"": Interval.of(effects)}, saturated=saturated)
    return Finding(key, statement, "lee2021information", (reading,), "bit", "3 probe batches")


FOLDERS = [("runs", "made-up", "a"), ("runs", "made-up", "b")]


# names


def test_runs_are_named_by_what_they_differ_in():
    runs = [trace(settings={"code_size": k, "training": {"steps": 10}}) for k in (10, 36)]
    assert named(runs, FOLDERS) == ["code_size=10", "code_size=36"]
    assert differing(runs) == {"code_size": ("10", "36")}


def test_a_nested_setting_loses_its_prefix_only_where_that_is_clear():
    one = trace(settings={"a": {"x": 1}, "b": {"x": 2, "y": 3}})
    other = trace(settings={"a": {"x": 4}, "b": {"x": 5, "y": 6}})
    assert named([one, other], FOLDERS) == ["a.x=1, b.x=2, y=3", "a.x=4, b.x=5, y=6"]


@pytest.mark.parametrize(
    "settings",
    [
        ({}, {}),
        ({"k": 1}, {"k": 1}),
        ({f"long_setting_{i}": 0 for i in range(9)}, {f"long_setting_{i}": 1 for i in range(9)}),
    ],
)
def test_else_by_their_folders(settings):
    runs = [trace(settings=one) for one in settings]
    assert named(runs, FOLDERS) == ["a", "b"]
    assert named(runs, [("x", "run"), ("y", "run")]) == ["x/run", "y/run"]


def test_many_settings_are_told_where_a_run_is_not_as_most():
    plain = {f"long_setting_{i}": 0 for i in range(9)}
    runs = [plain, *(plain | {f"long_setting_{i}": 1} for i in range(9))]
    folders = [(str(i),) for i in range(10)]
    expected = ["as most", *(f"long_setting_{i}=1" for i in range(9))]
    assert named([trace(settings=one) for one in runs], folders) == expected


def test_three_runs_of_which_two_have_one_setting_are_never_confused():
    runs = [trace(settings={"k": k}) for k in (1, 1, 2)]
    assert named(runs, [("a",), ("b",), ("c",)]) == ["a", "b", "c"]


def test_a_setting_that_one_run_lacks_is_not_set_there():
    assert differing([trace(settings={"k": 1}), trace()]) == {"k": ("1", "not set")}


def test_too_few_runs_or_one_twice():
    with pytest.raises(InfoplaneError, match="at least two"):
        named([trace()], FOLDERS[:1])
    with pytest.raises(InfoplaneError, match="twice"):
        named([trace(), trace()], [FOLDERS[0]] * 2)


# what can be compared


def test_what_all_runs_are_is_said_once():
    told = (
        "classifier (one, wide), vib, 9 updates",
        "classifier (one, wide), ceb",
    )
    runs = {one: trace() for one in "AB"}
    for one, words in zip(runs.values(), told, strict=True):
        one.attrs["description"] = words
    assert summary(runs, [])[0] == (
        "2 runs side by side: A (vib, 9 updates); B (ceb). In all: classifier (one, wide)."
    )


def test_like_runs_have_no_doubts():
    runs = {"A": trace(), "B": trace(level=0.5)}
    assert incomparable(runs) == [] and left_out(runs) == [] and unknown(runs) == []
    told = summary(runs, [])
    assert told[1].startswith("n, estimators, data, X and Y are the same in all")
    assert "no claim" in " ".join(summary(runs, []))


def test_another_n_and_other_estimators_are_said_before_all_else():
    runs = {"A": trace(), "B": trace(n=200, h=3)}
    size, silverman, tapia = incomparable(runs)
    assert "n: 100 in A; 200 in B" in size
    assert "“silverman”: silverman(h=5) in A; silverman(h=3) in B" in silverman
    assert "tapia" in tapia
    assert "NOT comparable" in summary(runs, [])[1]
    assert all(
        "NOT comparable" in one.caption
        for one in panels(runs)
        if one.group != "Losses" and not one.plane
    )
    assert all(one.ceiling is None for one in panels(runs) if not one.plane)


CONDITIONS = {"X": "input", "Y": "target", "tokens": "None", "autocast": "None", "probe": "5 × 100"}
CONDITIONS |= {"probe digest": {"probe": "aaa"}}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("X", "embedding", "X: input in A; embedding in B."),
        ("Y", "head", "Y: target in A; head in B."),
        ("tokens", "mean", "What one sample of a sequence is: None in A; mean in B."),
        ("autocast", "torch.bfloat16", "Precision of the pass: None in A; torch.bfloat16 in B."),
        ("probe", "3 × 100", "Probe, batches × samples: 5 × 100 in A; 3 × 100 in B."),
        ("probe digest", {"probe": "bbb"}, "Samples of the probe: aaa in A; bbb in B."),
    ],
)
def test_other_conditions_are_said(key, value, words):
    one, other = CONDITIONS, CONDITIONS | {key: value}
    runs = {"A": trace(settings=one, data=""), "B": trace(settings=other, data="")}
    assert incomparable(runs) == [words]
    assert "NOT comparable" in summary(runs, [])[1] and words in summary(runs, [])[1]
    assert incomparable({"A": runs["A"], "B": runs["A"]}) == []


def test_information_about_x_does_not_depend_on_y():
    settings = [CONDITIONS, CONDITIONS | {"Y": "head"}]
    runs = {name: trace(settings=one) for name, one in zip("AB", settings, strict=True)}
    doubtful = {
        variable: bool(incomparable(runs, variable)) for variable in ("I_XT", "I_TY", "S_T")
    }
    assert doubtful == {"I_XT": False, "I_TY": True, "S_T": False}
    captions = {one.y.label: one.caption for one in panels(runs) if not one.plane}
    assert "NOT comparable" in captions["I(layer; target)"]
    assert "NOT comparable" not in captions["I(input; layer)"] + captions["S(layer)"]


def test_other_data_are_said():
    runs = {"A": trace(), "B": trace(data="fedcba9876543210")}
    assert incomparable(runs) == ["Data: 0123456789ab in A; fedcba987654 in B."]


@pytest.mark.parametrize("probes", [("train", "test"), ()])
def test_of_unlike_probes_the_held_out_samples_count(probes):
    digests = {"train": "ttt", "test": "hhh"} if probes else {"probe": "hhh"}
    runs = {
        "A": trace(probes=probes, data="", settings={"probe digest": digests}),
        "B": trace(probes=("other", "late"), data="", settings={"probe digest": {"late": "hhh"}}),
    }
    assert incomparable(runs) == [] and unknown(runs) == []


@pytest.mark.parametrize(
    ("other", "missing"),
    [
        (trace(data=""), "data"),
        (trace(names=()), "estimators"),
        (trace().drop_vars("I_TY"), "Y"),
        (trace(data="").drop_vars("I_TY"), "data, Y"),
    ],
)
def test_what_is_not_known_is_never_called_the_same(other, missing):
    runs = {"A": trace(), "B": other}
    told = summary(runs, [])[1]
    assert f"not all of them tell their {missing}:" in told and "the same in all" not in told


def test_what_one_run_has_alone_is_said():
    runs = {"A": trace(layers=("fc1", "fc2", "fc3")), "B": trace(names=("tapia", "ksg"), loss="")}
    told = left_out(runs)
    assert "In A alone, and so not compared: layer fc3." in told
    assert "In A alone, and so not compared: estimator silverman." in told
    assert "In B alone, and so not compared: estimator ksg." in told
    assert "In A alone, and so not compared: loss [1]." in told
    assert len(told) == 4


def test_other_quantities_are_not_drawn_together():
    runs = {"A": trace(), "B": trace(target="output", loss="squared intensity")}
    assert {one.y.label for one in panels(runs) if not one.plane} == {"I(input; layer)", "S(layer)"}
    told = left_out(runs)
    assert any("I(layer; target) [bit] in A; I(layer; output) [bit] in B" in one for one in told)
    assert any("loss [1] in A; loss [squared intensity] in B" in one for one in told)


def test_saturated_values_are_marked():
    runs = {"A": trace(level=0.5), "B": trace(level=1.0)}  # log₂ 101 + 0.2 > log₂ 100
    assert "B (I(input; layer) 25%" in saturation(runs) and "A" not in saturation(runs)[40:60]
    assert "No value" in saturation({"A": trace(level=0.5)})
    curve = next(one for one in panels(runs) if not one.plane)
    assert "Saturated: B at 1 of 4 moments." in curve.caption
    assert curve.series[1].beside["share of log₂ n"][-1] > 0.95


# figures


def test_planes_of_all_runs_on_one_scale_and_a_small_figure_per_layer():
    runs = {"A": trace(), "B": trace(layers=("fc2", "fc1", "extra"))}
    found = panels(runs)
    planes = [one for one in found if one.plane]
    assert [(one.title, one.group) for one in planes] == [
        (run, estimator) for estimator in ("silverman", "tapia") for run in ("A", "B")
    ]
    assert len({one.scale for one in planes}) == 2
    assert all(line.of == "" for one in planes for line in one.series), "colours are the runs'"
    curves = [one for one in found if not one.plane]
    assert len(curves) == 3 * 2 * 2 + 1
    assert {one.title for one in curves} == {"fc1", "fc2", "loss"}
    assert all([line.of for line in one.series] == ["A", "B"] for one in curves)
    assert len({one.key for one in found}) == len(found)
    groups = [one.group for one in curves]
    assert groups == sorted(groups, key=groups.index), "figures of one group follow each other"


def test_a_line_is_the_mean_over_batches_with_its_standard_error():
    runs = {"A": trace(), "B": trace(level=0.5)}
    a, b = next(one for one in panels(runs) if one.title == "fc1").series
    assert a.y == pytest.approx(np.log2(1 + np.array(STEPS)) + 0.2)
    assert b.y == pytest.approx(0.5 * np.log2(1 + np.array(STEPS)) + 0.2)
    assert a.y_error == pytest.approx(np.full(4, 0.1 * math.sqrt(2.5) / math.sqrt(5)))
    assert a.at.tolist() == list(STEPS) and (a.x == a.at + 1).all()


def test_one_batch_has_no_error_and_runs_of_other_lengths_go_together():
    long, short = trace(), trace(batches=1).isel(snapshot=slice(0, 2))
    a, b = next(one for one in panels({"A": long, "B": short}) if one.title == "fc1").series
    assert len(a.x) == 4 and len(b.x) == 2 and a.y_error is not None and b.y_error is None


@pytest.mark.parametrize("batches", [(1, 1), (1, 5), (5, 5)])
def test_bands_are_told_of_where_there_are_any(batches):
    runs = {name: trace(batches=one) for name, one in zip("AB", batches, strict=True)}
    curves = [one for one in panels(runs) if not one.plane and one.group != "Losses"]
    assert {"±1 standard error" in one.caption for one in curves} == {max(batches) > 1}
    planes = [one.caption for one in panels(runs) if one.plane]
    assert sum("standard error" in caption for caption in planes) == 2 * sum(b > 1 for b in batches)


def test_probes_are_compared_with_their_like():
    runs = {name: trace(probes=("train", "test")) for name in "AB"}
    assert list(views(runs)) == ["train", "test"]
    found = panels(runs)
    assert {one.side for one in found if one.group != "Losses"} == {"train", "test"}
    assert [one.side for one in found if one.group == "Losses"] == [""]
    assert left_out(runs) == []


def test_of_other_probes_only_the_held_out_one_is_compared():
    runs = {"A": trace(probes=("train", "test")), "B": trace()}
    runs["A"]["I_XT"].loc[{"probe": "test"}] = 3.0
    assert {one.side for one in panels(runs)} == {""}
    a, _ = next(one for one in panels(runs) if one.title == "fc1").series
    assert a.y == pytest.approx(np.full(4, 3.0))
    assert any("train and test in A; one in B" in one for one in left_out(runs))


def test_runs_with_nothing_in_common_have_no_curves():
    runs = {"A": trace(layers=("a",), loss=""), "B": trace(layers=("b",), loss="")}
    assert all(one.plane for one in panels(runs))


# verdicts


def test_only_the_same_words_are_the_same_claim():
    rises, falls = finding([1.0, 1.1, 0.9]), finding([-1.0, -1.1, -0.9])
    other = replace(rises, statement="It falls.")
    claims = judged({"A": [rises], "B": [falls, other]})
    assert [claim.statement for claim in claims] == ["It rises.", "It falls."]
    both, alone = claims
    assert {run: one.verdict for run, one in both.findings.items()} == {
        "A": Verdict.SUPPORTED,
        "B": Verdict.CONTRADICTED,
    }
    assert not both.agreed and alone.agreed and list(alone.findings) == ["B"]
    told = summary({"A": trace(), "B": trace()}, claims)[2]
    assert (
        told == "The verdicts agree on 0 of 1 claims that all runs were asked; they part on rise."
    )

"""A network that diverged is reported all the same: what is missing is said, and not judged."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.analysis.claims import judge, judged
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.autoencoder.stacked import COSTS, SQUARED_ERROR
from infoplane.experiments.claims import fitting, measurable, simplifying
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.watched import Watched, claims
from infoplane.numerics.bandwidth import Tapia
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.plane import Plane
from infoplane.observe.probe import Probe
from infoplane.record.snapshot import Snapshot
from infoplane.report.draw import drawing
from infoplane.report.looks import looks
from infoplane.report.methods import methods
from infoplane.report.references import Citations
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.finding import as_json
from infoplane.values.trace import Row, trace_of

GONE = ("I_XT", "I_TY", "S_T", "norm_T", "I_XT_null", "I_TY_null", "I_XT_p")


def broken(trace, layer, moments=slice(None)):
    """The Trace with everything about a layer gone at some moments."""
    for name in GONE:
        if name in trace:
            trace[name].loc[{"layer": layer}] = np.where(
                np.isin(trace["step"].values, trace["step"].values[moments]).reshape(
                    -1, *[1] * (trace[name].ndim - 2)
                ),
                np.nan,
                trace[name].sel(layer=layer).values,
            )
    return trace


def summary(trace):
    return " ".join(Watched.summary(trace, Watched.findings([trace])))


def test_layers_are_named_with_the_moments_they_lack(watched_trace):
    assert diverged(watched_trace()) == []
    one = broken(broken(watched_trace(), "last", slice(5, None)), "first", slice(2, 4))
    (told,) = diverged(one)
    assert "first at 2 of 12 moments, first at step 2; last from step 5 on" in told
    names = tuple(f"l{i}" for i in range(9))
    many = watched_trace(names)
    for name in names:
        many = broken(many, name, slice(3, None))
    assert "9 layers from step 3 on" in diverged(many)[0]


def test_on_any_of_the_probes(watched_trace):
    one = watched_trace(probes=("train", "test"))
    one["norm_T"].loc[{"probe": "train", "layer": "last", "batch": 0}] = np.nan
    assert "last from step 0 on" in summary(one)


def test_the_last_layer_that_is_whole_is_judged(watched_trace):
    one = broken(watched_trace(), "last", slice(-1, None))
    found = Watched.findings([one])
    assert "I(X;second)" in {finding.key: finding for finding in found}["fitting"].statement
    json.dumps([as_json(finding) for finding in found], allow_nan=False)


def test_no_layer_is_whole(watched_trace):
    one = watched_trace()
    for layer in one["layer"].values:
        one = broken(one, layer, slice(-2, None))
    assert [finding.key for finding in Watched.findings([one])] == ["measurable"]
    assert "No layer was measured at every moment" in summary(one)
    assert "look oftener" not in summary(one) and "no layer's entropy" not in summary(one)


def test_an_estimator_without_entropies_leaves_the_others_their_claim(watched_trace):
    one = watched_trace(estimators=("tapia", "mine"))
    for name in ("S_X", "S_T"):
        one[name].loc[{"estimator": "mine"}] = np.nan
    found = {finding.key: finding for finding in Watched.findings([one])}
    assert [reading.estimator for reading in found["measurable"].readings] == ["tapia"]
    assert "Not all of it was measured under mine: no reading." in found["measurable"].notes
    assert [reading.estimator for reading in found["fitting"].readings] == ["tapia", "mine"]
    assert "Entropies are not known under mine." in summary(one)
    assert "Not measured everywhere" not in summary(one)


def test_without_a_ceiling_nothing_is_measurable_by_it_nor_saturated(watched_trace):
    one = watched_trace(level=9.0)
    for name in one:
        if CEILINGS in one[name].attrs:
            one[name].attrs[CEILINGS] = ceilings_json({"silverman": math.inf, "tapia": 20.0})
    found = {finding.key: finding for finding in Watched.findings([one])}
    assert [reading.estimator for reading in found["measurable"].readings] == ["tapia"]
    assert all(reading.saturated == 0 for reading in found["fitting"].readings)
    assert "no layer's entropy is saturated" in summary(one)
    planes = [panel for panel in Watched.panels(one) if panel.plane]
    assert [panel.ceiling for panel in planes] == [None, 20.0]


@pytest.mark.parametrize("name", ["I_XT", "I_TY", "I_XT_null", "I_TY_null"])
@pytest.mark.parametrize("claim", [fitting("last"), simplifying("last")])
def test_who_lacks_a_part_of_a_claim_does_not_read_it(watched_trace, name, claim):
    one = watched_trace()
    one[name][{"snapshot": 7, "layer": 2, "batch": 3, "estimator": 0}] = np.nan
    whole = watched_trace().assign_attrs(seed=1)
    for traces in ([one], [whole, one.assign_attrs(seed=2)]):
        assert [reading.estimator for reading in judge(claim, traces).readings] == ["tapia"]
    one[name][{"snapshot": 7, "layer": 2, "estimator": 1}] = np.nan
    assert judged([claim, measurable()], [one])[0].key == "measurable"
    with pytest.raises(InfoplaneError, match=f"'{claim.key}' cannot be judged"):
        judge(claim, [one])


def test_claims_that_were_not_judged_are_named(watched_trace):
    asked, found = claims(watched_trace()), Watched.findings([watched_trace()])
    assert left_out(asked, found) == []
    assert "measurable, fitting." in left_out(asked, found[2:])[0]


def is_drawn(trace, shown):
    """Whether its figures and its methods section come out as JSON without NaN."""
    panels = shown.panels(trace)
    drawn = [drawing(one, looks(panels), panels) for one in panels]
    return json.dumps([drawn, methods(trace, Citations())], allow_nan=False)


def watched_plane():
    x = torch.rand(2, 8, 3, generator=torch.Generator().manual_seed(0))
    renyi = {"tapia": MatrixRenyi(1.01, Tapia())}
    options = {"null_steps": range(99), "permutations": 3}
    return Plane(Probe(x, torch.arange(16).reshape(2, 8) % 2), ("0", "1"), "1", renyi, **options)


def test_a_report_of_a_network_that_diverged():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    plane, rows = watched_plane(), []
    for step in range(12):
        if step == 9:
            model[1].weight.data[0, 0] = math.nan
            with pytest.warns(InfoplaneWarning, match="'1' .*step 9"):
                rows.append(Row.at(step, math.nan, [plane(Snapshot(step, math.nan, model, None))]))
        else:
            rows.append(Row.at(step, math.nan, [plane(Snapshot(step, math.nan, model, None))]))
    trace = trace_of(rows, {"experiment": "watch"})
    told = summary(trace)
    assert "Training diverged. Not finite, and so not measured: 1 from step 9 on." in told
    assert "I(input; 1) has no value from step 9 on: one of the two was not finite" in told
    assert is_drawn(trace, Watched)
    assert trace["I_XT"].sel(layer="0").notnull().all()
    assert trace["I_XT_p"].sel(layer="1").isnull().values[9:].all()


def test_an_autoencoder_that_diverged_claims_only_what_was_measured():
    torch.manual_seed(0)
    one = Autoencoder()
    model = one.model()
    probe = replace(one.probing, probe_from="test").probe(one.data, one.seed)
    plane, losses = one.plane(model, probe), one.losses(COSTS[SQUARED_ERROR])
    rows = []
    for step in (0, 1, 10, 100):
        moment = Snapshot(step, float(step), model, None)
        if step == 100:
            model.code.affine.weight.data.fill_(math.nan)
            with pytest.warns(InfoplaneWarning, match="diverged"):
                rows.append(Row.at(step, 1.0, [plane(moment), losses(moment)]))
        else:
            rows.append(Row.at(step, 1.0, [plane(moment), losses(moment)]))
    trace = trace_of(rows, one.attributes)
    found = Autoencoder.findings([trace])
    assert [finding.key for finding in found] == ["measurable"]
    json.dumps([as_json(finding) for finding in found], allow_nan=False)
    told = " ".join(Autoencoder.summary(trace, found))
    assert "is no number at the end" in told and "Training diverged" in told
    assert "Not judged, because not all they rest on was measured: dpi-encoder" in told
    assert is_drawn(trace, Autoencoder)

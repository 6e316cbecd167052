import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.plane import Plane
from infoplane.observe.probe import Probe
from infoplane.observe.side_by_side import SideBySide
from infoplane.record.snapshot import Snapshot
from infoplane.values.ceilings import CEILINGS, ceiling
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.methods import RENYI

BATCHES, N = 3, 12
X = torch.rand(BATCHES * N, 1, 4, 4, generator=torch.Generator().manual_seed(2))
Y = torch.arange(BATCHES * N) % 3


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))


def probe(y=Y):
    return Probe(X.unflatten(0, (BATCHES, N)), y.unflatten(0, (BATCHES, N)))


ESTIMATORS = {
    "paper": MatrixRenyi(1.01, Silverman(2.0)),
    "scale-free": MatrixRenyi(2.0, Tapia(), {"input": Tapia(standardise="whole")}),
}


def plane(**changed):
    settings = dict(
        probe=probe(),
        layers=("1", "2"),
        target="target",
        pairs=(("1", "3"),),
        estimators=ESTIMATORS,
    )
    return Plane(**{**settings, **changed})


def test_every_value_is_that_of_the_estimator_on_its_batch():
    model = network()
    values = plane()(Snapshot(0, 0.0, model, None)).values
    hidden = {"1": model[:2](X).detach(), "2": model[:3](X).detach(), "3": model(X).detach()}
    for b in range(BATCHES):
        rows = slice(b * N, (b + 1) * N)
        for name, estimator in ESTIMATORS.items():
            between_layers = Renyi(estimator.alpha, estimator.bandwidth)
            from_input = replace(between_layers, x_bandwidth=estimator.own.get("input"))
            of = {key: values[key].sel(estimator=name).isel(batch=b) for key in QUANTITIES}
            for layer in ("1", "2"):
                t = hidden[layer][rows]
                expected = (
                    from_input(X[rows], t),
                    between_layers(t, Y[rows]),
                    between_layers.entropy(t),
                )
                for quantity, estimate in zip(("I_XT", "I_TY", "S_T"), expected, strict=True):
                    value = of[quantity].sel(layer=layer).item()
                    assert value == pytest.approx(estimate.value, abs=1e-12)
            pair = between_layers(hidden["1"][rows], hidden["3"][rows])
            assert of["I_pair"].item() == pytest.approx(pair.value, abs=1e-12)


QUANTITIES = ("I_XT", "I_TY", "S_T", "I_pair")


def test_variables_have_dimensions_unit_ceiling_and_meaning():
    values = plane()(Snapshot(0, 0.0, network(), None)).values
    information = values["I_XT"]
    assert information.dims == ("estimator", "batch", "layer")
    assert information.attrs["unit"] == "bit"
    assert (ceiling(information) == math.log2(N)).all()
    assert information.attrs["long_name"] == "I(input; layer)"
    paper = json.loads(information.attrs["methods"])["paper"]
    assert "h·n^(−1/(4+d)) with h = 2" in paper["words"] and paper["family"] == RENYI
    assert "Silverman(h=2.0)" in paper["parameters"] and "yu2019understanding" in paper["sources"]
    assert [name for name, one in values.items() if "methods" in one.attrs] == ["I_XT"]
    assert values["I_XY"].dims == ("estimator", "batch")
    assert values["norm_T"].dims == ("batch", "layer")
    null = plane(null_steps=frozenset({0}), permutations=2)(Snapshot(0, 0.0, network(), None))
    assert null.values["I_TY_null"].attrs["long_name"] == "I(layer; target) after shuffling"
    assert (
        null.values["I_TY_p"].attrs["unit"] == "1" and CEILINGS not in null.values["I_TY_p"].attrs
    )
    assert list(values["I_pair"]["pair"].values) == ["1 · 3"]


def test_the_null_is_the_mean_over_shuffles_and_never_has_p_zero():
    values = plane(null_steps=frozenset({7}), permutations=9)(
        Snapshot(7, 0.0, network(), None)
    ).values
    assert ((values["I_XT_p"] >= 1 / 10) & (values["I_XT_p"] <= 1)).all()
    assert (values["I_XT"] > values["I_XT_null"]).mean() > 0.9  # T is a function of X
    assert values["I_XT_p"].values.min() == pytest.approx(0.1)
    without = plane(null_steps=frozenset({7}))(Snapshot(6, 0.0, network(), None)).values
    assert "I_XT_null" not in without


def test_shuffling_independent_labels_changes_nothing_beyond_chance():
    shuffled = Y[torch.randperm(len(Y), generator=torch.Generator().manual_seed(0))]
    values = plane(probe=probe(shuffled), null_steps=frozenset({0}), permutations=60)(
        Snapshot(0, 0.0, network(), None)
    ).values
    assert (values["I_TY_p"].mean("batch") > 0.1).all()


def test_the_same_code_serves_a_regression_target_and_a_layer_as_target():
    numbers = torch.rand(BATCHES * N, 2)
    regression = plane(probe=probe(numbers))(Snapshot(0, 0.0, network(), None)).values
    assert np.isfinite(regression["I_TY"].values).all()
    prediction = plane(target="3")(Snapshot(0, 0.0, network(), None)).values
    assert prediction["I_XY"].attrs["long_name"] == "I(input; 3)"
    assert np.isnan(plane()(Snapshot(0, 0.0, network(), None)).values["width_Y"]).all()


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_a_layer_that_is_not_finite_has_no_values_and_the_others_have_theirs(poison):
    model, options = network(), {"layers": ("1", "2", "3"), "null_steps": {41}, "permutations": 3}
    whole = plane(**options)(Snapshot(41, 0.0, model, None)).values
    with torch.no_grad():
        hook = model[2].register_forward_hook(lambda *_: torch.full((BATCHES * N, 8), poison))
        straight = model[:2](X)
        replaced = model[3].register_forward_hook(lambda *_: straight[:, :3])
    numbers = f"{BATCHES * N * 8} of {BATCHES * N * 8} activations"
    with pytest.warns(InfoplaneWarning, match=rf"'2' .*{numbers}.*step 41") as told:
        values = plane(**options)(Snapshot(41, 0.0, model, None)).values
    hook.remove()
    replaced.remove()
    assert len(told) == 1 and values.keys() == whole.keys()
    for name, one in values.items():
        assert one.dims == whole[name].dims and one.attrs == whole[name].attrs
        if "layer" in one.dims:
            assert one.sel(layer="2").isnull().all(), name
            assert one.sel(layer="1").identical(whole[name].sel(layer="1")), name
            known = whole[name].sel(layer="3").notnull()
            assert (one.sel(layer="3").notnull() == known).all(), name
    assert values["I_XY"].identical(whole["I_XY"]) and values["S_X"].identical(whole["S_X"])


def diverged_at(*layers):
    """The network, its activations infinite in some layers alone."""
    model = network()
    for layer in layers:
        model[int(layer)].register_forward_hook(lambda module, given, out: out * math.inf)
    return model


def test_a_pair_with_a_broken_member_is_not_measured():
    one = plane(layers=("1", "2"), pairs=(("1", "2"), ("1", "3")))
    with pytest.warns(InfoplaneWarning):
        values = one(Snapshot(0, 0.0, diverged_at("3"), None)).values
    broken, sound = "1 · 3", "1 · 2"
    assert values["I_pair"].sel(pair=broken).isnull().all()
    assert values["I_pair"].sel(pair=sound).notnull().all()


@pytest.mark.parametrize("role", ["source", "target"])
def test_without_x_or_y_nothing_about_it_is_measured(role):
    one = plane(layers=("1", "2"), **{role: "3"})
    with pytest.warns(InfoplaneWarning, match="'3'"):
        values = one(Snapshot(0, 0.0, diverged_at("3"), None)).values
    letter = {"source": "X", "target": "Y"}[role]
    about = {"source": ("I_XT", "I_XY"), "target": ("I_TY", "I_XY")}[role]
    for name in (*about, f"S_{letter}"):
        assert values[name].isnull().all(), name
    assert values["S_T"].notnull().all()


def test_nothing_at_all_is_finite():
    options = {"target": "3", "null_steps": {0}, "permutations": 3}
    with pytest.warns(InfoplaneWarning) as told:
        values = plane(**options)(Snapshot(0, 0.0, diverged_at("1", "2", "3"), None)).values
    assert len(told) == 3
    kept = {"S_X", "width_X"}
    assert {name for name, one in values.items() if one.notnull().any()} == kept
    assert "I_XT_p" in values and "I_pair_null" in values


def test_a_layer_is_warned_of_once_on_all_probes_together():
    model, probes = diverged_at("3"), {"train": plane(target="3"), "test": plane(target="3")}
    one = SideBySide(probes)
    with pytest.warns(InfoplaneWarning, match="step 4 on train") as told:
        one(Snapshot(4, 0.0, model, None))
        values = one(Snapshot(5, 0.0, model, None)).values
    assert len(told) == 1
    assert values["norm_T"].dims == ("probe", "batch", "layer")


def test_large_activations_are_finite():
    model = network()
    model[1].weight.data.mul_(1e30)
    values = plane(layers=("1",), pairs=())(Snapshot(0, 0.0, model, None)).values
    assert values["norm_T"].notnull().all()


def test_a_layer_that_is_never_called_is_named():
    model = network()
    model.add_module("spare", nn.Identity())
    model.forward = lambda x: model[:4](x)
    with pytest.raises(InfoplaneError, match=r"\['spare'\] were not called"):
        plane(layers=("1", "spare"))(Snapshot(0, 0.0, model, None))


def test_a_dead_layer_has_no_entropy_and_no_information():
    model = network()
    model[1].weight.data.zero_()
    values = plane()(Snapshot(0, 0.0, model, None)).values
    assert np.abs(values["S_T"].sel(layer="1").values).max() < 1e-12
    assert np.abs(values["I_XT"].sel(layer="1").values).max() < 1e-12


def test_the_entropy_of_the_input_is_computed_once():
    one = plane()
    first = one(Snapshot(0, 0.0, network(), None)).values["S_X"]
    known = one._constant
    second = one(Snapshot(1, 0.0, network(), None)).values["S_X"]
    assert one._constant is known and first.identical(second)


def test_a_probe_is_drawn_without_repetition_and_refuses_too_much():
    drawn = Probe.drawn(X, Y, batches=3, size=12, seed=0)
    flat = drawn.x.flatten(0, 1).flatten(1)
    assert len(flat.unique(dim=0)) == 36
    with pytest.raises(InfoplaneError, match="needs 48 samples, there are 36"):
        Probe.drawn(X, Y, batches=4, size=12, seed=0)
    with pytest.raises(InfoplaneError, match="two samples"):
        Probe.drawn(X, Y, batches=1, size=1, seed=0)

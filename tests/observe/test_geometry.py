"""Dimension and imbalance of a network's layers, on clouds whose shape is known."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.measures.geometry.gride import Gride
from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.observe.geometry import Geometry, NormalDimension, Scale
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError, InfoplaneWarning
from infoplane.values.methods import methods_of
from infoplane.values.trace import Row, trace_of
from oracles import neighbours as oracle
from oracles.renyi import published_samples

U, V = published_samples(500, 2, 0).T
SHEET = np.column_stack([U, V, U + V, np.sin(3 * U), V**2])
SCALES = {"nearest": Scale(TwoNN()), "wider": Scale(Gride(4), 4)}


class Columns(nn.Module):
    """Some columns of its input."""

    def __init__(self, *places):
        super().__init__()
        self.places = list(places)

    def forward(self, x):
        return x[:, self.places]


class Sheet(nn.Module):
    """From the sheet to its coordinates, and to the first of them."""

    def __init__(self):
        super().__init__()
        self.plane, self.line, self.norm = Columns(0, 1), Columns(0), nn.BatchNorm1d(1)

    def forward(self, x):
        return self.norm(self.line(self.plane(x)))


def seen(model, x, layers=("input", "plane", "line"), target="line", step=0, **more):
    geometry = Geometry(
        x=x, layers=layers, target=target, scales=SCALES, path=layers, steps={step}, **more
    )
    return geometry(Snapshot(step, 0.0, model.to(x.dtype), None)).values


def test_the_values_of_dadapy_through_a_network():
    found = seen(Sheet(), torch.tensor(SHEET)[None])
    dimension = found["dimension_T"].sel(layer="input").squeeze("batch")
    assert float(dimension.sel(estimator="nearest")) == pytest.approx(1.960936, abs=1e-6)
    assert float(dimension.sel(estimator="wider")) == pytest.approx(1.9139, abs=6e-5)
    nearest = {
        name: values.sel(estimator="nearest").squeeze("batch")
        for name, values in found.items()
        if name.startswith("imbalance")
    }
    published = {
        ("imbalance_XT", "plane"): 0.005096,
        ("imbalance_TX", "plane"): 0.005056,
        ("imbalance_XT", "line"): 0.053336,
        ("imbalance_TX", "line"): 0.522336,
        ("imbalance_TX", "input"): 0.004,
        ("imbalance_YT", "input"): 0.522336,
    }
    for (name, layer), value in published.items():
        assert float(nearest[name].sel(layer=layer)) == pytest.approx(value, abs=1e-6)
    ahead, back = 0.005096, 0.005056
    link = {"pair": "input · plane"}
    assert float(nearest["imbalance_forward"].sel(link)) == pytest.approx(ahead, abs=1e-6)
    change = float(nearest["imbalance_change"].sel(link))
    assert change == pytest.approx(2 * (ahead - back) / (ahead + back), abs=1e-3)
    assert float(nearest["imbalance_change"].sel(pair="plane · line")) < -1.5


def test_every_imbalance_is_its_definition_at_every_scale():
    x = np.random.default_rng(0).standard_normal((2, 20, 5))
    found = seen(Sheet(), torch.tensor(x))
    for place, scale in enumerate(SCALES.values()):
        for batch in range(2):
            layers = {"input": x[batch], "plane": x[batch, :, :2], "line": x[batch, :, :1]}
            at = {"estimator": place, "batch": batch}
            for name, one in layers.items():
                pairs = {
                    "imbalance_TX": (one, layers["input"]),
                    "imbalance_XT": (layers["input"], one),
                    "imbalance_TY": (one, layers["line"]),
                    "imbalance_YT": (layers["line"], one),
                }
                for variable, (a, b) in pairs.items():
                    value = float(found[variable].isel(at).sel(layer=name))
                    expected = oracle.imbalance(a, b, scale.neighbours)
                    assert value == pytest.approx(expected, abs=1e-12), (variable, name)


def test_it_says_of_how_many_samples_and_by_what():
    found = seen(Sheet(), torch.tensor(SHEET).reshape(5, 100, 5))
    assert found["dimension_T"].dims == ("estimator", "batch", "layer")
    assert {values.attrs["n"] for values in found.values()} == {100}
    assert (found["different_T"] == 100).all()
    told = methods_of(trace_of([Row(0, 0.0, found)], {}))
    assert "two nearest neighbours" in told["nearest"].words
    assert "denti2022generalized" in told["wider"].sources


def test_the_network_is_undisturbed_and_other_steps_are_free():
    model = Sheet()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    draws = torch.get_rng_state()
    found = seen(model, torch.tensor(SHEET, dtype=torch.float32)[None])
    assert found and model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(draws, torch.get_rng_state())
    geometry = Geometry(torch.rand(1, 20, 5), ("input",), "input", SCALES, ("input",), {3})
    assert geometry(Snapshot(2, 0.0, model, None)).values == {}


class Broken(nn.Module):
    """One layer is infinite, one is dead, one as it should be."""

    def __init__(self):
        super().__init__()
        self.infinite, self.dead, self.whole = nn.Identity(), nn.Identity(), nn.Identity()

    def forward(self, x):
        return self.whole(x + self.dead(0 * x) + 0 * self.infinite(x / 0).nan_to_num())


def test_what_cannot_be_measured_has_no_value_and_is_told_once():
    layers = ("input", "infinite", "dead", "whole")
    x = torch.rand(2, 30, 3, dtype=torch.float64) + 1
    geometry = Geometry(x, layers, "whole", SCALES, layers, {0, 1})
    model = Broken()
    with pytest.warns(InfoplaneWarning) as told:
        found = geometry(Snapshot(0, 0.0, model, None)).values
    words = [str(one.message) for one in told]
    assert len(words) == 2
    assert any("'infinite'" in one and "NaN or infinite" in one for one in words)
    assert any("'dead'" in one and "different samples" in one for one in words)
    dimension = found["dimension_T"]
    assert dimension.sel(layer=["infinite", "dead"]).isnull().all()
    assert dimension.sel(layer=["input", "whole"]).notnull().all()
    assert found["imbalance_TX"].sel(layer="infinite").isnull().all()
    assert (found["imbalance_TX"].sel(layer="dead") == 1).all()
    assert found["imbalance_change"].isnull().sum() == 2 * 2 * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        geometry(Snapshot(1, 0.0, model, None))


def test_normal_variables_show_the_bias_of_many_dimensions():
    control = NormalDimension(20, 500, 3, SCALES, seed=0)
    found = control(Snapshot(0, 0.0, Sheet(), None)).values["dimension_normal"]
    assert found.dims == ("estimator", "batch") and found.attrs["n"] == 500
    assert (found < 17).all() and (found > 10).all()
    assert control(Snapshot(1, 0.0, Sheet(), None)).values == {}


def test_bad_settings_and_layers():
    x = torch.rand(1, 20, 5)
    with pytest.raises(InfoplaneError, match="none of the layers"):
        seen(Sheet(), x, target="head")
    with pytest.raises(InfoplaneError, match="8 neighbours.*it has 8"):
        seen(Sheet(), x[:, :8])
    with pytest.raises(InfoplaneError, match="no scale"):
        Geometry(x, ("input",), "input", {}, ("input",), {0})
    silent = Sheet()
    silent.unused = nn.Identity()
    with pytest.raises(InfoplaneError, match="unused.*not called"):
        seen(silent, x, layers=("input", "line", "unused"))
    with pytest.raises(InfoplaneError, match="no layer"):
        seen(silent, x, layers=("input", "line", "<script>"))

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(0, keepdim=True)

    short = Sheet()
    short.plane = nn.Sequential(Columns(0, 1))
    short.line = nn.Sequential(Columns(0))
    short.norm = Mean()
    with pytest.raises(InfoplaneError, match="not one for each of 20 samples"):
        seen(short, x, layers=("input", "norm"), target="norm")

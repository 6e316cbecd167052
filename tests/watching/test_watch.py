import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip

DIGITS = load_digits()
X = torch.tensor(DIGITS.data / 16, dtype=torch.float32)
Y = torch.tensor(DIGITS.target)
PROBE = (X[-100:], Y[-100:])


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 16), nn.Dropout(0.2), nn.Tanh(), nn.Linear(16, 10))


def train(model, updates, after=lambda loss: None):
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(2)
    for _ in range(updates):
        batch = torch.randint(0, 1500, (50,), generator=generator)
        loss = nn.functional.cross_entropy(model(X[batch]), Y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        after(loss.item())


def test_three_lines_around_a_loop_give_a_trace_and_a_report(tmp_path):
    model = network()
    with ip.watch(model, PROBE, layers="*", every=ip.LogSpaced(8), updates=60) as w:
        train(model, 60, lambda loss: w.step(loss=loss))
    trace = w.trace
    assert trace["step"].values.tolist() == list(ip.LogSpaced(8).steps(60))
    assert list(trace["layer"].values) == ["0", "1", "2", "3"]
    assert trace["I_TY"].attrs["long_name"] == "I(layer; target)"
    first, last = (
        trace["I_TY"].sel(estimator="tapia", layer="3").mean("batch")[i] for i in (0, -1)
    )
    assert last > first  # it learned the classes
    text = w.report(tmp_path / "flow.html").read_text()
    assert "Information flow in Sequential" in text and "No null was measured" in text
    assert np.isnan(trace["loss"].values[0]) and trace["loss"].values[-1] < trace["loss"].values[1]


def test_training_is_the_same_with_and_without():
    alone, watched = network(), network()
    train(alone, 30)
    with ip.watch(watched, PROBE, layers="*", every=ip.EvenlySpaced(10), updates=30) as w:
        train(watched, 30, lambda loss: w.step(loss))
    for one, other in zip(alone.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one, other)
    assert watched.training and not any(m._forward_hooks for m in watched.modules())


def test_the_last_step_is_measured_even_if_nobody_knew_it_was_the_last():
    model = network()
    with ip.watch(model, PROBE, layers=["0"]) as w:
        train(model, 17, lambda loss: w.step())
    assert w.trace["step"].values[-1] == 17


def test_a_pattern_stays_within_its_level():
    model = nn.ModuleDict({"encoder": nn.Sequential(network(), nn.ReLU()), "head": nn.Identity()})
    model.forward = lambda x: model["encoder"](x)
    with ip.watch(model, PROBE, layers="encoder.*") as w:
        w.step()
    assert list(w.trace["layer"].values) == ["encoder.0", "encoder.1"]


def test_a_regression_target_and_a_null():
    model = network()
    with ip.watch(model, (PROBE[0], PROBE[0][:, :3]), layers="0", permutations=3, nulls=40) as w:
        w.step()
    assert np.isfinite(w.trace["I_TY_null"].values).all()


def test_a_layer_as_target_needs_no_targets():
    with ip.watch(network(), (PROBE[0], None), layers=["0"], target="3") as w:
        w.step()
    assert math.isfinite(float(w.trace["I_TY"].mean()))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"layers": "decoder.*"}, "the model has: 0, 1, 2, 3"),
        ({"layers": ["7"]}, "no layer.*7"),
        ({"batches": 60}, "100 samples cannot be split into 60"),
        ({"probe": (PROBE[0], None)}, "no targets"),
        ({"probe": (PROBE[0], PROBE[1][:5])}, r"100 inputs, and targets of shape \(5,\)"),
        ({"every": ip.EvenlySpaced(5)}, "give updates"),
    ],
)
def test_mistakes_are_named(changed, words):
    arguments = {"probe": PROBE, "layers": "*", **changed}
    with pytest.raises(ip.InfoplaneError, match=words), ip.watch(network(), **arguments):
        pass


def test_what_does_not_fill_the_batches_is_left_out_and_said(tmp_path):
    with ip.watch(network(), PROBE, layers="0", batches=3) as w:
        w.step()
    assert (
        "1 samples of the probe do not fill 3 batches"
        in w.report(tmp_path / "flow.html").read_text()
    )

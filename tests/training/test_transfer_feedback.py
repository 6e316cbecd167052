"""Feedback of transfer entropy: its two rules, its signals, its controls."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.measures.transfer.pairwise import pairwise_transfer_entropy
from infoplane.measures.transfer.published import PublishedSignal
from infoplane.training.transfer_feedback import (
    Feedback,
    TEFeedback,
    epochs_to,
    mixed_weights,
    scaled_gradient,
)
from infoplane.values.errors import InfoplaneError


def fed(settings, batches=8, size=100, seed=0):
    """A feedback that has seen some minibatches of hidden units and logits."""
    layer = nn.Linear(6, 4).double()
    feedback = Feedback(settings, layer, layer)
    generator = torch.Generator().manual_seed(seed)
    seen = []
    for _ in range(batches):
        hidden = torch.randn(size, 6, generator=generator, dtype=torch.float64)
        logits = 3 * torch.randn(size, 4, generator=generator, dtype=torch.float64)
        feedback.after_update(hidden, logits)
        seen.append((hidden, logits))
    return feedback, layer, seen


def test_uniform_mixing_leaves_the_softmax_as_it_was():
    weights, x = torch.randn(10, 7, dtype=torch.float64), torch.randn(20, 7, dtype=torch.float64)
    mixed = mixed_weights(weights, torch.full((10, 10), 0.37, dtype=torch.float64))
    before, after = ((x @ one.mT).softmax(1) for one in (weights, mixed))
    assert (before - after).abs().max() < 1e-12
    assert (mixed - weights).abs().max() > 0.1


def test_mixing_is_the_published_formula():
    weights, te = torch.randn(3, 5, dtype=torch.float64), torch.rand(3, 3, dtype=torch.float64)
    published = (weights.mT @ (torch.eye(3) - te)).mT
    assert torch.allclose(mixed_weights(weights, te), published)


def test_every_gradient_is_scaled_by_its_own_pair():
    gradient, te = torch.randn(4, 6), torch.rand(6, 4)
    scaled = scaled_gradient(gradient, te)
    assert scaled[2, 5] == gradient[2, 5] * (1 - te[5, 2])


def test_the_signal_is_the_transfer_of_the_window():
    feedback, _, seen = fed(TEFeedback(window=250, every=4))
    hidden, logits = (torch.cat([one[i] for one in seen])[-250:] for i in (0, 1))
    found = pairwise_transfer_entropy(source=(hidden > 0).int(), target=(logits > 0).int())
    assert feedback.te.numpy() == pytest.approx(found["te"].values)


def test_nothing_acts_before_the_window_is_full():
    feedback, layer, _ = fed(TEFeedback("weight_mix", window=500), batches=3)
    before = layer.weight.clone()
    feedback.before_update()
    assert feedback.te is None and torch.equal(layer.weight, before)


def test_the_signals_differ_as_they_say():
    decrease, _, _ = fed(TEFeedback(signal="positive_decrease", window=200, every=1))
    assert (decrease.te >= 0).all()
    effective, _, _ = fed(TEFeedback(signal="effective", window=200, every=8))
    raw, _, _ = fed(TEFeedback(window=200, every=8))
    assert float(effective.te.mean()) < float(raw.te.mean()) / 3


def test_the_published_signal_is_that_of_its_code():
    settings = TEFeedback("weight_mix", "cnn_te_2021", window=200, every=1)
    feedback, _, seen = fed(settings, batches=3)
    code = PublishedSignal(200)
    for _, logits in seen:
        on = (logits.abs() >= 1).to(torch.uint8), (logits.softmax(1) >= 0.9).to(torch.uint8)
        expected = code.update(*on)
    assert feedback.te.numpy() == pytest.approx(expected)


def test_the_published_signal_is_measured_when_it_is_due():
    """Of six updates the third and the sixth are: everything is kept, and counted twice only."""
    settings = TEFeedback("weight_mix", "cnn_te_2021", window=200, every=3)
    feedback, _, seen = fed(settings, batches=6)
    code = PublishedSignal(200)
    for place, (_, logits) in enumerate(seen, 1):
        code.keep((logits.abs() >= 1).to(torch.uint8), (logits.softmax(1) >= 0.9).to(torch.uint8))
        expected = code.now() if place % 3 == 0 else None
    assert feedback.te.numpy() == pytest.approx(expected)
    assert code.observations == 299 + 599
    assert fed(settings, batches=2)[0].te is None


def test_what_the_page_shows_in_python_trains_a_network_of_ones_own():
    text = (Path(__file__).parents[2] / "docs/transfer.md").read_text()
    codes = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (code,) = (one for one in codes if "acting_on" in one)
    names = {}
    exec(compile(code, "docs/transfer.md", "exec"), names)  # our own documentation
    te = names["feedback"].te
    assert te.shape == (16, 3) and bool((te > 0).any())
    plain = {}
    exec(code.replace("feedback.after_backward()", ""), plain)
    assert not torch.equal(names["last"].weight, plain["last"].weight)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda model: TEFeedback().acting_on(model, model[1]), "ReLU is no such layer"),
        (lambda model: TEFeedback().acting_on(model, nn.Linear(4, 2)), "no such layer"),
        (
            lambda model: (
                TEFeedback()
                .acting_on(model, model[2])
                .after_update(torch.zeros(9, 3), torch.zeros(9, 2))
            ),
            r"takes \(n, 4\)",
        ),
    ],
)
def test_what_it_cannot_act_on(act, said):
    with pytest.raises(InfoplaneError, match=said):
        act(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))


def test_controls_have_the_same_numbers_and_no_more():
    measured, _, _ = fed(TEFeedback(window=200, every=2))
    random, _, _ = fed(TEFeedback(window=200, every=2, given="random_te"))
    uniform, _, _ = fed(TEFeedback(window=200, every=2, given="uniform_te"))
    assert not torch.equal(random.te, measured.te)
    assert torch.equal(random.te.flatten().sort().values, measured.te.flatten().sort().values)
    assert torch.allclose(uniform.te, measured.te.mean())


def test_what_acts_on_the_layer():
    for settings, acts in (
        (TEFeedback(window=200), "gradient"),
        (TEFeedback("weight_mix", window=200), "weights"),
        (TEFeedback(window=200, given="reduced_rate"), "rate"),
        (TEFeedback("weight_mix", window=200, given="reduced_rate"), "rate"),
    ):
        feedback, layer, _ = fed(settings, batches=10)
        weights, gradient = layer.weight.clone(), torch.randn_like(layer.weight)
        layer.weight.grad = gradient.clone()
        feedback.before_update()
        feedback.after_backward()
        assert torch.equal(layer.weight, weights) == (acts != "weights")
        assert torch.equal(layer.weight.grad, gradient) == (acts == "weights")
        if acts == "rate":
            assert torch.allclose(layer.weight.grad, gradient * (1 - feedback.te.mean()))


def test_epochs_to_a_target():
    assert epochs_to(np.array([0.2, 0.95, 0.9]), 0.9) == 2
    assert epochs_to(np.array([0.2, 0.3]), 0.9) == 3


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"window": 3}, "at least 10"),
        ({"every": 0}, "every=0"),
        ({"signal": "cnn_te_2021"}, "weight_mix"),
    ],
)
def test_bad_settings(how, said):
    with pytest.raises(InfoplaneError, match=said):
        TEFeedback(**how)

"""Information as a loss: closed forms, invariances, gradients, and what the width does to them."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Fixed, MedianDistance, Silverman, Tapia
from infoplane.training.objectives import RenyiEntropy, RenyiInformation
from infoplane.training.widths import Frozen
from infoplane.values.errors import InfoplaneError

WHOLE = Tapia(standardise="whole")


def rows(n=12, d=3, seed=0):
    return torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("alpha", [1.01, 2.0])
def test_it_is_the_estimator_s_number(alpha):
    x, t = rows(seed=1), rows(seed=2)
    objective = RenyiInformation(alpha, x_bandwidth=WHOLE)
    known = Renyi(alpha, Tapia(), x_bandwidth=WHOLE)
    assert objective(x, t).item() == pytest.approx(float(known(x, t)), abs=1e-12)
    assert RenyiEntropy(alpha)(t).item() == pytest.approx(float(known.entropy(t)), abs=1e-12)


def test_closed_forms_at_order_two():
    """Two samples at distance d: A has eigenvalues (1 ± κ)/2, so S_2 = 1 − log2(1 + κ²)."""
    pair = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    kappa = math.exp(-(2.0**2) / (2 * 1.5**2))
    entropy = 1 - math.log2(1 + kappa**2)
    joint = 1 - math.log2(1 + kappa**4)
    assert RenyiEntropy(bandwidth=Fixed(1.5))(pair).item() == pytest.approx(entropy, abs=1e-14)
    found = RenyiInformation(bandwidth=Fixed(1.5))(pair, pair).item()
    assert found == pytest.approx(2 * entropy - joint, abs=1e-14)


def test_the_gradient_at_order_two_in_closed_form():
    """With κ = exp(−d²/(2σ²)): dS_2/dκ = −2κ/((1 + κ²)·ln 2) and dκ/dd = −κ·d/σ²."""
    d, sigma = 2.0, 1.5
    pair = torch.tensor([[0.0], [d]], dtype=torch.float64, requires_grad=True)
    RenyiEntropy(bandwidth=Fixed(sigma))(pair).backward()
    kappa = math.exp(-(d**2) / (2 * sigma**2))
    slope = 2 * kappa / ((1 + kappa**2) * math.log(2)) * kappa * d / sigma**2
    assert pair.grad.flatten().tolist() == pytest.approx([-slope, slope], abs=1e-14)


def test_labels_have_the_class_kernel():
    labels = torch.arange(12) % 3
    assert RenyiInformation()(labels, labels).item() == pytest.approx(math.log2(3), abs=1e-12)
    apart = 1e3 * nn.functional.one_hot(labels).double()
    assert RenyiInformation(bandwidth=Fixed(1.0))(labels, apart).item() == pytest.approx(
        math.log2(3), abs=1e-9
    )


@pytest.mark.parametrize("alpha", [1.01, 2.0])
@pytest.mark.parametrize("rule", [Tapia(), WHOLE, Silverman(5.0)], ids=repr)
def test_gradients_are_those_of_finite_differences(alpha, rule):
    x, t = rows(7, 2, 1), rows(7, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(RenyiEntropy(alpha, rule), (t,))
    assert torch.autograd.gradcheck(partial(RenyiInformation(alpha, rule), x), (t,))
    assert torch.autograd.gradcheck(partial(RenyiInformation(alpha, rule), torch.arange(7) % 3), t)
    frozen = Frozen.at(rule, rows(9, 2, 3))
    assert torch.autograd.gradcheck(partial(RenyiInformation(alpha, frozen), x), (t,))


@pytest.mark.parametrize("rule", [Tapia(), WHOLE], ids=repr)
def test_under_the_scale_invariant_rule_a_layer_gains_nothing_by_growing(rule):
    """The value does not change with the scale, so the gradient is orthogonal to the samples."""
    x, t = rows(seed=1), rows(seed=2)
    t = (t - t.mean(0)).requires_grad_()
    objective = RenyiInformation(bandwidth=rule)
    values = [objective(x, scale * t + 5).item() for scale in (1e-3, 1.0, 1e3)]
    assert values == pytest.approx([values[1]] * 3, abs=1e-9)
    objective(x, t).backward()
    assert t.grad.norm() > 1e-3
    assert (t.grad * t).sum().item() == pytest.approx(0, abs=1e-10)


def test_a_frozen_width_is_that_of_its_minibatch_and_then_sees_scale():
    reference, x = rows(seed=3), rows(seed=1)
    for rule in (Tapia(), WHOLE, MedianDistance(), Silverman(2.0)):
        fresh, kept = RenyiEntropy(2.0, rule), RenyiEntropy(2.0, Frozen.at(rule, reference))
        assert kept(reference).item() == pytest.approx(fresh(reference).item(), abs=1e-12)
    information = RenyiInformation(bandwidth=Frozen.at(Tapia(), reference), x_bandwidth=Tapia())
    small, large = information(x, 0.1 * x).item(), information(x, x).item()
    assert small < 0.1 < large


def test_gradients_are_finite_where_samples_coincide_or_units_are_dead():
    x = torch.randn(6, 3)
    for t in (x.repeat(2, 1)[:6], x * torch.tensor([1.0, 0.0, 1.0]), 0 * x):
        t = t.clone().requires_grad_()
        for alpha in (1.01, 2.0):
            RenyiInformation(alpha)(x, t).backward()
        assert t.grad.isfinite().all()


def test_one_line_in_a_training_of_float32():
    torch.manual_seed(0)
    x, layer = torch.randn(50, 4), nn.Linear(4, 3)
    before = RenyiInformation()(x, layer(x)).item()
    optimiser = torch.optim.SGD(layer.parameters(), 0.5)
    for _ in range(20):
        optimiser.zero_grad()
        loss = layer(x).square().mean() + 2.0 * RenyiInformation()(x, layer(x))
        loss.backward()
        optimiser.step()
    assert layer.weight.grad.dtype == torch.float32
    assert RenyiInformation()(x, layer(x)).item() < before - 0.05


def test_what_cannot_be_measured_is_refused():
    x = torch.randn(5, 2)
    with pytest.raises(InfoplaneError, match="order must be positive"):
        RenyiInformation(alpha=0.0)
    with pytest.raises(InfoplaneError, match="order must be positive"):
        RenyiEntropy(alpha=-1.0)
    with pytest.raises(InfoplaneError, match="needs pairs"):
        RenyiInformation()(x, x[:4])
    with pytest.raises(InfoplaneError, match="1 NaN or infinite"):
        RenyiEntropy()(torch.tensor([[1.0], [math.nan]]))
    with pytest.raises(InfoplaneError, match="class labels"):
        Frozen.at(Tapia(), torch.arange(5))
    with pytest.raises(InfoplaneError, match="frozen on 2 columns and is asked for 3"):
        RenyiEntropy(bandwidth=Frozen.at(Tapia(), x))(torch.randn(5, 3))


def test_a_frozen_width_says_what_it_is():
    kept = Frozen.at(Tapia(), rows())
    assert "kept from one minibatch under σ = γ" in kept.formula
    assert kept.sources == ("tapia2020information",)

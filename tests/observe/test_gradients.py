"""The gradient's signal and noise against loops over minibatches."""

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.models.stacked import StackedNetworks
from infoplane.observe.gradients import GradientNoise
from infoplane.record.snapshot import Snapshot
from infoplane.training.stacked_loss import StackedLoss
from infoplane.values.errors import InfoplaneError


def by_loops(network, x, y, batches):
    """Mean, deviation and weight norm of every linear layer of one network."""
    linear = [one for one in network.modules() if isinstance(one, nn.Linear)]
    seen = []
    for some in batches:
        network.zero_grad()
        nn.functional.nll_loss(network(x[some]).log(), y[some]).backward()
        seen.append([one.weight.grad.clone().numpy() for one in linear])
    found = []
    for place, one in enumerate(linear):
        rows = np.stack([of[place].ravel() for of in seen])
        mean, std = np.linalg.norm(rows.mean(0)), np.linalg.norm(rows.std(0))
        found.append((mean, std, mean / std, float(one.weight.detach().norm())))
    return np.array(found)


def problem():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(30, 4, generator=draw, dtype=torch.float64)
    return x, torch.randint(0, 2, (30,), generator=draw)


def test_many_networks_have_the_noise_that_each_has_alone():
    model, (x, y) = StackedNetworks((4, 3, 2), 3, seed=0).double(), problem()
    chosen = torch.stack(
        [torch.randperm(30, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    )
    places = [torch.arange(30).expand(3, 30)[:, i : i + 10] for i in (0, 10, 20)]
    observe = GradientNoise(
        StackedLoss(model, x, y, chosen), places, model.layers, frozenset({0}), stacked=True
    )
    found = observe(Snapshot(0, 0.0, model, None)).values
    assert found["gradient_snr"].dims == ("init", "layer")
    for net in range(3):
        own = [chosen[net][one[net]] for one in places]
        expected = by_loops(model.alone(net), x, y, own)
        told = np.stack([values.sel(init=net).values for values in found.values()], 1)
        assert told == pytest.approx(expected, rel=1e-10)


def test_any_network_can_be_looked_at_and_keeps_its_gradients():
    (x, y), model = (
        problem(),
        nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2), nn.Softmax(1)).double(),
    )
    batches = list(torch.arange(30).split(10))
    before = [torch.full_like(one, 7.0) for one in model.parameters()]

    def loss(some):
        return nn.functional.nll_loss(model(x[some]).log(), y[some])

    expected = by_loops(model, x, y, batches)
    for one, own in zip(model.parameters(), before, strict=True):
        one.grad = own.clone()
    observe = GradientNoise(loss, batches, ("0", "2"), frozenset({5}))
    assert not observe(Snapshot(0, 0.0, model, None)).values
    found = observe(Snapshot(5, 0.5, model, None)).values
    assert found["gradient_mean"].dims == ("layer",)
    assert np.stack([one.values for one in found.values()], 1) == pytest.approx(expected, rel=1e-10)
    assert all(torch.equal(p.grad, own) for p, own in zip(model.parameters(), before, strict=True))


def test_without_a_mean_gradient_the_ratio_is_its_floor():
    """Minibatches whose gradients are independent and of mean 0."""
    model = nn.Linear(400, 50, bias=False).double()
    draw = torch.Generator().manual_seed(0)
    drawn = [torch.randn(50, 400, generator=draw, dtype=torch.float64) for _ in range(9)]
    observe = GradientNoise(
        lambda place: (model.weight * drawn[int(place)]).sum(),
        [torch.tensor(i) for i in range(9)],
        ("",),
        frozenset({0}),
    )
    found = observe(Snapshot(0, 0.0, model, None)).values["gradient_snr"]
    assert observe.floor == pytest.approx(8**-0.5)
    assert float(found[0]) == pytest.approx(observe.floor, rel=0.03)
    assert found.attrs["floor"] == observe.floor


def test_one_minibatch_is_refused():
    with pytest.raises(InfoplaneError, match="there is 1"):
        GradientNoise(lambda some: some.sum(), [torch.zeros(1)], ("0",), frozenset())

"""Training many networks at once: autograd's gradient, and the training each would have alone."""

import itertools

import pytest
import torch

from infoplane.models.stacked import ACTIVATIONS, StackedNetworks
from infoplane.training import stacked_loss
from infoplane.training.stacked_loss import StackedLoss, orders_of_each

N, CHOSEN, WIDTHS = 40, 30, (6, 5, 4, 3)


def problem(activation="tanh", nets=4, dtype=torch.float64, **changed):
    draw = torch.Generator().manual_seed(3)
    model = StackedNetworks(WIDTHS, nets, activation=activation, seed=0, **changed).to(dtype)
    for stage in model.stages:
        torch.nn.init.normal_(stage.bias, std=0.3, generator=draw)
    x = torch.randn(N, 6, generator=draw, dtype=dtype)
    y = torch.randint(0, 3, (N,), generator=draw)
    chosen = torch.stack([torch.randperm(N, generator=draw)[:CHOSEN] for _ in range(nets)])
    return StackedLoss(model, x, y, chosen)


def by_autograd(task, places):
    """The same loss from the module's own forward pass."""
    samples = task.chosen.gather(1, places)
    answers = task.model(task.x[samples].transpose(0, 1))
    return -answers.gather(2, task.y[samples].T[..., None]).log().mean(0).sum()


def gradients(task, loss):
    task.model.zero_grad()
    loss.backward()
    return [one.grad.clone() for one in task.model.parameters()]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("at_once", [1, 25, 10_000])
def test_the_gradient_is_autograd_s(monkeypatch, activation, dtype, tolerance, at_once):
    monkeypatch.setattr(stacked_loss, "AT_ONCE", at_once)
    task = problem(activation, dtype=dtype)
    places = next(orders_of_each(4, CHOSEN, 12, seed=0))
    mine, theirs = task(places), by_autograd(task, places)
    assert float(mine.detach()) == pytest.approx(float(theirs.detach()), abs=10 * tolerance)
    pairs = list(zip(gradients(task, mine), gradients(task, theirs), strict=True))
    assert max(float(other.abs().max()) for _, other in pairs) > 0.01
    for one, other in pairs:
        assert torch.allclose(one, other, rtol=0, atol=tolerance)


def test_a_scaled_loss_has_a_scaled_gradient():
    task = problem()
    places = next(orders_of_each(4, CHOSEN, 12, seed=0))
    whole = gradients(task, task(places))
    for one, scaled in zip(whole, gradients(task, 0.25 * task(places)), strict=True):
        assert torch.equal(scaled, 0.25 * one)


def test_the_gradient_of_noisy_networks_is_that_of_finite_differences():
    task = problem(noise=0.3)
    places = next(orders_of_each(4, CHOSEN, 12, seed=0))
    weight = task.model.stages[0].weight

    def loss():
        torch.manual_seed(5)
        return task(places)

    found = gradients(task, loss())[0]
    step = 1e-6
    for place in [(0, 0, 0), (3, 4, 5)]:
        ends = []
        for side in (step, -step):
            with torch.no_grad():
                weight[place] += side
            ends.append(float(loss().detach()))
            with torch.no_grad():
                weight[place] -= side
        assert float(found[place]) == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.Adam])
def test_networks_learn_what_each_learns_alone(optimiser):
    task = problem()
    alone = [task.model.alone(place) for place in range(4)]
    orders = list(itertools.islice(orders_of_each(4, CHOSEN, 12, seed=0), 7))
    together = optimiser(task.model.parameters(), lr=0.05, fused=True)
    for places in orders:
        together.zero_grad()
        task(places).backward()
        together.step()
    for place, network in enumerate(alone):
        own = optimiser(network.parameters(), lr=0.05)
        for places in orders:
            samples = task.chosen[place][places[place]]
            own.zero_grad()
            answers = network(task.x[samples])
            torch.nn.functional.nll_loss(answers.log(), task.y[samples]).backward()
            own.step()
        now = task.model.alone(place)
        for one, other in zip(now.parameters(), network.parameters(), strict=True):
            assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_every_network_has_an_order_of_its_own_and_a_new_one_every_epoch():
    found = list(itertools.islice(orders_of_each(3, 10, 4, seed=1), 6))
    assert [one.shape for one in found] == [(3, 4), (3, 4), (3, 2)] * 2
    first, second = (torch.cat(found[i : i + 3], 1) for i in (0, 3))
    for epoch in (first, second):
        assert torch.equal(epoch.sort(1).values, torch.arange(10).expand(3, 10))
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_orders_go_on_where_they_were_left():
    whole = list(itertools.islice(orders_of_each(3, 10, 4, seed=1), 8))
    later = list(itertools.islice(orders_of_each(3, 10, 4, seed=1, start=5), 3))
    assert all(torch.equal(one, other) for one, other in zip(whole[5:], later, strict=True))


def test_without_reshuffling_the_minibatches_are_those_of_the_table():
    found = list(itertools.islice(orders_of_each(2, 5, 3, seed=1, reshuffled=False), 4))
    assert [one.tolist() for one in found] == [[[0, 1, 2]] * 2, [[3, 4]] * 2] * 2

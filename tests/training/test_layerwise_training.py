"""Training without end-to-end back-propagation: what learns, what stands still, what it costs."""

from collections import OrderedDict

import pytest
import torch
from torch.nn.functional import mse_loss
from torch.utils.flop_counter import FlopCounterMode

from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.record.loop import batches, checkpoint_of, fit, per_epoch, restore
from infoplane.training.phases import Phase, Schedule, train
from infoplane.training.stacked import METHODS, OF_IMAGES, OF_LAYERS, backpropagation
from infoplane.values.errors import InfoplaneError

IMAGES = torch.rand(50, 1, 4, 4, generator=torch.Generator().manual_seed(1))
N = 10
NAMES = ["encoder.1", "encoder.2", "code", "decoder.2", "decoder.1", "output"]
WEIGHTS = OrderedDict(zip(NAMES, [16 * 8, 8 * 5, 5 * 3, 3 * 5, 5 * 8, 8 * 16], strict=True))


def network():
    return StackedAutoencoder((1, 4, 4), (8, 5), 3, seed=0)


def scheduled(model, method, steps=24):
    return Schedule(METHODS[method](model, N), steps, backpropagation(model, N)[0].cost)


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def training(model, method, optimiser, steps=24, start=0):
    schedule = scheduled(model, method, steps)
    return train(model, schedule, IMAGES, optimiser, batch_size=N, seed=0, start=start)


def test_stages_are_paired_with_those_that_lead_back():
    model = network()
    found = {name: [phase.stages for phase in METHODS[name](model, N)] for name in METHODS}
    outwards = [("decoder.2",), ("decoder.1",), ("output",)]
    assert found == {
        "backpropagation": [tuple(NAMES)],
        "pairs": [("encoder.1", "output"), ("encoder.2", "decoder.1"), ("code", "decoder.2")],
        "information": [("encoder.1",), ("encoder.2",), ("code",), *outwards],
        "random": outwards,
    }


def test_the_cost_of_an_update_by_hand():
    """Per sample: forward of all that is passed, thrice what learns, less the first's inputs."""
    model, (e1, e2, code, d2, d1, out) = network(), WEIGHTS.values()
    costs = {name: [phase.cost for phase in METHODS[name](model, N)] for name in METHODS}
    decoders = [e1 + e2 + code + 2 * d2, e1 + e2 + code + d2 + 2 * d1]
    decoders += [e1 + e2 + code + d2 + d1 + 2 * out]
    assert costs["backpropagation"] == [N * (3 * sum(WEIGHTS.values()) - e1)]
    assert costs["pairs"] == [
        N * (2 * e1 + 3 * out),
        N * (e1 + 2 * e2 + 3 * d1),
        N * (e1 + e2 + 2 * code + 3 * d2),
    ]
    assert costs["random"] == [N * one for one in decoders]
    assert costs["information"] == [
        N * (2 * e1) + N * N * (16 + 3 * 8),
        N * (e1 + 2 * e2) + N * N * (8 + 3 * 5),
        N * (e1 + e2 + 2 * code) + N * N * (5 + 3 * 3),
        *(N * one for one in decoders),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_the_cost_of_an_update_as_torch_counts_it(method):
    """All but the inner products of what has no gradient, which NumPy multiplies."""
    model = network()
    for phase in METHODS[method](model, N):
        given = model.get_submodule(phase.stages[0]).affine.in_features
        informed = (
            method == "information" and "e" in phase.stages[0] and phase.stages[0] in NAMES[:3]
        )
        with FlopCounterMode(display=False) as counter:
            phase.objective(IMAGES[:N]).backward()
        unseen = N * N * given if informed else 0
        assert counter.get_total_flops() == 2 * (phase.cost - unseen), phase.name
        model.zero_grad()


@pytest.mark.parametrize("method", METHODS)
def test_in_every_phase_the_named_stages_move_and_nothing_else_does(method):
    model = network()
    schedule = scheduled(model, method)
    snapshots = training(model, method, torch.optim.Adam(model.parameters()))
    next(snapshots)
    for step in range(1, schedule.steps + 1):
        before, phase = weights(model), schedule.phase_at(step)
        next(snapshots)
        moved = {name for name, value in weights(model).items() if not value.equal(before[name])}
        named = {name for name in before if name.rpartition(".affine")[0] in phase.stages}
        due = sum(schedule.updates(step)) > sum(schedule.updates(step - 1))
        assert moved == (named if due else set()), step


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_spend_the_same_up_to_less_than_one_update_of_each_phase(method):
    schedule = scheduled(network(), method, steps=40)
    budget = 40 * schedule.per_step
    assert 0 <= budget - schedule.spent(40) < sum(phase.cost for phase in schedule.phases)
    spent = [schedule.spent(step) for step in range(41)]
    assert spent[0] == 0 and spent == sorted(spent)
    assert all(total <= step * schedule.per_step for step, total in enumerate(spent))


def test_updates_by_hand():
    """Two phases of 5 steps at 10 a step: 50/4 and 50/20 updates, the rest of each is lost."""
    phases = (Phase(("a",), mse_loss, 4), Phase(("b",), mse_loss, 20))
    schedule = Schedule(phases, 10, 10)
    assert [schedule.updates(step) for step in (0, 1, 5, 6, 7, 10)] == [
        [0, 0],
        [2, 0],
        [12, 0],
        [12, 0],
        [12, 1],
        [12, 2],
    ]
    assert schedule.spent(10) == 12 * 4 + 2 * 20
    assert [schedule.phase_at(step).name for step in (1, 5, 6, 10)] == ["a", "a", "b", "b"]


def test_back_propagation_is_the_ordinary_loop_to_the_last_bit():
    ours, plain = network(), network()
    for _ in training(ours, "backpropagation", torch.optim.Adam(ours.parameters())):
        pass
    optimiser = torch.optim.Adam(plain.parameters())
    chosen = batches(50, N, seed=0)
    loop = fit(
        plain,
        lambda some: mse_loss(plain(IMAGES[some]), IMAGES[some]),
        chosen,
        optimiser,
        steps_per_epoch=per_epoch(50, N),
        seed=0,
    )
    for snapshot in loop:
        if snapshot.step == 24:
            break
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), plain.parameters(), strict=True)
    )


@pytest.mark.parametrize("method", METHODS)
def test_resumed_anywhere_it_ends_in_the_same_bits(method):
    model = network()
    optimiser = torch.optim.Adam(model.parameters())
    saved = []
    for snapshot in training(model, method, optimiser):
        if snapshot.step in (3, 8, 13, 23):  # within a phase, and where one ends
            saved.append(checkpoint_of(snapshot.step, model, optimiser))
    whole = weights(model)
    for checkpoint in saved:
        fresh = network()
        again = torch.optim.Adam(fresh.parameters())
        restore(checkpoint, fresh, again)
        for _ in training(fresh, method, again, start=checkpoint.step):
            pass
        assert all(value.equal(whole[name]) for name, value in weights(fresh).items())


def test_every_objective_gets_better_by_training_on_it():
    for method in METHODS:
        model = network()
        schedule = scheduled(model, method, steps=600)
        seen = {}
        optimiser = torch.optim.Adam(model.parameters(), 1e-2)
        for snapshot in train(model, schedule, IMAGES, optimiser, batch_size=N, seed=0):
            if snapshot.loss is not None:
                seen.setdefault(schedule.phase_at(snapshot.step).name, []).append(snapshot.loss)
        for name, losses in seen.items():
            quarter = len(losses) // 4
            assert sum(losses[-quarter:]) < sum(losses[:quarter]), (method, name)


def test_information_is_that_of_a_stage_s_own_input_and_output():
    model = network()
    first, second, *_ = METHODS["information"](model, N)
    x = IMAGES[:N]
    hidden = model.encoder[0](x.flatten(1))
    assert first.objective(x).item() == -OF_IMAGES(x.flatten(1), hidden).item()
    assert second.objective(x).item() == -OF_LAYERS(hidden, model.encoder[1](hidden)).item()


def test_too_few_steps_are_refused():
    model = network()
    with pytest.raises(InfoplaneError, match="steps=5.*6 groups of stages"):
        scheduled(model, "information", steps=5)
    with pytest.raises(InfoplaneError, match="does not pay for one update of 30"):
        Schedule((Phase(("a",), mse_loss, 30),), 2, 10)

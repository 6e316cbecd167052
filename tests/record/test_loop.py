from itertools import islice

import pytest
import torch
import xarray as xr
from torch import nn

from infoplane.record.loop import batches, fit, per_epoch, record, restore
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Checkpoint, Measured, Row, Tick

X = torch.randn(50, 4, generator=torch.Generator().manual_seed(1))


def network():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Tanh(), nn.Linear(6, 4))


def training(model, optimiser, start=0):
    return fit(
        model,
        lambda chosen: (model(X[chosen]) - X[chosen]).square().mean(),
        batches(len(X), 8, seed=0, start=start),
        optimiser,
        steps_per_epoch=per_epoch(len(X), 8),
        seed=0,
        start=start,
    )


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def observer(snapshot):
    with torch.no_grad():
        value = snapshot.model(X).sum().item()
    return Measured({"value": xr.DataArray(value)})


def test_an_epoch_uses_every_sample_once_and_epochs_differ():
    one = list(islice(batches(50, 8, seed=0), 14))
    assert sorted(torch.cat(one[:7]).tolist()) == list(range(50))
    assert not torch.equal(torch.cat(one[:7]), torch.cat(one[7:]))


@pytest.mark.parametrize("start", [0, 3, 7, 20])
def test_batches_resume_where_they_stopped(start):
    whole = list(islice(batches(50, 8, seed=0), 30))
    rest = list(islice(batches(50, 8, seed=0, start=start), 30 - start))
    assert all(torch.equal(a, b) for a, b in zip(whole[start:], rest, strict=True))


def test_gradients_are_in_place_after_every_update():
    model = network()
    snapshots = training(model, torch.optim.SGD(model.parameters(), 0.1))
    first, second = next(snapshots), next(snapshots)
    assert first.step == 0 and first.loss is None
    assert second.loss is not None and all(p.grad is not None for p in model.parameters())


def test_recording_never_changes_training():
    from infoplane.numerics.bandwidth import Tapia
    from infoplane.observe.estimator import MatrixRenyi
    from infoplane.observe.plane import Plane
    from infoplane.observe.probe import Probe

    alone, watched = network(), network()
    torch.manual_seed(5)
    for _ in islice(training(alone, torch.optim.Adam(alone.parameters())), 21):
        pass
    plane = Plane(
        Probe(X[:20].reshape(2, 10, 4), torch.zeros(2, 10, dtype=torch.long)),
        layers=("0", "2"),
        target="3",
        estimators={"one": MatrixRenyi(1.01, Tapia())},
        null_steps=frozenset({0, 5}),
        permutations=2,
    )
    optimiser = torch.optim.Adam(watched.parameters())
    torch.manual_seed(5)
    for _ in record(
        training(watched, optimiser),
        [plane],
        at={0, 5, 20},
        optimiser=optimiser,
        checkpoint_every=4,
    ):
        pass
    assert torch.equal(weights(alone), weights(watched))


def test_a_resumed_run_yields_the_same_rows():
    def whole(model):
        optimiser = torch.optim.Adam(model.parameters())
        return list(
            record(
                training(model, optimiser),
                [observer],
                at={0, 1, 6, 9, 15},
                optimiser=optimiser,
                checkpoint_every=6,
            )
        )

    plain = network()  # with dropout, which draws from torch's global stream
    events = whole(plain)
    rows = {event.step: event for event in events if isinstance(event, Row)}
    saved = [event for event in events if isinstance(event, Checkpoint)]
    assert [event.step for event in saved] == [6, 12]
    assert [event.step for event in events if isinstance(event, Tick)] == list(range(16))

    torch.manual_seed(99)
    fresh = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Tanh(), nn.Linear(6, 4))
    optimiser = torch.optim.Adam(fresh.parameters())
    restore(saved[0], fresh, optimiser)
    resumed = record(
        training(fresh, optimiser, start=6),
        [observer],
        at={0, 1, 6, 9, 15},
        optimiser=optimiser,
        checkpoint_every=6,
    )
    again = {event.step: event for event in resumed if isinstance(event, Row)}
    assert sorted(again) == [9, 15]
    assert all(again[s].values["value"].item() == rows[s].values["value"].item() for s in again)
    assert torch.equal(weights(fresh), weights(plain))


def test_a_checkpoint_of_another_network_is_refused():
    model, other = network(), nn.Linear(2, 2)
    optimiser = torch.optim.Adam(model.parameters())
    events = record(training(model, optimiser), [], at={2}, optimiser=optimiser, checkpoint_every=1)
    checkpoint = next(event for event in events if isinstance(event, Checkpoint))
    with pytest.raises(InfoplaneError, match="another network"):
        restore(checkpoint, other, torch.optim.Adam(other.parameters()))


def test_two_observers_may_not_measure_the_same_name():
    model = network()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(InfoplaneError, match="value"):
        next(
            iter(
                record(
                    training(model, optimiser),
                    [observer, observer],
                    at={0},
                    optimiser=optimiser,
                    checkpoint_every=1,
                )
            )
        )


def test_an_epoch_is_one_pass():
    model = network()
    snapshots = training(model, torch.optim.SGD(model.parameters(), 0.1))
    assert next(islice(snapshots, 7, None)).epoch == 1.0

"""Training with and without ``ip.watch`` is the same to the last bit."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip
from infoplane.record.undisturbed import undisturbed

DIGITS = load_digits()
X = torch.tensor(DIGITS.data / 16, dtype=torch.float32)
Y = torch.tensor(DIGITS.target)
IDS = torch.tensor(DIGITS.data[:, 8:24]).long()
UPDATES = 12


class Transformer(nn.Module):
    """Sixteen pixels as tokens, with dropout and the attention that has a fast path."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(17, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(16, 10)

    def forward(self, ids):
        return self.head(self.encoder(self.embedding(ids)).mean(1))


class Counting(nn.Module):
    """Draws at random, and counts its calls, in evaluation too."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        noise = np.random.rand() + torch.rand(1)
        return self.linear(x) + noise + self.calls


def mlp():
    return nn.Sequential(
        nn.Linear(64, 32), nn.Dropout(0.3), nn.ReLU(inplace=True), nn.Linear(32, 10)
    )


def cnn():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(144, 10),
    )


def shared():
    again = nn.Linear(32, 32)
    frozen = nn.Linear(64, 32).requires_grad_(False)
    return nn.Sequential(frozen, again, nn.Tanh(), again, nn.Linear(32, 10))


MODELS = {
    "MLP with dropout": (mlp, X),
    "CNN with BatchNorm": (cnn, X),
    "transformer": (Transformer, IDS),
    "shared and frozen": (shared, X),
    "draws and counts": (Counting, X),
}


def made(kind):
    torch.manual_seed(0)
    np.random.seed(0)
    return kind()


def trained(model, x, *, after=lambda loss: None, autocast=False, dtype=torch.float32):
    """A few updates of Adam; returns everything that training may have changed."""
    optimiser = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), 1e-2)
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(2)
    np.random.seed(4)
    losses = []
    for _ in range(UPDATES):
        batch = torch.randint(0, 1500, (50,), generator=generator)
        shown = x[batch] if not x.is_floating_point() else x[batch].to(dtype)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = nn.functional.cross_entropy(model(shown).float(), Y[batch])
            if autocast:
                after(loss)  # within the block, whose cache of weights must not be spoilt
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if not autocast:
            after(loss)
        losses.append(loss.detach())
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    moments = [m for state in optimiser.state_dict()["state"].values() for m in state.values()]
    drawn = [torch.rand(1), torch.tensor(np.random.rand())]
    modes = [torch.tensor(m.training) for m in model.modules()]
    return [*losses, *model.state_dict().values(), *gradients, *moments, *drawn, *modes]


def watched(model, x, **changed):
    """The same training within ``ip.watch``, looked at after every update."""
    options = {"source": "embedding", "tokens": "mean"} if x is IDS else {}
    bare = getattr(model, "_orig_mod", model)
    with ip.watch(
        model, (x[-60:], Y[-60:]), batches=2, every=ip.EvenlySpaced(50), updates=UPDATES, **options
    ) as w:
        state = trained(model, x, after=lambda loss: w.step(loss), **changed)
    assert w.trace.sizes["snapshot"] == UPDATES + 1
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in bare.modules())
    return state


def assert_same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_plain_training(name):
    kind, x = MODELS[name]
    alone = trained(made(kind), x)
    model = made(kind)
    assert_same(alone, watched(model, x))


@pytest.mark.parametrize("name", ["MLP with dropout", "CNN with BatchNorm", "transformer"])
def test_under_autocast(name):
    kind, x = MODELS[name]
    assert_same(trained(made(kind), x, autocast=True), watched(made(kind), x, autocast=True))


def test_in_half_precision():
    half = {"dtype": torch.bfloat16}
    alone = trained(made(mlp).bfloat16(), X, **half)
    assert_same(alone, watched(made(mlp).bfloat16(), X, **half))


@pytest.mark.parametrize("how", ["the whole network", "in place", "a part of it"])
def test_compiled(how):
    def compiled():
        model = made(mlp)
        if how == "the whole network":
            return torch.compile(model, backend="eager")
        if how == "in place":
            model.compile(backend="eager")
        else:
            model[0] = torch.compile(model[0], backend="eager")
        return model

    torch._dynamo.reset()
    alone = trained(compiled(), X)
    torch._dynamo.reset()
    assert_same(alone, watched(compiled(), X))


def test_in_data_parallel():
    alone = trained(nn.DataParallel(made(mlp)), X)
    model = nn.DataParallel(made(mlp))
    assert_same(alone, watched(model, X))


def test_a_failing_pass_leaves_nothing_behind():
    model = made(cnn)
    before = [*model.state_dict().values(), torch.get_rng_state()]
    modes = [m.training for m in model.modules()]
    with pytest.raises(ip.InfoplaneError, match="could not be run on the probe"):
        ip.watch(model, (X[:20, :5], Y[:20]), batches=2)
    assert_same(before, [*model.state_dict().values(), torch.get_rng_state()])
    assert [m.training for m in model.modules()] == modes
    assert not any(m._forward_hooks for m in model.modules())
    assert torch.backends.mha.get_fastpath_enabled() and torch.is_grad_enabled()


PYTHONS_STREAM = """
import random, torch
from torch import nn
import infoplane as ip

class Drawing(nn.Linear):
    def forward(self, x):
        return super().forward(x) + random.random()

random.seed(0)
alone = random.random()
random.seed(0)
with ip.watch(nn.Sequential(Drawing(3, 2)), (torch.rand(20, 3), None), target="0") as w:
    w.step()
assert random.random() == alone
"""


def test_pythons_random_stream():
    # in a process of its own, because the run-time type checks of these tests draw from it
    subprocess.run([sys.executable, "-W", "error", "-c", PYTHONS_STREAM], check=True)


def test_modes_are_put_back_one_by_one_and_no_override_is_called():
    class Merging(nn.Linear):
        def train(self, mode=True):
            raise AssertionError("merges weights")

    model = nn.Sequential(Merging(3, 3), nn.Dropout())
    model[1].eval()
    with undisturbed(model):
        assert not model[0].training
    assert model.training and model[0].training and not model[1].training


def test_a_lazy_network_is_refused_before_it_is_made():
    model = nn.Sequential(nn.LazyLinear(3))
    with pytest.raises(ip.InfoplaneError, match="'0.weight' is lazy.*one batch"):
        ip.watch(model, (X[:20], Y[:20]), batches=2)


class Averaging(nn.Module):
    """Reassigns a buffer and an attribute in every pass, in evaluation too."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.register_buffer("mean", torch.zeros(10))
        self.passes = 0

    def forward(self, x):
        out = self.linear(x)
        self.mean = 0.9 * self.mean + 0.1 * out.detach().mean(0)
        self.passes += 1
        self.last = out.detach()
        return out + self.mean + self.passes


def test_reassigned_buffers_and_attributes():
    alone, model = made(Averaging), made(Averaging)
    before = trained(alone, X)
    assert_same(before, watched(model, X))
    assert model.passes == alone.passes == UPDATES and torch.equal(model.last, alone.last)
    fresh = made(Averaging)
    with undisturbed(fresh):
        fresh(X[:3])
    assert not hasattr(fresh, "last") and fresh.passes == 0


DISTRIBUTED = """
import sys, torch
from torch import distributed, nn
import infoplane as ip

def trained(rank, folder):
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3)))
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    x, y = torch.rand(24, 6), torch.arange(24) % 3

    def update():
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x[rank::2]), y[rank::2]).backward()
        optimiser.step()

    if folder is None:
        for _ in range(4):
            update()
    else:
        with ip.watch(model, (x, y), batches=2, folder=folder) as w:
            for _ in range(4):
                update()
                w.step()
        assert w.report(folder + ".html")
        if rank == 0:
            assert w.layers == ("0", "1") and w.trace.sizes["snapshot"] == 5
    return [p.detach().clone() for p in model.parameters()]

if __name__ == "__main__":
    rank, folder = int(sys.argv[1]), sys.argv[2]
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}-store", rank=rank, world_size=2
    )
    alone, watched = trained(rank, None), trained(rank, folder)
    assert all(torch.equal(a, b) for a, b in zip(alone, watched))
    distributed.destroy_process_group()
"""


def test_distributed_training_is_watched_by_its_first_process(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(DISTRIBUTED)
    folder = str(tmp_path / "mine")
    command = [sys.executable, str(script)]
    processes = [subprocess.Popen([*command, str(rank), folder]) for rank in (0, 1)]
    assert [process.wait(300) for process in processes] == [0, 0]
    assert (tmp_path / "mine.html").exists()

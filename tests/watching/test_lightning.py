import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import infoplane as ip

with warnings.catch_warnings():  # what its import warns of is not ours to judge
    warnings.simplefilter("ignore")
    import pytorch_lightning as older
    from lightning import pytorch as pl
    from lightning.pytorch.callbacks import ModelCheckpoint
    from lightning.pytorch.strategies import FSDPStrategy

pytestmark = [
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*logging interval"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
]

DIGITS = load_digits()
X = torch.tensor(DIGITS.data / 16, dtype=torch.float32)
Y = torch.tensor(DIGITS.target)
PROBE = (X[-60:], Y[-60:])
RENYI = ip.Renyi(1.01, ip.Tapia())


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout())
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.encoder(x))

    def training_step(self, batch, _):
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)


class Failing(Net):
    def training_step(self, batch, number):
        if self.global_step == 3:
            raise RuntimeError("the disk is on fire")
        return super().training_step(batch, number)


def loader():
    generator = torch.Generator().manual_seed(1)
    return DataLoader(TensorDataset(X[:120], Y[:120]), 20, shuffle=True, generator=generator)


def trainer(tmp_path, *callbacks, **options):
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": any(isinstance(one, ModelCheckpoint) for one in callbacks),
        "accelerator": "cpu",
    }
    return pl.Trainer(default_root_dir=tmp_path, callbacks=list(callbacks), **quiet, **options)


def watching(probe=PROBE, **options):
    given = {"batches": 2, "estimators": RENYI, "report": None, **options}
    return ip.LightningWatch(probe, **given)


def fit(tmp_path, *callbacks, module=None, **options):
    module = Net() if module is None else module
    torch.manual_seed(2)
    trainer(tmp_path, *callbacks, **options).fit(module, loader())
    return module


def test_it_looks_at_the_start_when_due_and_at_the_end(tmp_path):
    flow = watching(every=ip.EvenlySpaced(4), report=tmp_path / "flow.html")
    fit(tmp_path, flow, max_epochs=2)
    trace = flow.trace
    assert trace["step"].values.tolist() == [0, 4, 8, 12]
    assert flow.flow.layers == ("encoder.0", "encoder.1", "encoder.2", "head")
    losses = trace["loss"].values
    assert np.isnan(losses[0]) and np.isfinite(losses[1:]).all()
    assert "Information flow in Net" in (tmp_path / "flow.html").read_text()


def test_training_is_the_same_with_and_without(tmp_path):
    alone = fit(tmp_path, max_epochs=2)
    watched = fit(tmp_path, watching(permutations=2), max_epochs=2)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name


def test_the_values_are_those_of_a_loop_of_one_s_own(tmp_path):
    flow = watching(every=ip.EvenlySpaced(3))
    fit(tmp_path, flow, max_epochs=1)
    module = Net()
    module.train()
    torch.manual_seed(2)
    optimiser = module.configure_optimizers()
    with ip.watch(
        module, PROBE, batches=2, estimators=RENYI, every=ip.EvenlySpaced(3), updates=6
    ) as w:
        for number, batch in enumerate(loader()):
            loss = module.training_step(batch, number)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            w.step(loss)
    for name in ("I_XT", "I_TY", "loss", "step"):
        np.testing.assert_array_equal(flow.trace[name].values, w.trace[name].values)


def test_accumulated_batches_are_one_update(tmp_path):
    flow = watching(every=ip.EvenlySpaced(100))
    fit(tmp_path, flow, max_epochs=2, accumulate_grad_batches=3)
    assert flow.trace["step"].values.tolist() == [0, 1, 2, 3, 4]


def test_training_that_stops_early_is_looked_at_where_it_stops(tmp_path):
    flow = watching(updates=1000)
    fit(tmp_path, flow, max_steps=11, max_epochs=9)
    assert flow.trace["step"].values[-1] == 11


def test_manual_optimisation_counts_every_optimiser(tmp_path):
    class Manual(Net):
        automatic_optimization = False

        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, number):
            loss = super().training_step(batch, number)
            self.manual_backward(loss)
            for optimiser in self.optimizers():
                optimiser.step()
                optimiser.zero_grad()
            return {"loss": loss}

        def configure_optimizers(self):
            return [torch.optim.SGD(part.parameters(), 1e-2) for part in (self.encoder, self.head)]

    flow = watching(every=ip.EvenlySpaced(100), updates=12)
    fit(tmp_path, flow, module=Manual(), max_epochs=1)
    assert flow.trace["step"].values.tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert np.isfinite(flow.trace["loss"].values[1:]).all()


def test_a_failure_loses_nothing_and_is_not_hidden(tmp_path):
    flow = watching(every=ip.EvenlySpaced(100), folder=tmp_path / "run", report=tmp_path / "r.html")
    with pytest.raises(RuntimeError, match="on fire"):
        fit(tmp_path, flow, module=Failing(), max_epochs=1)
    assert flow.trace["step"].values.tolist() == [0, 1, 2, 3]
    assert (tmp_path / "run" / "trace.zarr").is_dir() and (tmp_path / "r.html").is_file()


def test_a_report_that_cannot_be_written_does_not_hide_a_failure(tmp_path):
    (tmp_path / "file").touch()
    flow = watching(report=tmp_path / "file" / "r.html")
    with (
        pytest.raises(RuntimeError, match="on fire"),
        pytest.warns(UserWarning, match="Cannot write"),
    ):
        fit(tmp_path, flow, module=Failing(), max_epochs=1)


def test_resumed_training_goes_on_where_it_stopped(tmp_path):
    every = ip.EvenlySpaced(5)  # of 12 updates: 0, 3, 6, 9, 12
    whole = watching(every=every, updates=12)
    saving = ModelCheckpoint(tmp_path / "saved", every_n_epochs=1, save_top_k=-1, filename="{step}")
    fit(tmp_path, whole, saving, max_epochs=2)
    folder = tmp_path / "run"
    fit(tmp_path, watching(every=every, updates=12, folder=folder), max_epochs=1)
    resumed = watching(every=every, updates=12, folder=folder)
    torch.manual_seed(2)
    trainer(tmp_path, resumed, max_epochs=2).fit(
        Net(), loader(), ckpt_path=tmp_path / "saved" / "step=6.ckpt", weights_only=True
    )
    assert resumed.trace["step"].values.tolist() == [0, 3, 6, 9, 12]
    np.testing.assert_array_equal(resumed.trace["I_XT"].values[:3], whole.trace["I_XT"].values[:3])


def test_a_folder_of_lightning_s_checkpoints_gives_what_was_seen(tmp_path):
    flow = watching(every=ip.EvenlySpaced(3))
    saving = ModelCheckpoint(tmp_path / "saved", every_n_train_steps=3, save_top_k=-1)
    fit(tmp_path, flow, saving, max_epochs=1)
    later = ip.watch_checkpoints(
        tmp_path / "saved", Net, PROBE, key="state_dict", batches=2, estimators=RENYI
    )
    assert later.steps == (3, 6)
    for name in ("I_XT", "I_TY", "norm_T"):
        np.testing.assert_array_equal(later.trace[name].values, flow.trace[name].values[1:])


class Unforwarded(Net):
    forward = pl.LightningModule.forward

    def training_step(self, batch, _):
        return nn.functional.cross_entropy(self.head(self.encoder(batch[0])), batch[1])


def test_a_module_without_forward_is_told_how_to_be_shown_the_probe(tmp_path):
    with pytest.raises(ip.InfoplaneError, match="Unforwarded defines no forward.*forward=lambda"):
        fit(tmp_path, watching(), module=Unforwarded(), max_epochs=1)
    flow = watching(forward=lambda module, x: module.encoder(x), layers="encoder.*")
    fit(tmp_path, flow, module=Unforwarded(), max_epochs=1)
    assert flow.flow.layers == ("encoder.0", "encoder.1", "encoder.2", "encoder.3")


def test_a_wrong_probe_is_told_of_before_training(tmp_path):
    with pytest.raises(ip.InfoplaneError, match="The probe is a pair"):
        watching(PROBE[0])
    module = Net()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(ip.InfoplaneError, match="60 inputs, and targets of shape"):
        fit(tmp_path, watching((PROBE[0], Y[:3])), module=module, max_epochs=1)
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in before.items())


@pytest.mark.parametrize("name", ["permutation", "start", "model"])
def test_an_unknown_option_is_told_of_before_training(name):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'.*permutations"):
        ip.LightningWatch(PROBE, **{name: 3})


def test_before_training_there_is_nothing():
    with pytest.raises(ip.InfoplaneError, match="train first"):
        _ = watching().trace


def test_only_the_first_process_looks(tmp_path, monkeypatch):
    monkeypatch.setattr(pl.Trainer, "is_global_zero", False)
    flow = watching()
    fit(tmp_path, flow, max_epochs=1)
    with pytest.raises(ip.InfoplaneError, match="train first"):
        _ = flow.trace


def test_spread_weights_are_refused():
    flow = watching()
    fake = type("Fake", (), {"strategy": FSDPStrategy()})()
    with pytest.raises(ip.InfoplaneError, match="FSDPStrategy.*watch_checkpoints"):
        flow.on_train_start(fake, Net())


def test_the_other_package_takes_it_too():
    class Small(older.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 10)

        def forward(self, x):
            return self.layer(x)

        def training_step(self, batch, _):
            return self(batch[0]).square().mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 1e-2)

    flow = watching(every=ip.EvenlySpaced(3))
    quiet = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False}
    older.Trainer(max_epochs=1, accelerator="cpu", callbacks=[flow], **quiet).fit(Small(), loader())
    assert flow.trace["step"].values.tolist() == [0, 3, 6]


def test_lightning_s_own_base_is_its_base():
    assert isinstance(watching(), pl.Callback)


ALONE = """
import sys
import infoplane as ip
ip.watch, ip.watch_checkpoints, ip.TensorBoardRows
libraries = ("lightning", "pytorch_lightning", "transformers", "tensorboard")
assert not set(libraries) & set(sys.modules), sys.modules.keys()
sys.modules.update(dict.fromkeys(libraries))  # None: as if it were not installed
for use, extra in (
    (lambda: ip.LightningWatch, "lightning"),
    (lambda: ip.TransformersWatch, "transformers"),
    (lambda: ip.TensorBoardRows("board"), "tensorboard"),
):
    try:
        use()
    except ip.InfoplaneError as problem:
        assert f"infoplane[{extra}]" in str(problem), problem
    else:
        sys.exit(f"{extra} was found")
"""


def test_without_the_libraries_the_package_works_and_says_what_to_install(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr

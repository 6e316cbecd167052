import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip
from infoplane.watching import weights
from infoplane.watching.checkpoint_files import files_by_step

DIGITS = load_digits()
X = torch.tensor(DIGITS.data / 16, dtype=torch.float32)
Y = torch.tensor(DIGITS.target)
PROBE = (X[-60:], Y[-60:])
OPTIONS = {"batches": 2, "permutations": 2}


def network(width=8):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, width), nn.BatchNorm1d(width), nn.Tanh(), nn.Linear(width, 10)
    )


def trained(folder, steps=(0, 2, 5), save=lambda state, path: torch.save(state, f"{path}.pt")):
    """A watched training that saves its weights at the watched steps; its Trace."""
    model = network()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    flow = ip.watch(model, PROBE, **OPTIONS).flow
    for step in range(max(steps) + 1):
        if step in steps:
            flow.look(step)
            save(model.state_dict(), folder / f"step-{step}")
        loss = nn.functional.cross_entropy(model(X[step * 20 :][:20]), Y[step * 20 :][:20])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return flow.trace


def folders(state, path):
    path.with_name(path.name.replace("step", "checkpoint")).mkdir()
    save_file(state, path.with_name(path.name.replace("step", "checkpoint")) / "model.safetensors")


SAVED = {
    "pt": lambda state, path: torch.save(state, f"{path}.pt"),
    "safetensors": lambda state, path: save_file(state, f"{path}.safetensors"),
    "folders": folders,
    "parallel": lambda state, path: torch.save(
        {f"module._orig_mod.{name}": value for name, value in state.items()}, f"{path}.pth"
    ),
    "ckpt": lambda state, path: torch.save(
        {"state_dict": state, "epoch": 3, "optimizer_states": [{}]}, f"{path}.ckpt"
    ),
}


@pytest.mark.parametrize("kind", SAVED)
def test_checkpoints_give_what_was_seen_in_training_to_the_bit(kind, tmp_path):
    trace = trained(tmp_path, save=SAVED[kind])
    key = "state_dict" if kind == "ckpt" else None
    later = ip.watch_checkpoints(tmp_path, network, PROBE, key=key, **OPTIONS).trace
    assert set(later) == set(trace)
    for name in trace.variables:
        np.testing.assert_array_equal(later[name].values, trace[name].values)


def test_the_network_has_its_own_weights_again(tmp_path):
    trained(tmp_path)
    model = network()
    model.train()
    before = copy.deepcopy(model.state_dict())
    flow = ip.watch_checkpoints(tmp_path, model, PROBE, **OPTIONS)
    assert flow.steps == (0, 2, 5)
    (tmp_path / "step-5.pt").write_bytes(b"nonsense")
    with pytest.raises(ip.InfoplaneError, match=r"step-5\.pt"):
        ip.watch_checkpoints(tmp_path, model, PROBE, **OPTIONS)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_list_and_a_mapping_say_which_files(tmp_path):
    trained(tmp_path)
    listed = [tmp_path / "step-5.pt", str(tmp_path / "step-0.pt")]
    assert ip.watch_checkpoints(listed, network, PROBE, **OPTIONS).steps == (0, 5)
    named = {7: tmp_path / "step-5.pt", 3: tmp_path / "step-0.pt"}
    assert ip.watch_checkpoints(named, network, PROBE, **OPTIONS).steps == (3, 7)


def test_a_folder_holds_what_was_measured_and_is_gone_on_from(tmp_path):
    saved, run = tmp_path / "saved", tmp_path / "run"
    saved.mkdir()
    trace = trained(saved)
    content = (saved / "step-5.pt").read_bytes()
    (saved / "step-5.pt").write_bytes(content[:100])
    with pytest.raises(ip.InfoplaneError, match="damaged"):
        ip.watch_checkpoints(saved, network, PROBE, folder=run, **OPTIONS)
    (saved / "step-5.pt").write_bytes(content)
    flow = ip.watch_checkpoints(saved, network, PROBE, folder=run, start=2, **OPTIONS)
    np.testing.assert_array_equal(flow.trace["I_XT"].values, trace["I_XT"].values)
    assert (run / "trace.zarr").is_dir()


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".safetensors"])
@pytest.mark.parametrize("how", ["torch", "old torch", "pickle"])
def test_code_in_a_file_is_refused_and_does_not_run(suffix, how, tmp_path):
    target = tmp_path / "ran"
    path = tmp_path / f"step-1{suffix}"
    content = {"0.weight": torch.zeros(2), "evil": Payload(target)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(ip.InfoplaneError, match=rf"step-1\{suffix} is (refused|damaged)"):
        ip.watch_checkpoints(tmp_path, network, PROBE, **OPTIONS)
    assert not target.exists()


def test_an_unsound_torch_reads_no_pickle(tmp_path, monkeypatch):
    trained(tmp_path)
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    with pytest.raises(ip.InfoplaneError, match="CVE-2026-24747"):
        ip.watch_checkpoints(tmp_path, network, PROBE, **OPTIONS)


@pytest.mark.parametrize("key", [None, "weights"])
def test_where_the_weights_are_must_be_said(key, tmp_path):
    path = tmp_path / "1.pt"
    torch.save({"epoch": 3, "model": network().state_dict()}, path)
    with pytest.raises(ip.InfoplaneError, match="its keys are epoch, model"):
        ip.watch_checkpoints(tmp_path, network, PROBE, key=key, **OPTIONS)
    assert ip.watch_checkpoints(tmp_path, network, PROBE, key="model", **OPTIONS).steps == (1,)
    with pytest.raises(ip.InfoplaneError, match="'epoch' in .* is a int"):
        ip.watch_checkpoints(tmp_path, network, PROBE, key="epoch", **OPTIONS)


@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], {}, {"a": 1}])
def test_a_file_without_weights_is_named(content, tmp_path):
    torch.save(content, tmp_path / "1.pt")
    with pytest.raises(ip.InfoplaneError, match=r"1\.pt holds"):
        ip.watch_checkpoints(tmp_path, network, PROBE, **OPTIONS)


def test_weights_of_another_network_are_named(tmp_path):
    state = network(9).state_dict()
    state["extra.weight"] = state.pop("3.bias")
    torch.save(state, tmp_path / "step-4.pt")
    words = (
        r"step-4\.pt are not those of this Sequential: it lacks: 3\.bias; it has besides: "
        r"extra\.weight; other shapes: 0\.weight \(9, 64\) instead of \(8, 64\)"
    )
    with pytest.raises(ip.InfoplaneError, match=words):
        ip.watch_checkpoints(tmp_path, network, PROBE, **OPTIONS)


def test_a_tied_weight_is_there_under_one_name():
    model = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)})
    model["b"].weight = model["a"].weight
    state = {name: torch.randn(value.shape) for name, value in model.state_dict().items()}
    del state["b.weight"]
    weights.load_into(model, state, Path("file.pt"))
    assert torch.equal(model["b"].weight, state["a.weight"])
    del state["b.bias"]
    with pytest.raises(ip.InfoplaneError, match=r"it lacks: b\.bias"):
        weights.load_into(model, state, Path("file.pt"))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["best.pt"], r"No step.*best\.pt; say of which step each file is"),
        (["a-5.pt", "b-5.safetensors"], r"a-5\.pt and b-5\.safetensors are both of step 5"),
        (["notes.txt"], "holds no checkpoints"),
        (["checkpoint-5/model.safetensors.index.json"], "weights are in several files"),
    ],
)
def test_what_a_folder_leaves_open_is_said(names, words, tmp_path):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ip.InfoplaneError, match=words):
        files_by_step(tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere", "There is no folder nowhere"),
        (["nowhere-3.pt"], "There is no checkpoint nowhere-3.pt"),
        ([], "There are no checkpoints"),
        ({-1: "a.pt"}, "-1 is no step"),
    ],
)
def test_what_is_not_there_is_said(given, words):
    with pytest.raises(ip.InfoplaneError, match=words):
        files_by_step(given)


def test_a_file_of_another_kind_is_said(tmp_path):
    (tmp_path / "step-1.h5").touch()
    with pytest.raises(ip.InfoplaneError, match="no file of weights"):
        files_by_step([tmp_path / "step-1.h5"])


def test_a_factory_makes_a_network(tmp_path):
    (tmp_path / "1.pt").touch()
    with pytest.raises(ip.InfoplaneError, match="got a int"):
        ip.watch_checkpoints(tmp_path, lambda: 3, PROBE)

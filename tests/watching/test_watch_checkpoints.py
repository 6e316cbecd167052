import copy
import io
import pickle
import struct
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


def malformed():
    """Files that end anywhere, and are wrong anywhere."""
    whole = {}
    for zipped in (True, False):
        buffer = io.BytesIO()
        torch.save({"a": torch.zeros(2)}, buffer, _use_new_zipfile_serialization=zipped)
        whole["zip" if zipped else "old"] = buffer.getvalue()
    yield from (b"", b"\x80", b"\x80\x02", b"ab", b"PK", b"PK\x03\x04", b"\x00" * 64, b"\xff" * 8)
    yield from (
        b"\x80\x02.",
        b"\x80\x02K\x01.",
        b"(t.",
        b"\x80\x02}q\x00",
        b"0",
        b"I\n.",
        b"\x8a\xff.",
    )
    for content in whole.values():
        yield from (content[:length] for length in range(3, len(content), len(content) // 7))
        yield from (
            content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
            for place in range(0, min(len(content), 400), 23)
        )


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_whatever_is_wrong_with_a_file_is_an_error_that_names_it(suffix, tmp_path):
    path, refused = tmp_path / f"step-1{suffix}", 0
    for content in malformed():
        path.write_bytes(content)
        try:
            weights.weights_in(path)
        except ip.InfoplaneError as problem:
            refused += 1
            assert path.name in str(problem) and "\n" not in str(problem)
            assert not str(problem).rstrip().endswith(":")
    assert refused > 25


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("kind", [IndexError, AssertionError, struct.error, OverflowError])
def test_an_error_without_words_is_told_by_its_name(suffix, kind, tmp_path, monkeypatch):
    def fails(*_, **__):
        raise kind

    monkeypatch.setattr(torch, "load", fails)
    monkeypatch.setattr(weights, "load_file", fails)
    (tmp_path / f"1{suffix}").touch()
    with pytest.raises(ip.InfoplaneError, match=rf"1\{suffix} is damaged.*: {kind.__name__}$"):
        weights.weights_in(tmp_path / f"1{suffix}")


class Wrapped(nn.Module):
    """A network that calls a submodule "module", and another as a wrapper would."""

    def __init__(self):
        super().__init__()
        self.module = nn.Linear(2, 2)
        self.encoder = nn.Sequential(nn.Linear(2, 3))


def compiled_within():
    model = Wrapped()
    model.encoder = nn.ModuleDict({"_orig_mod": model.encoder})  # the names that compile gives
    return model


RENAMED = {
    "as they are": lambda name: name,
    "parallel": lambda name: f"module.{name}",
    "compiled": lambda name: f"_orig_mod.{name}",
    "compiled, parallel": lambda name: f"module._orig_mod.{name}",
    "parallel, compiled": lambda name: f"_orig_mod.module.{name}",
    "parallel twice": lambda name: f"module.module.{name}",
    "compiled within": lambda name: name.replace("encoder.", "encoder._orig_mod."),
    "all": lambda name: "module._orig_mod." + name.replace("encoder.", "encoder._orig_mod."),
}


@pytest.mark.parametrize(
    "make", [Wrapped, compiled_within, lambda: nn.ModuleDict({"module": Wrapped()})]
)
@pytest.mark.parametrize("renamed", RENAMED.values(), ids=RENAMED)
def test_names_fit_whatever_wrappers_added(make, renamed):
    model = make()
    bare = {name.replace("_orig_mod.", ""): name for name in model.state_dict()}
    values = {name: torch.randn(model.state_dict()[name].shape) for name in bare.values()}
    saved = {renamed(plain): values[name] for plain, name in bare.items()}
    weights.load_into(model, saved, Path("file.pt"))
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())


def test_only_a_whole_level_is_a_wrapper_s_and_no_weight_is_lost():
    model = nn.Linear(2, 2)
    given = {"module.weight": torch.ones(2, 2), "module.bias": torch.ones(2)}
    other = {"module.weight": torch.ones(2, 2), "bias": torch.ones(2)}
    weights.load_into(model, given, Path("file.pt"))
    with pytest.raises(
        ip.InfoplaneError, match=r"it lacks: weight; it has besides: module\.weight"
    ):
        weights.load_into(model, other, Path("file.pt"))
    twice = given | {"module._orig_mod.weight": torch.zeros(2, 2)}
    with pytest.raises(ip.InfoplaneError, match="it has besides"):
        weights.load_into(model, twice, Path("file.pt"))


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


@pytest.mark.parametrize("last", ["last.ckpt", "last-v1.ckpt", "best.pt"])
def test_copies_without_a_step_are_left_out_and_named(last, tmp_path):
    for name in ("epoch=0-step=10.ckpt", "epoch=1-step=20-v1.ckpt", last):
        (tmp_path / name).touch()
    with pytest.warns(ip.InfoplaneWarning, match=rf"Left out.*: {last};.*checkpoints=") as told:
        found = files_by_step(tmp_path)
    assert list(found) == [10, 20] and len(told) == 1
    with pytest.raises(ip.InfoplaneError, match="No step can be read"):
        files_by_step([tmp_path / "epoch=0-step=10.ckpt", tmp_path / last])


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

import os
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
import torch

import infoplane as ip

with warnings.catch_warnings():  # what its import warns of is not ours to judge
    warnings.simplefilter("ignore")
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        EarlyStoppingCallback,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*pin_memory.*"),
]

DRAWS = torch.Generator().manual_seed(0)
IDS = torch.randint(0, 20, (64, 6), generator=DRAWS)
LABELS = (IDS[:, 0] > 9).long()
PROBE = ({"input_ids": IDS[40:], "attention_mask": torch.ones_like(IDS[40:])}, LABELS[40:])
DATA = [{"input_ids": x, "labels": y} for x, y in zip(IDS[:32], LABELS[:32], strict=True)]


def network():
    torch.manual_seed(0)
    size = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16}
    return BertForSequenceClassification(
        BertConfig(vocab_size=20, num_hidden_layers=1, max_position_embeddings=8, **size)
    )


def watching(**options):
    given = {
        "layers": ["bert.encoder.layer.0", "bert.pooler", "classifier"],
        "source": "bert.embeddings",
        "tokens": 0,
        "batches": 2,
        "estimators": ip.Renyi(1.01, ip.Tapia()),
        "report": None,
        **options,
    }
    return ip.TransformersWatch(PROBE, **given)


def fit(tmp_path, *callbacks, resume=None, model=None, **options):
    model = network() if model is None else model
    given = {
        "output_dir": str(tmp_path / "out"),
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "constant",  # does not depend on how long training is to go on
        "num_train_epochs": 2,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "save_strategy": "no",
        "logging_steps": 1,
        **options,
    }
    trainer = Trainer(
        model,
        TrainingArguments(**given),
        train_dataset=DATA,
        eval_dataset=DATA[:8],
        callbacks=list(callbacks),
    )
    trainer.train(resume_from_checkpoint=resume)
    return model


class Losses(TrainerCallback):
    """What the trainer told of its losses, step by step."""

    def __init__(self):
        self.told = {}

    def on_log(self, args, state, control, logs=None, **_):
        if "loss" in logs:
            self.told[state.global_step] = logs["loss"]


def test_it_looks_at_the_start_when_due_and_at_the_end(tmp_path):
    losses = Losses()
    flow = watching(every=ip.EvenlySpaced(5), report=tmp_path / "flow.html")
    fit(tmp_path, losses, flow)
    trace = flow.trace
    assert trace["step"].values.tolist() == [0, 2, 4, 6, 8]
    assert list(trace["layer"].values) == ["bert.encoder.layer.0", "bert.pooler", "classifier"]
    assert np.isnan(trace["loss"].values[0])
    assert trace["loss"].values[1:].tolist() == [losses.told[step] for step in (2, 4, 6, 8)]
    text = (tmp_path / "flow.html").read_text()
    assert "Information flow in BertForSequenceClassification" in text


def test_training_is_the_same_with_and_without(tmp_path):
    alone = fit(tmp_path)
    watched = fit(tmp_path, watching(permutations=2))
    for name, value in alone.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name


def test_accumulated_batches_are_one_update_and_losses_come_when_logged(tmp_path):
    flow = watching(every=ip.EvenlySpaced(100))
    fit(tmp_path, flow, gradient_accumulation_steps=2, logging_steps=2)
    assert flow.trace["step"].values.tolist() == [0, 1, 2, 3, 4]
    assert np.isfinite(flow.trace["loss"].values).tolist() == [False, False, True, False, True]


class Failing(TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        if state.global_step == 3:
            raise RuntimeError("the disk is on fire")


def test_a_failure_loses_nothing(tmp_path):
    flow = watching(every=ip.EvenlySpaced(100), folder=tmp_path / "run", report=tmp_path / "r.html")
    with pytest.raises(RuntimeError, match="on fire"):
        fit(tmp_path, flow, Failing())
    assert flow.trace["step"].values.tolist() == [0, 1, 2]
    flow.finish()
    assert (tmp_path / "run" / "trace.zarr").is_dir() and (tmp_path / "r.html").is_file()


def test_resumed_training_goes_on_where_it_stopped_and_its_checkpoints_show_the_same(tmp_path):
    every, folder = ip.EvenlySpaced(5), tmp_path / "run"
    whole = watching(every=every)
    fit(tmp_path, whole, save_strategy="epoch")
    fit(tmp_path, watching(every=every, updates=8, folder=folder), num_train_epochs=1)
    resumed = watching(every=every, folder=folder)
    fit(tmp_path, resumed, resume=str(tmp_path / "out" / "checkpoint-4"))
    assert resumed.trace["step"].values.tolist() == [0, 2, 4, 6, 8]
    np.testing.assert_array_equal(resumed.trace["I_XT"].values[:3], whole.trace["I_XT"].values[:3])
    later = ip.watch_checkpoints(
        tmp_path / "out",
        network,
        PROBE,
        ["bert.encoder.layer.0", "bert.pooler", "classifier"],
        source="bert.embeddings",
        tokens=0,
        batches=2,
        estimators=ip.Renyi(1.01, ip.Tapia()),
    )
    assert later.steps == (4, 8)
    for name in ("I_XT", "I_TY", "norm_T"):
        np.testing.assert_array_equal(later.trace[name].values, whole.trace[name].values[[2, 4]])


class Weights(TrainerCallback):
    """What the network was after its last update."""

    def on_step_end(self, args, state, control, *, model, **_):
        self.step = state.global_step
        self.weights = {name: value.clone() for name, value in model.state_dict().items()}


def test_the_last_look_is_at_the_last_weights_not_at_the_best(tmp_path):
    flow, last_weights = watching(updates=1000, every=ip.EvenlySpaced(3)), Weights()
    model = fit(
        tmp_path,
        flow,
        EarlyStoppingCallback(1),
        last_weights,
        num_train_epochs=20,
        learning_rate=3.0,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
    )
    assert last_weights.step < 80  # it stopped early
    assert not torch.equal(model.classifier.weight, last_weights.weights["classifier.weight"])
    last = flow.trace.isel(snapshot=-1)
    assert int(last["step"]) == last_weights.step
    model = network()
    model.load_state_dict(last_weights.weights)
    again = ip.watch(
        model,
        PROBE,
        ["classifier"],
        source="bert.embeddings",
        tokens=0,
        batches=2,
        estimators=ip.Renyi(1.01, ip.Tapia()),
    ).flow.look(1)
    expected = last["I_XT"].sel(layer="classifier").values
    np.testing.assert_array_equal(again.values["I_XT"].sel(layer="classifier").values, expected)


def test_a_wrong_probe_is_told_of_before_training(tmp_path):
    with pytest.raises(ip.InfoplaneError, match="The probe is a pair"):
        ip.TransformersWatch(PROBE[0])
    with pytest.raises(ip.InfoplaneError, match="Distances between token ids"):
        fit(tmp_path, watching(source="input_ids", tokens="mean"))
    with pytest.raises(ip.InfoplaneError, match="say what one sample"):
        fit(tmp_path, watching(tokens=None))


@pytest.mark.parametrize("name", ["permutation", "start", "model"])
def test_an_unknown_option_is_told_of_before_training(name):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'.*permutations"):
        ip.TransformersWatch(PROBE, **{name: 3})


def test_before_training_there_is_nothing():
    with pytest.raises(ip.InfoplaneError, match="train first"):
        _ = watching().trace


def test_spread_weights_are_refused():
    spread = type("Arguments", (), {"fsdp": "full_shard", "deepspeed": None})()
    with pytest.raises(ip.InfoplaneError, match="watch_checkpoints"):
        watching().on_train_begin(spread, None, None, model=network())

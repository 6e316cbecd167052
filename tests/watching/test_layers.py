"""Which layers are measured, under which names, and what is said of the others."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

import infoplane as ip
from infoplane.record.layers import layers_of
from infoplane.values.errors import InfoplaneWarning

N = 24
X = torch.rand(N, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(N) % 3
SEQUENCES = torch.rand(N, 5, 6, generator=torch.Generator().manual_seed(1))
IDS = torch.randint(0, 7, (N, 5), generator=torch.Generator().manual_seed(2))


ALIGNED = ip.Renyi(bandwidth=ip.Alignment(Y.view(2, -1)))


def seen(model, layers=None, probe=(X, Y), **options):
    chosen = {} if layers is None else {"layers": layers}
    with ip.watch(model, probe, batches=2, **chosen, **options) as w:
        w.step()
    assert np.isfinite(w.trace["I_XT"].values).all()
    return list(w.layers)


def network():
    return nn.Sequential(
        nn.Linear(6, 8), nn.Dropout(), nn.ReLU(inplace=True), nn.Identity(), nn.Linear(8, 3)
    )


def test_by_default_every_leaf_that_matters():
    assert seen(network()) == ["0", "2", "4"]


def test_by_predicate_of_name_and_module():
    linear = seen(network(), lambda name, module: isinstance(module, nn.Linear))
    assert linear == ["0", "4"]
    with pytest.raises(ip.InfoplaneError, match="No layer matches the predicate; the model has: 0"):
        seen(network(), lambda name, module: False)


def test_layers_come_in_the_order_in_which_they_are_computed():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(4, 3)
            self.first = nn.Linear(6, 4)

        def forward(self, x):
            return self.last(self.first(x))

    assert seen(Backwards()) == ["first", "last"]
    assert seen(Backwards(), ["last", "first"]) == ["last", "first"]


def test_a_module_called_several_times_is_measured_at_every_call():
    shared = nn.Linear(6, 6)
    model = nn.Sequential(shared, nn.Tanh(), shared)
    assert seen(model) == ["0", "1", "0@2"]
    assert seen(model, ["0@2"]) == ["0@2"]
    assert seen(model, ["2"]) == ["2"]  # its other name
    assert layers_of(model)["0"] is layers_of(model)["2"]


@dataclass
class Output:
    hidden: torch.Tensor
    other: dict
    count: int = 0


class Several(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer, self.head = _Nest(kind), nn.Linear(4, 3)

    def forward(self, x):
        out = self.layer(x)
        hidden = out[0] if isinstance(out, tuple) else getattr(out, "hidden", None)
        return self.head(out["hidden"] if hidden is None else hidden)


class _Nest(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.linear, self.kind = nn.Linear(6, 4), kind

    def forward(self, x):
        hidden = self.linear(x)
        if self.kind == "tuple":
            return hidden, hidden * 2
        if self.kind == "dict":
            return {"hidden": hidden, "state": [hidden * 2]}
        return Output(hidden, {"state": hidden * 2})


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("tuple", ["layer[0]", "layer[1]"]),
        ("dict", ["layer[hidden]", "layer[state][0]"]),
        ("dataclass", ["layer[hidden]", "layer[other][state]"]),
    ],
)
def test_every_part_of_a_compound_output(kind, names):
    assert seen(Several(kind), "layer") == names
    assert seen(Several(kind), [names[1]]) == [names[1]]


def test_what_never_fires_is_told_and_left_out_of_a_pattern_and_refused_by_name():
    model = network()
    model.add_module("spare", nn.Linear(1, 1))
    model.forward = lambda x: model[:5](x)
    with pytest.warns(InfoplaneWarning, match="'spare' was not called"):
        with ip.watch(model, (X, Y), batches=2) as w:
            w.step()
    assert w.layers == ("0", "2", "4")
    assert w.skipped == {"spare": "was not called in the forward pass"}
    assert "'spare' was not called" in w.trace.attrs["notes"]
    with pytest.raises(ip.InfoplaneError, match="'spare' was not called"):
        seen(model, ["0", "spare"])


def test_a_layer_that_is_called_like_the_probe_is_told_from_it():
    model = nn.ModuleDict({"input": nn.Linear(6, 4), "target": nn.Linear(4, 3)})
    model.forward = lambda x: model["target"](model["input"](x))
    with ip.watch(model, (X, Y), batches=2) as w:
        w.step()
    assert w.layers == ("input@1", "target@1")
    alone = ip.Renyi(bandwidth=ip.Tapia()).entropy(model["input"](X[::2]).detach())
    value = w.trace["S_T"].sel(estimator="tapia", layer="input@1")[0, 0]
    assert float(value) == pytest.approx(float(alone), abs=1e-6)


def test_wrappers_and_compilation_do_not_show_in_the_names():
    assert seen(nn.DataParallel(network()), "*") == ["0", "1", "2", "3", "4"]
    assert seen(torch.compile(network(), backend="eager"), ["0", "4"]) == ["0", "4"]
    part = network()
    part[0] = torch.compile(part[0], backend="eager")
    assert seen(part) == ["0", "2", "4"]


def test_a_wrapper_of_ones_own_is_a_module_like_any_other():
    class Wrapper(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, x):
            return self.module(x + 1)

    assert seen(Wrapper(network()), "module.*")[0] == "module.0"


class Reader(nn.Module):
    """Sequences, or token ids, through a recurrent layer."""

    def __init__(self, ids=False, batch_first=True):
        super().__init__()
        self.embedding = nn.Embedding(7, 6) if ids else nn.Linear(6, 6)
        self.recurrent = nn.GRU(6, 4, batch_first=batch_first)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.recurrent(self.embedding(x))[0])


def test_of_sequences_one_must_say_what_a_sample_is():
    with pytest.raises(ip.InfoplaneError, match=r"'embedding' .*\(24, 5, 6\): say what one sample"):
        seen(Reader(), probe=(SEQUENCES, Y))


def entropies(tokens, probe=(SEQUENCES, Y), model=None, **options):
    """S of the head under the scale-invariant rule, per batch, and what the head gave."""
    torch.manual_seed(0)
    model = Reader() if model is None else model
    with ip.watch(model, probe, ["head"], batches=2, tokens=tokens, **options) as w:
        w.step()
    output = model(probe[0] if options.get("forward") is None else probe[0].transpose(0, 1))
    return w.trace["S_T"].sel(estimator="tapia", layer="head")[0].values, output.detach()


def dealt(samples, flat=False):
    """The samples of both batches, dealt out like cards; of sequences, token by token."""
    return [one.flatten(0, 1) if flat else one for one in (samples[::2], samples[1::2])]


RENYI = ip.Renyi(bandwidth=ip.Tapia())


@pytest.mark.parametrize(
    ("tokens", "of"),
    [
        ("all", lambda out: out.flatten(1)),
        ("mean", lambda out: out.mean(1)),
        (-1, lambda out: out[:, -1]),
        (0, lambda out: out[:, 0]),
    ],
)
def test_a_sample_is_what_was_chosen(tokens, of):
    values, output = entropies(tokens)
    for batch, value in zip(dealt(of(output)), values, strict=True):
        assert value == pytest.approx(float(RENYI.entropy(batch)), abs=1e-6)


def test_every_token_may_be_a_sample():
    labels = IDS % 2
    values, output = entropies("each", (SEQUENCES, labels))
    for batch, value in zip(dealt(output, flat=True), values, strict=True):
        assert value == pytest.approx(float(RENYI.entropy(batch)), abs=1e-6)


def test_token_ids_are_classes_where_every_token_is_a_sample():
    torch.manual_seed(0)
    model = Reader(ids=True)
    with ip.watch(model, (IDS, IDS), ["embedding"], batches=2, tokens="each") as w:
        w.step()
    entropy = ip.entropy(IDS[::2].flatten(), estimator=RENYI)
    assert float(w.trace["S_X"].sel(estimator="tapia")[0, 0]) == pytest.approx(float(entropy))
    of_token = w.trace["I_XT"].sel(estimator="tapia", layer="embedding")[0, 0]
    assert float(of_token) > 0.9 * float(entropy)  # an embedding is a function of the id


def test_sequences_along_the_second_axis():
    values, output = entropies(
        ip.Tokens(-1, sample_axis=1),
        model=Reader(batch_first=False),
        forward=lambda model, x: model(x.transpose(0, 1)),
    )
    for batch, value in zip(dealt(output[-1]), values, strict=True):
        assert value == pytest.approx(float(RENYI.entropy(batch)), abs=1e-6)


def test_a_layer_as_source_and_several_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(12, 3)

        def forward(self, left, right):
            return self.layer(torch.cat([left, right], 1))

    both = {"left": X, "right": X.flip(0)}
    assert seen(Two(), probe=(both, Y), source="right") == ["layer"]
    assert seen(Two(), probe=((X, X), Y), source="layer") == ["layer"]
    with pytest.raises(ip.InfoplaneError, match=r"several inputs \(left, right\).*source='left'"):
        seen(Two(), probe=(both, Y))
    with ip.watch(Two(), (both, Y), batches=2, source="right") as w:
        w.step()
    right = ip.Renyi(bandwidth=ip.Tapia(standardise="whole")).entropy(both["right"][::2])
    assert float(w.trace["S_X"].sel(estimator="tapia")[0, 0]) == float(right)


def test_targets_of_every_kind():
    numbers = torch.rand(N, 2)
    for probe, target in (
        ((X, Y), "target"),
        ((X, numbers), "target"),
        ((X.numpy(), Y.numpy()), "target"),
        ((X, None), "input"),
        ((X, None), "4"),
    ):
        assert seen(network(), probe=probe, target=target) == ["0", "2", "4"]


@pytest.mark.parametrize(
    ("probe", "options", "words"),
    [
        ((IDS, Y), {}, "integers of shape \\(24, 5\\).*source=…"),
        ((SEQUENCES, IDS), {"tokens": -1}, "targets are integers of shape"),
        ((SEQUENCES, Y), {"tokens": "each"}, r"y\[:, None\].expand\(-1, 5\)"),
        ((SEQUENCES, Y), {"tokens": 9}, "none at position 9"),
        (X, {}, "The probe is a pair"),
        ((X[:, :5], Y), {}, r"could not be run .*mat1.* given a tensor of shape \(24, 5\)"),
        (({"wrong": X}, Y), {}, r"could not be run .*'wrong'"),
        ({"train": X}, {}, "The probe is a pair"),
        ((X, Y), {"layers": []}, "names no layer"),
        ((X, Y), {"layers": "encodr"}, "No layer matches 'encodr'"),
        ((X, Y), {"layers": ["4 "]}, "Did you mean '4'"),
        ((X, Y), {"permutations": -1}, "permutations=-1"),
        ((X, Y), {"start": -1}, "start=-1"),
        ((X * float("nan"), Y), {}, "inputs hold 144 NaN"),
        ((X, ["a"] * N), {}, "no array of numbers"),
        (
            (X, Y),
            {"estimators": ip.Renyi(bandwidth=ip.Alignment(Y.view(2, -1)))},
            "chooses its width by labels",
        ),
        ((("text",), Y), {}, "without tensors"),
        (((X, X[:3]), Y), {}, "different numbers of samples"),
        ({"train": (X, Y), "test": (X[:20], Y[:20])}, {}, "train: 2 × 12, test: 2 × 10"),
        ((X, Y), {"estimators": {}}, "No estimator"),
        ((X, Y), {"target": "nine"}, r"no layer \['nine'\]; the model has: 0, 1"),
        ((X, Y), {"source": "1@2"}, "'1@2' was not called"),
    ],
)
def test_mistakes_are_named(probe, options, words):
    sequences = isinstance(probe, tuple) and probe[0] is SEQUENCES
    model = Reader() if sequences else network()
    with pytest.raises(ip.InfoplaneError, match=words):
        ip.watch(model, probe, batches=2, **options)


def test_outputs_that_are_no_samples_are_told():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.codes, self.keep = _Reduce("mean"), _Reduce("codes"), nn.Linear(6, 2)

        def forward(self, x):
            self.mean(x), self.codes(x)
            return self.keep(x)

    with pytest.warns(InfoplaneWarning, match=r"'mean' gives an output of shape \(6,\)"):
        assert seen(Odd()) == ["codes", "keep"]  # one integer for each sample is a label


class _Reduce(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return x.mean(0) if self.kind == "mean" else x.argmax(1)


def test_a_number_alone_is_a_listener_of_its_own_row():
    rows = []
    with warnings.catch_warnings(), ip.watch(network(), (X, Y), batches=2, listeners=[rows.append]):
        pass
    assert [row.step for row in rows] == [0]


def test_half_precision_networks_get_their_own_kind_of_numbers():
    assert seen(network().bfloat16()) == ["0", "2", "4"]
    assert seen(network().double()) == ["0", "2", "4"]
    with ip.watch(network(), (X, Y), ["4"], batches=2, autocast=torch.bfloat16) as w:
        w.step()
    rounded = w.trace["S_T"].values
    with ip.watch(network(), (X, Y), ["4"], batches=2) as w:
        w.step()
    assert (rounded != w.trace["S_T"].values).any()


def test_a_module_called_more_than_nine_times():
    relu = nn.ReLU()
    model = nn.Sequential(*[part for _ in range(11) for part in (nn.Linear(6, 6), relu)])
    names = seen(model, lambda name, module: isinstance(module, nn.ReLU))
    assert names == ["1", *(f"1@{call}" for call in range(2, 12))]


def test_a_parametrised_module_is_a_layer_and_its_weights_are_none():
    normalised = nn.utils.parametrizations.weight_norm(nn.Linear(6, N))
    assert seen(nn.Sequential(normalised, nn.Linear(N, 3))) == ["0", "1"]


def test_attention_is_a_layer():
    layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
    model = nn.Sequential(layer)
    names = seen(model, probe=(SEQUENCES, Y), tokens="mean")
    assert names == ["0.self_attn", "0.norm1", "0.linear1", "0.linear2", "0.norm2"]


def test_a_listener_that_fails_is_told_and_left_out():
    def broken(row):
        raise KeyError("gone")

    with pytest.warns(InfoplaneWarning, match="failed at step 0 .KeyError: 'gone'. and is left"):
        w = ip.watch(network(), (X, Y), batches=2, listeners=[broken])
        with w:
            w.step()
    assert w.trace.sizes["snapshot"] == 2


def test_a_model_that_is_moved_or_cast_afterwards():
    model = network()
    with ip.watch(model, (X, Y), batches=2) as w:
        model.double()
        w.step()
    assert w.trace.sizes["snapshot"] == 2


def test_the_null_is_measured_at_some_moments_and_at_the_end():
    with ip.watch(network(), (X, Y), batches=2, permutations=2, nulls=3, updates=30) as w:
        for _ in range(30):
            w.step()
    with_null = w.trace["I_XT_null"].notnull().all(["estimator", "batch", "layer"])
    assert with_null.sum() == 3 and with_null[0] and with_null[-1]


def test_misspelt_options_are_named_as_python_would():
    with pytest.raises(TypeError, match="no argument 'permutation'.*'permutations'"):
        ip.watch(network(), (X, Y), permutation=3)


def test_every_so_many_updates():
    with ip.watch(network(), (X, Y), batches=2, every=4) as w:
        for _ in range(9):
            w.step()
    assert w.trace["step"].values.tolist() == [0, 4, 8, 9]


def test_outside_of_its_block_nothing_is_watched():
    w = ip.watch(network(), (X, Y), batches=2)
    with pytest.raises(ip.InfoplaneError, match="use `with"):
        w.step()
    with pytest.raises(ip.InfoplaneError, match="Nothing was looked at yet"):
        w.trace  # noqa: B018


def test_class_labels_as_floats_are_doubted():
    many, labels = torch.rand(100, 6), (torch.arange(100) % 3).float()
    with pytest.warns(InfoplaneWarning, match="3 different whole values"):
        ip.watch(network(), (many, labels), batches=2)
    ip.watch(network(), (many, torch.rand(100)), batches=2)


def test_few_samples_a_batch_are_told():
    with ip.watch(network(), (X, Y), batches=2) as w:
        pass
    assert "Batches of 12 samples are few" in w.trace.attrs["notes"]

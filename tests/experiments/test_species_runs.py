"""Runs of single species on the digits: determinism, resumption, and what each can be asked."""

import typing
from dataclasses import replace

import numpy as np
import pytest
import torch

from infoplane.analysis.claims import judge
from infoplane.experiments.species.claims import chains, claims
from infoplane.experiments.species.experiment import DiverseAutoencoders
from infoplane.experiments.species.settings import PRESETS, Learning, Looking, Rules, preset
from infoplane.models.autoencoders.catalogue import CATALOGUE
from infoplane.numerics.bandwidth import LeeJo
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, trace_of

TINY = DiverseAutoencoders(
    training=Learning(steps=40),
    probing=Looking(
        snapshots=8,
        probe_batches=3,
        probe_size=24,
        null_snapshots=3,
        permutations=2,
        evaluation=60,
    ),
)


def tiny(species):
    return replace(TINY, species=species)


def rows_of(events):
    return [event for event in events if isinstance(event, Row)]


def same(one, other):
    assert one.step == other.step and one.values.keys() == other.values.keys()
    for name, values in one.values.items():
        np.testing.assert_array_equal(values.values, other.values[name].values, err_msg=name)


@pytest.fixture(scope="module")
def recorded():
    """Everything that a tiny run of each species yields."""
    return {name: list(tiny(name).run()) for name in CATALOGUE}


@pytest.fixture(scope="module")
def traces(recorded):
    return {
        name: trace_of(rows_of(events), tiny(name).attributes) for name, events in recorded.items()
    }


def test_the_command_line_knows_every_species():
    hints = typing.get_type_hints(DiverseAutoencoders)
    assert typing.get_args(hints["species"]) == tuple(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_species_is_measured_and_judged(name, traces):
    trace = traces[name]
    model = tiny(name).model()
    assert tuple(trace["layer"].values) == model.layers
    assert trace["loss_test"].attrs["unit"] == model.unit
    for variable in ("I_XT", "I_TY", "S_T", "norm_T", "error_train", "error_test"):
        assert trace[variable].notnull().all(), variable
    assert ("rate" in trace) == (name == "variational")
    for finding in DiverseAutoencoders.findings([trace]):
        assert {one.estimator for one in finding.readings} <= {"lee-jo", "tapia"}
    assert len(DiverseAutoencoders.panels(trace)) >= 10
    summary = DiverseAutoencoders.summary(trace, DiverseAutoencoders.findings([trace]))
    assert summary[0].startswith(f"{name} autoencoder")


@pytest.mark.parametrize("name", ["variational", "tied-published", "denoising", "overfit"])
def test_a_run_goes_on_from_a_checkpoint_to_the_last_bit(name, recorded):
    middle = next(one for one in recorded[name] if isinstance(one, Checkpoint) and one.step == 10)
    assert all(tensor.is_contiguous() for tensor in middle.tensors.values())
    again = rows_of(tiny(name).run(middle))
    after = [row for row in rows_of(recorded[name]) if row.step > middle.step]
    assert len(again) == len(after) > 1
    for one, other in zip(again, after, strict=True):
        same(one, other)


def test_the_same_settings_give_the_same_rows_whatever_was_drawn_before(recorded):
    torch.manual_seed(77)
    again, before = rows_of(tiny("variational").run()), rows_of(recorded["variational"])
    for one, other in zip(again, before, strict=True):
        same(one, other)


def test_the_overfitting_species_sees_the_first_tenth_of_the_images():
    data = TINY.data
    images, labels = tiny("overfit")._learned_from
    assert len(images) == len(labels) == round(0.1 * len(data.train_x))
    assert torch.equal(images, data.train_x[: len(images)])
    assert len(tiny("deep")._learned_from[0]) == len(data.train_x)


def test_the_probe_is_the_first_test_images_in_order():
    probe = Looking().probe(TINY.data)
    assert torch.equal(probe.x[0], TINY.data.test_x[:100])
    assert torch.equal(probe.x.flatten(0, 1), TINY.data.test_x[:500])
    with pytest.raises(InfoplaneError, match="600 test images, digits has 500"):
        Looking(probe_batches=6).probe(TINY.data)


def test_presets_follow_the_data_set_unless_another_number_is_asked_for():
    mnist = PRESETS["mnist"]
    assert (mnist.hidden, mnist.code_size, mnist.gamma) == ((256, 128), 50, 2.0)
    assert Learning().on(mnist).steps == 30_000
    assert Learning(steps=7).on(mnist).steps == 7
    assert Looking().on(mnist).snapshots == 250
    assert Rules().on(mnist)["lee-jo"].bandwidth == LeeJo(2.0)
    assert Rules().on(PRESETS["digits"])["lee-jo"].bandwidth == LeeJo(0.5)
    assert Rules(gamma=3.0).on(mnist)["lee-jo"].bandwidth == LeeJo(3.0)
    assert TINY.model().code.affine.out_features == PRESETS["digits"].code_size
    assert replace(TINY, code_size=3).model().code.affine.out_features == 3
    for wrong in (
        lambda: Learning(steps=0),
        lambda: Looking(null_snapshots=1),
        lambda: Rules(gamma=-1.0),
        lambda: replace(TINY, code_size=0),
        lambda: replace(TINY, species="label", code_size=4).model(),
    ):
        with pytest.raises(InfoplaneError):
            wrong()


def test_a_species_may_differ_from_what_goes_with_its_data_set():
    """Shares, updates and code sizes as in the authors' code."""
    told = {
        (name, species): (one.code_size, one.share, one.steps)
        for name in ("mnist", "fashion", "emnist")
        for species in ("vanilla", "overfit", "label")
        for one in [preset(name, species)]
    }
    for name in ("mnist", "fashion"):
        assert told[name, "vanilla"] == told[name, "label"] == (50, 1.0, 30_000)
        assert told[name, "overfit"] == (50, 0.1, 30_000)
    assert told["emnist", "vanilla"] == (50, 1.0, 80_000)
    assert told["emnist", "overfit"] == (50, 0.03, 24_000)
    assert told["emnist", "label"] == (26, 1.0, 80_000)


def test_the_loss_on_the_whole_test_set_is_measured_at_both_ends(traces):
    trace = traces["variational"]
    whole = trace["loss_test_set"]
    assert whole.attrs["n"] == len(TINY.data.test_x) > trace["loss_test"].attrs["n"]
    assert list(trace["step"].values[whole.notnull().values]) == [0, 40]


def test_a_drawn_code_is_saturated_and_violates_the_inequality(traces):
    """The code of an untrained network is noise, and the paper's rule gives noise log₂ n bits."""
    trace = traces["variational"]
    found = {claim.key: judge(claim, [trace]) for claim in claims(trace)}
    paper = {key: one.readings[0] for key, one in found.items()}
    assert paper["simplifying"].estimator == "lee-jo"
    assert paper["simplifying"].verdict is Verdict.NOT_MEASURABLE
    assert paper["code-saturated"].verdict is Verdict.SUPPORTED
    assert paper["code-above-encoder"].verdict is Verdict.SUPPORTED
    assert paper["rate"].verdict is Verdict.CONTRADICTED
    assert paper["dpi-encoder"].verdict is Verdict.CONTRADICTED
    assert paper["dpi-encoder"].weakest.startswith("I(input; encoder.2) ≥ I(input; code)")
    assert paper["measurable"].verdict is Verdict.CONTRADICTED


def test_chains_leave_out_the_mean_and_a_shallow_network_has_none(traces):
    found = chains(traces["variational"])
    assert found["encoder"].names == (
        "I(input; encoder.1)",
        "I(input; encoder.2)",
        "I(input; code)",
    )
    assert found["decoder"].names == (
        "I(decoder.2; output)",
        "I(decoder.1; output)",
        "I(code; output)",
    )
    assert chains(traces["vanilla"]) == {}


def test_information_of_a_saturated_input_is_entropy_and_is_asked_of_no_other_rule(traces):
    trace = traces["vanilla"]
    finding = judge(next(one for one in claims(trace) if one.key == "only-entropy"), [trace])
    assert [one.estimator for one in finding.readings] == ["lee-jo"]
    most = float(abs(trace["I_XT"] - trace["S_T"]).sel(estimator="lee-jo").max())
    assert finding.readings[0].effect.mean >= 1e-3 - most

"""What is seen of maps and of errors while a network learns, against slow twins."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane.measures.gram.matrix import entropy, mutual_information
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.gram.trio import trio
from infoplane.measures.interaction import total_correlation
from infoplane.models.cnn import ARCHITECTURES, ConvolutionalClassifier
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.gram import gaussian_gram, label_gram
from infoplane.numerics.maps import map_grams
from infoplane.observe.backward import Backward
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.maps import BINS, Maps
from infoplane.observe.of_maps import OfMaps
from infoplane.observe.part import OfPart
from infoplane.observe.plane import INPUT, TARGET, Plane
from infoplane.observe.probe import Probe
from infoplane.record.snapshot import Snapshot
from infoplane.record.tap import Tap

BATCHES, N = 2, 24
MAPS = ("conv.1", "conv.2")
WHOLE = {INPUT: Tapia(standardise="whole")}
ESTIMATORS = {
    "paper": OfMaps(MatrixRenyi(1.01, Silverman(1.0)), MAPS),
    "invariant": OfMaps(MatrixRenyi(1.01, Tapia(), WHOLE), MAPS),
    "tensor": MatrixRenyi(1.01, Tapia(), WHOLE),
}


@pytest.fixture(scope="module")
def probe():
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(BATCHES, N, 1, 8, 8, generator=generator)
    return Probe(x, torch.arange(BATCHES * N).reshape(BATCHES, N) % 3)


@pytest.fixture(scope="module")
def network():
    plan = ARCHITECTURES["small"].having((3, 5))
    return ConvolutionalClassifier((1, 8, 8), plan, 3, seed=0)


def seen_by(probe, network, **changed):
    settings = {"layers": network.layers, "estimators": ESTIMATORS, "at": {0, 7}} | changed
    return Maps(probe, **settings)


@pytest.fixture(scope="module")
def activations(probe, network):
    with Tap(network, network.layers) as seen, torch.no_grad():
        network(probe.given)
    return {name: probe.samples(name, output) for name, output in seen.items()}


def test_pairs_are_the_trio_of_the_maps_batch_by_batch(probe, network, activations):
    found = seen_by(probe, network)(Snapshot(0, 0.0, network, None)).values
    for layer in MAPS:
        maps = activations[layer].flatten(3)
        for b in range(BATCHES):
            rule = Renyi(1.01, Silverman(1.0))
            slow = trio(list(maps[b].unbind(1)), probe.y[b], estimator=rule)
            at = {"estimator": "paper", "layer": layer, "batch": b}
            assert float(found["trade_off_Y"].sel(at)) == pytest.approx(
                slow.trade_off.value, abs=1e-9
            )
            assert float(found["non_redundant_Y"].sel(at)) == pytest.approx(
                slow.non_redundant.value, abs=1e-9
            )
            assert float(found["trade_off_error_Y"].sel(at)) == pytest.approx(
                slow.trade_off.stderr, abs=1e-9
            )
            shared = total_correlation(*maps[b].unbind(1), estimator=rule, normalised=True)
            assert float(found["T_star"].sel(at)) == pytest.approx(shared.value, abs=1e-9)


def test_about_the_input_it_is_a_loop_over_pairs(probe, network, activations):
    found = seen_by(probe, network)(Snapshot(0, 0.0, network, None)).values
    source, _ = gaussian_gram(probe.x[1].flatten(1), WHOLE[INPUT])
    grams, _ = map_grams(activations["conv.2"][1].flatten(2), Tapia())
    each = [type(grams)(kernel) for kernel in grams.kernel]
    one = [mutual_information(source, gram, 1.01) for gram in each]
    trade_off, joint = [], []
    for i, j in combinations(range(5), 2):
        both = each[i].times(each[j])
        trade_off.append(float(one[i] + one[j] - mutual_information(source, both, 1.01)))
        joint.append(float(entropy(both.times(source), 1.01)))
    at = {"estimator": "invariant", "layer": "conv.2", "batch": 1}
    assert float(found["trade_off_X"].sel(at)) == pytest.approx(np.mean(trade_off), abs=1e-9)
    assert float(found["joint_X"].sel(at)) == pytest.approx(np.mean(joint), abs=1e-9)


def test_identities_hold_of_all_that_is_measured(probe, network):
    found = seen_by(probe, network)(Snapshot(0, 0.0, network, None)).values
    for target in "XY":
        whole = found[f"trade_off_{target}"] + found[f"non_redundant_{target}"]
        gap = np.abs(whole - found[f"pairwise_{target}"]).sel(layer=list(MAPS))
        assert float(gap.sel(estimator=["paper", "invariant"]).max()) < 1e-9
    shares = found["I_star_share"].sel(layer=list(MAPS), estimator=["paper", "invariant"])
    assert shares.sizes["bin"] == BINS
    assert np.allclose(shares.sum("bin"), 1)


def test_what_has_no_maps_is_not_measured(probe, network):
    found = seen_by(probe, network)(Snapshot(0, 0.0, network, None)).values
    assert found["trade_off_X"].sel(estimator="tensor").isnull().all()
    assert found["trade_off_X"].sel(layer=["hidden.1", "output"]).isnull().all()
    assert seen_by(probe, network)(Snapshot(3, 0.0, network, None)).values == {}


def test_dead_maps_are_counted_and_share_nothing(probe, network):
    dead = ConvolutionalClassifier((1, 8, 8), ARCHITECTURES["small"].having((3, 5)), 3, seed=0)
    with torch.no_grad():
        dead.conv[0].affine.bias[:2] = -100
        dead.conv[1].affine.bias[:] = -100
    found = seen_by(probe, dead)(Snapshot(0, 0.0, dead, None)).values
    one = {name: values.sel(estimator="paper") for name, values in found.items()}
    assert one["constant_maps"].sel(layer="conv.1").values.tolist() == [2, 2]
    assert one["constant_maps"].sel(layer="conv.2").values.tolist() == [5, 5]
    assert one["T_star"].sel(layer="conv.2").isnull().all()
    assert float(np.abs(one["trade_off_Y"].sel(layer="conv.2")).max()) < 1e-9
    assert np.allclose(one["I_star"].sel(layer="conv.1"), 0, atol=1e-9)  # one is alive: with whom?


def test_a_seeded_sample_of_pairs_and_its_error(probe, network):
    def about(**changed):
        found = seen_by(probe, network, **changed)(Snapshot(0, 0.0, network, None)).values
        return found["trade_off_Y"].sel(estimator="paper", layer="conv.2").values, found

    whole, _ = about()
    same, _ = about(pairs=10)
    few, found = about(pairs=4, seed=1)
    again, _ = about(pairs=4, seed=1)
    other, _ = about(pairs=4, seed=2)
    assert np.array_equal(whole, same) and np.array_equal(few, again)
    assert not np.array_equal(few, other) and not np.array_equal(few, whole)
    errors = found["trade_off_error_Y"].sel(estimator="paper", layer="conv.2")
    assert (errors > 0).all()


def test_the_null_is_that_of_a_shuffled_target(probe, network):
    observer = seen_by(probe, network, null_steps={0}, permutations=2)
    first = observer(Snapshot(0, 0.0, network, None)).values
    null = first["trade_off_Y_null"].sel(estimator="paper", layer=list(MAPS))
    assert null.attrs["permutations"] == 2 and null.notnull().all()
    shares = first["pairwise_Y_null"] - first["trade_off_Y_null"] - first["non_redundant_Y_null"]
    assert float(np.abs(shares.sel(estimator="paper", layer=list(MAPS))).max()) < 1e-9
    later = observer(Snapshot(7, 0.0, network, None)).values
    assert "trade_off_Y_null" not in later and "trade_off_Y" in later


def test_a_layer_of_maps_is_one_variable_of_the_plane(probe, network, activations):
    plane = Plane(probe, network.layers, TARGET, ESTIMATORS)
    found = plane(Snapshot(0, 0.0, network, None)).values["I_TY"]
    for b in range(BATCHES):
        grams, _ = map_grams(activations["conv.2"][b].flatten(2), Silverman(1.0))
        joint = type(grams)(grams.kernel.prod(0))
        expected = mutual_information(joint, label_gram(probe.y[b]), 1.01)
        at = {"estimator": "paper", "layer": "conv.2", "batch": b}
        assert float(found.sel(at)) == pytest.approx(float(expected), abs=1e-9)


def test_errors_of_every_layer_are_held_against_those_of_the_last(probe, network):
    observer = Backward(probe, network.preactivations, ESTIMATORS, {0}, 2)
    found = observer(Snapshot(0, 0.0, network, None)).values
    kept = {}
    with Tap(network, network.preactivations.values(), kept.__setitem__, attached=True):
        loss = cross_entropy(network(probe.given), probe.y.flatten(), reduction="sum")
    gradients = dict(zip(kept, torch.autograd.grad(loss, list(kept.values())), strict=True))
    last = probe.samples("output", gradients["output"])
    hidden = probe.samples("hidden.1", gradients["hidden.1.affine"])
    for b in range(BATCHES):
        pair = [gaussian_gram(one[b], Silverman(1.0))[0] for one in (last, hidden)]
        at = {"estimator": "paper", "batch": b, "layer": "hidden.1"}
        expected = float(mutual_information(*pair, 1.01))
        assert float(found["I_delta"].sel(at)) == pytest.approx(expected, abs=1e-6)
    assert found["I_delta"].sel(layer="output").isnull().all()
    before = list(network.layers[:-1])
    assert found["I_delta_null"].sel(layer=before).notnull().all()
    assert found["S_delta"].notnull().all()
    assert all(weights.grad is None for weights in network.parameters())


def test_errors_that_are_not_finite_leave_the_rest(probe):
    broken = ConvolutionalClassifier((1, 8, 8), ARCHITECTURES["small"].having((3, 5)), 3, seed=0)
    with torch.no_grad():
        broken.conv[1].affine.weight[0, 0, 0, 0] = torch.inf
    found = Backward(probe, broken.preactivations, ESTIMATORS)(Snapshot(0, 0.0, broken, None))
    assert found.values["I_delta"].isnull().all()


def test_a_part_is_looked_at_as_if_it_were_all(probe, network):
    twins = nn.ModuleDict({"one": network, "other": nn.Identity()})
    whole = seen_by(probe, network)
    part = OfPart(whole, "one", "_mine", ", mine")
    alone = whole(Snapshot(0, 0.0, network, None)).values
    found = part(Snapshot(0, 0.0, twins, None))
    assert set(found.values) == {f"{name}_mine" for name in alone}
    for name, values in alone.items():
        assert np.array_equal(found.values[f"{name}_mine"], values, equal_nan=True)
    assert found.values["T_star_mine"].attrs["long_name"].endswith("T*, mine")

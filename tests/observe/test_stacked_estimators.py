"""Estimators of many networks' layers: each says what the estimator of one network says."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures.counting.binned import Binned
from infoplane.measures.gram.renyi import Renyi as OfTwo
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.binning import Adaptive, Edges30, FixedWidth, Quantile
from infoplane.observe.stacked_estimators import Bounds, Counted, Noisy, Renyi

N, NETS = 90, 3


@pytest.fixture(scope="module")
def layer():
    draw = torch.Generator().manual_seed(0)
    return (
        torch.tanh(2 * torch.randn(NETS, N, 4, generator=draw))
        * torch.tensor([1.0, 0.5, 1.0])[:, None, None]
    )


@pytest.fixture(scope="module")
def labels(layer):
    return (layer[0, :, 0] > 0).long()


def classes(labels):
    return torch.nn.functional.one_hot(labels, 2).double()


@pytest.mark.parametrize(
    "rule",
    [Edges30(), FixedWidth(0.07), FixedWidth(0.9), Adaptive(4, "whole"), Adaptive(4), Quantile(3)],
    ids=repr,
)
def test_bins_of_all_networks_are_those_of_each(layer, labels, rule):
    told = Counted("bins", rule)(layer, classes(labels))["bins"]
    for net, one in enumerate(layer):
        assert told.entropy[net] == pytest.approx(Binned(rule).entropy(one).value, abs=1e-12)
        assert told.to_class[net] == pytest.approx(Binned(rule)(one, labels).value, abs=1e-12)
    assert np.array_equal(told.to_input, told.entropy)
    assert Counted("bins", rule).ceiling(N) == math.log2(N)


def published(values):
    """The loop of the published estimator, written down again: edges, states, entropies."""
    edges = np.linspace(-1, 1, 30)
    states = edges[np.digitize(values, edges) - 1]
    _, counts = np.unique(np.ascontiguousarray(states), axis=0, return_counts=True)
    p = counts / len(values)
    return float(-(p * np.log2(p)).sum())


def test_the_published_bins_have_one_of_their_own_for_saturated_units(layer):
    units = layer.clone()
    units[0, :40] = 1.0
    told = Counted("edges30", Edges30())(units, torch.ones(N, 1).double())["edges30"]
    expected = [published(one.double().numpy()) for one in units]
    assert told.entropy == pytest.approx(expected, abs=1e-12)
    near = units.clone()
    near[0, :20] = 0.999
    more = Counted("edges30", Edges30())(near, torch.ones(N, 1).double())["edges30"]
    assert more.entropy[0] > told.entropy[0] + 0.3
    assert told.to_class == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("rule", [Silverman(5.0), Tapia(1.0)], ids=repr)
def test_matrix_based_renyi_is_that_of_two_variables(layer, labels, rule):
    x = torch.randn(N, 5, generator=torch.Generator().manual_seed(2))
    estimator = Renyi("renyi", 1.01, rule, x, labels)
    told = estimator(layer, classes(labels))["renyi"]
    alone = OfTwo(alpha=1.01, bandwidth=rule)
    for net, one in enumerate(layer.double()):
        assert told.to_input[net] == pytest.approx(alone(x.double(), one).value, abs=1e-9)
        assert told.to_class[net] == pytest.approx(alone(one, labels).value, abs=1e-9)
        assert told.entropy[net] == pytest.approx(alone.entropy(one).value, abs=1e-9)


def test_every_reading_is_described_and_within_its_ceiling(layer, labels):
    x = torch.randn(N, 5)
    for one in (
        Counted("edges30", Edges30()),
        Bounds(1e-2),
        Noisy(0.1, 0),
        Renyi("renyi", 1.01, Tapia(1.0), x, labels),
    ):
        told = one(layer, classes(labels))
        assert list(told) == list(one.methods)
        for name, reading in told.items():
            assert one.methods[name].words and one.methods[name].sources
            assert (reading.to_input <= one.ceiling(N) + 1e-9).all()
            assert reading.to_input.shape == reading.to_class.shape == (NETS,)

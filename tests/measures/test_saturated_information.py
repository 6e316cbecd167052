"""What the paper's width rule makes of images: entropies under the name of information."""

import math

import pytest
import torch

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import LeeJo


@pytest.mark.parametrize("scale", [0.05, 0.1, 0.2, 0.3, 0.5])
def test_information_about_a_saturated_input_is_the_entropy_of_the_layer(scale: float):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(100, 784, generator=generator)
    layer = scale * torch.rand(100, 50, generator=generator)
    estimator = Renyi(1.01, bandwidth=LeeJo(2.0))
    assert estimator.entropy(x).value > math.log2(100) - 1e-4
    assert estimator.entropy(x).saturated
    found = estimator(x, layer)
    assert found.value == pytest.approx(estimator.entropy(layer).value, abs=1e-3)
    assert any("S(" in note for note in found.notes)


def test_noise_alone_has_log2_n_bits():
    code = torch.randn(100, 50, generator=torch.Generator().manual_seed(0))
    estimate = Renyi(1.01, bandwidth=LeeJo(2.0)).entropy(code)
    assert estimate.value == pytest.approx(math.log2(100), abs=1e-4)
    assert estimate.saturated


def test_shuffling_both_variables_together_changes_nothing_and_one_alone_the_joint_entropy():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(60, 4, generator=generator)
    layer = torch.tanh(x @ torch.rand(4, 3, generator=generator))
    order = torch.randperm(60, generator=generator)
    estimator = Renyi(1.01, bandwidth=LeeJo(0.5))
    information = estimator(x, layer).value
    assert estimator(x[order], layer[order]).value == pytest.approx(information, abs=1e-9)
    assert estimator.entropy(layer[order]).value == pytest.approx(
        estimator.entropy(layer).value, abs=1e-9
    )
    shuffled = estimator(x, layer[order]).value
    joint = estimator.joint_entropy(x, layer).value
    moved = estimator.joint_entropy(x, layer[order]).value - joint
    assert shuffled == pytest.approx(information - moved, abs=1e-9)
    assert shuffled < information - 0.1

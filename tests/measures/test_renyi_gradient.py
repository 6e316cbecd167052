"""Information as a training objective: its gradient is right, and finite where units are dead."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from infoplane.measures.gram import matrix
from infoplane.numerics.bandwidth import Bandwidth, Fixed, MedianDistance, Tapia
from infoplane.numerics.gram import gaussian_gram, label_gram

RULES = [Fixed(1.0), Tapia(), Tapia(standardise="whole")]


def information(x: Tensor, y: Tensor, rule: Bandwidth, alpha: float) -> Tensor:
    return matrix.mutual_information(gaussian_gram(x, rule)[0], gaussian_gram(y, rule)[0], alpha)


@pytest.mark.parametrize("alpha", [1.0, 1.01, 2.0, 3.0])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_gradient_is_that_of_finite_differences(rule: Bandwidth, alpha: float):
    pair = torch.randn(2, 7, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(partial(information, rule=rule, alpha=alpha), tuple(pair))


@pytest.mark.parametrize("alpha", [1.0, 1.01, 2.0])
def test_gradient_through_class_blocks(alpha: float):
    labels = label_gram(torch.arange(8) % 3)
    x = torch.randn(8, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: matrix.mutual_information(gaussian_gram(x, Tapia())[0], labels, alpha), x
    )


def twice(x: Tensor) -> Tensor:
    return x.repeat(2, 1)


def with_a_dead_unit(x: Tensor) -> Tensor:
    return x * torch.tensor([1.0, 0.0, 1.0])


def dead(x: Tensor) -> Tensor:
    return 0 * x


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.01, 2.0, 5.0, math.inf])
@pytest.mark.parametrize("layer", [twice, with_a_dead_unit, dead])
@pytest.mark.parametrize("rule", [*RULES, MedianDistance()], ids=repr)
def test_gradient_is_finite_where_the_kernel_has_no_full_rank(rule, layer, alpha):
    x = torch.randn(6, 3, requires_grad=True)
    y = torch.randn(len(layer(x)), 3)
    information(layer(x), y, rule, alpha).backward()
    assert x.grad.isfinite().all()
    assert (x.grad != 0).any() or layer is dead

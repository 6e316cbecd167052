"""Maps as variables taken together: summed distances, products of Grams and the tensor kernel."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.gram.matrix import entropy
from infoplane.numerics.bandwidth import (
    Alignment,
    Fixed,
    FromShape,
    LeeJo,
    MedianDistance,
    Silverman,
    Tapia,
)
from infoplane.numerics.gram import gaussian_gram, joint, label_gram
from infoplane.numerics.maps import map_grams, maps_gram
from oracles.maps import joint_kernel, tensor_kernel

RULES = (
    Silverman(5.0),
    LeeJo(),
    Tapia(),
    Tapia(standardise="whole"),
    Fixed(0.7),
    MedianDistance(),
)


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=8, deadline=None)
@given(n=st.integers(2, 12), c=st.integers(1, 5), d=st.integers(1, 6), seed=st.integers(0, 99))
def test_summed_distances_give_the_product_of_the_maps_own_grams(rule, n, c, d, seed):
    maps = 3 * draws(2, n, c, d, seed=seed)
    together, widths = maps_gram(maps, rule)
    assert together.kernel.shape == (2, n, n) and widths.shape == (2,)
    for place, one in enumerate(maps):
        alone, sigmas = map_grams(one, rule)
        assert torch.allclose(together.kernel[place], alone.kernel.prod(0), atol=1e-12, rtol=1e-9)
        assert widths[place] == pytest.approx(float(sigmas.mean()), rel=1e-12)


@pytest.mark.parametrize("rule", [Silverman(2.0), Fixed(1.3)], ids=repr)
def test_with_one_width_it_is_the_kernel_of_the_tensor(rule):
    maps = draws(9, 4, 6).double()
    sigma = rule.width_for(9, 6)
    found = maps_gram(maps, rule)[0].kernel.numpy()
    assert np.abs(found - tensor_kernel(maps.numpy(), sigma)).max() < 1e-12
    assert np.abs(found - joint_kernel(maps.numpy(), [sigma] * 4)).max() < 1e-12


def test_maps_of_other_widths_are_weighted_by_their_own():
    maps = (draws(10, 3, 4) * torch.tensor([0.1, 1.0, 30.0])[:, None]).double()
    sigmas = map_grams(maps, MedianDistance())[1].numpy()
    assert sigmas[2] > 100 * sigmas[0]
    found = maps_gram(maps, MedianDistance())[0].kernel.numpy()
    assert np.abs(found - joint_kernel(maps.numpy(), sigmas)).max() < 1e-12


def test_a_rule_that_reads_labels_sees_all_batches_of_every_map():
    maps, labels = draws(3, 12, 2, 5), torch.arange(36).reshape(3, 12) % 3
    rule = Alignment(labels, candidates=5)
    found = maps_gram(maps, rule)[0]
    expected = joint(*[gaussian_gram(one, rule)[0] for one in maps.unbind(2)])
    assert torch.allclose(found.kernel, expected.kernel, atol=1e-12)


def test_whole_scaling_gives_every_map_a_scale_of_its_own():
    maps = draws(20, 2, 9)
    rule = Tapia(standardise="whole")
    stretched = maps * torch.tensor([1.0, 50.0])[:, None]
    found = (maps_gram(one, rule)[0].kernel for one in (maps, stretched))
    assert torch.allclose(*found, atol=1e-6)


def test_constant_maps_change_nothing():
    maps = draws(8, 2, 3)
    dead = torch.cat([maps, torch.full((8, 3, 3), 0.25)], 1)
    for rule in RULES:
        found = (maps_gram(one, rule)[0].kernel for one in (maps, dead))
        assert torch.allclose(*found, atol=1e-12), rule


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_width_of_rules_that_need_no_distances_is_the_one_they_tell(rule):
    squared = draws(4, 7, 7).square().double()
    if isinstance(rule, FromShape):
        assert rule.sigma(squared, 5).tolist() == [rule.width_for(7, 5)] * 4
    else:
        assert isinstance(rule, MedianDistance)


def test_blocks_of_one_labelling_are_solved_together_and_alike():
    kernels, _ = gaussian_gram(draws(6, 15, 4), Silverman(2.0))
    labels = label_gram(torch.arange(15) % 4)
    together = entropy(kernels.times(labels), 1.01)
    for kernel, found in zip(kernels.kernel, together, strict=True):
        masked = kernel * (labels.ids[:, None] == labels.ids)
        alone = entropy(type(kernels)(masked), 1.01)
        assert float(found) == pytest.approx(float(alone), abs=1e-12)

"""Pairs of maps in batches: equal to loops over pairs, and to what the formulas say of them."""

from itertools import combinations

import numpy as np
import pytest
import torch

import infoplane as ip
from infoplane.measures.gram import pairs as module
from infoplane.measures.gram.matrix import entropy, normalised_information
from infoplane.measures.gram.pairs import pair_entropies, pair_information, positions
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.gram import Dense, gaussian_gram, label_gram
from infoplane.numerics.maps import map_grams, maps_gram
from oracles.maps import normalised_total_correlation, trio
from oracles.renyi import label_kernel

CPU = torch.device("cpu")


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def all_pairs(count):
    return positions(list(combinations(range(count), 2)), CPU)


def asked(grams, pairs, target, alpha):
    alone = pair_entropies(grams, pairs, alpha)
    joint = pair_entropies(grams, pairs, alpha, target)
    return pair_information(alone, joint, entropy(target, alpha))


@pytest.fixture(params=["input", "class"])
def case(request):
    """Kernels of five maps, and a target with its kernel."""
    maps, labels = draws(16, 5, 3), torch.arange(16) % 3
    grams, _ = map_grams(maps, Silverman(3.0))
    if request.param == "class":
        return grams, label_gram(labels), label_kernel(labels.numpy())
    target, _ = gaussian_gram(maps.flatten(1) + draws(16, 15, seed=1), Tapia())
    return grams, target, target.kernel.numpy()


@pytest.mark.parametrize("alpha", [2, 3])
def test_batches_of_pairs_are_the_loop_over_pairs(case, alpha):
    grams, target, kernel = case
    found = asked(grams, all_pairs(5), target, float(alpha))
    expected = trio(list(grams.kernel.numpy()), kernel, alpha).T
    parts = (
        found.trade_off,
        found.non_redundant,
        found.both,
        found.supposing_minimum().redundant,
    )
    for one, other in zip(parts, expected, strict=True):
        assert np.abs(one.numpy() - other).max() < 1e-9


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.01, 2.0])
def test_the_parts_add_up(case, alpha):
    grams, target, _ = case
    found = asked(grams, all_pairs(5), target, alpha)
    assert (found.trade_off + found.non_redundant - found.both).abs().max() < 1e-9
    parts = found.supposing_minimum()
    whole = parts.redundant + parts.unique + parts.synergistic
    assert (whole - found.both).abs().max() < 1e-9
    assert (parts.redundant - parts.synergistic - found.trade_off).abs().max() < 1e-9
    assert (parts.unique + 2 * parts.synergistic - found.non_redundant).abs().max() < 1e-9


def test_it_is_the_public_trio():
    maps, y = draws(24, 6, 4), torch.arange(24) % 4
    rule = Tapia()
    slow = ip.trio(list(maps.unbind(1)), y, estimator=ip.Renyi(1.01, rule))
    grams, _ = map_grams(maps, rule)
    found = asked(grams, all_pairs(6), label_gram(y), 1.01)
    assert float(found.trade_off.mean()) == pytest.approx(slow.trade_off.value, abs=1e-9)
    assert float(found.non_redundant.mean()) == pytest.approx(slow.non_redundant.value, abs=1e-9)
    whole, target = maps_gram(maps, rule)[0], label_gram(y)
    joint = entropy(whole.times(target), 1.01)
    information = float(entropy(whole, 1.01) + entropy(target, 1.01) - joint)
    assert information == pytest.approx(slow.whole.value, abs=1e-9)


def test_how_many_pairs_are_solved_at_once_does_not_matter(case, monkeypatch):
    grams, target, _ = case
    pairs = all_pairs(5)[[0, 3, 4, 7]]
    whole = asked(grams, pairs, target, 1.01)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    one_by_one = asked(grams, pairs, target, 1.01)
    assert torch.allclose(whole.both, one_by_one.both, atol=1e-12)
    assert torch.allclose(whole.trade_off, one_by_one.trade_off, atol=1e-12)


def test_normalised_information_of_pairs_and_of_constants():
    maps = torch.cat([draws(20, 3, 4), torch.ones(20, 2, 4)], 1)
    grams, _ = map_grams(maps, Silverman(2.0))
    found = pair_entropies(grams, all_pairs(5), 1.01).normalised
    for (a, b), value in zip(all_pairs(5).tolist(), found, strict=True):
        if a >= 3:
            assert value.isnan()  # two constants have nothing to share
            continue
        pair = (Dense(grams.kernel[i]) for i in (a, b))
        assert float(value) == pytest.approx(float(normalised_information(*pair, 1.01)), abs=1e-9)
    twins = maps[:, [0, 0]]
    grams, _ = map_grams(twins, Fixed := ip.Fixed(1e-3))
    assert Fixed.width_for(20, 4) == 1e-3
    assert float(pair_entropies(grams, all_pairs(2), 1.01).normalised[0]) == pytest.approx(1)


def test_total_correlation_by_its_definition():
    maps = draws(14, 4, 3)
    grams, _ = map_grams(maps, Silverman(2.0))
    alone = pair_entropies(grams, all_pairs(4), 2.0).alone
    whole = entropy(maps_gram(maps, Silverman(2.0))[0], 2.0)
    found = (alone.sum() - whole) / (alone.sum() - alone.max())
    expected = normalised_total_correlation(list(grams.kernel.numpy()), 2)
    assert float(found) == pytest.approx(expected, abs=1e-9)

"""Each width rule against its formula; what each does with data that have no width."""

import numpy as np
import pytest
import torch

from infoplane.numerics.bandwidth import (
    Alignment,
    Bandwidth,
    LeeJo,
    MedianDistance,
    Silverman,
    Tapia,
)
from infoplane.numerics.gram import gaussian_gram
from infoplane.numerics.kernels import squared_distances
from oracles import renyi as oracle


@pytest.mark.parametrize(
    ("rule", "sigma"),
    [
        (Silverman(), 5 * 100 ** (-1 / 54)),
        (LeeJo(), 1.83651),
        (Tapia(gamma=2.0), 2 * 50**0.5 * 100 ** (-1 / 54)),
        (Tapia(standardise="whole"), 50**0.5 * 100 ** (-1 / 54)),
    ],
    ids=repr,
)
def test_published_widths(rule: Bandwidth, sigma: float):
    assert gaussian_gram(torch.randn(100, 50), rule)[1].item() == pytest.approx(sigma, rel=1e-5)


def test_median_distance_is_the_median_of_different_pairs():
    x = torch.randn(9, 3, dtype=torch.float64)
    distances = np.sqrt(oracle.squared_distances(x.numpy())[np.triu_indices(9, 1)])
    sigma = gaussian_gram(x, MedianDistance(factor=0.5))[1]
    assert sigma.item() == pytest.approx(0.5 * np.median(distances))


def test_median_distance_falls_back_where_most_samples_coincide():
    x = torch.zeros(10, 1, dtype=torch.float64)
    x[0] = 3
    assert gaussian_gram(x, MedianDistance())[1].item() == 3
    assert gaussian_gram(0 * x, MedianDistance())[1].item() == 1


def test_median_distance_has_no_largest_sample():
    """torch.quantile refuses more than 2²⁴ numbers; 5794 samples have more pairs than that."""
    n = 5800
    squared = torch.tensor(4.0, dtype=torch.float64).expand(n, n)
    assert MedianDistance().sigma(squared, 1).item() == 2


def batches_with_classes() -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(24).reshape(2, 12) % 3
    spread = torch.tensor([0.3, 2.0], dtype=torch.float64)[:, None, None]
    return 4 * labels[..., None] + spread * torch.randn(2, 12, 2, dtype=torch.float64), labels


def test_alignment_measures_a_batch_with_the_width_the_other_prefers():
    x, labels = batches_with_classes()
    squared = squared_distances(x)
    rule = Alignment(labels)
    largest = rule.smoothest * squared.sqrt().mean().item()
    grid = largest * np.arange(1, 76) / 75
    first, second = (
        oracle.preferred_width(*one, grid) for one in zip(x.numpy(), labels.numpy(), strict=True)
    )
    assert first != second
    np.testing.assert_allclose(rule.sigma(squared, x.shape[-1]), [second, first], rtol=1e-9)


def test_alignment_moves_a_tenth_of_the_way_each_step():
    x, labels = batches_with_classes()
    rule = Alignment(labels)
    now = gaussian_gram(x, rule)[1]
    later = gaussian_gram(x, rule.after(torch.ones(2, dtype=torch.float64)))[1]
    np.testing.assert_allclose(later, 0.9 + 0.1 * now)


def test_alignment_survives_a_dead_layer():
    labels = torch.arange(24).reshape(2, 12) % 3
    kernel = gaussian_gram(torch.zeros(2, 12, 4), Alignment(labels))[0].kernel
    assert (kernel == 1).all()

"""Closed forms of the normal distribution, and what stays true where it is degenerate."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.quantities import normal
from infoplane.values.errors import InfoplaneError
from oracles import densities as oracle


def covariance(d: int, seed: int = 0) -> torch.Tensor:
    root = torch.randn(d, d + 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return root @ root.mT


def bivariate(rho: float) -> torch.Tensor:
    return torch.tensor([[1.0, rho], [rho, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize("rho", [-0.99, -0.5, 0.0, 0.3, 0.6, 0.9, 0.999])
def test_two_variables(rho: float):
    assert normal.mutual_information(bivariate(rho), 1).item() == pytest.approx(
        -0.5 * math.log2(1 - rho**2), abs=1e-12
    )


def test_golden_values():
    assert normal.mutual_information(bivariate(0.6), 1).item() == pytest.approx(0.32192809488736)
    assert normal.entropy(torch.eye(1, dtype=torch.float64)).item() == pytest.approx(2.0470955851)
    assert normal.entropy(4 * torch.eye(3, dtype=torch.float64)).item() == pytest.approx(
        3 * 3.0470955851
    )


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 10**6))
def test_informations_are_sums_of_entropies(d_x: int, d_y: int, d_z: int, seed: int):
    sigma = covariance(d_x + d_y + d_z, seed)
    x, y = list(range(d_x)), list(range(d_x, d_x + d_y))
    z = list(range(d_x + d_y, len(sigma)))
    own = normal.entropy(sigma).item()
    assert own == pytest.approx(oracle.normal_entropy(sigma.numpy()), abs=1e-8)
    shared = normal.mutual_information(sigma, d_x).item()
    assert shared == pytest.approx(oracle.normal_information(sigma.numpy(), x, y + z, []), abs=1e-8)
    beyond = normal.conditional_mutual_information(sigma, d_x, d_y).item()
    assert beyond == pytest.approx(oracle.normal_information(sigma.numpy(), x, y, z), abs=1e-8)
    total = normal.total_correlation(sigma, [d_x, d_y, d_z]).item()
    parts = [normal.entropy(sigma[block][:, block]).item() for block in (x, y, z)]
    assert total == pytest.approx(sum(parts) - own, abs=1e-8)


def test_linear_maps_of_each_variable_change_nothing():
    sigma, maps = covariance(5), torch.zeros(5, 5, dtype=torch.float64)
    maps[:2, :2], maps[2:, 2:] = torch.tensor([[3.0, 1.0], [-100.0, 0.1]]), covariance(3, 1) * 1e-3
    before = normal.canonical_correlations(sigma, 2)
    torch.testing.assert_close(
        normal.canonical_correlations(maps @ sigma @ maps.mT, 2), before, rtol=0, atol=1e-9
    )


def test_one_for_each_variable_is_the_determinant_of_the_correlations():
    sigma = covariance(4)
    deviations = np.sqrt(np.diag(sigma.numpy()))
    correlation = sigma.numpy() / np.outer(deviations, deviations)
    expected = -0.5 * math.log2(np.linalg.det(correlation))
    assert normal.total_correlation(sigma).item() == pytest.approx(expected, abs=1e-10)


def test_columns_that_are_constant_or_repeat_others_change_nothing():
    sigma = covariance(4)
    copy = torch.eye(4, dtype=torch.float64)[[0, 1, 0, 2, 3, 3]]  # x: 0, 1, 0; y: 2, 3, 3
    wide = copy @ sigma @ copy.mT
    expected = normal.mutual_information(sigma, 2).item()
    assert normal.mutual_information(wide, 3).item() == pytest.approx(expected, abs=1e-9)
    assert normal.rank(wide) == 4 and normal.rank(wide[:3, :3]) == 2
    still = torch.zeros(5, 5, dtype=torch.float64)
    still[:4, :4] = sigma
    assert normal.mutual_information(still, 2).item() == pytest.approx(expected, abs=1e-9)
    assert normal.mutual_information(still, 4).item() == 0
    assert len(normal.canonical_correlations(still, 4)) == 0 and normal.rank(still) == 4


def test_a_linear_map_shares_infinitely_much_and_has_no_density():
    sigma = covariance(3)
    for scale in (1e-6, 1.0, 1e6):
        maps = torch.cat([torch.eye(3, dtype=torch.float64), scale * covariance(3, 1)[:2]])
        deterministic = maps @ sigma @ maps.mT
        assert normal.mutual_information(deterministic, 3).item() == math.inf
        assert normal.entropy(deterministic).item() == -math.inf
        assert normal.total_correlation(deterministic).item() == math.inf


def test_what_a_third_variable_determines_has_nothing_left_to_share():
    sigma = covariance(3)
    maps = torch.eye(3, dtype=torch.float64)[[2, 0, 1, 2]]  # x is the second column of z
    known = maps @ sigma @ maps.mT
    assert normal.conditional_mutual_information(known, 1, 1).item() == 0
    assert normal.conditional_covariance(known, 2)[0].tolist() == [0, 0]


def test_almost_deterministic_is_finite():
    noise = 1e-8
    sigma = torch.tensor([[1.0, 1.0], [1.0, 1.0 + noise]], dtype=torch.float64)
    expected = 0.5 * math.log2(1 + 1 / noise)
    assert normal.mutual_information(sigma, 1).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (torch.ones(2, 3, dtype=torch.float64), "square"),
        (torch.zeros(0, 0, dtype=torch.float64), "square"),
        (torch.eye(2), "float64"),
        (torch.full((2, 2), math.nan, dtype=torch.float64), "NaN"),
        (torch.tensor([[1.0, 0.5], [0.2, 1.0]], dtype=torch.float64), "symmetric"),
        (torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64), "eigenvalue"),
    ],
)
def test_what_is_no_covariance_is_refused(wrong: torch.Tensor, words: str):
    with pytest.raises(InfoplaneError, match=words):
        normal.require_covariance(wrong)


def test_a_variable_without_columns_is_refused():
    sigma = covariance(3)
    for refused in (
        lambda: normal.mutual_information(sigma, 0),
        lambda: normal.mutual_information(sigma, 3),
        lambda: normal.conditional_mutual_information(sigma, 1, 2),
        lambda: normal.total_correlation(sigma, [1, 1]),
        lambda: normal.total_correlation(sigma, [3, 0]),
    ):
        with pytest.raises(InfoplaneError, match="column"):
            refused()


def test_the_divergence_of_normals_is_that_of_torch_and_0_of_equals():
    a, b = (torch.randn(4, 6, dtype=torch.float64) for _ in range(2))
    one, other = a @ a.T, b @ b.T
    mean, middle = torch.randn(2, 4, 3, dtype=torch.float64)
    wanted = torch.distributions.kl_divergence(
        torch.distributions.MultivariateNormal(mean.T, one),
        torch.distributions.MultivariateNormal(middle.T, other),
    )
    found = normal.divergence(mean, one, middle, other)
    torch.testing.assert_close(found, wanted.sum() / math.log(2))
    assert abs(float(normal.divergence(mean, one, mean, one))) < 1e-12
    flat = torch.ones(4, 4, dtype=torch.float64)
    assert float(normal.divergence(mean, flat, middle, other)) == math.inf
    with pytest.raises(InfoplaneError, match="singular"):
        normal.divergence(mean, one, middle, flat)

"""Intrinsic dimensions against published code, definitions, and clouds of known dimension."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.geometry.gride import Gride, dimension_scaling
from infoplane.measures.geometry.likelihood import LevinaBickel
from infoplane.measures.geometry.two_nn import TwoNN, slope_error
from infoplane.values.errors import InfoplaneError
from oracles import neighbours as oracle
from oracles.renyi import published_samples

METHODS = (
    TwoNN(),
    TwoNN("likelihood"),
    LevinaBickel(),
    LevinaBickel(average="dimensions"),
    Gride(),
    Gride(4),
    Gride(2, outliers=True),
)
every = pytest.mark.parametrize("method", METHODS, ids=repr)


def sheet():
    """Two dimensions, bent into five columns."""
    u, v = published_samples(500, 2, 0).T
    return np.column_stack([u, v, u + v, np.sin(3 * u), v**2])


def test_the_values_of_dadapy():
    """DADApy 0.3.4, executed."""
    assert TwoNN()(sheet()).value == pytest.approx(1.960936, abs=1e-6)
    assert TwoNN("likelihood")(sheet()).value == pytest.approx(1.977926, abs=1e-6)
    published = {1: 1.9779, 2: 1.9809, 4: 1.9139, 8: 1.9111, 16: 1.8790, 32: 1.8841}
    found = dimension_scaling(sheet(), 32)
    assert {k: one.value for k, one in found.items()} == pytest.approx(published, abs=6e-5)
    assert all(one.unit == "1" and one.n == 500 and not one.notes for one in found.values())


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(1, 4), st.sampled_from([0.5, 0.9]))
def test_lines_and_likelihoods_are_their_definitions(seed, d, fraction):
    x = np.random.default_rng(seed).standard_normal((30, d))
    expected = oracle.two_nn_slope(x, fraction)
    assert TwoNN(fraction=fraction)(x).value == pytest.approx(expected, rel=1e-9)
    logs = np.log(oracle.ratios(x, 1, 2))
    assert TwoNN("likelihood")(x).value == pytest.approx(29 / logs.sum(), rel=1e-9)
    inverses = np.array(oracle.levina_bickel(x, 5))
    assert LevinaBickel(5)(x).value == pytest.approx(1 / inverses.mean(), rel=1e-9)
    expected = (3 / 4 / inverses).mean()
    assert LevinaBickel(5, "dimensions")(x).value == pytest.approx(expected, rel=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 99), st.sampled_from([1, 2, 4]))
def test_gride_is_at_the_top_of_its_likelihood(seed, k):
    """n − 1 for n, as published, moves the top by 1/n of itself at most."""
    x = np.random.default_rng(seed).standard_normal((40, 3))
    mu = oracle.ratios(x, k, 2 * k)
    found = Gride(k, outliers=True)(x).value
    grid = found * np.linspace(0.9, 1.1, 201)
    best = grid[np.argmax([oracle.gride_likelihood(d, mu, k, 2 * k) for d in grid])]
    assert found == pytest.approx(best, rel=1 / 40 + 2e-3)
    if k == 1:
        assert found == pytest.approx(TwoNN("likelihood")(x).value, rel=1e-9)


@every
@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_normal_cloud_has_the_dimension_of_its_columns_in_any_coordinates(method, d):
    r = np.random.default_rng(d)
    cloud = r.standard_normal((2000, d))
    rotated = cloud @ np.linalg.qr(r.standard_normal((30, 30)))[0][:d]
    value = method(cloud).value
    assert value == pytest.approx(d, rel=0.12)
    assert method(7 * rotated + 3).value == pytest.approx(value, rel=1e-6)


@every
def test_many_dimensions_come_out_low_and_the_estimate_says_so(method):
    estimate = method(np.random.default_rng(0).standard_normal((1000, 30)))
    assert 10 < estimate.value < 27
    assert any("too low" in note and "one n" in note for note in estimate.notes)


@every
def test_the_standard_error_is_the_spread_over_samples(method):
    r = np.random.default_rng(0)
    found = [method(r.standard_normal((400, 2))) for _ in range(60)]
    spread = np.std([one.value for one in found], ddof=1)
    told = np.mean([one.stderr for one in found])
    assert 0.55 < told / spread < 1.5
    assert found[0].stderr_source


def test_the_error_of_a_line_is_that_of_exponential_variables():
    r, n = np.random.default_rng(0), 200
    y = -np.log1p(-np.arange(1, 181) / n)
    draws = np.sort(r.exponential(1 / 3, (4000, n)), axis=1)[:, :180]
    slopes = (draws @ y) / (draws**2).sum(1)
    assert slope_error(3.0, n, 0.9) == pytest.approx(slopes.std(), rel=0.1)


@every
def test_repeated_samples_are_left_out_and_told(method):
    x = np.random.default_rng(0).standard_normal((200, 2))
    estimate = method(np.vstack([x, x[:5], x[:1]]))
    assert estimate.value == method(x).value and estimate.n == 200
    assert estimate.notes[0].startswith("6 of 206 samples repeat") and "200" in estimate.notes[0]


@every
def test_distances_that_vanish_in_float64_are_left_out_and_told(method):
    x = np.random.default_rng(0).standard_normal((200, 2))
    x[0] = 0
    tiny = np.linspace(1e-200, 2e-200, 30)[:, None] * [1.0, 0.0]
    estimate = method(np.vstack([x, tiny]))
    assert estimate.value == method(x).value and estimate.n == 200
    assert estimate.notes[0].startswith("30 of 230 different samples are so near")
    with pytest.raises(InfoplaneError, match="distances that are not 0.*multiply x"):
        method(x * 1e-200)


def test_distances_that_vanish_are_left_out_at_every_scale():
    x = np.vstack([sheet(), [[0.0] * 5, [1e-200] * 5]])
    found = dimension_scaling(x, 4)
    assert all(one.n == 501 and "1 of 502" in one.notes[0] for one in found.values())


@every
def test_a_simplex_has_no_dimension_and_the_estimate_says_why(method):
    estimate = method(torch.eye(40))
    assert estimate.value == math.inf and estimate.stderr is None
    assert "equally far" in estimate.notes[-1]


def test_far_outliers_are_left_out_as_published_and_told():
    x = np.random.default_rng(0).standard_normal((3000, 1))
    left = Gride()(x)
    assert "were left out" in left.notes[0]
    assert Gride(outliers=True)(x).value < left.value < 1.1
    assert Gride(outliers=True)(x).notes == ()


@every
def test_pixels_are_numbers_and_labels_are_not(method):
    pixels = torch.randint(0, 256, (100, 1, 4, 4), dtype=torch.uint8)
    assert method(pixels).value == pytest.approx(method(pixels.double()).value)
    with pytest.raises(InfoplaneError, match="class labels.*one-hot"):
        method(torch.arange(100))
    with pytest.raises(InfoplaneError, match="needs more than .* samples, got 2"):
        method(torch.tensor([[0.0], [0.0], [1.0]]))
    with pytest.raises(InfoplaneError, match="NaN"):
        method(np.full((50, 2), np.nan))
    assert method.words and method.sources


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: TwoNN(fraction=1.0), "fraction=1.0"),
        (lambda: LevinaBickel(2), "k=2"),
        (lambda: Gride(0), "k=0"),
        (lambda: dimension_scaling(sheet(), 0), "k=0"),
        (lambda: dimension_scaling(sheet(), 256), "more than 512"),
    ],
)
def test_bad_parameters(build, told):
    with pytest.raises(InfoplaneError, match=told):
        build()


def test_parameters_that_type_checks_would_catch_are_refused_without_them():
    with pytest.raises(InfoplaneError, match="fit='line'"):
        TwoNN.__post_init__(SimpleNamespace(fit="line", fraction=0.9))
    with pytest.raises(InfoplaneError, match="average='median'"):
        LevinaBickel.__post_init__(SimpleNamespace(k=5, average="median"))
    with pytest.raises(InfoplaneError, match="k=4.5"):
        LevinaBickel.__post_init__(SimpleNamespace(k=4.5, average="inverse"))

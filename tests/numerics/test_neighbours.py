"""Neighbours against all pairs, ties and equal distances included."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.numerics import neighbours
from infoplane.numerics.neighbours import (
    TREE_COLUMNS,
    Cloud,
    count_within,
    distinct,
    joined,
    nearest_by_euclid,
    nearest_by_max_norm,
    nearest_distances,
    of_numbers,
    of_states,
    repeated,
)
from infoplane.numerics.workers import WORKERS
from oracles import neighbours as oracle

WIDTHS = (1, 2, 3, TREE_COLUMNS + 5)


@st.composite
def tied(draw):
    """Points on a coarse grid: many equal distances, many equal points."""
    n, d = draw(st.integers(3, 25)), draw(st.sampled_from(WIDTHS))
    levels, seed = draw(st.integers(1, 5)), draw(st.integers(0, 99))
    return np.random.default_rng(seed).integers(0, levels, (n, d)) * 0.1


KINDS = st.sampled_from(["numbers", "states", "both"])


def cloud_and_distances(points, kind, seed):
    """Points of numbers, of states, or of both, and how far apart all of them are."""
    labels = np.random.default_rng(seed).integers(0, 1 + seed % 4, len(points))
    parts = {
        "numbers": (of_numbers(points), oracle.max_distances(points)),
        "states": (of_states(torch.from_numpy(labels)), oracle.equality_distances(labels)),
    }
    if kind in parts:
        return parts[kind]
    (first, a), (second, b) = parts.values()
    return joined(first, second), oracle.joint(a, b)


@settings(max_examples=60)
@given(tied(), KINDS, st.integers(0, 99), st.integers(1, 4))
def test_distances_are_those_of_all_pairs(points, kind, seed, k):
    cloud, distances = cloud_and_distances(points, kind, seed)
    expected = [(oracle.others(row, i) + [np.inf] * k)[:k] for i, row in enumerate(distances)]
    assert nearest_distances(cloud, k) == pytest.approx(np.array(expected), abs=0)


@settings(max_examples=60)
@given(tied(), KINDS, st.integers(0, 99), st.integers(0, 3), st.booleans())
def test_counts_are_exact_on_the_sphere(points, kind, seed, k, closed):
    cloud, distances = cloud_and_distances(points, kind, seed)
    ranked = [
        max(one for one in [0.0, *oracle.others(row, i)][: k + 1] if np.isfinite(one))
        for i, row in enumerate(distances)
    ]
    count = oracle.as_near if closed else oracle.nearer
    expected = [count(row, i, ranked[i]) for i, row in enumerate(distances)]
    counted = count_within(cloud, np.array(ranked), closed=closed)
    assert counted.tolist() == expected
    mixed = count_within(cloud, np.array(ranked), np.full(len(cloud), closed))
    assert (mixed == counted).all()


def test_values_that_rounding_cannot_part_are_counted_by_their_rounded_difference():
    """x − r falls between hundreds of floats near zero; x − v is 1 for all of them."""
    tiny = np.linspace(1, 9, 300) * 1e-20
    values = np.concatenate([[1.0], tiny, -tiny])
    counted = count_within(of_numbers(values[:, None]), np.ones(len(values)), closed=True)
    assert counted[0] == len(values) - 1
    assert count_within(of_numbers(values[:, None]), np.ones(len(values)), closed=False)[0] == 0


def test_the_kth_neighbour_lies_on_its_own_sphere_in_every_column_space():
    r = np.random.default_rng(3)
    for d in WIDTHS:
        cloud = of_numbers(r.standard_normal((200, d)) * 10.0 ** r.integers(-3, 4, d))
        radii = nearest_distances(cloud, 3)[:, -1]
        assert (count_within(cloud, radii, closed=False) == 2).all()
        assert (count_within(cloud, radii, closed=True) == 3).all()


def test_a_radius_without_end_holds_everybody_of_the_same_state():
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    endless = np.full(6, np.inf)
    assert count_within(of_states(labels), endless, closed=False).tolist() == [2, 2, 2, 1, 1, 0]


@settings(max_examples=40)
@given(tied(), st.integers(1, 3), st.sampled_from([nearest_by_max_norm, nearest_by_euclid]))
def test_neighbours_are_who_is_said_and_never_oneself(points, k, search):
    k = min(k, len(points) - 1)
    distances, indices = search(points, k)
    norm = np.inf if search is nearest_by_max_norm else 2
    all_pairs = np.linalg.norm(points[:, None] - points[None], norm, axis=2)
    assert (indices != np.arange(len(points))[:, None]).all()
    assert all(len(set(row)) == k for row in indices.tolist())
    found = np.take_along_axis(all_pairs, indices, 1)
    assert distances == pytest.approx(found, abs=1e-12)
    np.fill_diagonal(all_pairs, np.inf)
    assert distances == pytest.approx(np.sort(all_pairs, axis=1)[:, :k], abs=1e-12)


def test_wide_duplicates_keep_their_distance():
    """Norms of 1e4 would swallow a distance of 1e-6 in a product of matrices."""
    points = np.random.default_rng(0).standard_normal((50, 40)) + 1e4
    points[1], points[2] = points[0], points[3] + 1e-6
    distances, indices = nearest_by_euclid(points, 1)
    assert distances[0, 0] == 0 and indices[0, 0] == 1
    assert distances[2, 0] == pytest.approx(1e-6 * np.sqrt(40), rel=1e-3)


def test_parts_and_threads_change_nothing(monkeypatch):
    points = np.random.default_rng(0).standard_normal((300, 3))
    cloud = of_numbers(points)
    distances, indices = nearest_by_max_norm(points, 4)
    counted = count_within(cloud, distances[:, -1], closed=False)
    monkeypatch.setattr(neighbours, "PART", 7)
    monkeypatch.setenv(WORKERS, "40")
    in_parts = nearest_by_max_norm(points, 4)
    assert (in_parts[0] == distances).all() and (in_parts[1] == indices).all()
    assert (count_within(cloud, distances[:, -1], closed=False) == counted).all()


def test_a_joint_space_keeps_states_apart_and_columns_together():
    numbers, labels = np.array([[0.0], [1.0], [0.5]]), torch.tensor([[1, 2], [1, 2], [1, 3]])
    space = joined(of_numbers(numbers), of_states(labels), of_numbers(2 * numbers))
    assert nearest_distances(space, 1)[:, 0].tolist() == [2.0, 2.0, np.inf]
    order = np.array([2, 0, 1])
    assert isinstance(space.at(order), Cloud)
    assert nearest_distances(space.at(order), 1)[:, 0].tolist() == [np.inf, 2.0, 2.0]


def test_repeated_rows_are_counted_and_left_out_once():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0], [2.0, 4.0], [0.0, 1.0]])
    assert repeated(torch.from_numpy(points)) == 3
    assert distinct(points).tolist() == [[0.0, 1.0], [2.0, 3.0], [2.0, 4.0]]
    assert distinct(points[:2]) is not None and len(distinct(points[:2])) == 2

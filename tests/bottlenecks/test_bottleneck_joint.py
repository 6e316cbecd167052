"""What is accepted as a joint distribution, and what is solved of it."""

import numpy as np
import pytest
import torch

from infoplane.bottleneck import Joint, Thresholds, solve, thresholds
from infoplane.values.errors import InfoplaneError

TABLE = np.array([[0.3, 0.1], [0.2, 0.4]])


def test_numpy_and_torch_give_the_same():
    assert solve(torch.from_numpy(TABLE), 20.0).rate == solve(TABLE, 20.0).rate > 0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (TABLE * 10, "of_counts"),
        (TABLE.astype(np.float32) * np.float32(1.0001), "normalise=True"),
        (TABLE * np.nan, "finite"),
        (TABLE - 0.15, "at least 0"),
        (TABLE[0], "shape"),
        (TABLE * 0, "everywhere"),
        (np.zeros((0, 2)), "shape"),
        (TABLE + 0j, "real"),
    ],
)
def test_what_is_no_joint_is_refused_with_the_remedy(table, told):
    with pytest.raises(InfoplaneError, match=told):
        Joint.of_table(table)


def test_counts_and_samples_are_relative_frequencies():
    x, y = np.array(["a", "b", "a", "b"]), np.array([2, 2, 2, 7])
    assert np.array_equal(Joint.of_samples(x, y).table, [[0.5, 0], [0.25, 0.25]])
    assert np.array_equal(Joint.of_counts([[4, 0], [2, 2]]).table, [[0.5, 0], [0.25, 0.25]])
    assert np.allclose(Joint.of_table(3 * TABLE, normalise=True).table, TABLE)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [([1, 2], [1], "paired"), ([0.5, 1.5], [1, 2], "bins"), ([[1], [2]], [1, 2], "column")],
)
def test_what_are_no_paired_labels_is_refused(x, y, told):
    with pytest.raises(InfoplaneError, match=told):
        Joint.of_samples(x, y)


def test_states_that_never_occur_change_nothing():
    wide = np.zeros((4, 3))
    wide[np.ix_([0, 2], [0, 2])] = TABLE
    plain, found = solve(TABLE, 20.0), solve(wide, 20.0)
    assert found.rate == pytest.approx(plain.rate, abs=1e-11)
    assert found.relevance == pytest.approx(plain.relevance, abs=1e-11)
    assert np.allclose(found.encoder[[1, 3]], found.marginal)
    assert (found.decoder[:, 1] == 0).all() and "2 states of X" in found.notes[0]


def test_rows_that_are_alike_are_merged_however_they_were_computed():
    w, p = np.array([[1 / 3, 2 / 3], [0.9, 0.1]]), np.array([0.17, 0.23, 0.31, 0.29])
    joint = Joint.of_table(p[:, None] * w[[0, 1, 0, 1]])
    assert joint.reduced.w.shape == (2, 2) and list(joint.reduced.place) == [0, 1, 0, 1]


@pytest.mark.parametrize("y", [2, 10, 100])
def test_copies_of_a_row_are_merged_wherever_rounding_falls(y):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        w, which = rng.dirichlet(np.ones(y), 3), rng.permutation(np.repeat(np.arange(3), 4))
        joint = Joint.of_counts(rng.uniform(0.1, 1, 12)[:, None] * w[which])
        assert joint.reduced.w.shape == (3, y)
        _, first = np.unique(which, return_index=True)
        named = np.argsort(np.argsort(first))[which]
        assert (joint.reduced.place == named).all()  # in the order of their first rows


def test_a_table_of_a_product_has_no_onset_and_one_of_tiny_cells_its_information():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        alone = Joint.of_counts(np.outer(rng.dirichlet(np.ones(12)), rng.dirichlet(np.ones(30))))
        for dual in (False, True):
            assert thresholds(alone, dual) == Thresholds(np.inf, np.inf)
    tiny = Joint.of_table([[0.5, 0.5, 0.0], [0.0, 0.0, 1e-170]])
    assert tiny.information == pytest.approx(1e-170 * 170 * np.log2(10), rel=1e-12)


def test_labels_that_cannot_be_sorted_and_sums_that_are_no_number_are_refused():
    with pytest.raises(InfoplaneError, match="cannot be sorted"):
        Joint.of_samples(np.array(["a", None, "b"], dtype=object), np.arange(3))
    with pytest.raises(InfoplaneError, match="too large"):
        Joint.of_counts(np.full((2, 2), 1e308))


def test_one_column_and_one_row_have_nothing_to_tell():
    for table in ([[0.2], [0.8]], [[0.2, 0.8]]):
        for dual in (False, True):
            found = solve(table, 9.0, dual=dual)
            assert found.rate == found.relevance == 0 and found.clusters == 1


def test_support_that_is_violated_costs_infinitely_much():
    table = np.array([[0.5, 0.0], [0.25, 0.25]])
    found = solve(table, 1e3)
    assert found.decoder.min() == 0.0  # exactly, and not by a floor
    assert found.encoder[1, found.decoder[:, 1].argmin()] == 0.0
    assert np.isfinite(found.objective)


def test_a_joint_is_checked_however_it_is_made():
    with pytest.raises(InfoplaneError, match="sums to 10"):
        Joint(np.array([[1.0, 2.0], [3.0, 4.0]]))
    with pytest.raises(InfoplaneError, match="-0.5"):
        Joint(np.array([[1.5, -0.5]]))
    assert "2 × 2 states" in repr(Joint(np.full((2, 2), 0.25)))

"""Packed states: the same as rows told apart one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.numerics import packed as module
from infoplane.numerics.packed import occupied, packed


def ids_of_rows(rows):
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def entropy(p):
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def information_by_definition(rows, p):
    """From the table of states and classes, with probabilities of classes as weights."""
    ids = ids_of_rows(rows)
    table = np.zeros((ids.max() + 1, p.shape[1]))
    np.add.at(table, ids, p / len(rows))
    return entropy(table.sum(1)), entropy(table.sum(1)) + entropy(table.sum(0)) - entropy(table)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 4), st.integers(1, 6), st.integers(1, 9), st.integers(0, 99)
)
def test_states_and_informations_are_those_of_rows(n, nets, d, width, seed):
    draw = np.random.default_rng(seed)
    bins = draw.integers(-width, width, (n, nets, d))
    p = draw.dirichlet(np.ones(3), n)
    codes = packed(bins)
    found = occupied(codes, p)
    for net in range(nets):
        assert len(np.unique(codes[net])) == ids_of_rows(bins[:, net]).max() + 1
        expected = information_by_definition(bins[:, net], p)
        assert (found.entropy[net], found.information[net]) == pytest.approx(expected, abs=1e-12)


def test_rows_too_wide_for_one_integer_are_numbered_on_the_way():
    draw = np.random.default_rng(0)
    bins = draw.integers(0, 2, (50, 2, 30)) * 10**5
    bins[25:, 0] = bins[:25, 0]
    codes = packed(bins)
    assert (10**5 + 1) ** 30 > module.LARGEST
    for net, states in enumerate((25, 50)):
        assert len(np.unique(codes[net])) == states
    assert np.array_equal(codes[0][:25], codes[0][25:])


def test_a_constant_layer_tells_nothing_and_an_injective_one_everything():
    p = np.eye(2)[np.arange(8) % 2]
    still = occupied(packed(np.zeros((8, 1, 3), dtype=int)), p)
    assert (still.entropy[0], still.information[0]) == (0.0, 0.0)
    told = occupied(packed(np.arange(8)[:, None, None]), p)
    assert (told.entropy[0], told.information[0]) == pytest.approx((3.0, 1.0), abs=1e-14)

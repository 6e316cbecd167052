"""States are exact whatever the type, and no table of states × states is ever made."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.numerics import counts
from infoplane.numerics.counts import (
    States,
    contingency,
    dense_table,
    joined,
    shuffled_cells,
    states,
)
from infoplane.values.errors import InfoplaneError

few = settings(max_examples=30)


def partition(keys) -> list[int]:
    """Number of the first sample that has the same key, for every sample."""
    first: dict = {}
    return [first.setdefault(key, i) for i, key in enumerate(keys)]


def same_partition(found: States, keys) -> bool:
    return partition(found.ids.tolist()) == partition(keys)


@few
@given(st.integers(0, 10**6), st.integers(1, 130), st.sampled_from(["int", "float", "uint8"]))
def test_rows_are_told_apart_exactly(seed, d, kind):
    r = np.random.default_rng(seed)
    rows = r.integers(0, 2, (40, 1)) * r.integers(0, 3, (40, d))
    rows[r.integers(0, 40, 15)] = rows[0]
    x = torch.from_numpy(rows)
    x = {"int": x * 2**40 - 7, "float": x.double() / 4 - 0.25, "uint8": x.to(torch.uint8)}[kind]
    assert same_partition(states(x), [tuple(row) for row in x.tolist()])


@pytest.mark.parametrize(
    "values", [[3, 1, 3, -5], [2**62, -(2**62), 2**62, 0], [False, True, True, False]]
)
def test_labels_by_value(values):
    found = states(torch.tensor(values))
    assert same_partition(found, values)
    assert found.size <= 2**16 and int(found.ids.max()) < found.size and int(found.ids.min()) >= 0


def test_minus_zero_is_zero_and_neighbouring_floats_are_two():
    x = torch.tensor([[0.0], [-0.0], [1.0], [np.nextafter(1.0, 2.0)]], dtype=torch.float64)
    assert len(states(x).counts()) == 3


def test_columns_are_not_exchangeable():
    x = torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.5, 1.5], [1.0, 2.0]])
    assert same_partition(states(x), [tuple(row) for row in x.tolist()])


def test_rows_that_meet_in_one_hash_are_hashed_again(monkeypatch):
    hashed, asked = counts._hashed, []

    def colliding(x, attempt):
        asked.append(attempt)
        return torch.zeros(len(x), dtype=torch.int64) if attempt < 2 else hashed(x, attempt)

    monkeypatch.setattr(counts, "_hashed", colliding)
    x = torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])
    assert same_partition(states(x), ["a", "b", "a"])
    assert asked == [0, 1, 2]


@few
@given(st.integers(0, 10**6), st.booleans())
def test_tables_count_what_occurs(seed, spread):
    r = np.random.default_rng(seed)
    factor = 10**5 if spread else 1  # far apart: sorted instead of counted in an array
    variables = [torch.from_numpy(r.integers(0, 4, 50) * factor) for _ in range(3)]
    found = [States(v, 4 * factor) for v in variables]
    keys = list(zip(*(v.tolist() for v in variables), strict=True))
    table = contingency(*found)
    cells = list(zip(*(c.tolist() for c in table.cells), strict=True))
    assert dict(zip(cells, table.counts.tolist(), strict=True)) == Counter(keys)
    assert same_partition(joined(*found), keys)
    marginal = table.marginal((0, 2))
    wanted = Counter((a, c) for a, _, c in keys)
    assert np.exp2(marginal.log2_at_cells()).round().tolist() == [wanted[a, c] for a, _, c in cells]
    assert marginal.occupied == len(wanted)
    assert int(marginal.counts.sum()) == 50


def test_as_many_states_as_samples_need_no_square():
    n = 200_000
    x, y = states(torch.arange(n) * 1000), states(torch.arange(n).flip(0) * 1000)
    table = contingency(x, y)
    assert len(table.counts) == n  # a dense table would have 4·10¹⁰ cells
    assert table.marginal((1,)).occupied == n


def test_more_combinations_than_64_bits_are_refused():
    huge = States(torch.tensor([0, 1]), 2**40)
    with pytest.raises(InfoplaneError, match="coarser"):
        contingency(huge, huge)


@pytest.mark.parametrize("at_once", [1, 30, 10**6])
def test_shuffled_tables_are_those_of_the_shuffled_samples(monkeypatch, at_once):
    monkeypatch.setattr(counts, "ENTRIES", at_once)
    r = np.random.default_rng(0)
    x, y = (states(torch.from_numpy(r.integers(0, 3, 20))) for _ in range(2))
    orders = torch.stack([torch.randperm(20) for _ in range(5)])
    found: list[list[int]] = []
    for rows, cells, many in shuffled_cells(x, y, orders):
        found += [sorted(cells[rows == row].tolist()) for row in range(many)]
    wanted = [sorted(contingency(x, y.reordered(o)).counts.tolist()) for o in orders]
    assert found == wanted


def test_a_dense_table_leaves_out_what_never_occurs():
    table = dense_table(States(torch.tensor([0, 5, 5]), 6), States(torch.tensor([1, 1, 0]), 2))
    assert table.shape == (2, 2)
    assert table.flatten().tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])
    assert math.isclose(float(table.sum()), 1)

"""Closed forms of tables, and entropies of counts against the books."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.numerics.counts import contingency, states
from infoplane.quantities import tables
from infoplane.values.errors import InfoplaneError
from oracles import discrete as oracle

few = settings(max_examples=30)


def table(*shape, seed=0):
    return torch.from_numpy(
        np.random.default_rng(seed).dirichlet([0.5] * math.prod(shape))
    ).reshape(shape)


def test_a_binary_symmetric_channel():
    flip = 0.11
    joint = torch.tensor([[1 - flip, flip], [flip, 1 - flip]], dtype=torch.float64) / 2
    capacity = 1 + flip * math.log2(flip) + (1 - flip) * math.log2(1 - flip)
    assert float(tables.mutual_information(joint)) == pytest.approx(capacity, abs=1e-14)


def test_the_sum_of_two_coins_modulo_two():
    joint = torch.zeros(2, 2, 2, dtype=torch.float64)
    for a in (0, 1):
        for b in (0, 1):
            joint[a, b, a ^ b] = 0.25
    assert float(tables.conditional_information(joint)) == pytest.approx(1)
    assert float(tables.mutual_information(joint.sum(2))) == pytest.approx(0)
    assert float(tables.total_correlation(joint)) == pytest.approx(1)
    assert float(tables.dual_total_correlation(joint)) == pytest.approx(2)


def test_copies_of_one_variable():
    joint = torch.zeros(4, 4, 4, dtype=torch.float64)
    joint[range(4), range(4), range(4)] = 0.25
    assert float(tables.total_correlation(joint)) == pytest.approx(4)
    assert float(tables.dual_total_correlation(joint)) == pytest.approx(2)


@few
@given(st.integers(0, 10**6))
def test_the_chain_rule(seed):
    joint = table(3, 4, 2, seed=seed)
    whole = tables.mutual_information(joint.permute(0, 1, 2).reshape(3, 8))
    given_z = tables.conditional_information(joint)
    with_z = tables.mutual_information(joint.sum(1))
    assert float(whole) == pytest.approx(float(with_z + given_z), abs=1e-12)
    two = joint.sum(2)
    for law in (tables.total_correlation, tables.dual_total_correlation):
        assert float(law(two)) == pytest.approx(float(tables.mutual_information(two)), abs=1e-12)


@pytest.mark.parametrize("of", [torch.from_numpy, np.asarray])
@pytest.mark.parametrize("slight", [1e-3, 1e-6, 1e-9])
def test_small_informations_keep_their_digits(of, slight):
    """Of a coin and its copy through a channel that is right with probability ½ + δ/2: δ²/2 nats.

    1 less an entropy near 1 would leave nothing of it.
    """
    joint = of(np.array([[1 + slight, 1 - slight], [1 - slight, 1 + slight]]) / 4)
    known = slight**2 / 2 * (1 + slight**2 / 6) / math.log(2)
    assert tables.mutual_information(joint) == pytest.approx(known, rel=1e-6, abs=0)


def test_of_a_constant_both_are_0_and_print_so():
    joint = torch.tensor([[0.3, 0.1, 0.6], [0.0, 0.0, 0.0]])
    assert tables.mutual_information(joint) == tables.mutual_information(joint.T) == 0
    assert str(tables.entropy(np.array([1.0, 0.0]))) == "0.0"


@few
@given(st.integers(0, 10**6))
def test_counted_sums_are_those_of_the_books(seed):
    r = np.random.default_rng(seed)
    x, y, z = (r.integers(0, k, 40) for k in (3, 5, 2))
    y = np.where(r.random(40) < 0.5, x, y)
    found = contingency(*(states(torch.from_numpy(v)) for v in (x, y, z)))
    pairs = contingency(*(states(torch.from_numpy(v)) for v in (x, y)))
    plain = tables.counted(pairs, tables.INFORMATION)
    assert plain.value == pytest.approx(oracle.information(x, y), abs=1e-12)
    assert plain.degrees == len(set(zip(x, y, strict=True))) - len(set(x)) - len(set(y)) + 1
    corrected = tables.counted(pairs, tables.INFORMATION, "miller-madow").value
    assert corrected == pytest.approx(oracle.miller_madow_information(x, y), abs=1e-12)
    shrunk = tables.counted(pairs, tables.INFORMATION, "shrinkage")
    assert shrunk.value == pytest.approx(oracle.shrunk_information(x, y), abs=1e-12)
    assert shrunk.entropies[(0,)] == pytest.approx(
        oracle.table_entropy(oracle.shrunk(oracle.count_table(x, y)).sum(1)), abs=1e-12
    )
    conditional = tables.counted(found, tables.CONDITIONAL).value
    assert conditional == pytest.approx(oracle.conditional_information(x, y, z), abs=1e-12)


def test_shrinkage_of_a_known_table():
    """Counts (4, 2, 3, 1, 0, …) over ten cells, Hausser and Strimmer's own example.

    λ = (1 − 0.3)/(9·(0.3 − 0.1)) = 0.3889.
    """
    counts = torch.tensor([4, 2, 3, 1])
    intensity = tables.shrinkage_intensity(counts, 10)
    assert intensity == pytest.approx(0.7 / 1.8, abs=1e-12)
    full = oracle.shrunk(np.array([4, 2, 3, 1, 0, 0, 0, 0, 0, 0]))
    found = tables.shrunk_entropy(counts, 10, intensity)
    assert found == pytest.approx(oracle.table_entropy(full), abs=1e-12)


@pytest.mark.parametrize("counts", [[5, 5, 5], [1, 1, 1, 1]])
def test_uniform_counts_stay_uniform(counts):
    k = len(counts)
    entropy = tables.corrected_entropy(torch.tensor(counts), k, "shrinkage")
    assert entropy == pytest.approx(math.log2(k))


def test_one_state_has_no_entropy():
    for correction in tables.CORRECTIONS:
        assert tables.corrected_entropy(torch.tensor([7]), 1, correction) == pytest.approx(0)


def test_entropies_of_counts():
    counts = torch.tensor([2, 0, 1, 1])
    assert tables.counted_entropy(counts) == pytest.approx(1.5)
    corrected = tables.corrected_entropy(counts, 3, "miller-madow")
    assert corrected == pytest.approx(1.5 + 2 / 8 / math.log(2))
    assert tables.surprise_variance(counts) == pytest.approx(0.25)


def test_the_interval_of_independence_is_that_of_its_chi_squared():
    """At I = 0 the ends are where (2n·I − degrees)² = z²·2·degrees, as the χ² has it."""
    n, degrees, z = 1000, 9, 1.645
    statistic = degrees + z * math.sqrt(2 * degrees)
    value = statistic / (2 * n * math.log(2))
    found = tables.Counted(value, value, 2 * value / math.log(2), degrees, {}, {}, n)
    assert tables.information_interval(found, z)[0] == pytest.approx(0, abs=1e-12)


def test_degrees_are_those_of_chi_squared_on_full_tables_and_negative_of_functions():
    x, y = (states(torch.arange(40) // k % 4) for k in (1, 4))
    full, same = (tables.counted(contingency(x, one), tables.INFORMATION) for one in (y, x))
    assert full.degrees == 9 and same.degrees == -3
    parity = states(torch.arange(40) % 2)
    assert tables.counted(contingency(x, parity), tables.INFORMATION).degrees == -1


@pytest.mark.parametrize(
    ("joint", "match"),
    [
        (torch.full((2, 2), 0.25), "3 axes"),
        (torch.ones(1, 1, 1, dtype=torch.int64), "floats"),
        (torch.full((2, 2, 2), 0.25), "sum to 2"),
        (torch.tensor([[[1.5, -0.5]]]), "smallest"),
        (torch.tensor([[[math.nan, 1.0]]]), "sum to nan"),
    ],
)
def test_what_is_no_table_is_refused(joint, match):
    with pytest.raises(InfoplaneError, match=match):
        tables.require_table(joint, axes=3)

"""The known cases of partial information decomposition, and the optimum against a solver."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from infoplane.quantities import decomposition
from infoplane.quantities.decomposition import REDUNDANCIES, Parts, least_information, parts
from infoplane.quantities.tables import conditional_information, mutual_information
from infoplane.values.errors import InfoplaneError
from oracles import discrete as oracle

few = settings(max_examples=6)
BITS = list(itertools.product((0, 1), repeat=2))
"""Two fair coins."""


def table(cases) -> Tensor:
    """p(x1, x2, t) of equally likely cases of hashable values."""
    axes = [sorted({case[i] for case in cases}) for i in range(3)]
    joint = torch.zeros([len(axis) for axis in axes], dtype=torch.float64)
    for case in cases:
        joint[tuple(axis.index(value) for axis, value in zip(axes, case, strict=True))] += 1
    return joint / len(cases)


XOR = table([(a, b, a ^ b) for a, b in BITS])
AND = table([(a, b, a & b) for a, b in BITS])
COPY = table([(a, b, (a, b)) for a, b in BITS])
RDN = table([(a, a, a) for a in (0, 1)])
UNQ = table([(a, b, a) for a, b in BITS])
RDNXOR = table([((r, a), (r, b), (r, a ^ b)) for r in (0, 1) for a, b in BITS])
ALL = table(
    [
        ((r, u, a), (r, v, b), (r, u, v, a ^ b))
        for r, u, v, a, b in itertools.product((0, 1), repeat=5)
    ]
)
GATE = 0.31127812445913283
"""I(X1; T) of the AND gate, 3/4·log2(4/3): both sources tell this much."""


@pytest.mark.parametrize(
    ("joint", "redundancy", "expected"),
    [
        (XOR, "BROJA", (0, 0, 0, 1)),
        (XOR, "I_min", (0, 0, 0, 1)),
        (XOR, "MMI", (0, 0, 0, 1)),
        (AND, "BROJA", (GATE, 0, 0, 0.5)),
        (AND, "I_min", (GATE, 0, 0, 0.5)),
        (AND, "MMI", (GATE, 0, 0, 0.5)),
        (COPY, "BROJA", (0, 1, 1, 0)),
        (COPY, "I_min", (1, 0, 0, 1)),  # the known critique: independent bits are "redundant"
        (COPY, "MMI", (1, 0, 0, 1)),
        (UNQ, "BROJA", (0, 1, 0, 0)),
        (UNQ, "I_min", (0, 1, 0, 0)),
        (RDN, "BROJA", (1, 0, 0, 0)),
        (RDN, "I_min", (1, 0, 0, 0)),
        (RDNXOR, "BROJA", (1, 0, 0, 1)),
        (RDNXOR, "I_min", (1, 0, 0, 1)),
        (ALL, "BROJA", (1, 1, 1, 1)),
    ],
)
def test_known_cases(joint, redundancy, expected):
    found = parts(joint, redundancy)
    values = (found.redundant, found.unique_x1, found.unique_x2, found.synergistic)
    assert values == pytest.approx(expected, abs=1e-8)


def random_table(seed: int, shape=(2, 3, 2), sparse=False) -> Tensor:
    r = np.random.default_rng(seed)
    weights = r.dirichlet([0.5] * int(np.prod(shape)))
    if sparse:
        weights = weights * (r.random(weights.size) < 0.5)
        weights[0] += 0.1
    return torch.from_numpy((weights / weights.sum()).reshape(shape))


tables = st.builds(random_table, st.integers(0, 10**6), st.just((2, 3, 2)), st.booleans())


@pytest.mark.parametrize("redundancy", REDUNDANCIES)
@few
@given(tables)
def test_the_parts_add_up_and_none_is_negative(redundancy, joint):
    found = parts(joint, redundancy)
    from_first = float(mutual_information(joint.sum(1)))
    from_second = float(mutual_information(joint.sum(0)))
    from_both = float(mutual_information(joint.flatten(0, 1)))
    assert found.redundant + found.unique_x1 == pytest.approx(from_first, abs=1e-12)
    assert found.redundant + found.unique_x2 == pytest.approx(from_second, abs=1e-12)
    whole = found.redundant + found.unique_x1 + found.unique_x2 + found.synergistic
    assert whole == pytest.approx(from_both, abs=1e-12)
    beyond = float(conditional_information(joint.permute(0, 2, 1)))  # I(X1; T | X2)
    assert found.unique_x1 + found.synergistic == pytest.approx(beyond, abs=1e-12)
    values = (found.redundant, found.unique_x1, found.unique_x2, found.synergistic)
    assert min(values) >= -3e-9


@pytest.mark.parametrize("redundancy", REDUNDANCIES)
@few
@given(tables)
def test_sources_can_change_places(redundancy, joint):
    one, two = parts(joint, redundancy), parts(joint.transpose(0, 1), redundancy)
    swapped = Parts(two.redundant, two.unique_x2, two.unique_x1, two.synergistic)
    for name in ("redundant", "unique_x1", "unique_x2", "synergistic"):
        assert getattr(one, name) == pytest.approx(getattr(swapped, name), abs=5e-9)


@few
@given(tables)
def test_redundancy_is_at_most_that_of_the_weaker_source(joint):
    most = parts(joint, "MMI").redundant
    assert parts(joint, "I_min").redundant <= most + 1e-12
    assert parts(joint, "BROJA").redundant <= most + 5e-9


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_minimum_is_that_of_the_slow_way(seed, sparse):
    joint = random_table(seed, (2, 3, 2), sparse)
    found, wanted = least_information(joint), oracle.least_information(joint.numpy())
    assert found == pytest.approx(wanted, abs=1e-4)  # the slow way nears it like 1/rounds


def test_the_minimum_of_two_states_by_brute_force():
    """With two states each, Q has one free number for every value of the target."""
    joint = random_table(3, (2, 2, 2))
    p = joint.numpy()
    best = np.inf
    moves = [
        np.linspace(-min(p[0, 0, t], p[1, 1, t]), min(p[0, 1, t], p[1, 0, t]), 81) for t in (0, 1)
    ]
    for shift in itertools.product(*moves):
        q = p.copy()
        for t in (0, 1):
            q[[0, 1], [0, 1], t] += shift[t]
            q[[0, 1], [1, 0], t] -= shift[t]
        best = min(best, oracle.table_information(np.maximum(q, 0).reshape(4, 2)))
    found = least_information(joint)
    assert found <= best + 1e-9
    assert found == pytest.approx(best, abs=1e-4)


def test_states_that_never_occur_change_nothing():
    padded = torch.zeros(3, 4, 3, dtype=torch.float64)
    padded[:2, 1:3, 1:] = AND
    for redundancy in REDUNDANCIES:
        one, two = parts(AND, redundancy), parts(padded, redundancy)
        assert two.redundant == pytest.approx(one.redundant, abs=5e-9)
        assert two.synergistic == pytest.approx(one.synergistic, abs=5e-9)


def test_a_larger_table():
    joint = random_table(1, (12, 9, 6))
    found = parts(joint, "BROJA")
    assert min(found.redundant, found.unique_x1, found.unique_x2, found.synergistic) >= -5e-9


def test_a_table_too_large_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(decomposition, "UNKNOWNS", 7)
    with pytest.raises(InfoplaneError, match="'MMI'"):
        least_information(AND)


def test_what_is_no_table_is_refused():
    with pytest.raises(InfoplaneError, match="sum to 1"):
        parts(2 * AND, "MMI")

"""Information imbalance against published code, its definition, and its two limits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.geometry import imbalance
from infoplane.measures.geometry.imbalance import information_imbalance
from infoplane.values.errors import InfoplaneError
from oracles import neighbours as oracle
from oracles.renyi import published_samples

U, V = published_samples(500, 2, 0).T
SHEET = np.column_stack([U, V, U + V, np.sin(3 * U), V**2])


@pytest.mark.parametrize(
    ("other", "forward", "backward"),
    [
        (np.column_stack([U, V]), 0.005096, 0.005056),
        (U, 0.053336, 0.522336),
        (V, 0.068648, 0.563880),
        (U + V, 0.050704, 0.461632),
        (published_samples(500, 3, 5000), 0.982192, 0.997040),
        (SHEET, 0.004, 0.004),
    ],
)
def test_the_values_of_dadapy(other, forward, backward):
    """DADApy 0.3.4, executed."""
    found = information_imbalance(SHEET, other)
    assert found.forward.value == pytest.approx(forward, abs=1e-6)
    assert found.backward.value == pytest.approx(backward, abs=1e-6)
    assert found.forward.unit == "1" and found.forward.notes == ()


@settings(max_examples=30)
@given(st.integers(0, 99), st.integers(1, 3), st.booleans(), st.booleans())
def test_it_is_its_definition_ties_included(seed, k, coarse, wide):
    r = np.random.default_rng(seed)
    a, b = r.standard_normal((20, 30 if wide else 2)), r.standard_normal((20, 3))
    if coarse:
        a, b = np.sign(a[:, :2]), np.round(b)
    found = information_imbalance(a, b, k)
    assert found.forward.value == pytest.approx(oracle.imbalance(a, b, k), abs=1e-12)
    assert found.backward.value == pytest.approx(oracle.imbalance(b, a, k), abs=1e-12)


def test_the_other_way_is_the_other_value():
    forward, backward = information_imbalance(SHEET, U)
    assert information_imbalance(U, SHEET) == (backward, forward)


def test_scales_and_rotations_do_not_matter():
    turned = 3 * SHEET @ np.linalg.qr(np.random.default_rng(0).standard_normal((40, 40)))[0][:5]
    for found, same in zip(
        information_imbalance(SHEET, U), information_imbalance(turned, -U), strict=True
    ):
        assert found.value == pytest.approx(same.value, abs=1e-12)


def test_all_is_known_of_a_copy_and_nothing_of_a_constant_or_a_stranger():
    x, y = torch.randn(2, 400, 3)
    for k in (1, 5):
        found = information_imbalance(x, x, k).forward
        assert found.value == pytest.approx((k + 1) / 400) == found.bounds[0]
    constant = information_imbalance(x, torch.ones(400))
    assert [one.value for one in constant] == pytest.approx([1.0, 1.0])
    stranger = information_imbalance(x, y).forward
    assert stranger.value == pytest.approx(1, abs=4 * stranger.stderr)


def test_the_standard_error_is_the_spread_over_samples():
    r = np.random.default_rng(0)
    found = []
    for _ in range(60):
        x = r.standard_normal((200, 2))
        found.append(information_imbalance(x[:, :1], x).forward)
    spread = np.std([one.value for one in found], ddof=1)
    assert 0.6 < np.mean([one.stderr for one in found]) / spread < 1.5


def test_blocks_change_nothing(monkeypatch):
    whole = information_imbalance(SHEET, U, 3)
    monkeypatch.setattr(imbalance, "BLOCK", 3333)
    assert information_imbalance(SHEET, U, 3) == whole


def test_ties_are_told():
    (note,) = information_imbalance(SHEET, np.round(U, 1)).forward.notes
    assert note.startswith("500 of 500 samples of b repeat")


def test_bad_samples():
    with pytest.raises(InfoplaneError, match="b holds class labels.*one-hot"):
        information_imbalance(SHEET, np.arange(500))
    with pytest.raises(InfoplaneError, match="500 samples and y has 499"):
        information_imbalance(SHEET, U[1:])
    with pytest.raises(InfoplaneError, match="more than 3 samples, got 3"):
        information_imbalance(SHEET[:3], U[:3], 3)
    with pytest.raises(InfoplaneError, match="k=0"):
        information_imbalance(SHEET, U, 0)

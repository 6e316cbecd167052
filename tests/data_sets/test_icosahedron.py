"""The 12-bit problem: the published labels to the bit, and what is known of both rules."""

import hashlib

import numpy as np
import pytest

from infoplane.datasets.known import icosahedron
from infoplane.values.errors import InfoplaneError

SHA256 = "77732f16f85e91b49d3997196b56163b3bd362d8cf631468a8de3f986e88359f"


def _entropy(p):
    return float(-(p * np.log2(p)).sum())


def test_the_hard_rule_gives_the_published_labels():
    labels = icosahedron.hard_labels()
    assert hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == SHA256
    assert labels.sum() == 2118
    p = labels.mean()
    assert _entropy(np.array([p, 1 - p])) == pytest.approx(0.9991571208, abs=6e-11)
    ones = icosahedron.patterns().sum(1)
    shares = [labels[ones == k].mean() for k in range(13)]
    assert shares == pytest.approx([0] * 5 + [5 / 66, 0.575758, 0.924242] + [1] * 5, abs=6e-7)


def test_the_labels_have_the_symmetry_of_the_icosahedron():
    labels, bits = icosahedron.hard_labels(), icosahedron.patterns()
    assert len(icosahedron.symmetries()) == 120
    assert icosahedron.orbits().max() + 1 == 82
    values = 1 << np.arange(12)[::-1]
    for one in icosahedron.symmetries()[::17]:
        assert (labels[bits[:, one] @ values] == labels).all()


def test_the_soft_rule_has_the_recorded_scores_and_information():
    score = icosahedron.band_score()
    rows = {k: 1 << (11 - k) for k in range(12)}
    assert score[0] == 0
    told = [
        score[rows[0]],
        score[rows[0] | rows[9]],
        score[rows[0] | rows[1]],
        score[rows[0] | rows[2]],
    ]
    assert told == pytest.approx([1.97203, 2.23852, 3.30089, 2.74673], abs=6e-6)
    assert len(np.unique(score.round(9))) == 64
    p = icosahedron.joint(icosahedron.soft_rule())
    information = _entropy(p.sum(0)) + 12 - _entropy(p[p > 0])
    assert information == pytest.approx(0.8994828248, abs=6e-11)
    assert icosahedron.joint(icosahedron.soft_rule(), lumped=True).shape == (82, 2)


def test_a_sharpness_is_finite():
    with pytest.raises(InfoplaneError, match="finite"):
        icosahedron.soft_rule(sharpness=float("inf"))

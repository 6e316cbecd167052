"""What turns back is told from what only wobbles."""

import math

import numpy as np
import pytest

from infoplane.analysis.bifurcation import Smallest, monotone, smallest, turn_back
from infoplane.values.errors import InfoplaneError

T = np.linspace(0, 1, 40)
PLATEAU = 2 * np.minimum(1, 3 * T)
TURNING = PLATEAU - 0.6 * np.maximum(0, T - 0.5)


def noisy(course, seed=0, batches=5, scale=0.02):
    """Batches differ by an offset, and by noise that is correlated over time."""
    random = np.random.default_rng(seed)
    white = random.standard_normal((len(course), batches))
    correlated = white.copy()
    for t in range(1, len(course)):
        correlated[t] = 0.8 * correlated[t - 1] + 0.6 * white[t]
    return course[:, None] + random.standard_normal(batches) + scale * correlated


def test_of_exact_courses_the_size_is_known():
    found = turn_back(np.tile(TURNING[:, None], 4))
    assert found.size == pytest.approx(TURNING.max() - TURNING[-1]) and found.threshold < 1e-12
    assert found.peak == int(TURNING.argmax()) and found.is_real
    rising = turn_back(np.tile(T[:, None], 4))
    assert rising.size == 0 and not rising.is_real


def test_offsets_of_batches_change_nothing():
    courses = noisy(TURNING)
    moved = courses + np.array([5.0, -3.0, 0.0, 1.0, 2.0])
    for one, other in ((turn_back(courses), turn_back(moved)),):
        assert one.size == pytest.approx(other.size)
        assert one.threshold == pytest.approx(other.threshold)
    np.testing.assert_allclose(turn_back(courses).of_each.mean(), turn_back(courses).size)


def test_a_turn_back_beyond_noise_is_found_and_a_plateau_is_none():
    assert all(turn_back(noisy(TURNING, seed)).is_real for seed in range(20))
    assert sum(turn_back(noisy(PLATEAU, seed)).is_real for seed in range(20)) <= 3


@pytest.mark.parametrize("batches", [5, 20])
@pytest.mark.parametrize("course", [0 * T, PLATEAU])
def test_noise_alone_turns_back_in_at_most_one_of_twenty(course, batches):
    trials = 200
    found = sum(turn_back(noisy(course, seed, batches)).is_real for seed in range(trials))
    assert found <= 0.05 * trials + 2.33 * math.sqrt(0.05 * 0.95 * trials)  # a chance of 1 %


def test_the_nearest_course_that_never_falls():
    course = np.random.default_rng(0).standard_normal(30)
    slow = course.copy()  # neighbours in the wrong order are pooled until there are none
    blocks = [[value] for value in slow]
    while any(np.mean(a) > np.mean(b) for a, b in zip(blocks, blocks[1:], strict=False)):
        place = next(i for i in range(len(blocks)) if np.mean(blocks[i]) > np.mean(blocks[i + 1]))
        blocks[place : place + 2] = [blocks[place] + blocks[place + 1]]
    expected = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])
    np.testing.assert_allclose(monotone(course), expected)


def test_the_smallest_code_that_turns_back():
    courses = {2: noisy(PLATEAU, 1), 4: noisy(PLATEAU, 2), 8: noisy(TURNING), 16: noisy(TURNING, 3)}
    assert smallest(courses) == Smallest(8, 8.0, 8.0)
    assert smallest(dict(reversed(courses.items()))) == smallest(courses)
    none = smallest({2: noisy(PLATEAU, 1), 4: noisy(PLATEAU, 2)})
    assert none.size is None and none.high == math.inf


@pytest.mark.parametrize("courses", [np.ones((1, 5)), np.ones((5, 1)), np.full((4, 4), np.nan)])
def test_what_has_no_course_is_refused(courses):
    with pytest.raises(InfoplaneError, match="two finite moments of two replicates"):
        turn_back(courses)

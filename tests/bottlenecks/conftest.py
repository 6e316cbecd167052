"""Joints that several tests share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def five():
    """Five states, two outcomes."""
    one = np.array([0.12, 0.23, 0.4, 0.6, 0.76])
    return np.stack([1 - one, one], 1) / 5


@pytest.fixture(scope="session")
def late():
    """A transition to which one cluster is a local minimum for long after."""
    return np.array([[0.09, 0.01], [0.45, 0.45]])

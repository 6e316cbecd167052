"""What is left of small p-values when many were asked for."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.values.errors import InfoplaneError


def q_values(p_values: Sequence[float]) -> list[float]:
    """The least false discovery rate at which each stays a discovery (Benjamini and Hochberg).

    Takes the tests to be independent, or to err in the same direction. Source:
    benjamini1995controlling.

    Args:
        p_values: One for every test that was made, not only for those that look well.

    Raises:
        InfoplaneError: Something is no p-value.

    >>> q_values([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.03]
    """
    for place, p_value in enumerate(p_values):
        if not 0 <= p_value <= 1:
            raise InfoplaneError(
                f"Place {place} holds {p_value}: a p-value lies between 0 and 1; leave out what "
                "was not tested."
            )
    return adjusted(np.array(p_values, dtype=np.float64)).tolist()


def adjusted(p_values: Float[ndarray, "*tests"]) -> Float[ndarray, "*tests"]:
    """The same of an array of p-values of any shape, each between 0 and 1.

    >>> adjusted(np.array([[0.01, 0.5, 0.02]]))
    array([[0.03, 0.5 , 0.03]])
    """
    flat = p_values.ravel()
    order = np.argsort(flat)[::-1]
    places = np.arange(len(flat), 0, -1)
    found = np.empty_like(flat)
    found[order] = np.minimum(np.minimum.accumulate(flat[order] * len(flat) / places), 1.0)
    return found.reshape(p_values.shape)

"""What is left of small p-values when many were asked for."""

from collections.abc import Sequence

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
    if not p_values:
        return []
    from scipy.stats import false_discovery_control  # a second to import, for those who judge only

    return [float(one) for one in false_discovery_control([*p_values], method="bh")]

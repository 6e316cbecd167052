"""What an update costs: multiply-adds of its matrix products.

A stage of a inputs and b units takes a·b multiply-adds per sample three times: forward, for the
gradient of its weights, and for the gradient of its inputs if the gradient goes on beyond it. What
is done element by element (activations, exponentials, the optimiser) is not counted; it is of
lower order.
"""

from collections.abc import Sequence


def update_cost(n: int, frozen: Sequence[int], learning: Sequence[int]) -> int:
    """Multiply-adds of one update on n samples.

    Args:
        n: Samples of the minibatch.
        frozen: Weights of every stage that is passed through without a gradient.
        learning: Weights of every stage that learns, in the order of the forward pass; the
            gradient passes through all of them and ends at the first.

    >>> update_cost(1, [], [6, 4])  # forward 10, weights 10, inputs of the second 4
    24
    """
    return n * (sum(frozen) + 3 * sum(learning) - learning[0])


def information_cost(n: int, given: int, learning: int) -> int:
    """Multiply-adds of I_2 between n samples of two variables, and of its gradient.

    At α = 2 there are no eigenvalues: the inner products of all pairs are n²·d, and of the
    variable that learns twice as many more for the gradient.

    Args:
        n: Samples of the minibatch.
        given: Columns of the variable without a gradient.
        learning: Columns of the one with a gradient.
    """
    return n * n * (given + 3 * learning)

"""The front door: one function per question."""

from infoplane.measures.estimator import EntropyEstimator, Estimator
from infoplane.measures.evidence import Batched, WithNull
from infoplane.measures.renyi import Renyi
from infoplane.measures.samples import Samples
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

DEFAULT = Renyi()
"""Matrix-based Rényi at α = 1.01 with the scale-invariant width."""


def entropy(x: Samples, *, estimator: EntropyEstimator = DEFAULT) -> Estimate:
    """Entropy of samples in bits.

    Args:
        x: NumPy array or tensor of shape (n,), (n, d) or (n, c, h, w), samples first. Integers of
            shape (n,) are class labels.
        estimator: An estimator that knows entropies.

    Raises:
        InfoplaneError: The samples are too few, not numeric or not finite.

    >>> import numpy as np
    >>> float(entropy(np.repeat([0, 1, 2, 3], 5)).value.__round__(6))
    2.0
    """
    if not isinstance(estimator, EntropyEstimator):
        raise InfoplaneError(f"{estimator!r} estimates information only, not entropy.")
    return estimator.entropy(x)


def mutual_information(
    x: Samples,
    y: Samples,
    *,
    estimator: Estimator = DEFAULT,
    permutations: int = 0,
    batch_size: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Mutual information of paired samples in bits, with the evidence that was asked for.

    Args:
        x: NumPy array or tensor of shape (n,), (n, d) or (n, c, h, w), samples first. Integers of
            shape (n,) are class labels.
        y: As many samples.
        estimator: Any estimator.
        permutations: Shuffles of y for a null and a p-value; 0 for none.
        batch_size: Measure in batches of this size and report their standard error; None for all
            samples at once.
        seed: Seed of the shuffles.

    Raises:
        InfoplaneError: The arrays are not paired, too few, not numeric or not finite.

    >>> import torch
    >>> x = torch.arange(40.0)
    >>> mutual_information(x, x.square(), permutations=39).p_value
    0.025
    """
    if not isinstance(estimator, Estimator):
        raise InfoplaneError(f"{estimator!r} is no estimator; pass a value such as ip.Renyi().")
    if permutations < 0:
        raise InfoplaneError(f"permutations={permutations}: 0 is for no null, 39 are usual.")
    measured = estimator if batch_size is None else Batched(estimator, batch_size)
    if permutations:
        measured = WithNull(measured, permutations, seed, within=batch_size)
    return measured(x, y)

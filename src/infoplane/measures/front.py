"""The front door: one function per question.

Of several variables: ``interaction`` and ``trio``.
"""

from dataclasses import replace
from typing import Literal

from infoplane.measures.diagnostics.checks import constant, diagnose, scale_moves
from infoplane.measures.estimator import ConditionalEstimator, EntropyEstimator, Estimator
from infoplane.measures.evidence.null import Batched, WithNull
from infoplane.measures.gram.renyi import DEFAULT
from infoplane.measures.interaction import KNOWS_ENTROPIES
from infoplane.measures.samples import Samples, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

KNOWS_CONDITIONAL = "Renyi, PlugIn, Binned, Gaussian, GaussianCopula, KSG and MixedKSG"
"""The estimators that know conditional information."""


def entropy(x: Samples, *, estimator: Estimator | EntropyEstimator = DEFAULT) -> Estimate:
    """Entropy of samples in bits.

    Args:
        x: NumPy array or tensor of shape (n,), (n, d) or (n, c, h, w), samples first. Integers of
            shape (n,) are class labels.
        estimator: An estimator that knows entropies.

    Raises:
        InfoplaneError: The samples are too few, not numeric or not finite; the estimator knows no
            entropies.

    >>> import numpy as np
    >>> float(entropy(np.repeat([0, 1, 2, 3], 5)).value.__round__(6))
    2.0
    """
    if not isinstance(estimator, EntropyEstimator):
        raise InfoplaneError(
            f"{estimator!r} estimates information only, not entropy; {KNOWS_ENTROPIES} do."
        )
    return estimator.entropy(x)


def mutual_information(
    x: Samples,
    y: Samples,
    *,
    estimator: Estimator = DEFAULT,
    permutations: int = 0,
    batch_size: int | None = None,
    seed: int = 0,
    check: bool | Literal["all"] = True,
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
        check: Look at samples and value for what makes the number mean less than it seems, and
            say it in ``notes``: saturation, bounds, functions, repeated rows, too few samples,
            labels given as floats. That looks at a few thousand samples and measures nothing
            anew. "all" measures twice more, to say whether the value depends on units; False says
            only what the estimator itself does.

    Raises:
        InfoplaneError: The arrays are not paired, too few, not numeric or not finite.

    >>> import torch
    >>> x = torch.arange(40.0)
    >>> mutual_information(x, x.square(), permutations=39).p_value
    0.025
    """
    if not isinstance(estimator, Estimator):
        raise InfoplaneError(
            f"{estimator!r} is no estimator; pass a value such as ip.Renyi() or ip.KSG()."
        )
    if permutations < 0:
        raise InfoplaneError(f"permutations={permutations}: 0 is for no null, 39 are usual.")
    if check not in (True, False, "all"):
        raise InfoplaneError(f'check={check!r}: it is True, False or "all".')
    first, second = paired(x, y)
    plain = estimator if batch_size is None else Batched(estimator, batch_size)
    measured = WithNull(plain, permutations, seed, within=batch_size) if permutations else plain
    estimate = measured(first, second)
    if check and (still := constant({"x": first, "y": second})):
        return replace(estimate, notes=still)  # nothing else matters then
    found = diagnose(first, second, estimator, estimate) if check else ()
    moved = scale_moves(plain, first, second, estimate) if check == "all" else ()
    return replace(estimate, notes=tuple(dict.fromkeys((*estimate.notes, *found, *moved))))


def conditional_mutual_information(
    x: Samples,
    y: Samples,
    given: Samples,
    *,
    estimator: Estimator | ConditionalEstimator = DEFAULT,
) -> Estimate:
    """I(x; y | given) in bits: what two variables share beyond a third.

    Args:
        x: NumPy array or tensor of shape (n,), (n, d) or (n, c, h, w), samples first. Integers of
            shape (n,) are class labels.
        y: As many samples.
        given: As many samples of what is known already.
        estimator: An estimator that knows conditional information.

    Raises:
        InfoplaneError: The arrays are not paired, too few, not numeric or not finite; the
            estimator knows no conditional information.

    >>> import torch
    >>> a, b = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    >>> round(conditional_mutual_information(a, b, a ^ b).value, 6)
    1.0
    """
    if not isinstance(estimator, ConditionalEstimator):
        raise InfoplaneError(
            f"{estimator!r} knows no conditional information; {KNOWS_CONDITIONAL} do."
        )
    return estimator.conditional(x, y, given)

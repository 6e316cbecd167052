"""One pair of variables under many estimators: what each says, or why it says nothing."""

from collections.abc import Callable, Mapping, Sequence

from infoplane.measures.catalogue import ESTIMATORS, TRAINED, estimator
from infoplane.measures.estimator import ConditionalEstimator, Estimator
from infoplane.measures.front import conditional_mutual_information, mutual_information
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.samples import Samples, pair_of, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

LARGE, BATCH = 2000, 500
"""More samples than this are measured in batches where the time grows with n³."""

Said = Estimate | InfoplaneError
"""What an estimator says: a number, or why there is none."""


def side_by_side(
    x: Samples,
    y: Samples,
    estimators: Sequence[str] | None = None,
    *,
    given: Samples | None = None,
    permutations: int = 0,
    seed: int = 0,
    before: Callable[[str], None] = lambda _: None,
) -> Mapping[str, Said]:
    """Every estimate of what two variables share, in bits, in the order of the catalogue.

    Args:
        x: Samples (n,), (n, d) or (n, c, h, w); integers are discrete.
        y: As many samples.
        estimators: Names out of the catalogue; None for ``suitable(x, y)``.
        given: What they share beyond this third variable, by estimators that can tell.
        permutations: Shuffles of y for a null and a p-value each; 0 for none.
        seed: Seed of the shuffles.
        before: Is told the name of each estimator before it begins.

    Raises:
        InfoplaneError: The arrays are not paired, too few, not numeric or not finite, or there is
            no estimator of some name.
    """
    first, second = paired(x, y)
    if given is not None:
        paired(first, given)
        if permutations:
            raise InfoplaneError(
                "A null of conditional information is not known here: leave out permutations."
            )
    names = suitable(x, y, conditional=given is not None) if estimators is None else estimators
    chosen = {name: estimator(name) for name in names}
    said: dict[str, Said] = {}
    for name, one in chosen.items():
        before(name)
        try:
            if given is not None:
                said[name] = conditional_mutual_information(first, second, given, estimator=one)
            else:
                said[name] = mutual_information(
                    first,
                    second,
                    estimator=one,
                    permutations=permutations,
                    batch_size=batch_size(one, len(first)),
                    seed=seed,
                )
        except InfoplaneError as refused:
            said[name] = refused
        except (ArithmeticError, ValueError, RuntimeError) as broken:
            said[name] = InfoplaneError(f"It failed: {type(broken).__name__}: {broken}")
    return said


def suitable(
    x: Samples, y: Samples, *, conditional: bool = False, trained: bool = False
) -> list[str]:
    """Names of the estimators that take such a pair, those that are trained only if asked for."""
    kind = pair_of(*paired(x, y))
    return [
        name
        for name, one in ESTIMATORS.items()
        if kind in one.properties.takes
        and (trained or name not in TRAINED)
        and (not conditional or isinstance(one, ConditionalEstimator))
    ]


def batch_size(one: Estimator, n: int) -> int | None:
    """Samples per batch of an estimator whose time grows with n³; None for all at once."""
    return BATCH if isinstance(one, Renyi) and n > LARGE else None

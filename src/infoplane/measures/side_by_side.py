"""One pair of variables under many estimators: what each says, or why it says nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from torch import Tensor

from infoplane.measures.catalogue import ESTIMATORS, TRAINED, estimator
from infoplane.measures.counting.binned import Binned
from infoplane.measures.diagnostics.checks import a_function
from infoplane.measures.estimator import ConditionalEstimator, Estimator
from infoplane.measures.front import conditional_mutual_information, mutual_information
from infoplane.measures.gram.renyi import DEFAULT, Renyi
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.samples import Samples, pair_of, paired
from infoplane.measures.sliced import Sliced
from infoplane.numerics.binning import Edges30
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
) -> Mapping[str, Said]:
    """Every estimate of what two variables share, in bits, in the order of the catalogue.

    Args:
        x: Samples (n,), (n, d) or (n, c, h, w); integers are discrete.
        y: As many samples.
        estimators: Names out of the catalogue; None for ``suitable(x, y)``.
        given: What they share beyond this third variable, by estimators that can tell.
        permutations: Shuffles of y for a null and a p-value each; 0 for none.
        seed: Seed of the shuffles.

    Raises:
        InfoplaneError: The arrays are not paired, too few, not numeric or not finite, there is no
            estimator of some name, or permutations are negative.
    """
    names = suitable(x, y, conditional=given is not None) if estimators is None else estimators
    said = dict(one_by_one(x, y, names, given=given, permutations=permutations, seed=seed))
    return {name: said[name] for name in names}


def one_by_one(
    x: Samples,
    y: Samples,
    estimators: Sequence[str],
    *,
    given: Samples | None = None,
    permutations: int = 0,
    seed: int = 0,
    before: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[str, Said]]:
    """As ``side_by_side``, one after the other: those first that are quick.

    Args:
        x: Samples.
        y: As many samples.
        estimators: Names out of the catalogue.
        given: A third variable.
        permutations: Shuffles.
        seed: Seed of the shuffles.
        before: Is told the name of each estimator before it begins.

    Yields:
        The name of an estimator, and what it says.

    Raises:
        InfoplaneError: As ``side_by_side``.
    """
    first, second = paired(x, y)
    third = None if given is None else paired(first, given)[1]
    if permutations < 0:
        raise InfoplaneError(f"permutations={permutations}: 0 is for no null, 39 are usual.")
    if third is not None and permutations:
        raise InfoplaneError(
            "A null of conditional information is not known here: leave out permutations."
        )
    chosen = {name: estimator(name) for name in estimators}
    for name in sorted(chosen, key=_is_slow):
        before(name)
        yield name, _said(chosen[name], first, second, third, permutations, seed)


def suitable(
    x: Samples, y: Samples, *, conditional: bool = False, trained: bool = False
) -> list[str]:
    """Names of the estimators worth asking about such a pair.

    Those that take it, without what would say the same twice (bins of labels, slices of single
    columns), without rules that are not made for these numbers, without those of a noisy layer
    t(x) unless y is such a function of x, and without those that are trained unless asked for.
    """
    first, second = paired(x, y)
    kind = pair_of(first, second)
    return [
        name
        for name, one in ESTIMATORS.items()
        if kind in one.properties.takes
        and (trained or name not in TRAINED)
        and (not conditional or isinstance(one, ConditionalEstimator))
        and _is_worth_asking(one, kind, first, second)
    ]


def batch_size(one: Estimator, n: int) -> int | None:
    """Samples per batch of an estimator whose time grows with n³; None for all at once."""
    return BATCH if isinstance(one, Renyi) and n > LARGE else None


def _said(
    one: Estimator,
    x: Tensor,
    y: Tensor,
    given: Tensor | None,
    permutations: int,
    seed: int,
) -> Said:
    try:
        if given is not None:
            return conditional_mutual_information(x, y, given, estimator=one)
        return mutual_information(
            x,
            y,
            estimator=one,
            permutations=permutations,
            batch_size=batch_size(one, len(x)),
            seed=seed,
        )
    except InfoplaneError as refused:
        return refused
    except (ArithmeticError, ValueError, RuntimeError) as broken:
        return InfoplaneError(f"It failed: {type(broken).__name__}: {broken}")


def _is_worth_asking(one: Estimator, kind: str, x: Tensor, y: Tensor) -> bool:
    floats = [v for v in (x, y) if v.is_floating_point()]
    match one:
        case Binned(rule=Edges30()):
            return bool(floats) and all(float(v.abs().max()) <= 1 for v in floats)
        case Binned():
            return kind != "labels"
        case Renyi():
            return kind != "labels" or one == DEFAULT
        case Sliced():
            return any(v.ndim > 1 and v.shape[1] > 1 for v in floats)
        case PairwiseKDE() | NoisyChannel():
            return kind != "numbers" or bool(a_function({"x": x, "y": y}))
        case _:
            return True


def _is_slow(name: str) -> int:
    """Quick ones first: counts, neighbours, then many pairs or spectra, then training."""
    if name in TRAINED:
        return 2
    return int(isinstance(ESTIMATORS[name], Renyi | NoisyChannel | Sliced | PairwiseKDE))

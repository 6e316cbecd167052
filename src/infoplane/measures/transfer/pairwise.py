"""Transfer entropy between all units of two layers, with the evidence beside every pair."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Integer, Shaped
from torch import Tensor

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.normal.gaussian import Gaussian
from infoplane.measures.samples import Samples, as_samples
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import (
    CountedPairs,
    Null,
    Pairs,
    is_constant,
    normal_pairs,
    null_of,
)
from infoplane.measures.transfer.populations import Transfers, words_of
from infoplane.measures.transfer.surrogates import PERMUTED, Surrogates
from infoplane.measures.transfer.warnings import AT_ONCE, series_notes
from infoplane.numerics.binary import Binarisation
from infoplane.numerics.coincidences import Way, counting
from infoplane.quantities.discoveries import adjusted
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import BIT

DEFAULT = PlugIn()
DEAD = "{count} of {units} {name} units are constant: exactly nothing passes from or to them."
BY_CHI2 = (
    "The p-values are those of the χ² distribution, which takes moments for independent; with "
    "permutations they are of surrogates."
)


def pairwise_transfer_entropy(
    *,
    source: Samples,
    target: Samples,
    given: Samples | None = None,
    k: int = 1,
    l: int = 1,
    lag: int = 1,
    given_length: int = 1,
    binary: Binarisation | None = None,
    base: int | None = None,
    estimator: PlugIn | Gaussian = DEFAULT,
    permutations: int = 0,
    surrogates: Surrogates = PERMUTED,
    seed: int = 0,
    rate: float = 0.05,
    evidence: bool = True,
    way: Way | None = None,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
) -> xr.Dataset:
    """Transfer entropy from every source unit to every target unit, in bits.

    Counted for all pairs at once, never pair by pair; memory is bounded by blocks of target units.

    Args:
        source: Units at all moments, (n, n_source): states 0, 1, …, or numbers.
        target: As many moments, (n, n_target).
        given: A series that all pairs are conditioned on, (n,) of states or (n, d) of numbers.
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps from the last of these to the target; 0 is dependence at one moment.
        given_length: Steps of ``given``.
        binary: How numbers become two states, such as ``Above(0.0)``; None where they are states.
        base: How many states a unit has; None for one more than the largest that occurs.
        estimator: ``PlugIn()`` for states, ``Gaussian()`` for numbers. Values are uncorrected;
            what the estimator says of a correction is in ``te_corrected``, for both.
        permutations: Surrogates for nulls and p-values; each costs one more pass.
        surrogates: How moments are moved: the sources' windows, all alike, or the targets'
            futures among equal pasts (``GivenPast``).
        seed: Of the surrogates.
        rate: False discovery rate of ``significant`` (Benjamini and Hochberg).
        evidence: Whether anything but ``te`` is wanted.
        way: How states are counted: "packed", "compiled" or "product", to the same integers; None
            for the quickest here.
        names: Of the source and of the target units; None numbers them.

    Returns:
        Along ``source`` and ``target``: ``te``, raw; ``te_corrected``, less its bias to first order
        (Miller and Madow's for states); ``te_lag0``, the same at lag 0; ``p_chi2``; and with
        surrogates ``te_null``, their mean, ``te_effective``, what is above it, and ``p_value``,
        never 0. ``significant`` is by the surrogates where there are some. ``layer_null``, along
        ``surrogate``, is the mean over all pairs. Attributes: ``unit``, ``n``, ``method``,
        ``notes``.

    Source: schreiber2000measuring; miller1955note; benjamini1995controlling.

    Raises:
        InfoplaneError: The arrays are not paired, not of one kind, too short, or their words too
            many.

    >>> x = np.random.default_rng(0).integers(0, 2, (4000, 3))
    >>> found = pairwise_transfer_entropy(source=x, target=np.roll(x, 1, 0))
    >>> found["te"].values.round(1).diagonal(), int(found["significant"].sum())
    (array([1., 1., 1.]), 3)
    """
    history = History(k, l, lag, given_length)
    if permutations < 0 or not 0 < rate < 1:
        raise InfoplaneError(
            f"permutations={permutations}, rate={rate}: a number of at least 0, and a share "
            "between 0 and 1."
        )
    x, y = (_units(one, name, binary) for one, name in ((source, "source"), (target, "target")))
    _require_moments(x, y, "target")
    z = None if given is None else as_samples(given, "given")
    if z is not None:
        _require_moments(x, z, "given")

    def pairs(of: History) -> Pairs:
        return _pairs(x, y, z, of, estimator, base, way)

    here = pairs(history)
    found = here.measured()
    null = null_of(here, found, surrogates, permutations, seed) if permutations else None
    arrays = {"te": found.bits}
    if evidence:
        at_once = pairs(History(k, l, 0, given_length)).measured() if lag else found
        arrays |= _evidence(found, at_once, null, rate)
    axes = dict(
        zip(("source", "target"), names or (range(x.shape[1]), range(y.shape[1])), strict=True)
    )
    told = f"; {permutations} surrogates, {surrogates.words}" if permutations else ""
    return xr.Dataset(
        {name: (("source", "target"), values) for name, values in arrays.items()}
        | ({} if null is None else {"layer_null": (("surrogate",), null.of_layer)}),
        coords={name: list(one) for name, one in axes.items()},
        attrs={
            "unit": BIT,
            "n": found.n,
            "method": f"transfer entropy, {history.words}, {_words(estimator, binary)}{told}",
            "notes": _notes(x, y, history, found, null) if evidence else [],
        },
    )


def _units(x: Samples, name: str, binary: Binarisation | None) -> Shaped[Tensor, "n units"]:
    """Checked units; numbers as states if a rule is given."""
    checked = as_samples(x, name)
    columns = checked.reshape(len(checked), -1)
    return columns if binary is None else binary(columns)


def _require_moments(x: Tensor, other: Tensor, name: str) -> None:
    if len(x) != len(other):
        raise InfoplaneError(
            f"source has {len(x)} moments and {name} {len(other)}: one of each is needed at every "
            "moment."
        )


def _pairs(
    x: Shaped[Tensor, "n a"],
    y: Shaped[Tensor, "n b"],
    z: Tensor | None,
    history: History,
    estimator: PlugIn | Gaussian,
    base: int | None,
    way: Way | None,
) -> Pairs:
    """The windows of two layers, of whichever kind the estimator takes."""
    if isinstance(estimator, Gaussian):
        for name, one in (("source", x), ("target", y)):
            if not one.is_floating_point():
                raise InfoplaneError(
                    f"{name} holds integers, which are states: PlugIn() counts them. Counts are "
                    "numbers: pass them as floats."
                )
        beside = None if z is None else z.reshape(len(z), -1).double()
        return normal_pairs(x, y, history, beside)
    states = _base(x, y, base)
    given, given_base = (None, 1) if z is None else _known(z)
    words = words_of(x, y, history, states, given, given_base)
    return CountedPairs(words, counting(way, x.device))


def _base(x: Tensor, y: Tensor, base: int | None) -> int:
    """How many states the units have.

    Raises:
        InfoplaneError: They hold numbers, or states that are not 0, 1, ….
    """
    for name, one in (("source", x), ("target", y)):
        if one.is_floating_point():
            raise InfoplaneError(
                f"{name} holds floats, which have no states to be counted: say how they become "
                "states, binary=ip.Above(0.0), or take estimator=ip.Gaussian(). Integers that are "
                "stored as floats: convert them, x.astype(int) or x.long()."
            )
    low = min(int(one.min()) for one in (x, y))
    high = max(int(one.max()) for one in (x, y)) + 1
    known = max(2, high) if base is None else base
    if low < 0 or high > known or known < 2:
        raise InfoplaneError(
            f"The states lie between {low} and {high - 1}, and base={known} has 0 … {known - 1}: "
            "number them from 0, and leave base out or give at least 2."
        )
    return known


def _known(z: Tensor) -> tuple[Integer[Tensor, " n"], int]:
    """The states that all pairs are conditioned on."""
    if z.is_floating_point() or z.ndim != 1 or int(z.min()) < 0:
        raise InfoplaneError(
            f"given has shape {tuple(z.shape)} and {z.dtype}: states 0, 1, … of shape (n,) are "
            "needed beside states."
        )
    return z, int(z.max()) + 1


def _evidence(
    found: Transfers, at_once: Transfers, null: Null | None, rate: float
) -> dict[str, Shaped[np.ndarray, "a b"]]:
    """What stands beside the raw values."""
    p_values = found.p_values
    arrays: dict[str, Shaped[np.ndarray, "a b"]] = {
        "te_corrected": found.miller_madow,
        "te_lag0": at_once.bits,
        "p_chi2": p_values,
    }
    if null is not None:
        p_values = null.p_values
        arrays |= {
            "te_null": null.mean,
            "te_effective": found.bits - null.mean,
            "p_value": p_values,
        }
    return arrays | {"significant": adjusted(p_values) < rate}


def _notes(
    x: Float[Tensor, "n a"] | Integer[Tensor, "n a"],
    y: Float[Tensor, "n b"] | Integer[Tensor, "n b"],
    history: History,
    found: Transfers,
    null: Null | None,
) -> list[str]:
    """What a reader must know."""
    notes = [AT_ONCE] if history.lag == 0 else []
    for name, one in (("source", x), ("target", y)):
        if count := int(is_constant(one).sum()):
            notes.append(DEAD.format(count=count, units=one.shape[1], name=name))
    notes += series_notes(x, y, typical=float(np.max(found.miller_madow, initial=0.0)))
    return notes if null is not None else [*notes, BY_CHI2]


def _words(estimator: PlugIn | Gaussian, binary: Binarisation | None) -> str:
    cut = "" if binary is None else f"; units {binary.words}"
    if isinstance(estimator, Gaussian):
        return f"Gaussian, uncorrected{cut}"
    return f"plug-in of relative frequencies{cut}"

"""Does paying for information do what dropout does: each at its best, and at one test error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import final

import xarray as xr

from infoplane.analysis.claims import SHUFFLED, Claim, Evidence, Statistic, estimators
from infoplane.analysis.curves import together
from infoplane.experiments.claims import NULL, has_null
from infoplane.experiments.members import ONE_NUMBER, no_estimator, per_run
from infoplane.experiments.regularised.kept import Kept
from infoplane.values.finding import NO_ESTIMATOR
from infoplane.values.trace import Trace

OURS = "ours: dropout in the place of information"
DROPPED, UNREGULARISED = "dropout in its place", "neither of both"
"""Names of controls: what another regulariser, or none, does to the same statistic."""
IS_DROPPED = (
    "The control has the dropout of the least test error in the place of the price: if it shows "
    "the claim as well, regularising does it and not the information that is paid for."
)
CHOSEN = (
    "The members are chosen anew in every seed, by the test error itself: whichever has more "
    "settings to choose from is favoured where errors are compared."
)
Value = Callable[[Kept, str], xr.DataArray]
"""What one member ends with."""


@final
@dataclass(frozen=True)
class Pairing:
    """Which member that pays is set beside which with dropout.

    Attributes:
        key: What its claims are named after.
        words: The pair, to begin a sentence with.
        paid: Chooses the member that pays, given the one with dropout.
    """

    key: str
    words: str
    paid: Callable[[Kept, str], str]

    def chosen(self, trace: Trace) -> tuple[str, str]:
        """The member that pays and the one with dropout."""
        kept = Kept(trace)
        dropped = kept.best(kept.dropped)
        return self.paid(kept, dropped), dropped


BEST = Pairing("best", "At the best setting of each", lambda kept, dropped: kept.best(kept.paid))
EQUAL = Pairing(
    "equal-error",
    "At the test error of dropout at its best, or the nearest that there is",
    lambda kept, dropped: kept.nearest(kept.paid, dropped),
)


def claims(trace: Trace) -> list[Claim]:
    """What can be asked where some members pay for information and others have dropout."""
    kept = Kept(trace)
    alone = [] if kept.free is None or not kept.dropped else _lowers(trace)
    if not (kept.paid and kept.dropped):
        return alone
    return [
        *alone,
        _error(trace),
        *(
            claim
            for pairing in (BEST, EQUAL)
            for claim in (_gap(trace, pairing), *_informed(trace, pairing))
        ),
    ]


def errors(trace: Trace, names: Sequence[str]) -> Evidence:
    """The test errors of some members, for a reader."""
    kept = Kept(trace)
    told = {f"test error, {name}": float(kept.error(name)) for name in names}
    return dict.fromkeys((NO_ESTIMATOR, *estimators(trace)), told)


def _lowers(trace: Trace) -> list[Claim]:
    """Whether dropout, which nobody asked to, lowers the information of the layer."""

    def lowered(of: Value, trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        assert kept.free is not None
        return together({name: of(kept, kept.free) - of(kept, name) for name in kept.dropped})

    def ends(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        assert kept.free is not None
        return together({name: kept.information(name) for name in (kept.free, *kept.dropped)})

    layer = Kept(trace).layer
    return _twice(
        trace,
        "dropout",
        f"Dropout lowers I(X;{layer}) at the end of training, though nothing asks it to.",
        lowered,
        ends,
        (),
    )


def _error(trace: Trace) -> Claim:
    return _of_errors(
        trace,
        BEST,
        "error",
        "the one that pays for information has the smaller test error, not the one with dropout.",
        Kept.error,
    )


def _gap(trace: Trace, pairing: Pairing) -> Claim:
    return _of_errors(
        trace,
        pairing,
        "gap",
        "paying for information leaves a smaller generalisation gap, test error less training "
        "error, than dropout does.",
        Kept.gap,
    )


def _of_errors(trace: Trace, pairing: Pairing, what: str, words: str, of: Value) -> Claim:
    def smaller(trace: Trace) -> xr.DataArray:
        paid, dropped = pairing.chosen(trace)
        kept = Kept(trace)
        return per_run(of(kept, dropped) - of(kept, paid))

    def without(trace: Trace) -> xr.DataArray:
        _, dropped = pairing.chosen(trace)
        kept = Kept(trace)
        assert kept.free is not None
        return per_run(of(kept, dropped) - of(kept, kept.free))

    controls: Mapping[str, Statistic] = {} if Kept(trace).free is None else {UNREGULARISED: without}
    return Claim(
        key=f"{pairing.key}-{what}",
        statement=f"{pairing.words}, {words}",
        source=OURS,
        statistic=smaller,
        controls=controls,
        rests_on=no_estimator,
        evidence=lambda trace: _chosen(trace, pairing),
        unit="1",
        notes=("The effect is the difference of the two shares.", CHOSEN, ONE_NUMBER),
        needs=lambda trace: (smaller(trace), *(control(trace) for control in controls.values())),
    )


def _informed(trace: Trace, pairing: Pairing) -> list[Claim]:
    def less(of: Value, trace: Trace) -> xr.DataArray:
        paid, dropped = pairing.chosen(trace)
        return of(Kept(trace), dropped) - of(Kept(trace), paid)

    def ends(trace: Trace) -> xr.DataArray:
        paid, dropped = pairing.chosen(trace)
        kept = Kept(trace)
        # by what they are, since seeds may choose other members
        return together({"paid": kept.information(paid), "dropout": kept.information(dropped)})

    layer = Kept(trace).layer
    return _twice(
        trace,
        f"{pairing.key}-information",
        f"{pairing.words}, the one that pays for information has less I(X;{layer}) than the one "
        "with dropout.",
        less,
        ends,
        (CHOSEN,),
        evidence=lambda trace: _chosen(trace, pairing),
    )


def _twice(
    trace: Trace,
    key: str,
    statement: str,
    difference: Callable[[Value, Trace], xr.DataArray],
    ends: Statistic,
    notes: tuple[str, ...],
    evidence: Callable[[Trace], Evidence] = lambda trace: {},
) -> list[Claim]:
    """A claim about information, raw and above the null if there is one.

    Args:
        trace: The family.
        key: Short name.
        statement: The claim in words.
        difference: What it says is positive, of one value of the members.
        ends: The raw values behind it.
        notes: What a reader needs.
        evidence: Numbers for a reader.
    """
    null = has_null(trace)
    shuffled, above = partial(difference, Kept.null), partial(difference, Kept.above_null)
    raw = Claim(
        key=key,
        statement=statement,
        source=OURS,
        statistic=partial(difference, Kept.information),
        controls={SHUFFLED: shuffled} if null else {},
        rests_on=ends,
        evidence=evidence,
        notes=notes,
        needs=lambda trace: (shuffled(trace),) if null else (),
    )
    corrected = Claim(
        key=f"{key}-above-null",
        statement=f"{statement.removesuffix('.')}; the same above the permutation mean.",
        source=NULL,
        statistic=above,
        rests_on=ends,
        evidence=evidence,
        notes=notes,
        needs=lambda trace: (above(trace),),
    )
    return [raw, corrected] if null else [raw]


def _chosen(trace: Trace, pairing: Pairing) -> Evidence:
    """Which members were set beside each other, and their test errors."""
    paid, dropped = pairing.chosen(trace)
    told = errors(trace, (paid, dropped))
    return {name: {"pays": paid, "dropout": dropped, **of} for name, of in told.items()}

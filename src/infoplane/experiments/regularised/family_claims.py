"""What is asked of several prices of information: whether they lower it, and the test error."""

from collections.abc import Callable, Mapping
from itertools import pairwise

import xarray as xr

from infoplane.analysis.claims import SHUFFLED, Claim
from infoplane.analysis.curves import together
from infoplane.experiments.claims import has_null
from infoplane.experiments.members import ONE_NUMBER, no_estimator, per_run
from infoplane.experiments.regularised import in_its_place
from infoplane.experiments.regularised.kept import Kept
from infoplane.experiments.regularised.regulariser import Regulariser
from infoplane.values.trace import Trace

PUBLISHED = "yu2021measuring, MNIST: 1.13 % of errors with the information, 1.38 % without"
PRICE = "yu2021measuring, deterministic information bottleneck"
BUDGET = (
    "Published with β = 10⁻⁶ under another kernel width, 784-1024-1024-256-10 and 200 epochs of "
    "MNIST at a falling learning rate. This is a smaller budget and another width rule: whatever "
    "it finds does not reproduce those numbers."
)
UNTRAINED_IS_ONE = "The untrained network is the same at every price, and is therefore no control."


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the regularisers that are there."""
    kept = Kept(trace)
    asked: list[Claim] = []
    if len(kept.prices) > 1:
        asked.append(_falls(trace))
        if has_null(trace):
            asked.append(_falls_above_null(trace))
    if kept.free is not None:
        asked += [_lowers_error(trace, kept.free, name) for name in kept.paid]
    return [*asked, *in_its_place.claims(trace)]


def _lowers_error(trace: Trace, free: str, paid: str) -> Claim:
    """One price against none; each is asked by itself, since the best of many is chosen."""

    def lowered(trace: Trace, by: str) -> xr.DataArray:
        kept = Kept(trace)
        return per_run(kept.error(free) - kept.error(by))

    dropped = Kept(trace).dropped
    return Claim(
        key=f"error-{Regulariser.named(paid).beta:g}",
        statement=f"Paying for information, {paid} nat per bit, lowers the test error against "
        f"{free}.",
        source=PUBLISHED,
        statistic=lambda trace: lowered(trace, paid),
        controls={in_its_place.DROPPED: lambda trace: lowered(trace, Kept(trace).best(dropped))}
        if dropped
        else {},
        rests_on=no_estimator,
        evidence=lambda trace: in_its_place.errors(trace, (free, paid)),
        unit="1",
        notes=(
            "The effect is the difference of the two shares.",
            UNTRAINED_IS_ONE,
            *([in_its_place.IS_DROPPED] if dropped else []),
            BUDGET,
            ONE_NUMBER,
        ),
        needs=lambda trace: (
            lowered(trace, paid),
            *([lowered(trace, Kept(trace).best(dropped))] if dropped else []),
        ),
    )


def _falls(trace: Trace) -> Claim:
    null = has_null(trace)
    return Claim(
        key="price",
        statement=f"I(X;{Kept(trace).layer}) at the end of training falls from each price to the "
        "next higher.",
        source=PRICE,
        statistic=lambda trace: _steps(trace, Kept(trace).information),
        controls={SHUFFLED: lambda trace: _steps(trace, Kept(trace).null)} if null else {},
        rests_on=_ends,
        needs=lambda trace: (_steps(trace, Kept(trace).null),) if null else (),
        notes=(
            UNTRAINED_IS_ONE,
            "The control is the same fall of the shuffled samples' information: if they show it, "
            "the entropy of the layer fell, and not what it shares with the input.",
        ),
    )


def _falls_above_null(trace: Trace) -> Claim:
    return Claim(
        key="price-above-null",
        statement=f"The same of I(X;{Kept(trace).layer}) above its permutation mean.",
        source="skean2023dime",
        statistic=lambda trace: _steps(trace, Kept(trace).above_null),
        rests_on=_ends,
        needs=lambda trace: (_steps(trace, Kept(trace).above_null),),
        notes=(UNTRAINED_IS_ONE,),
    )


def _steps(trace: Trace, of: Callable[[str], xr.DataArray]) -> xr.DataArray:
    """From each β to the next, dimensions (part, estimator, batch)."""
    return together(
        {f"{low} to {high}": of(low) - of(high) for low, high in pairwise(Kept(trace).prices)}
    )


def _ends(trace: Trace) -> xr.DataArray:
    """The raw information at every price, along "part"."""
    kept = Kept(trace)
    parts: Mapping[str, xr.DataArray] = {name: kept.information(name) for name in kept.prices}
    return together(parts)

"""What can be asked of one infinite ensemble.

No text of the paper was at hand but its abstract and introduction: what it claims of these problems
is from memory, and no number of it is quoted.
"""

from collections.abc import Callable

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import fall, follows, together
from infoplane.experiments.members import no_estimator
from infoplane.experiments.wide.measured import LOWER, OUTPUT, UPPER
from infoplane.values.trace import Trace
from infoplane.values.units import PURE

PAPER = "shwartzziv2019information, from memory"
BOUND = "tishby1999information; chechik2005gaussian, the exact curve"
THEORY = "lee2019wide, derived; the limit of infinite width"
SLACK = 0.01
"""Bits by which a point may lie above a bound that holds in expectation alone."""
NEAR = 0.9
"""Share of the exact curve that counts as near it."""
FALL = 0.05
"""Share of its peak by which information falls if it is compressed."""
OF_BOUNDS = (
    "The upper bound on I(X;Z|D) is held against the lower bound on I(Z;Y|D), so that looseness "
    "cannot break the inequality; the paper pairs two lower bounds (from memory), which can."
)
NO_CONTROL = "The ensemble at τ = 0 is the untrained control: it knows nothing of the target."


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run."""
    found = [below(trace), stopped(), compressed(), gap()]
    if "ceiling_TY" in trace:
        found.insert(2, near())
    if "apart_mean" in trace and trace.sizes["width"] > 1:
        found += [converges(), matches(trace)]
    return found


def upper(trace: Trace) -> xr.DataArray:
    """The upper bound on I(X;Z|D), along snapshot and batch."""
    return trace["I_XT"].sel(estimator=UPPER, layer=OUTPUT, drop=True)


def told(trace: Trace) -> xr.DataArray:
    """The lower bound on I(Z;Y|D)."""
    return trace["I_TY"].sel(estimator=UPPER, layer=OUTPUT, drop=True)


def most(trace: Trace) -> xr.DataArray:
    """What I(Z;Y|D) cannot exceed: the exact curve at the upper bound, or the bound itself."""
    return trace["ceiling_TY"] if "ceiling_TY" in trace else upper(trace)


def below(trace: Trace) -> Claim:
    """No moment lies above what any code can reach."""
    limit = "the exact curve of the bottleneck" if "ceiling_TY" in trace else "I(X;Z|D)"
    return Claim(
        key="below",
        statement=f"At no time does I(Z;Y|D) exceed {limit}, up to {SLACK:g} bit.",
        source=BOUND,
        statistic=slack,
        rests_on=no_estimator,
        notes=(
            OF_BOUNDS,
            "The effect is that of the worst moment. A check of the computation: nothing can lie "
            "above.",
        ),
    )


def slack(trace: Trace) -> xr.DataArray:
    """Bits below the limit at the moment where that is least, per batch, and what is allowed."""
    under = most(trace) - told(trace)
    return under.isel(snapshot=int(under.mean("batch").argmin("snapshot"))) + SLACK


def stopped() -> Claim:
    """Somewhere on the way more is known of the target than at the end."""

    def lost(trace: Trace) -> xr.DataArray:
        return at_best(trace, told) - told(trace).isel(snapshot=-1)

    return Claim(
        key="early-stopping",
        statement="Stopped where I(Z;Y|D) is largest, the ensemble knows more of the target than "
        "at the end of training.",
        source=PAPER,
        statistic=lost,
        rests_on=no_estimator,
        notes=(CHOSEN, NO_CONTROL),
    )


CHOSEN = "The moment is chosen on the other batches, so that choosing it favours nothing."


def at_best(trace: Trace, of: Callable[[Trace], xr.DataArray]) -> xr.DataArray:
    """A course at the moment where the other batches know most of the target, per batch."""
    known = told(trace)
    others = (known.sum("batch") - known) / (known.sizes["batch"] - 1)
    return of(trace).isel(snapshot=others.argmax("snapshot")).reset_coords(drop=True)


def near() -> Claim:
    """The best moment is near what any code could know."""

    def above(trace: Trace) -> xr.DataArray:
        return at_best(trace, told) - NEAR * at_best(trace, most)

    return Claim(
        key="near-optimal",
        statement=f"Stopped early, the ensemble knows {NEAR:.0%} of what any code of the same "
        "I(X;Z) could know of the target.",
        source=PAPER,
        statistic=above,
        rests_on=no_estimator,
        notes=(CHOSEN, OF_BOUNDS),
    )


def compressed() -> Claim:
    """I(X;Z|D) falls."""

    def fallen(trace: Trace) -> xr.DataArray:
        return fall(upper(trace), FALL)

    return Claim(
        key="compression",
        statement=f"I(X;Z|D) falls by {FALL:.0%} from its peak to the end of training.",
        source=PAPER,
        statistic=fallen,
        rests_on=no_estimator,
        notes=(
            "Every network is deterministic, and what it knows of X infinite; that of the "
            "ensemble is finite, and may fall. The effect is the fall less 5 % of the peak, of "
            "the upper bound.",
        ),
    )


def gap() -> Claim:
    """What is known of the data goes with the generalisation gap."""

    def rank(trace: Trace) -> xr.DataArray:
        apart = trace["squared_test"] - trace["squared_train"]
        return follows(trace["I_ZD"], apart.transpose("snapshot", "batch"))

    return Claim(
        key="gap",
        statement="Over training, I(Z;D|X) on new inputs follows the generalisation gap.",
        source="ours: the paper asks it of bounds on the gap (from memory)",
        statistic=rank,
        rests_on=no_estimator,
        needs=lambda trace: (trace["I_ZD"], trace["squared_test"]),
        unit=PURE,
        notes=(
            "Spearman's correlation over the times of an upper bound on I(Z;D|X) with the squared "
            "error on new samples less that on those trained on. Both rise with training time, "
            "which is most of it.",
        ),
    )


def converges() -> Claim:
    """Finite ensembles come nearer as they grow wider."""

    def nearer(trace: Trace) -> xr.DataArray:
        apart = _apart(trace)
        return apart.isel(width=0, drop=True) - apart.isel(width=-1, drop=True)

    return Claim(
        key="converges",
        statement="The widest finite networks are nearer to the infinite ensemble than the "
        "narrowest, in mean and in variance.",
        source=THEORY,
        statistic=nearer,
        rests_on=no_estimator,
        unit=PURE,
        notes=(DISTANCE,),
    )


DISTANCE = (
    "Root mean squares over new inputs, and means over the times that training by descent reaches: "
    "of means in standard deviations of the ensemble, of variances relative to the infinite one."
)


def matches(trace: Trace) -> Claim:
    """The widest are within the error of so many networks."""
    copies = int(trace.attrs["copies"])

    def within(trace: Trace) -> xr.DataArray:
        expected = xr.DataArray(
            [1 / np.sqrt(copies), np.sqrt(2 / (copies - 1))], {"part": ["mean", "variance"]}
        )
        return (2 * expected - _apart(trace).isel(width=-1, drop=True)).transpose("part", "batch")

    return Claim(
        key="matches",
        statement=f"The widest finite networks differ from the infinite ensemble by less than "
        f"twice what {copies} networks of infinite width would.",
        source=THEORY,
        statistic=within,
        rests_on=no_estimator,
        unit=PURE,
        notes=(
            DISTANCE,
            "Of c infinite networks, means differ by 1/√c and variances by √(2/(c − 1)).",
        ),
    )


def _apart(trace: Trace) -> xr.DataArray:
    """Distances over the times that were reached, (part, width, batch)."""
    parts = {
        name: trace[f"apart_{name}"].dropna("snapshot", how="all").mean("snapshot")
        for name in ("mean", "variance")
    }
    return together(parts)


def lower(trace: Trace) -> xr.DataArray:
    """The lower bound on I(X;Z|D)."""
    return trace["I_XT"].sel(estimator=LOWER, layer=OUTPUT, drop=True)

"""What can be asked of one network, however it was trained."""

import xarray as xr

from infoplane.analysis.claims import SHUFFLED, Claim
from infoplane.analysis.settling import outer_first
from infoplane.experiments.claims import (
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.values.trace import Trace

CODE = "code"
SETTLING = "yu2019understanding, implication of the inequalities (from memory)"


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run; those about the null only if it has one."""
    settling = [outer_pairs_first(trace)] if trace.sizes.get("pair", 0) > 1 else []
    if not has_null(trace):
        return [*settling, measurable()]
    return [
        *settling,
        fitting(CODE),
        simplifying(CODE),
        simplifying_above_null(CODE),
        measurable(),
    ]


def outer_pairs_first(trace: Trace) -> Claim:
    """The pairs of encoder and decoder settle from the outside in."""
    return Claim(
        key="settling",
        statement="Outer pairs settle before inner ones: from pair to pair inwards, I(T;T′) comes "
        "to stay near its end at a later step.",
        source=SETTLING,
        statistic=outer_first,
        controls={SHUFFLED: _shuffled} if has_null(trace) else {},
        rests_on=lambda trace: trace["I_pair"],
        unit="doublings of the step",
        notes=(
            "A curve has settled where it stays within 10 % of its range about its end. Where a "
            "pair moves by less than 0.25 bit there is nothing to settle, and no reading.",
            "Where the pairs are trained one after the other from the outside in, the order of "
            "training is part of what is seen.",
            "The control is the same statistic on the shuffled samples, at the moments that have "
            "a null; a null that does not move counts as settled from the start.",
        ),
        needs=lambda trace: (outer_first(trace),),
    )


def _shuffled(trace: Trace) -> xr.DataArray:
    return outer_first(trace, "I_pair_null", still=0.0)

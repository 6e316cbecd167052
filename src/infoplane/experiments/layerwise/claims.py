"""What can be asked of one network, however it was trained."""

from dataclasses import replace

import xarray as xr

from infoplane.analysis.claims import SHUFFLED, Claim
from infoplane.analysis.dpi import Chain
from infoplane.analysis.settling import outer_first
from infoplane.experiments import chains as shared
from infoplane.experiments.chains import CODE, SIDES
from infoplane.experiments.claims import (
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.values.trace import Trace

SETTLING = "yu2019understanding, implication of the inequalities (from memory)"
TYPE_ONE = "yu2019understanding, first property (type-I DPI), whose network was trained end to end"
TYPE_TWO = (
    "yu2019understanding, second property (type-II DPI; direction from memory), whose network was "
    "trained end to end"
)
TURNS = (
    "Where stages learn one after the other, an early stage of training has layers in it that have "
    "not learned yet."
)


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run on one probe; those about the null only if it has one."""
    paired = trace.sizes.get("pair", 0) > 1
    null = has_null(trace)
    phases = [fitting(CODE), simplifying(CODE)]
    return [
        *([outer_pairs_first(trace)] if paired else []),
        *(shared.towards_code(side, TYPE_ONE, notes=(TURNS,)) for side in SIDES),
        *(shared.nested(TYPE_TWO) if paired else []),
        *(phases if null else [replace(claim, controls={}) for claim in phases]),
        *([shared.towards_code_above_null(side) for side in SIDES] if null else []),
        *([simplifying_above_null(CODE)] if null else []),
        measurable(),
    ]


def chains(trace: Trace) -> dict[str, Chain]:
    """The inequalities that a run can be asked about."""
    nested = {"nested": shared.nested_pairs(trace)} if trace.sizes.get("pair", 0) > 1 else {}
    return shared.chains(trace) | nested


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

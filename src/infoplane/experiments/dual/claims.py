"""What can be asked of one network with a stochastic code."""

import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim, untrained
from infoplane.analysis.dpi import Chain
from infoplane.experiments.claims import chain_claim
from infoplane.experiments.dual.known import TOLERANCE
from infoplane.experiments.members import last, no_estimator, per_run
from infoplane.observe.bounds import CODE
from infoplane.values.trace import Trace

DPI = "data processing inequality of Y – X – Z"
AXIS = (
    "piran2020dual, abscissa of the published code, E[log e(z|x) − log b(z|y)]; that it bounds "
    "I(X;Z|Y) follows from its definition"
)
EXACT = "tishby1999information; ours: the same loss where the exact curve is known"
SLACK = 1e-4
"""Bits by which a trained encoder may lie above the exact curve: one that keeps nothing lies on it,
and should not be undecided for that."""
OF_LINES = (
    "The exact curve is taken as the lowest of the lines that touch it at ten β, which lie up to "
    "0.002 bit above it. Both informations of the encoder are integrals, which err by less than "
    f"{TOLERANCE:g} bit, and no bounds."
)
CHECK = (
    "A check of the computation: the bounds are about the same samples, and only the draws of the "
    "code make them err. It holds of an untrained network too."
)
READ_WRONG = (
    "Supported means that the published abscissa is no I(X;Z): a code cannot know more of the "
    "class than of the input. The bounds on both are of the same network."
)


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run on one probe."""
    return [inequality(), published_axis(), *([below_exact()] if "known_below" in trace else [])]


def inequality() -> Claim:
    """I(X;Z) ≥ I(Z;Y), of their upper and lower bounds."""
    return chain_claim(
        "dpi",
        "The upper bound on I(X;Z) is at no stage of training below the lower bound on I(Z;Y).",
        DPI,
        chain,
        notes=(CHECK,),
    )


def chain(trace: Trace) -> Chain:
    """Both bounds over training."""
    return Chain.of(
        {
            "I(X;Z) upper": trace["I_XT"].sel(layer=CODE),
            "I(Z;Y) lower": trace["I_TY"].sel(layer=CODE),
        }
    )


def published_axis() -> Claim:
    """What is known of the class exceeds what the published axis shows."""
    return Claim(
        key="published-axis",
        statement="Read as I(X;Z), the published abscissa would break the data processing "
        "inequality: at the end of training I(Z;Y) exceeds it.",
        source=AXIS,
        statistic=beyond_residual,
        rests_on=lambda trace: last(trace["I_XT"]),
        controls={UNTRAINED: lambda trace: beyond_residual(untrained(trace))},
        needs=lambda trace: (beyond_residual(trace), beyond_residual(untrained(trace))),
        notes=(READ_WRONG,),
    )


def beyond_residual(trace: Trace) -> xr.DataArray:
    """The lower bound on I(Z;Y) less the upper bound on I(X;Z|Y), (estimator, batch)."""
    return last(trace["I_TY"].sel(layer=CODE, drop=True)) - last(trace["residual"])


def below_exact() -> Claim:
    """The trained encoder of the known problem lies on or below the exact curve."""

    def under(trace: Trace) -> xr.DataArray:
        return per_run(last(trace["known_below"]) + SLACK)

    return Claim(
        key="known",
        statement="Trained on the known problem, the encoder lies nowhere above the exact curve "
        f"of the bottleneck, up to {SLACK:g} bit.",
        source=EXACT,
        statistic=under,
        rests_on=no_estimator,
        notes=(OF_LINES, "One run gives one number, which decides nothing: take several seeds."),
    )

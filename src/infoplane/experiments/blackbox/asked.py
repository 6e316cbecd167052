"""Which layers and estimators claims are about, and curves of those."""

from collections.abc import Callable, Sequence

import xarray as xr

from infoplane.analysis.claims import estimators
from infoplane.analysis.networks import of_estimators
from infoplane.values.trace import Trace

LAST = ("hidden.4", "hidden.5")
"""The last two hidden layers, which claims of compression are about."""
COUNTED = ("edges30", "width", "adaptive")
"""Estimators that count bins: they measure all networks at all moments."""
PAPER, SAXE, GOLDFELD = "shwartz2017opening", "saxe2018information", "goldfeld2019estimating"
FALL = (
    "A fall counts from 0.25 bit and 5 % of the peak on, if the curve still falls after its peak; "
    "the effect is what exceeds that, in bits."
)


def suited(trace: Trace) -> list[str]:
    """The estimators that suit a network's units."""
    tanh = trace.attrs.get("activation") == "tanh"
    return [name for name in estimators(trace) if tanh or name != "edges30"]


def counted(trace: Trace) -> list[str]:
    """Those of them that count bins."""
    return [name for name in suited(trace) if name in COUNTED]


def by_layer(
    rule: Callable[[xr.DataArray], xr.DataArray], names: Callable[[Trace], list[str]] = suited
) -> Callable[[Trace], xr.DataArray]:
    """A rule on the curves of I(X;T) of the last two hidden layers, (part, estimator, init)."""

    def statistic(trace: Trace) -> xr.DataArray:
        asked = curves_of(trace, names(trace))
        found = of_estimators(asked, lambda one: rule(one["I_XT"].sel(layer=list(LAST))))
        return found.rename(layer="part").assign_attrs(trace["I_XT"].attrs)

    return statistic


def curves_of(trace: Trace, names: Sequence[str]) -> Trace:
    """I(X;T) alone, under some of the estimators that are there."""
    return trace[["I_XT"]].sel(estimator=[one for one in names if one in estimators(trace)])

"""What a reader of one run looks for: planes, layer-wise curves, losses, norms, inequalities."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from infoplane.experiments import panels as shared
from infoplane.experiments.claims import has_null
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.sentences import learned, unmeasured_told, verdicts_told
from infoplane.experiments.species.claims import chains, claims
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other."""
    names = [str(name) for name in trace["estimator"].values]
    ordered = chains(trace)
    above = "What is left of I(X;T) when its permutation mean is taken off."
    return [
        *(shared.plane(trace, name) for name in names),
        *shared.layer_wise({"": trace}, "reconstruction"),
        *([shared.excess(trace, "I_XT", name, above) for name in names] if has_null(trace) else []),
        _losses(trace),
        shared.norms(trace),
        *([_rate(trace)] if "rate" in trace else []),
        *(shared.strip(trace, ordered, name) for name in names if ordered),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, what was found, how sure, and what is saturated."""
    error = learned(trace["error_test"].values, "squared test error")
    return [
        f"{trace.attrs['description']}; {error}.",
        *diverged(trace),
        *verdicts_told(findings),
        *unmeasured_told(findings),
        *left_out(claims(trace), findings),
        "One seed: what it shows is about this network, not yet about training.",
    ]


def logarithm(values: xr.DataArray, words: str) -> xr.DataArray:
    """log₁₀ of a loss, which is a number without a unit; NaN where it is not positive."""
    positive = values.where(values > 0)
    return xr.apply_ufunc(np.log10, positive).assign_attrs(long_name=words, unit="1")


def _losses(trace: Trace) -> Panel:
    """Objective and reconstruction error, as the paper draws them."""
    names = {
        "loss_train": "objective, training",
        "loss_test": "objective, test",
        "error_train": "squared error, training",
        "error_test": "squared error, test",
    }
    drawn = trace.assign({name: logarithm(trace[name], words) for name, words in names.items()})
    unit = trace["loss_test"].attrs["unit"]
    caption = (
        f"On the first images of each part; the objective, penalties included, in {unit}, the "
        "squared error in squared intensity."
    )
    return shared.companions(drawn, "loss", "log₁₀ loss", caption, names)


def _rate(trace: Trace) -> Panel:
    return shared.companions(
        trace,
        "rate",
        "Analytic bound on I(X;code)",
        "The rate E KL(q(z|x) ‖ p(z)): no information of the drawn code exceeds it. Where it lies "
        "below the measured I(X;code), what was measured is noise.",
        {"rate": ""},
    )

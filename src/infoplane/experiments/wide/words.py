"""How an infinite ensemble was computed, in words."""

from infoplane.values.trace import Trace, settings_of
from infoplane.values.units import PURE


def methods(trace: Trace) -> list[str]:
    """How it was computed, in paragraphs."""
    settings = settings_of(trace)
    draws = settings.get("looking.draws", "several")
    n = trace["I_XT"].attrs["n"]
    finite = (
        f"Ensembles of {trace.attrs['copies']} finite networks of each width were trained from "
        "initial weights of their own by gradient descent on all samples at once; their means and "
        "variances at new inputs stand for normal distributions. "
        if "apart_mean" in trace
        else ""
    )
    return [
        "Covariance and tangent kernels of infinitely wide networks in the NTK parametrisation "
        "were computed by their recursions [@jacot2018neural], [@lee2018deep] in double precision. "
        "Under gradient flow of half the summed squared error the ensemble stays normal, with a "
        "mean and covariance known at every time [@lee2019wide]; τ is learning rate times updates.",
        f"I(X;Z|D) lies between two bounds over batches of {n} new inputs with {draws} draws each "
        "[@poole2019variational]; I(Z;Y|D) is bounded from below by a normal decoder whose moments "
        "come from the other batches [@barber2003im]. I(Z;D|X) and I(Θ;D) are bounded from above "
        "by divergences from the untrained ensemble [@shwartzziv2019information].",
        f"{finite}Where inputs and target are jointly normal, the exact curve of the bottleneck is "
        f"drawn in [@chechik2005gaussian]. Units are bits; squared errors are pure numbers "
        f"({PURE} is the variance of the target).",
    ]

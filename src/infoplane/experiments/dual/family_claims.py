"""What is asked of several objectives and weights: the plane, the error, and what must hold."""

from collections.abc import Callable
from itertools import pairwise

import xarray as xr

from infoplane.analysis.claims import Claim, Evidence
from infoplane.analysis.curves import together
from infoplane.analysis.repeated import mean
from infoplane.experiments.dual.claims import AXIS, CHECK, DPI, EXACT, OF_LINES, READ_WRONG, SLACK
from infoplane.experiments.dual.kept import SHARE, Kept
from infoplane.experiments.dual.settings import CEB, PUBLISHED, VDUAL, VIB, Method
from infoplane.experiments.members import ONE_NUMBER, no_estimator, per_run
from infoplane.values.finding import NO_ESTIMATOR
from infoplane.values.trace import Trace

PAIRS = ((VDUAL, VIB), (PUBLISHED, CEB))
"""Every dual beside the method that has the same rate and the usual distortion."""
FIGURE = (
    "piran2020dual, figure of the code's README: the dual saturates I(Z;Y) from a smaller "
    "abscissa on. Its abscissa is the residual bound; this is asked of I(X;Z)"
)
ERROR = "ours: no table of the paper's test errors was found"
WEIGHTS = "ours: in the exact bottleneck the rate never falls as β grows"
UNTRAINED_IS_ONE = (
    "The untrained network is the same under every objective, and is therefore no control."
)
BOUNDS = (
    "Both methods are compared by their bounds, which may be loose by different amounts: with "
    "wrong labels a decoder that learned how often they are wrong is the surer to lose on true "
    "ones."
)
CHOSEN = (
    "The weights are chosen anew in every seed, by the test error itself: whichever method has "
    "more of them to choose from is favoured."
)
Value = Callable[[str], xr.DataArray]


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the members that are there; a curve has two weights at least."""
    methods = Kept(trace).methods
    pairs = [pair for pair in PAIRS if all(one in methods for one in pair)]
    several = [one for one, names in methods.items() if len(names) > 1]
    return [
        _inequality(),
        _published_axis(),
        *([_below_exact()] if "known_below" in trace else []),
        *(_rises(method) for method in several),
        *(_nearer(*pair) for pair in pairs if set(pair) <= set(several)),
        *(_errs_less(trace, *pair) for pair in pairs),
    ]


def _inequality() -> Claim:
    def slack(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        return _of_all(trace, lambda name: kept.informed(name) - kept.told(name))

    return Claim(
        key="dpi",
        statement="In the plane with I(X;Z) every member keeps the data processing inequality: "
        "the upper bound on I(X;Z) is not below the lower bound on I(Z;Y).",
        source=DPI,
        statistic=slack,
        rests_on=lambda trace: _of_all(trace, Kept(trace).informed),
        needs=lambda trace: (slack(trace),),
        notes=("Every member is a part, at the end of training.", CHECK),
    )


def _published_axis() -> Claim:
    def beyond(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        return together({names[-1]: kept.beyond(names[-1]) for names in kept.methods.values()})

    return Claim(
        key="published-axis",
        statement="On the published axis, read as I(X;Z), the inequality is broken by every "
        "method at its largest weight: I(Z;Y) exceeds the abscissa.",
        source=AXIS,
        statistic=beyond,
        rests_on=lambda trace: _of_all(trace, Kept(trace).informed),
        needs=lambda trace: (beyond(trace),),
        notes=(READ_WRONG, UNTRAINED_IS_ONE),
    )


def _below_exact() -> Claim:
    def under(trace: Trace) -> xr.DataArray:
        return _of_all(trace, Kept(trace).below_exact)

    return Claim(
        key="known",
        statement="Trained on the known problem, no member lies above the exact curve of the "
        f"bottleneck, up to {SLACK:g} bit.",
        source=EXACT,
        statistic=under,
        rests_on=no_estimator,
        notes=(OF_LINES,),
    )


def _rises(method: Method) -> Claim:
    def steps(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        return together(
            {
                f"{low} to {high}": kept.informed(high) - kept.informed(low)
                for low, high in pairwise(kept.methods[method])
            }
        )

    return Claim(
        key=f"weight-{method}",
        statement=f"Under {method} the upper bound on I(X;Z) rises from each weight to the next.",
        source=WEIGHTS,
        statistic=steps,
        rests_on=lambda trace: _of_methods(trace, method),
        needs=lambda trace: (steps(trace),),
        notes=(UNTRAINED_IS_ONE,),
    )


def _nearer(dual: Method, usual: Method) -> Claim:
    def less(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        level = kept.level((dual, usual))
        return kept.needed(usual, level) - kept.needed(dual, level)

    return Claim(
        key=f"plane-{dual}",
        statement=f"{dual} reaches {SHARE:.0%} of the I(Z;Y) that both reach at a lower I(X;Z) "
        f"than {usual} does.",
        source=FIGURE,
        statistic=less,
        rests_on=lambda trace: _of_methods(trace, dual, usual),
        needs=lambda trace: (less(trace),),
        evidence=lambda trace: _where(trace, dual, usual),
        notes=(
            BOUNDS,
            "Between two weights the curves are straight lines, which on a coarse grid of weights "
            "lie far from the curves and by different amounts for each method; where the "
            "smallest weight of a method reaches the level, its own I(X;Z) is taken, which is then "
            "too large.",
            UNTRAINED_IS_ONE,
        ),
    )


def _errs_less(trace: Trace, dual: Method, usual: Method) -> Claim:
    noise = float(trace.attrs.get("label_noise", 0.0))
    where = f"With {noise:.0%} of the training labels wrong" if noise else "With true labels"

    def smaller(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        ends = [kept.plain(kept.best(kept.methods[one]), "error_test") for one in (usual, dual)]
        return per_run(ends[0] - ends[1])

    return Claim(
        key=f"error-{dual}",
        statement=f"{where} {dual} at its best weight has a smaller test error than {usual} at "
        "its best.",
        source=ERROR,
        statistic=smaller,
        rests_on=no_estimator,
        evidence=lambda trace: _chosen(trace, dual, usual),
        unit="1",
        notes=(
            "The effect is the difference of the two shares, decoded from the code's mean.",
            CHOSEN,
            UNTRAINED_IS_ONE,
            ONE_NUMBER,
        ),
    )


def _of_all(trace: Trace, of: Value) -> xr.DataArray:
    """A value of every member, along "part"."""
    return together({name: of(name) for names in Kept(trace).methods.values() for name in names})


def _of_methods(trace: Trace, *methods: Method) -> xr.DataArray:
    """I(X;Z) of every member of some methods, along "part"."""
    kept = Kept(trace)
    return together({name: kept.informed(name) for one in methods for name in kept.methods[one]})


def _where(trace: Trace, dual: Method, usual: Method) -> Evidence:
    kept = Kept(trace)
    level = kept.level((dual, usual))
    needed = {one: mean("", kept.needed(one, level)) for one in (dual, usual)}
    return {
        str(name): {
            "I(Z;Y) compared at": level,
            **{
                f"I(X;Z) of {one}": float(value.sel(estimator=name))
                for one, value in needed.items()
            },
        }
        for name in trace["estimator"].values
    }


def _chosen(trace: Trace, dual: Method, usual: Method) -> Evidence:
    kept = Kept(trace)
    told: dict[str, str | float] = {}
    for one in (dual, usual):
        name = kept.best(kept.methods[one])
        told |= {one: name, f"test error, {one}": float(mean("", kept.plain(name, "error_test")))}
    return {NO_ESTIMATOR: told}

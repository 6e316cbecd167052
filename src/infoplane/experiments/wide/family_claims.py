"""What is asked of several infinite ensembles: who overfits, and who knows more."""

import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import together
from infoplane.experiments.members import no_estimator
from infoplane.experiments.wide.claims import BOUND, OF_BOUNDS, PAPER, SLACK, slack, told
from infoplane.experiments.wide.kept import Kept
from infoplane.values.trace import Trace
from infoplane.values.units import PURE

NO_CONTROL = "All members share their samples, seed by seed; there is no control but each other."


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the members that are there."""
    kept = Kept(trace)
    found = [_below()]
    erf = {words: names for words, names in kept.lines("weight_variance").items() if "erf" in words}
    if erf:
        found.append(_narrow_overfits(erf))
    samples = kept.lines("samples")
    if samples:
        found.append(_more_samples(samples))
    return found


def _below() -> Claim:
    def under(trace: Trace) -> xr.DataArray:
        return together({name: slack(one) for name, one in Kept(trace).parts.items()})

    return Claim(
        key="below",
        statement="No ensemble lies above what any code can know of the target at its I(X;Z|D), "
        f"up to {SLACK:g} bit, at any time.",
        source=BOUND,
        statistic=under,
        rests_on=no_estimator,
        notes=(OF_BOUNDS, "Every ensemble is a part, at its worst moment."),
    )


def _narrow_overfits(lines: dict[str, list[str]]) -> Claim:
    def more(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        return together(
            {
                words: kept.overfitting(names[0]) - kept.overfitting(names[-1])
                for words, names in lines.items()
            }
        )

    return Claim(
        key="erf-overfits",
        statement="With erf, the smallest weight variance overfits more than the largest: its "
        "squared error rises more from its least to the end.",
        source=PAPER,
        statistic=more,
        rests_on=no_estimator,
        unit=PURE,
        notes=(NO_CONTROL,),
    )


def _more_samples(lines: dict[str, list[str]]) -> Claim:
    def more(trace: Trace) -> xr.DataArray:
        kept = Kept(trace)
        parts = {}
        for words, names in lines.items():
            few, many = (kept.known(one, told, kept.best(one)) for one in (names[0], names[-1]))
            parts[words] = many - few
        return together(parts)

    return Claim(
        key="samples",
        statement="With the most samples the ensemble knows more of the target at its best moment "
        "than with the fewest.",
        source="ours: what learning should do",
        statistic=more,
        rests_on=no_estimator,
        notes=(NO_CONTROL,),
    )

"""What is asked of more and more filters."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from infoplane.analysis.claims import SHUFFLED, UNTRAINED, Claim
from infoplane.analysis.curves import together
from infoplane.analysis.phases import LEAST
from infoplane.analysis.repeated import mean
from infoplane.experiments.claims import has_null
from infoplane.experiments.convnet.control import LABELS, has_control
from infoplane.experiments.convnet.kept import NO_MAPS, TARGETS, has_pairs, with_maps
from infoplane.experiments.convnet.map_claims import JOINT_CEILING, SOURCE
from infoplane.experiments.convnet.members import TRAINED, Counts
from infoplane.experiments.members import ONE_NUMBER, no_estimator, per_run
from infoplane.values.finding import NO_ESTIMATOR
from infoplane.values.trace import Trace

GROWTH = f"{SOURCE}, information of a layer over its number of filters (from memory)"
SHARES = f"{SOURCE}, trade-off and non-redundant share over the number of filters (from memory)"
BETTER = f"{SOURCE}, “more filters is not always better” (from memory)"
OURS = "ours: random filters show the same saturation, at the ceiling log₂ n"
Value = Callable[[str, str], xr.DataArray]
"""A variable of a member."""


def claims(trace: Trace, seeds: Sequence[Trace] = ()) -> list[Claim]:
    """What can be asked of the members that are there.

    Args:
        trace: The family under one seed.
        seeds: The family under every seed that is judged, that one among them.
    """
    kept = Counts(trace)
    asked: list[Claim] = []
    for layer in kept.layers:
        for target in TARGETS:
            asked.append(_grows(trace, layer, target))
            if len(kept.names) > 2:
                asked.append(_saturates(trace, layer, target))
            asked.append(_beyond_untrained(layer, target))
            if has_pairs(trace):
                asked.append(_share_rises(trace, layer, target))
    return [*asked, _not_always_better(seeds or (trace,))]


def information(target: str) -> str:
    """The variable with what a layer knows of a target."""
    return {"X": "I_XT", "Y": "I_TY"}[target]


def gain(kept: Counts, value: Value, layer: str, target: str) -> xr.DataArray:
    """Bits from the fewest filters to the most, (estimator, batch)."""
    variable = information(target)
    few, many = (value(name, variable).sel(layer=layer) for name in (kept.names[0], kept.names[-1]))
    return (many - few).reset_coords(drop=True)


def _readings(
    trace: Trace, statistic: Callable[[Counts, Value], xr.DataArray], *, null: bool
) -> dict[str, Callable[[Trace], xr.DataArray]]:
    """The statistic of every control that a family has."""
    names = [UNTRAINED, *([LABELS] if has_control(trace) else [])]

    def of(name: str) -> Callable[[Trace], xr.DataArray]:
        return lambda one: statistic(Counts(one), Counts(one).readings[name])

    found = {name: of(name) for name in names}
    if null and has_null(trace):
        found[SHUFFLED] = lambda one: statistic(Counts(one), Counts(one).null)
    return found


def _grows(trace: Trace, layer: str, target: str) -> Claim:
    def grown(kept: Counts, value: Value) -> xr.DataArray:
        return gain(kept, value, layer, target)

    return _of_information(
        trace,
        f"grows-{layer}-{target}",
        f"What {layer} knows of {TARGETS[target]} grows from the fewest filters to the most.",
        GROWTH,
        grown,
        (layer, target),
    )


def _saturates(trace: Trace, layer: str, target: str) -> Claim:
    def slower(kept: Counts, value: Value) -> xr.DataArray:
        steps = [
            (value(more, information(target)) - value(few, information(target))).sel(layer=layer)
            for few, more in pairwise(kept.names)
        ]
        return (steps[0] - steps[-1]).reset_coords(drop=True)

    return _of_information(
        trace,
        f"saturates-{layer}-{target}",
        f"What {layer} knows of {TARGETS[target]} saturates: the last step to more filters brings "
        "less than the first.",
        GROWTH,
        slower,
        (layer, target),
        (
            "The steps are those of the sweep; see the claim on what this says beyond untrained "
            "networks.",
        ),
    )


def _beyond_untrained(layer: str, target: str) -> Claim:
    def apart(trace: Trace) -> xr.DataArray:
        kept = Counts(trace)
        gains = [gain(kept, kept.readings[how], layer, target) for how in (TRAINED, UNTRAINED)]
        return abs(gains[0] - gains[1]) - LEAST

    return Claim(
        key=f"beyond-untrained-{layer}-{target}",
        statement=f"That {layer} knows more of {TARGETS[target]} with more filters says something "
        f"of learning: the gain from the fewest to the most differs by {LEAST} bit or more from "
        "that of untrained networks with as many.",
        source=OURS,
        statistic=apart,
        rests_on=lambda trace: _ends(trace, layer, target),
        evidence=lambda trace: _gains_told(trace, layer, target),
        notes=("The effect is the absolute difference of the two gains, less that.",),
        needs=lambda trace: (apart(trace),),
    )


def _share_rises(trace: Trace, layer: str, target: str) -> Claim:
    def steps(kept: Counts, value: Value) -> xr.DataArray:
        def share(name: str) -> xr.DataArray:
            parts = [value(name, f"{part}_{target}") for part in ("trade_off", "pairwise")]
            return (parts[0] / parts[1]).sel(layer=layer)

        return together(
            {f"{few} to {more}": share(more) - share(few) for few, more in pairwise(kept.names)}
        )

    controls = _readings(trace, steps, null=False)
    return Claim(
        key=f"share-{layer}-{target}",
        statement=f"More filters repeat each other: from each number to the next, redundancy less "
        f"synergy is a larger share of what pairs of maps of {layer} tell of {TARGETS[target]}, "
        "and the non-redundant information a smaller one.",
        source=SHARES,
        statistic=lambda one: steps(Counts(one), Counts(one).trained),
        rests_on=lambda one: together(
            {
                name: Counts(one).trained(name, f"pairwise_{target}").sel(layer=layer)
                for name in Counts(one).names
            }
        ),
        controls=controls,
        unit="1",
        notes=("The two shares sum to 1.", *([JOINT_CEILING] if target == "X" else [])),
        needs=lambda one: tuple(asked(one) for asked in controls.values()),
        asked_of=with_maps,
        because=NO_MAPS,
    )


def _not_always_better(seeds: Sequence[Trace]) -> Claim:
    def worse(one: Trace) -> xr.DataArray:
        kept = Counts(one)
        best = _best_smaller(seeds, one)
        return per_run(
            kept.trained(kept.names[-1], "error_test") - kept.trained(best, "error_test")
        )

    return Claim(
        key="not-always-better",
        statement="More filters are not always better: with the most filters the test error is "
        "larger than with the best smaller number.",
        source=BETTER,
        statistic=worse,
        rests_on=no_estimator,
        evidence=lambda one: _errors_told(one),
        unit="1",
        notes=(
            "The effect is the difference of the two shares of a seed. The best smaller number is "
            "chosen on the other seeds, so that choosing it favours nothing; of one seed alone on "
            "that itself, which decides nothing. A number under which some seed diverged is not "
            "chosen.",
            ONE_NUMBER,
        ),
        needs=lambda one: (worse(one),),
    )


def _of_information(
    trace: Trace,
    key: str,
    statement: str,
    source: str,
    statistic: Callable[[Counts, Value], xr.DataArray],
    of: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> Claim:
    """A claim about what a layer knows, with every control."""
    controls = _readings(trace, statistic, null=True)
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=lambda one: statistic(Counts(one), Counts(one).trained),
        rests_on=lambda one: _ends(one, *of),
        controls=controls,
        evidence=lambda one: _gains_told(one, *of),
        notes=notes,
        needs=lambda one: tuple(asked(one) for asked in controls.values()),
    )


def _ends(trace: Trace, layer: str, target: str) -> xr.DataArray:
    """What a layer knows at the end, of every member, along "part"."""
    kept, variable = Counts(trace), information(target)
    ends = {name: kept.trained(name, variable).sel(layer=layer) for name in kept.names}
    return together(ends).assign_attrs(trace[variable].attrs)


def _gains_told(trace: Trace, layer: str, target: str) -> dict[str, dict[str, float]]:
    """The information of every member, by what is done to its network."""
    kept, variable = Counts(trace), information(target)
    means = {
        f"{how}, {name}": mean("", value(name, variable).sel(layer=layer))
        for how, value in kept.readings.items()
        for name in kept.names
    }
    return {
        str(name): {words: float(one.sel(estimator=name)) for words, one in means.items()}
        for name in trace["estimator"].values
    }


def _best_smaller(seeds: Sequence[Trace], one: Trace) -> str:
    """The smaller number of filters with the least mean test error of all seeds but this one."""
    ends = np.array([[_last_error(seed, name) for name in Counts(one).names] for seed in seeds])
    own = np.array([seed.attrs.get("seed") == one.attrs.get("seed") for seed in seeds])
    chosen_on = ends[~own] if len(seeds) > 1 else ends
    least = np.where(np.isnan(ends).any(0), np.inf, chosen_on.mean(0))[:-1]
    return Counts(one).names[int(least.argmin())]


def _last_error(trace: Trace, name: str) -> float:
    return float(mean("", Counts(trace).trained(name, "error_test")))


def _errors_told(trace: Trace) -> dict[str, dict[str, float]]:
    kept = Counts(trace)
    ends = {name: float(mean("", kept.trained(name, "error_test"))) for name in kept.names}
    return {NO_ESTIMATOR: ends}

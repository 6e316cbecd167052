"""The methods of training side by side, at equal compute."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, final

import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim, Statistic
from infoplane.analysis.curves import together
from infoplane.analysis.family import member
from infoplane.experiments.chains import CODE
from infoplane.experiments.claims import has_null
from infoplane.experiments.gaps import diverged_members, left_out
from infoplane.experiments.layerwise.claims import outer_pairs_first
from infoplane.experiments.members import (
    DIVERGED,
    ONE_NUMBER,
    Moment,
    above_null_at,
    first,
    in_figures,
    last,
    layer_curves,
    loss_curves,
    members,
    no_estimator,
    per_run,
    planes,
    training_seconds,
)
from infoplane.experiments.protocol import Family
from infoplane.experiments.sentences import probe_told, verdicts_told
from infoplane.values.finding import NO_ESTIMATOR, Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out

WHOLE, LOCAL, RANDOM = "backpropagation", ("pairs", "information"), "random"
WITHIN = 1.1
"""The test error of a local method may be so many times that of back-propagation."""
FEEDFORWARD = "yu2019understanding, alternative feedforward training methods (details from memory)"
CONTROL = "ours: what random features reach"
UNTIMED = "–"
"""In the place of seconds that nobody told."""


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the methods that are there."""
    there = [str(name) for name in trace["method"].values]
    local = [name for name in LOCAL if name in there]
    asked: list[Claim] = []
    if WHOLE in there:
        asked += [_reaches(name) for name in local]
        asked += [_informs(name) for name in local]
        if has_null(trace):
            asked += [_informs_above_null(name) for name in local]
        if trace.sizes.get("pair", 0) > 1:
            asked.append(_settles(trace))
    if RANDOM in there:
        asked += [_beats_random(name) for name in local]
    return asked


def panels(trace: Trace) -> list[Panel]:
    """Planes of one estimator side by side, then what the code keeps, then the error."""
    parts = _by_method(trace)
    names = [str(name) for name in trace["estimator"].values]
    return [
        *planes(parts),
        *(
            layer_curves(
                parts,
                CODE,
                estimator,
                "I(input; code)",
                "One curve per method; a step costs the same under all of them.",
            )
            for estimator in names
        ),
        loss_curves(
            parts,
            "loss_test",
            "Test error",
            "Of the whole network: under a local method the stages whose turn has not come are "
            "untrained, so that only the end counts. A step costs the same under all methods.",
            unit="squared intensity",
            log=True,
        ),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each method reached for the same compute."""
    parts = _by_method(trace)
    told = "; ".join(
        f"{name} {in_figures(last(one['loss_test']), '.4f')} "
        f"({in_figures(last(one['updates']), '.0f')} updates)"
        for name, one in parts.items()
    )
    dearest = max(float(last(one["multiply_adds"]).max()) for one in parts.values())
    return [
        f"Test error after at most {dearest:.3g} multiply-adds: {told}.",
        "Equal compute is not equal time: small updates use a machine badly, as the seconds show.",
        *diverged_members(parts),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]


def reached(trace: Trace, seconds: Mapping[str, float]) -> Table:
    """What each method reached, in numbers.

    Args:
        trace: The family, of one seed or of several.
        seconds: Wall-clock time by part, under the names of ``members.of_member``.
    """
    estimators = [str(name) for name in trace["estimator"].values]
    above = [f"above its null, {name}" for name in estimators] if has_null(trace) else []
    return Table(
        "At the end of training",
        (
            "method",
            "test error",
            *(f"I(X;{CODE}), {name}" for name in estimators),
            *above,
            "updates",
            "multiply-adds",
            "seconds",
        ),
        tuple(_row(name, one, seconds) for name, one in _by_method(trace).items()),
        "Error in squared intensity, information in bits, each a mean over what it was repeated "
        "over. Seconds are those of the updates alone, wall-clock, on the machine that computed "
        f"the run; of several seeds the mean. {DIVERGED}",
    )


def _row(name: str, one: Trace, seconds: Mapping[str, float]) -> tuple[Cell, ...]:
    estimators = [str(estimator) for estimator in one["estimator"].values]
    code = one.sel(layer=CODE)
    kept = [last(code["I_XT"])]
    if has_null(one):
        kept.append(above_null_at(last, code, "I_XT"))
    spent = training_seconds(seconds, name)
    told = (
        name,
        in_figures(last(one["loss_test"]), ".5f"),
        *(
            in_figures(of.sel(estimator=estimator), ".3f")
            for of in kept
            for estimator in estimators
        ),
        in_figures(last(one["updates"]), ".0f"),
        in_figures(last(one["multiply_adds"]), ".4g"),
        UNTIMED if spent is None else f"{spent:.1f}",
    )
    return tuple(Cell((words,)) for words in told)


def _by_method(trace: Trace) -> dict[str, Trace]:
    return {str(name): one for name, one in members(trace, "method").items()}


def _reaches(method: str) -> Claim:
    return Claim(
        key=f"error-{method}",
        statement=f"At equal compute, {method} reaches a test error within 10 % of that of "
        "back-propagation.",
        source=FEEDFORWARD,
        statistic=lambda trace: WITHIN - _ratio(trace, last(_error(trace, method))),
        controls={UNTRAINED: lambda trace: WITHIN - _ratio(trace, first(_error(trace, method)))},
        rests_on=no_estimator,
        evidence=lambda trace: _errors(trace, (WHOLE, method)),
        unit="1",
        notes=("The effect is 1.1 less the ratio of the two errors.", ONE_NUMBER),
        needs=lambda trace: (_ratio(trace, last(_error(trace, method))),),
    )


def _informs(method: str) -> Claim:
    return Claim(
        key=f"code-{method}",
        statement=f"At equal compute, the code that {method} learns tells no less of the input "
        "than that of back-propagation.",
        source=FEEDFORWARD,
        statistic=lambda trace: _kept(trace, method, last) - _kept(trace, WHOLE, last),
        controls={UNTRAINED: lambda trace: _kept(trace, method, first) - _kept(trace, WHOLE, last)},
        rests_on=lambda trace: _both(trace, method),
        notes=(
            "The effect is the difference at the end; the control has the untrained code in place "
            "of the local method's.",
        ),
    )


def _informs_above_null(method: str) -> Claim:
    def kept(trace: Trace, name: str, when: Moment) -> xr.DataArray:
        return above_null_at(when, trace.sel({"method": name, "layer": CODE}, drop=True), "I_XT")

    return Claim(
        key=f"code-{method}-above-null",
        statement=f"The same of {method} for information above its permutation mean.",
        source="skean2023dime",
        statistic=lambda trace: kept(trace, method, last) - kept(trace, WHOLE, last),
        controls={UNTRAINED: lambda trace: kept(trace, method, first) - kept(trace, WHOLE, last)},
        rests_on=lambda trace: _both(trace, method),
        needs=lambda trace: (kept(trace, method, last), kept(trace, WHOLE, last)),
    )


def _settles(trace: Trace) -> Claim:
    """S0's implication, asked where nothing but training itself orders the pairs."""
    claim = outer_pairs_first(member(trace, "method", WHOLE))
    return replace(
        claim,
        statement=f"Under back-propagation: {claim.statement[0].lower()}{claim.statement[1:]}",
        statistic=_of_whole(claim.statistic),
        controls={name: _of_whole(control) for name, control in claim.controls.items()},
        rests_on=_of_whole(claim.rests_on),
        needs=lambda trace: claim.needs(member(trace, "method", WHOLE)),
    )


def _of_whole(statistic: Statistic) -> Statistic:
    """A statistic of one run, asked of the one trained by back-propagation."""
    return lambda trace: statistic(member(trace, "method", WHOLE))


def _beats_random(method: str) -> Claim:
    return Claim(
        key=f"random-{method}",
        statement=f"At equal compute, {method} reaches a smaller test error than the same decoder "
        "on an untrained encoder.",
        source=CONTROL,
        statistic=lambda trace: 1 - _ratio(trace, last(_error(trace, method)), RANDOM),
        controls={UNTRAINED: lambda trace: 1 - _ratio(trace, first(_error(trace, method)), RANDOM)},
        rests_on=no_estimator,
        evidence=lambda trace: _errors(trace, (RANDOM, method)),
        unit="1",
        notes=("The effect is 1 less the ratio of the two errors.", ONE_NUMBER),
        needs=lambda trace: (_ratio(trace, last(_error(trace, method)), RANDOM),),
    )


def _error(trace: Trace, method: str) -> xr.DataArray:
    return trace["loss_test"].sel({"method": method}, drop=True)


def _ratio(trace: Trace, error: xr.DataArray, to: str = WHOLE) -> xr.DataArray:
    """An error as a share of what a method reaches."""
    return per_run(error) / per_run(last(_error(trace, to)))


def _errors(trace: Trace, methods: Sequence[str]) -> dict[str, dict[str, float]]:
    return {
        NO_ESTIMATOR: {f"test error, {name}": float(last(_error(trace, name))) for name in methods}
    }


def _kept(trace: Trace, method: str, when: Moment) -> xr.DataArray:
    return when(trace["I_XT"].sel({"method": method, "layer": CODE}, drop=True))


def _both(trace: Trace, method: str) -> xr.DataArray:
    """The code's information under both methods at the end, along "part"."""
    return together({name: _kept(trace, name, last) for name in (WHOLE, method)})


@final
class Methods(Family):
    """S0's autoencoder trained by several methods, each for the same number of multiply-adds."""

    title: ClassVar[str] = "Training without end-to-end back-propagation, at equal compute"
    along: ClassVar[str] = "method"

    claims = staticmethod(claims)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """The planes of all methods, the code's information, and the error."""
        return panels(held_out(trace))

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What each method reached for the same compute."""
        return [*summary(held_out(trace), findings), *probe_told(trace)]

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What each method reached, in numbers, and how long it took."""
        return [reached(held_out(trace), seconds)]

"""What a family of runs is asked: members side by side, at the end of training and before it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import xarray as xr

from infoplane.analysis.claims import above_null
from infoplane.analysis.family import MEASURED, Value, member
from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.training.phases import TRAINING
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Trace

Moment = Callable[[xr.DataArray], xr.DataArray]
"""``last`` or ``first``: one moment of a variable."""
ONE_NUMBER = (
    "The error is one number of a whole run and needs no estimator; only several seeds can decide."
)
NO_NUMBER = "no number"
"""What a table has in the place of what is not finite."""
DIVERGED = f"Where there is {NO_NUMBER}, a training had diverged."


def members(trace: Trace, dim: str) -> dict[Value, Trace]:
    """All members of a family by their value, each as it was."""
    return {value: member(trace, dim, value) for value in trace[dim].values.tolist()}


def last(values: xr.DataArray) -> xr.DataArray:
    """A variable of one run at the last moment at which that was looked at.

    NaN where it was no number then: what diverged has no end, and no earlier moment stands for it.
    A null is measured at few moments: see ``null_at`` and ``above_null_at``.
    """
    return _looked_at(values).isel(snapshot=-1)


def first(values: xr.DataArray) -> xr.DataArray:
    """The same at the first moment, that of the untrained network."""
    return _looked_at(values).isel(snapshot=0)


def null_at(when: Moment, trace: Trace, name: str) -> xr.DataArray:
    """The permutation mean of a variable at the last, or first, of the few moments that have one.

    NaN where the variable itself is no number at the last, or first, moment of all: there a null
    that was not due cannot be told from one that was not finite.

    Args:
        when: ``last`` or ``first``.
        trace: One run, or what a family has of one member.
        name: The variable, such as "I_XT".
    """
    null = trace[f"{name}_null"].dropna("snapshot", how="all")
    return when(null).where(when(trace[name]).notnull())


def above_null_at(when: Moment, trace: Trace, name: str) -> xr.DataArray:
    """A variable above its permutation mean, where ``null_at`` has that."""
    return when(above_null(trace, name)).where(when(trace[name]).notnull())


def _looked_at(values: xr.DataArray) -> xr.DataArray:
    """The moments of one run; as part of a family a variable has places for those of others."""
    if MEASURED not in values.coords:
        return values
    return values.isel(snapshot=values[MEASURED].values).drop_vars(MEASURED)


def per_run(value: xr.DataArray) -> xr.DataArray:
    """One number of a whole run as a statistic: of no estimator, and repeated over nothing.

    Args:
        value: A number without dimensions.
    """
    return value.reset_coords(drop=True).expand_dims(batch=1, axis=-1)


def no_estimator(trace: Trace) -> xr.DataArray:
    """What a claim about errors rests on: nothing that an estimator reads or could saturate."""
    return per_run(xr.DataArray(0.0))


def in_figures(values: xr.DataArray, form: str) -> str:
    """The mean over what a number is repeated over, as text; ``NO_NUMBER`` where it is none.

    Args:
        values: A number, perhaps along the probe batches or seeds.
        form: How it is written, such as ".3f".
    """
    value = float(mean("", values))
    return format(value, form) if math.isfinite(value) else NO_NUMBER


def of_member(value: Value, part: str) -> str:
    """What a part of a member's time is called among those of its family."""
    return f"{value}: {part}"


def training_seconds(seconds: Mapping[str, float], value: Value) -> float | None:
    """Wall-clock time of a member's updates, None if it is not known.

    Args:
        seconds: By part, under the names that ``of_member`` gives.
        value: Which member.
    """
    found = [
        spent for part, spent in seconds.items() if part.startswith(of_member(value, TRAINING))
    ]
    return sum(found) if found else None


def planes(parts: Mapping[str, Trace]) -> list[Panel]:
    """The planes of all members on one scale, those of one estimator side by side.

    Args:
        parts: Members by the name that a reader knows them by.
    """
    names = dict.fromkeys(str(name) for one in parts.values() for name in one["estimator"].values)
    return [
        _plane(one, estimator, words)
        for estimator in names
        for words, one in parts.items()
        if estimator in one["estimator"].values
    ]


def _plane(one: Trace, estimator: str, words: str) -> Panel:
    panel = shared.plane(one, estimator)
    return replace(
        panel,
        key=f"{panel.key}-{words}",
        title=f"Information plane, {words}",
        scale=f"plane-{estimator}",
    )


def loss_curves(
    parts: Mapping[str, Trace], name: str, title: str, caption: str, *, unit: str, log: bool = False
) -> Panel:
    """One variable without an estimator over training, a curve per member.

    Args:
        parts: Members by the name that the legend gives them.
        name: The variable.
        title: What it shows.
        caption: How to read it.
        unit: Its unit.
        log: Whether its axis is logarithmic.
    """
    series = tuple(_curve(one[name], words, one) for words, one in parts.items())
    x = Axis("training step + 1", log=True)
    return Panel(name.replace("_", "-"), title, caption, x, Axis(title, unit, log=log), series)


def layer_curves(
    parts: Mapping[str, Trace], layer: str, estimator: str, title: str, caption: str
) -> Panel:
    """I(X; layer) over training under one estimator, a curve per member."""
    return Panel(
        key=f"I-XT-{layer.replace('.', '-')}-{estimator}",
        title=title,
        caption=caption,
        x=Axis("training step + 1", log=True),
        y=Axis(title, "bit"),
        series=tuple(
            _curve(one["I_XT"].sel(layer=layer, estimator=estimator), words, one)
            for words, one in parts.items()
        ),
        group=estimator,
    )


def _curve(values: xr.DataArray, words: str, one: Trace) -> Series:
    """A member's course with the error of its mean, if it is repeated over something."""
    errors, name = shared.spread(values)
    return Series(
        name=words,
        x=one["step"].values + 1.0,
        y=mean("", values).values,
        y_error=errors,
        at=one["step"].values,
        of=words,
        error_is=name,
    )

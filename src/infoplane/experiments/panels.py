"""Figures that every information-plane experiment has, as data."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.claims import above_null
from infoplane.analysis.dpi import Chain, states
from infoplane.analysis.repeated import (
    error,
    error_words,
    is_p_value,
    mean,
    repeated_over,
    repetitions,
)
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import STANDARD_ERROR, Axis, Panel, Series, Strip
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace

_STEPS = Axis("training step + 1", log=True)
_COMPANIONS = {
    "I_XT": ("I_XT_null", "I_XT_p", "S_T", "width_T", "S_X"),
    "I_TY": ("I_TY_null", "I_TY_p", "S_T", "width_T", "S_Y"),
    "I_pair": ("I_pair_null", "I_pair_p"),
    "S_T": ("width_T",),
}
"""What stands beside each variable where one of its points is pointed at."""
_SUBJECTS = ("layer", "pair")
_OF_LAYERS = {
    "I_XT": "What each layer keeps of the input; dashed: the same after shuffling (the null).",
    "I_TY": "What each layer shares with the {target}; dashed: the null.",
    "I_pair": "Symmetric pairs of encoder and decoder stages; dashed: the null.",
    "S_T": "Entropy of each layer: where S(X) is at the ceiling, I(X;T) is this.",
}
"""How the variables of every plane are read."""


def plane(trace: Trace, estimator: str, side: str = "") -> Panel:
    """I(X;T) against I(T;Y), one trajectory per layer.

    Args:
        trace: A run, measured on one probe.
        estimator: Which of its estimators.
        side: Name of the probe if there are several.
    """
    chosen = trace.sel(estimator=estimator)
    to_input, to_target = chosen["I_XT"], chosen["I_TY"]
    series = tuple(_trajectory(str(layer), chosen) for layer in trace["layer"].values)
    return Panel(
        key=_key("plane", estimator, side),
        title="Information plane",
        caption=(
            f"From faint (step {int(trace['step'][0])}) to full (step {int(trace['step'][-1])}); "
            "the large mark is the step above"
            f"{_crosses(trace)}. On the diagonal a layer shares as much with one variable as with "
            "the other."
        ),
        x=_axis(to_input),
        y=_axis(to_target),
        series=series,
        bisector=True,
        ceiling=known_ceiling(to_input),
        plane=True,
        group=estimator,
        side=side,
    )


def curves(trace: Trace, name: str, estimator: str, caption: str, side: str = "") -> Panel:
    """One variable over training, one curve per layer or pair, its null dashed.

    Args:
        trace: A run, measured on one probe.
        name: The variable.
        estimator: Which of the estimators.
        caption: How to read it.
        side: Name of the probe if there are several.
    """
    chosen = trace.sel(estimator=estimator)
    values = chosen[name]
    series = _over_steps(values, chosen, beside=_COMPANIONS.get(name, ()))
    if f"{name}_null" in trace:
        null = chosen[f"{name}_null"].dropna("snapshot", how="all")
        nulls = _over_steps(null, trace, suffix=" (null)", dashed=True)
        series = [one for both in zip(series, nulls, strict=True) for one in both]
    return Panel(
        key=_key(name.replace("_", "-"), estimator, side),
        title=_title(values),
        caption=caption,
        x=_STEPS,
        y=_axis(values),
        series=tuple(series),
        ceiling=known_ceiling(values),
        group=estimator,
        side=side,
    )


def layer_wise(probes: Mapping[str, Trace], target: str) -> list[Panel]:
    """Every variable of the plane over training, estimator by estimator, probe by probe.

    Args:
        probes: What a run measured on each probe, by the probe's name; as of ``sides``.
        target: What Y is, in a word.
    """
    first = next(iter(probes.values()))
    return [
        curves(part, variable, str(name), caption.format(target=target), side)
        for name in first["estimator"].values
        for variable, caption in _OF_LAYERS.items()
        if variable in first
        for side, part in probes.items()
    ]


def norms(trace: Trace) -> Panel:
    """The scale of every layer over training."""
    return companions(
        trace,
        "norms",
        "Mean activation norm",
        "Scale, not information; a rule that does not standardise reacts to it.",
        {"norm_T": ""},
    )


def excess(trace: Trace, name: str, estimator: str, caption: str, side: str = "") -> Panel:
    """What a variable has above its null, over the moments at which that was measured.

    The error is that of the paired difference, batch by batch.

    Args:
        trace: A run with a null, measured on one probe.
        name: The variable.
        estimator: Which of the estimators.
        caption: How to read it.
        side: Name of the probe if there are several.
    """
    values = above_null(trace.sel(estimator=estimator), name)
    return Panel(
        key=_key(f"{name.replace('_', '-')}-above-null", estimator, side),
        title=f"{_title(values)} above its null",
        caption=caption,
        x=_STEPS,
        y=_axis(values),
        series=tuple(_over_steps(values, trace)),
        group=estimator,
        side=side,
    )


def companions(
    trace: Trace, key: str, title: str, caption: str, names: Mapping[str, str], side: str = ""
) -> Panel:
    """Variables without an estimator, such as losses or norms, over training.

    Args:
        trace: The run.
        key: Short name of the panel.
        title: What it shows.
        caption: How to read it.
        names: What the legend says, by variable.
        side: Name of the probe if there are several.
    """
    series: list[Series] = []
    for name, words in names.items():
        series += _over_steps(trace[name], trace, prefix=words)
    y = Axis(title, _unit(trace[next(iter(names))]))
    return Panel(_key(key, "", side), title, caption, _STEPS, y, tuple(series), side=side)


def strip(trace: Trace, chains: Mapping[str, Chain], estimator: str) -> Panel:
    """Every inequality of several chains over training: holds, within its error, violated."""
    cells, detail = zip(*(states(chain, estimator) for chain in chains.values()), strict=True)
    rows = tuple(f"{key}: {link}" for key, chain in chains.items() for link in chain.links)
    steps = trace["step"].values
    return Panel(
        key=f"dpi-{estimator}",
        title="Data processing inequalities",
        caption=(
            "Each cell is one inequality at one step: it holds or is violated if the paired "
            f"difference exceeds its {STANDARD_ERROR}{_over(trace)}."
        ),
        x=Axis("training step"),
        y=Axis("inequality", "bit"),
        strip=Strip(rows, steps, np.concatenate(cells), np.concatenate(detail)),
        group=estimator,
    )


def trajectory(
    name: str,
    x: xr.DataArray,
    y: xr.DataArray,
    *,
    of: str = "",
    beside: Mapping[str, np.ndarray] | None = None,
) -> Series:
    """The means of two variables at every moment, with their errors.

    Args:
        name: What the legend says.
        x: Abscissa, along "snapshot" and what it is repeated over.
        y: Ordinate, along the same.
        of: As ``Series.of``.
        beside: As ``Series.beside``.
    """
    (x_error, words), (y_error, _) = spread(x), spread(y)
    return Series(
        name=name,
        x=mean("", x).values,
        y=mean("", y).values,
        x_error=x_error,
        y_error=y_error,
        at=x["step"].values,
        of=of,
        beside=beside or {},
        error_is=words,
    )


def _trajectory(layer: str, chosen: Trace) -> Series:
    named = dict.fromkeys((*_COMPANIONS["I_XT"], *_COMPANIONS["I_TY"]))
    x, y = chosen["I_XT"].sel(layer=layer), chosen["I_TY"].sel(layer=layer)
    return trajectory(layer, x, y, of=layer, beside=_beside(chosen, named, {"layer": layer}))


def _over_steps(
    values: xr.DataArray,
    trace: Trace,
    prefix: str = "",
    suffix: str = "",
    dashed: bool = False,
    beside: Sequence[str] = (),
) -> list[Series]:
    """One series per layer or pair (or one alone) against step + 1."""
    steps = values["step"].values if "step" in values.coords else trace["step"].values
    series = []
    for chosen, one in _members(values):
        member = next(iter(chosen.values()), "")
        words = " ".join(part for part in (prefix, member) if part) or _title(values)
        errors, name = spread(one)
        series.append(
            Series(
                name=words + suffix,
                x=steps + 1.0,
                y=mean("", one).values,
                y_error=errors,
                at=steps,
                dashed=dashed,
                of=chosen.get("layer", ""),
                beside=_beside(trace, beside, chosen),
                error_is=name,
            )
        )
    return series


def _members(values: xr.DataArray) -> Iterator[tuple[dict[str, str], xr.DataArray]]:
    """Every layer or pair of a variable with its numbers, or the variable itself."""
    subject = next((dim for dim in _SUBJECTS if dim in values.dims), None)
    if subject is None:
        yield {}, values
        return
    for member in values[subject].values:
        yield {subject: str(member)}, values.sel({subject: member})


def _beside(
    trace: Trace, names: Sequence[str] | Mapping[str, None], chosen: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Companions of one layer's or pair's points by their label; of p-values the largest."""
    found: dict[str, np.ndarray] = {}
    for name in names:
        if name not in trace:
            continue
        values = trace[name]
        own = values.sel({key: value for key, value in chosen.items() if key in values.dims})
        over = repeated_over(values) or Replicate.BATCH
        largest = f"{_title(values)}, largest of the {over.several}"
        label = largest if is_p_value(name) else str(_axis(values))
        found[label] = mean(name, own).values
    return found


def spread(values: xr.DataArray) -> tuple[np.ndarray | None, str]:
    """Errors of the means, and what they are; None where nothing is repeated, which has none."""
    told = error(values)
    return told.values.values if repetitions(values) > 1 else None, told.name


def _over(trace: Trace) -> str:
    over, count = repeated_over(trace), repetitions(trace)
    return "" if over is None else f" over {over.counted(count)}"


def _crosses(trace: Trace) -> str:
    words = error_words(trace["I_XT"])
    return f", its cross {words}" if words else ""


def _axis(values: xr.DataArray) -> Axis:
    return Axis(_title(values), _unit(values))


def _unit(values: xr.DataArray) -> str:
    """The unit in words; a pure number has none."""
    unit = str(values.attrs.get("unit", ""))
    return "" if unit == "1" else unit


def _title(values: xr.DataArray) -> str:
    return str(values.attrs["long_name"])


def _key(kind: str, estimator: str, side: str) -> str:
    return "-".join(part for part in (kind, estimator, side) if part)

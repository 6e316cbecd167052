"""Variational autoencoders of several code sizes as figures: over the layers, and against K."""

from collections.abc import Mapping

import numpy as np

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.latent.panels import CHANGE, LINKS, READ, profile, samples
from infoplane.experiments.latent.profile import AXIS, PROFILE, at_the_end
from infoplane.values.panel import STANDARD_ERROR, Axis, Panel, Series
from infoplane.values.trace import Trace


def of_sizes(trace: Trace) -> list[Panel]:
    """Profiles of all code sizes at the end, imbalances against K, and the rates."""
    end = at_the_end(trace)
    scales = [str(name) for name in trace["estimator"].values]
    names = {
        "dimension_T": "intrinsic dimension",
        "imbalance_TX": "Δ(layer → input)",
        "imbalance_XT": "Δ(input → layer)",
        "imbalance_TY": "Δ(layer → output)",
    }
    return [
        *(_profiles(end, name, words, scale) for name, words in names.items() for scale in scales),
        *(_changes(end, scale) for scale in scales),
        *(_against_size(end, scale) for scale in scales),
        *(_dimensions_against_size(end, scale) for scale in scales),
        _rates(trace),
    ]


def _sizes(trace: Trace) -> list[int]:
    return [int(size) for size in trace["code_size"].values]


def _profiles(end: Trace, name: str, words: str, scale: str) -> Panel:
    """One variable over the layers at the end, a curve per code size."""
    values = end[name].sel(estimator=scale)
    return Panel(
        key=f"{name.replace('_', '-')}-sizes-{scale}",
        title=f"{words[0].upper()}{words[1:]} by code size".replace("δ", "Δ"),
        caption=f"At the end of training, one curve for each size K of the code. {samples(values)}",
        x=AXIS,
        y=Axis(words),
        series=tuple(
            profile(values.sel(code_size=size), PROFILE, "layer", f"K = {size}")
            for size in _sizes(end)
        ),
        group=scale,
        scale=f"{name}-sizes",
    )


def _changes(end: Trace, scale: str) -> Panel:
    """Compression and expansion from layer to layer at the end, a curve per code size."""
    values = end["imbalance_change"].sel(estimator=scale)
    links = [str(one) for one in values["pair"].values]
    return Panel(
        key=f"change-sizes-{scale}",
        title="Compression and expansion by code size",
        caption=f"At the end of training, one curve for each size K. {CHANGE} {samples(values)}",
        x=LINKS,
        y=Axis("relative difference"),
        series=tuple(
            profile(values.sel(code_size=size), links, "pair", f"K = {size}")
            for size in _sizes(end)
        ),
        group=scale,
        scale="change-sizes",
    )


def _against_size(end: Trace, scale: str) -> Panel:
    """What code and output know of the input, against K."""
    chosen = {
        "Δ(code → input)": ("imbalance_TX", "code"),
        "Δ(mean → input)": ("imbalance_TX", "mean"),
        "Δ(output → input)": ("imbalance_TX", "output"),
        "Δ(input → code)": ("imbalance_XT", "code"),
    }
    return _by_size(
        end,
        scale,
        chosen,
        key="imbalance-by-size",
        title="Imbalance by code size",
        caption=(
            "At the end of training: what the drawn code, its mean and the output know of who is "
            f"near in the input, and the input of the code. {READ}"
        ),
        label="information imbalance",
    )


def _dimensions_against_size(end: Trace, scale: str) -> Panel:
    """Dimensions of code, mean and output against K."""
    chosen = {
        "drawn code": ("dimension_T", "code"),
        "mean of the code": ("dimension_T", "mean"),
        "output": ("dimension_T", "output"),
        "input": ("dimension_T", "input"),
    }
    return _by_size(
        end,
        scale,
        chosen,
        key="dimension-by-size",
        title="Dimension by code size",
        caption="At the end of training.",
        label="intrinsic dimension",
    )


def _by_size(
    end: Trace,
    scale: str,
    chosen: Mapping[str, tuple[str, str]],
    *,
    key: str,
    title: str,
    caption: str,
    label: str,
) -> Panel:
    """Some variables of some layers against K."""
    sizes = _sizes(end)
    series = []
    for words, (name, layer) in chosen.items():
        values = end[name].sel(estimator=scale, layer=layer)
        errors, told = shared.spread(values)
        series.append(
            Series(
                words,
                x=np.array(sizes, dtype=float),
                y=mean("", values).values,
                y_error=errors,
                error_is=told or STANDARD_ERROR,
            )
        )
    return Panel(
        key=f"{key}-{scale}",
        title=title,
        caption=f"{caption} {samples(end['dimension_T'])}",
        x=Axis("size K of the code", log=True, ticks=tuple(map(float, sizes))),
        y=Axis(label),
        series=tuple(series),
        group=scale,
        scale=key,
    )


def _rates(trace: Trace) -> Panel:
    """The rate over training, a curve per code size."""
    series = []
    for size in _sizes(trace):
        values = trace["rate"].sel(code_size=size).dropna("snapshot", how="all")
        errors, told = shared.spread(values)
        series.append(
            Series(
                f"K = {size}",
                x=values["step"].values + 1.0,
                y=mean("", values).values,
                y_error=errors,
                at=values["step"].values,
                error_is=told or STANDARD_ERROR,
            )
        )
    return Panel(
        key="rate-sizes",
        title="Rate KL(q(z|x) ‖ p(z)) by code size",
        caption="Mean over test images; 1 bit is 0.69 nat.",
        x=Axis("training step + 1", log=True),
        y=Axis("rate", "bit"),
        series=tuple(series),
    )

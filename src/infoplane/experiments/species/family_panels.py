"""Figures of the species side by side; each colour is a species."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.dpi import Chain
from infoplane.analysis.family import MEASURED
from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.species.claims import MEAN
from infoplane.experiments.species.curves import SPECIES, Curves
from infoplane.experiments.species.panels import logarithm
from infoplane.models.autoencoders.species import CODE
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Trace

_STEPS = Axis("training step + 1", log=True)
_INFORMATION = Axis("I(X;Z)", "bit")
DRAWN = "variational"
CHAINED = (
    (("encoder.1", "encoder.2", CODE), "I_XT", "I(input; {})"),
    (("decoder.2", "decoder.1", CODE), "I_TY", "I({}; output)"),
)
"""The inequalities of a deep species: layers in falling order, variable, words."""


def panels(trace: Trace) -> list[Panel]:
    """All figures, the paper's rule beside the scale-invariant one."""
    curves = Curves(trace)
    names = [str(name) for name in trace["estimator"].values]
    return [
        *(_information(curves, name) for name in names),
        *([_above_null(curves, name) for name in names] if curves.has_null else []),
        *(_to_output(curves, name) for name in names),
        _norms(curves),
        *(_plane(curves, name) for name in names),
        _errors(curves),
        *(_drawn(curves, name) for name in names if DRAWN in curves.species),
        *(panel for name in names if (panel := _inequalities(trace, name)) is not None),
    ]


def _information(curves: Curves, estimator: str) -> Panel:
    return _over_time(
        curves,
        f"code-{estimator}",
        "I(X;Z)",
        "What the code of every species keeps of the image. A fall after the peak is what the "
        "paper calls the simplifying phase.",
        _INFORMATION,
        lambda name: curves.to_input(name).sel(estimator=estimator),
        estimator,
    )


def _above_null(curves: Curves, estimator: str) -> Panel:
    return _over_time(
        curves,
        f"code-above-null-{estimator}",
        "I(X;Z) above its null",
        "The same less its permutation mean: what is not there when images and codes are paired "
        "at random.",
        _INFORMATION,
        lambda name: curves.above_null(name).sel(estimator=estimator),
        estimator,
    )


def _to_output(curves: Curves, estimator: str) -> Panel:
    return _over_time(
        curves,
        f"code-output-{estimator}",
        "I(Z;X′)",
        "What the code of every species shares with the reconstruction.",
        Axis("I(Z;X′)", "bit"),
        lambda name: curves.to_output(name).sel(estimator=estimator),
        estimator,
    )


def _norms(curves: Curves) -> Panel:
    return _over_time(
        curves,
        "code-norm",
        "Mean norm of the code",
        "Scale, not information: the paper's rule reacts to it, the scale-invariant one does not.",
        Axis("mean norm of the code", log=True),
        curves.norm,
    )


def _errors(curves: Curves) -> Panel:
    """Test and, dashed, training error of every species."""
    words = "log₁₀ squared error"
    series = []
    for name in curves.species:
        test = _series(name, logarithm(curves.of("error_test", name), words))
        train = _series(name, logarithm(curves.of("error_train", name), words))
        series += [test, replace(train, name=f"{name}, training", dashed=True)]
    caption = (
        "Of the reconstruction of test images, without the penalties of an objective; dashed: of "
        "training images. Where the two part, a species overfits."
    )
    return Panel("error", words, caption, _STEPS, Axis(words), tuple(series))


def _plane(curves: Curves, estimator: str) -> Panel:
    """The plane of the codes."""
    series = [
        shared.trajectory(
            name,
            curves.to_input(name).sel(estimator=estimator),
            curves.to_output(name).sel(estimator=estimator),
            of=name,
        )
        for name in curves.species
    ]
    return Panel(
        key=f"code-plane-{estimator}",
        title="The codes in the information plane",
        caption="From faint to full as training goes on; on the diagonal the code shares as much "
        "with the reconstruction as with the image.",
        x=_INFORMATION,
        y=Axis("I(Z;X′)", "bit"),
        series=tuple(series),
        bisector=True,
        ceiling=known_ceiling(curves.trace["I_XT"].sel(estimator=estimator)),
        plane=True,
        group=estimator,
    )


def _drawn(curves: Curves, estimator: str) -> Panel:
    """The drawn code beside its mean and its bound."""
    shown = {
        "drawn code": curves.to_input(DRAWN).sel(estimator=estimator),
        "mean of the code": curves.to_input(DRAWN, MEAN).sel(estimator=estimator),
        "layer before it": curves.to_input(DRAWN, "encoder.2").sel(estimator=estimator),
    }
    if "rate" in curves.trace:
        shown["rate, the bound on the drawn code"] = curves.of("rate", DRAWN)
    return Panel(
        key=f"drawn-{estimator}",
        title="The variational code and its bound",
        caption="I(X;T) of the drawn code, of its mean and of the layer before; no information "
        "of the drawn code can exceed the rate E KL(q(z|x) ‖ p(z)), nor that of the layer.",
        x=_STEPS,
        y=Axis("information", "bit"),
        series=tuple(_series(name, values) for name, values in shown.items()),
        group=estimator,
    )


def _inequalities(trace: Trace, estimator: str) -> Panel | None:
    """Every inequality of every deep species over the moments that all members share."""
    shared_moments = trace[MEASURED].all(SPECIES).values
    shown = trace.isel(snapshot=shared_moments)
    curves = Curves(shown)
    chains = {
        f"{name}, {side}": chain
        for name in curves.species
        for side, chain in _chains(curves, name).items()
    }
    return shared.strip(shown, chains, estimator) if chains else None


def _chains(curves: Curves, species: str) -> dict[str, Chain]:
    found = {}
    for (layers, variable, words), side in zip(CHAINED, ("encoder", "decoder"), strict=True):
        known = [str(name) for name in curves.trace["layer"].values]
        if not set(layers) <= set(known):
            continue
        terms = {words.format(layer): curves.of(variable, species, layer) for layer in layers}
        if all(bool(values.notnull().any()) for values in terms.values()):
            found[side] = Chain.of(terms)
    return found


def _over_time(
    curves: Curves,
    key: str,
    title: str,
    caption: str,
    y: Axis,
    values: Callable[[str], xr.DataArray],
    group: str = "",
) -> Panel:
    """One curve per species."""
    series = tuple(_series(name, values(name)) for name in curves.species)
    return Panel(key, title, caption, _STEPS, y, series, group=group)


def _series(name: str, values: xr.DataArray) -> Series:
    errors, words = shared.spread(values)
    steps: np.ndarray = values["step"].values
    return Series(
        name=name,
        x=steps + 1.0,
        y=mean("", values).values,
        y_error=errors,
        at=steps,
        of=name,
        error_is=words,
    )

"""The species in numbers: what was published, and what both rules say."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.curves import ending, smoothed
from infoplane.analysis.repeated import mean
from infoplane.experiments.gaps import left_out
from infoplane.experiments.sentences import verdicts_told
from infoplane.experiments.species.asking import at_end
from infoplane.experiments.species.curves import Curves
from infoplane.experiments.species.family_claims import claims
from infoplane.experiments.species.published import figures
from infoplane.values.ceilings import saturated
from infoplane.values.finding import Finding
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

ABSENT = "–"


def table(trace: Trace) -> Table:
    """One row per species: peak → end of I(X;Z), published and ours, its scale, and the error."""
    curves, known = Curves(trace), figures(trace)
    names = [str(name) for name in trace["estimator"].values]
    above = [f"{name}, above null" for name in names] if curves.has_null else []
    columns = ("species", "published", *names, *above, "norm of Z", "test loss", "published loss")
    rows = []
    for species in curves.species:
        number = known.get(species)
        cells = [species, _told(number.peak, number.end) if number else ABSENT]
        cells += [_peak_to_end(curves.to_input(species).sel(estimator=name)) for name in names]
        if curves.has_null:
            excess = curves.above_null(species)
            cells += [_peak_to_end(excess.sel(estimator=name)) for name in names]
        cells += [_peak_to_end(curves.norm(species)), f"{_last(curves, species):.4g}"]
        cells.append(f"{number.loss:.4g}" if number else ABSENT)
        rows.append(tuple(Cell((words,)) for words in cells))
    return Table(
        "The code of every species",
        columns,
        tuple(rows),
        caption=(
            "I(X;Z) in bits, from its peak to its end (mean of the last 5 % of the moments). A "
            "species whose fall counts as a simplifying phase (0.25 bit, 5 % of the peak, and "
            "falling to the end) is marked ↓. The test loss includes penalties; that of the "
            "variational species is in nats. Published numbers are read off the authors' figures "
            "and stand where all settings are theirs."
        ),
    )


def layers(trace: Trace) -> Table:
    """One row per layer before a code: where I(X;T) ends, and where the published one did."""
    curves, known = Curves(trace), figures(trace)
    names = [str(name) for name in trace["estimator"].values]
    rows = []
    for species in curves.species:
        published = known[species].encoder if species in known else ()
        for place, layer in enumerate(_before_code(curves, species)):
            told = f"{published[place]:.2f}" if published else ABSENT
            found = at_end(curves.to_input(species, layer))
            ours = (f"{float(mean('', found.sel(estimator=name))):.2f}" for name in names)
            rows.append(tuple(Cell((words,)) for words in (species, layer, told, *ours)))
    return Table(
        "The layers before the code",
        ("species", "layer", "published", *names),
        tuple(rows),
        caption="I(X;T) in bits at the end (mean of the last 5 % of the moments).",
    )


def _before_code(curves: Curves, species: str) -> list[str]:
    """The encoder's layers that a species has."""
    known = [str(name) for name in curves.trace["layer"].values]
    inner = [name for name in known if name.startswith("encoder.")]
    return [name for name in inner if bool(curves.to_input(species, name).notnull().any())]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """Which species simplify under which rule, and what is left above the null."""
    curves = Curves(trace)
    told = [
        f"A simplifying phase of the code under {name}: {_listed(_falling(curves, str(name)))}."
        for name in trace["estimator"].values
    ]
    if curves.has_null:
        told += [
            f"Above the permutation mean, under {name}: {_listed(_falling_above(curves, name))}."
            for name in (str(one) for one in trace["estimator"].values)
        ]
    return [
        *told,
        *_saturated(curves),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]


def _falling(curves: Curves, estimator: str) -> list[str]:
    """Species whose mean curve falls far enough."""
    return [
        name for name in curves.species if _falls(curves.to_input(name).sel(estimator=estimator))
    ]


def _falling_above(curves: Curves, estimator: str) -> list[str]:
    return [
        name for name in curves.species if _falls(curves.above_null(name).sel(estimator=estimator))
    ]


def _saturated(curves: Curves) -> list[str]:
    """Under which rule the code of which species has no room to fall from."""
    told = []
    for name in (str(one) for one in curves.trace["estimator"].values):
        full = [
            species
            for species in curves.species
            if bool((_share_saturated(curves, species, name)) > 0.5)
        ]
        if full:
            told.append(
                f"Saturated at log₂ n under {name}, so that no phase can be measured: "
                f"{_listed(full)}."
            )
    return told


def _share_saturated(curves: Curves, species: str, estimator: str) -> float:
    return float(saturated(curves.to_input(species).sel(estimator=estimator)).mean())


def _falls(values: xr.DataArray) -> bool:
    """Whether the mean curve simplifies."""
    return bool(phases.fall_margin(_column(values))[0] > 0)


def _peak_to_end(values: xr.DataArray) -> str:
    smooth = smoothed(_column(values))
    last = ending(smooth).mean()
    mark = " ↓" if values.name != "norm_T" and _falls(values) else ""
    return _told(float(smooth.max()), float(last)) + mark


def _column(values: xr.DataArray) -> np.ndarray:
    """The mean curve, shape (snapshot, 1)."""
    return mean("", values).values[:, None]


def _told(peak: float | None, end: float) -> str:
    first = "" if peak is None or not math.isfinite(peak) else f"{peak:.2f} "
    return f"{first}→ {end:.2f}"


def _last(curves: Curves, species: str) -> float:
    return float(mean("", curves.of("loss_test", species)).values[-1])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"

"""How a family of species is asked: a claim about some members' codes, with its control.

Where S1's figures have numbers, a claim about them is asked of the paper's width rule alone, and
only of runs with the paper's settings. The yes and no of a phase is asked everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import SHUFFLED, Claim
from infoplane.analysis.curves import end, last_moments, peak, together
from infoplane.experiments.species.curves import SPECIES, Curves
from infoplane.experiments.species.published import SOURCE, WITHIN, Published
from infoplane.experiments.species.settings import LEE_JO
from infoplane.models.autoencoders.species import CODE
from infoplane.values.trace import Trace
from infoplane.values.units import BIT

Asked = Callable[[Curves], xr.DataArray]
"""A statistic of a family's curves, or of the shuffled ones."""

DRAWN = "variational"
"""The species whose code is drawn at random."""
EARLY = 1 / 30
"""Share of the updates before which an order need not hold: 1000 of the paper's 30 000."""
PAPER = "lee2021information"
NOT_PAPER = "not a claim of lee2021information"
FEW = (
    "The effect of each part is its distance from the limit; the limits are ours, because the "
    "published figures are of one run each."
)
ONE_RULE = "values under different width rules are not comparable."


def claim(
    curves: Curves,
    key: str,
    statement: str,
    source: str,
    asked: Asked,
    about: Sequence[str],
    *,
    unit: str = BIT,
    rests_on: Asked | None = None,
    controls: bool = True,
    notes: tuple[str, ...] = (),
) -> Claim:
    """A claim about the codes of some members, with the shuffled samples as its control.

    Args:
        curves: The family.
        key: Short name.
        statement: The claim in words.
        source: Where it comes from.
        asked: What it says is positive.
        about: The members.
        unit: Of the effect.
        rests_on: What may be saturated, along "part"; by default the codes' I(X;Z) at the end.
        controls: Whether the shuffled samples can be asked the same.
        notes: What else a reader needs.
    """

    def statistic(trace: Trace, shuffled: bool = False) -> xr.DataArray:
        return asked(Curves(trace, shuffled))

    def values(trace: Trace) -> xr.DataArray:
        one = Curves(trace)
        return ends(one, about) if rests_on is None else rests_on(one)

    null = controls and curves.has_null
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=statistic,
        rests_on=values,
        controls={SHUFFLED: partial(statistic, shuffled=True)} if null else {},
        unit=unit,
        notes=notes,
        needs=lambda trace: (statistic(trace), *([statistic(trace, True)] if null else [])),
    )


def numbers(curves: Curves, key: str, statement: str, asked: Asked, about: Sequence[str]) -> Claim:
    """A claim about published numbers, saturated or not, which only the paper's rule can show."""
    plain = claim(
        curves, key, statement, SOURCE, asked, about, rests_on=nothing_saturates, notes=(FEW,)
    )
    return replace(plain, asked_of=lambda trace: [LEE_JO], because=ONE_RULE)


def peak_and_end(curves: Curves, key: str, species: str, known: Mapping[str, Published]) -> Claim:
    """Both numbers of a code's curve are as published, within half a bit."""
    number = known[species]
    limits: dict[str, tuple[Asked, float]] = {
        f"end near {number.end}": (lambda one: end(one.to_input(species)), number.end)
    }
    words = f"ends at {number.end:.1f}"
    if number.peak is not None:
        limits[f"peak near {number.peak}"] = (
            lambda one: peak(one.to_input(species)),
            number.peak,
        )
        words = f"peaks at {number.peak:.1f} and {words}"
    return numbers(
        curves,
        key,
        f"The {species} autoencoder: I(X;Z) {words} ± {WITHIN} bit.",
        lambda one: together(
            {name: near(value(one), middle) for name, (value, middle) in limits.items()}
        ),
        (species,),
    )


def ends(curves: Curves, about: Sequence[str], layer: str = CODE) -> xr.DataArray:
    """I(X;T) of one layer at the end, by member: what is saturated there has not fallen."""
    return together({name: at_end(curves.to_input(name, layer)) for name in about})


def at_end(curve: xr.DataArray) -> xr.DataArray:
    """The mean over the last moments, with what is known of the ceiling."""
    return last_moments(curve).mean("snapshot", keep_attrs=True)


def lesser(one: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """The lesser of two informations at the end: where even it saturates, no order can be told."""
    return xr.apply_ufunc(np.minimum, at_end(one), at_end(other), keep_attrs=True)


def nothing_saturates(curves: Curves) -> xr.DataArray:
    """For claims about saturation itself, or about numbers as such."""
    return xr.zeros_like(curves.trace["S_X"].isel({SPECIES: 0}, drop=True))


def near(value: xr.DataArray, middle: float) -> xr.DataArray:
    """By how much a value lies within half a bit of another."""
    return WITHIN - abs(value - middle)


def between(value: xr.DataArray, least: float, most: float) -> xr.DataArray:
    """By how much a value lies between two limits."""
    middle, half = (least + most) / 2, (most - least) / 2
    return half - abs(value - middle)


def later(curve: xr.DataArray) -> xr.DataArray:
    """The moments after the first thirtieth of the updates."""
    return curve.isel(snapshot=(curve["step"] > EARLY * curve["step"].max()).values)


def simplifies(curves: Curves, species: str) -> xr.DataArray:
    """Bits by which the code's fall counts as a simplifying phase."""
    return phases.simplifying(curves.to_input(species))

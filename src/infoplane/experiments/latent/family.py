"""What Camboulin et al. say of code sizes side by side: below and above the data's dimension."""

from collections.abc import Callable, Sequence
from typing import ClassVar, final

import numpy as np
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.analysis.claims import UNTRAINED, Claim, judged, untrained
from infoplane.analysis.curves import fall, together
from infoplane.experiments.latent.claims import FALL, MEDIUM, OURS, SOURCE, WIDE
from infoplane.experiments.latent.dimension import ALONG, Sides, noted, placed
from infoplane.experiments.latent.family_panels import of_sizes
from infoplane.experiments.latent.profile import (
    CODE,
    COMPUTED,
    DECODER,
    OUTPUT,
    at_the_end,
    beside_every_scale,
    highest,
    of,
    rate,
)
from infoplane.experiments.latent.words import methods, summary_of_sizes
from infoplane.experiments.protocol import Family
from infoplane.observe.plane import INPUT
from infoplane.values.finding import Finding
from infoplane.values.trace import Trace

SAME = 0.1
"""Share of the imbalance at K = 2 by which saturated ones may differ."""

Measure = Callable[[Trace], xr.DataArray]
"""A statistic of one moment of all members."""


def claims(trace: Trace) -> list[Claim]:
    """The claims for which the code sizes are there.

    Args:
        trace: The family; of several seeds, as ``across.combined`` has them.
    """
    sizes, sides = [int(size) for size in trace[ALONG].values], placed(trace)
    medium = [size for size in sizes if size in (8, 16)]
    wide = [size for size in sizes if size >= WIDE]
    asked: list[tuple[bool, Callable[[], Claim]]] = [
        ({2, 8} <= set(sizes), _output_falls),
        (2 in sizes and len(wide) > 1, lambda: _output_saturates(wide)),
        (2 in sizes and 128 in sizes and bool(medium), lambda: _code_turns(medium)),
        (bool(sides.below and sides.above), lambda: _transition(sides)),
        (bool(wide) and min(sizes) <= MEDIUM, lambda: _rates(sizes)),
    ]
    return noted([made() for there, made in asked if there], trace)


def _output_falls() -> Claim:
    def falls(moment: Trace) -> xr.DataArray:
        known = _known(moment, OUTPUT)
        return known.sel(code_size=2, drop=True) - 2 * known.sel(code_size=8, drop=True)

    return _at_the_end(
        falls,
        key="output-imbalance-falls",
        statement=f"The reconstruction knows more of the input the larger a small code is: "
        f"Δ({OUTPUT} → {INPUT}) at K = 2 is more than twice that at K = 8 (CIFAR-10, 200 epochs: "
        "0.364 and 0.134).",
        source=OURS,
        layer=OUTPUT,
    )


def _output_saturates(wide: Sequence[int]) -> Claim:
    least, *others = sorted(wide)

    def saturates(moment: Trace) -> xr.DataArray:
        known = _known(moment, OUTPUT)
        allowed = SAME * known.sel(code_size=2, drop=True)
        base = known.sel(code_size=least, drop=True)
        return together(
            {f"K = {k}": allowed - abs(known.sel(code_size=k, drop=True) - base) for k in others}
        )

    return _at_the_end(
        saturates,
        key="output-imbalance-saturates",
        statement=f"From K = {WIDE} on the reconstruction knows no more of the input: "
        f"Δ({OUTPUT} → {INPUT}) differs by less than {SAME:.0%} of what it is at K = 2 (CIFAR-10, "
        "200 epochs: 0.364 at K = 2, then 0.054, 0.046, 0.062 at K = 32, 64, 128).",
        source=OURS,
        layer=OUTPUT,
    )


def _code_turns(medium: Sequence[int]) -> Claim:
    def turns(moment: Trace) -> xr.DataArray:
        known = _known(moment, CODE)
        least = known.sel(code_size=list(medium)).min(ALONG, skipna=False)
        return together(
            {
                "falls": known.sel(code_size=2, drop=True) - least,
                "rises": known.sel(code_size=128, drop=True) - 3 * least,
            }
        )

    return _at_the_end(
        turns,
        key="code-imbalance-turns",
        statement=f"What the drawn code knows of the input is best at K of 8 to 16: "
        f"Δ({CODE} → {INPUT}) is larger at K = 2, and at K = 128 more than three times as large "
        "(MNIST: read from a figure as 0.06 at K = 8 and 0.69 at K = 128).",
        source=OURS,
        layer=CODE,
    )


def _transition(sides: Sides) -> Claim:
    def hump(moment: Trace) -> xr.DataArray:
        ratio = highest(of(moment, "dimension_T", *DECODER)) / of(moment, "dimension_T", CODE)
        above = ratio.sel(code_size=list(sides.above)).min(ALONG, skipna=False)
        return above - ratio.sel(code_size=list(sides.below)).max(ALONG, skipna=False)

    above, below = (", ".join(map(str, codes)) for codes in (sides.above, sides.below))
    between = ", ".join(map(str, sides.at))
    return Claim(
        key="transition",
        statement=f"The decoder has a hump of dimensions once K exceeds the data's dimension: the "
        f"highest ID of {DECODER[0]} to {DECODER[3]}, in units of ID({CODE}), is larger at every "
        f"K above the measured ID of the {INPUT} (K = {above}) than at any K below it (K = "
        f"{below}) (CIFAR-10, 200 epochs).",
        source=f"{SOURCE}; split at the measured dimension ours",
        statistic=lambda trace: hump(at_the_end(trace)),
        controls={UNTRAINED: lambda trace: hump(untrained(trace).isel(snapshot=0))},
        rests_on=lambda trace: at_the_end(trace)["dimension_T"].sel(layer=[CODE, *DECODER]),
        unit="",
        notes=(
            "A code is above the data's dimension if K, and the measured dimension of K normal "
            "variables, exceed that of the input at every scale; below it likewise.",
            *([f"Not asked of K = {between}, which may be it."] if between else []),
        ),
    )


def _rates(sizes: Sequence[int]) -> Claim:
    def courses(trace: Trace) -> xr.DataArray:
        told = {}
        for size in sizes:
            if size >= WIDE or size <= MEDIUM:
                falls = fall(_rate(trace, size), FALL)
                told[f"K = {size}"] = falls if size >= WIDE else -falls
        return beside_every_scale(together(told), trace).transpose("part", ...)

    return Claim(
        key="rates",
        statement=f"The rate KL(q(z|x) ‖ p(z)) falls from its peak by more than {FALL:.0%} at "
        f"every K ≥ {WIDE}, and at no K ≤ {MEDIUM} (CIFAR-10, 200 epochs, read from a figure).",
        source=OURS,
        statistic=courses,
        rests_on=lambda trace: beside_every_scale(_rate(trace, sizes[0]), trace),
        notes=(COMPUTED,),
        needs=lambda trace: [beside_every_scale(_rate(trace, k), trace) for k in sizes],
    )


def _rate(trace: Trace, size: int) -> xr.DataArray:
    """The rate of one member."""
    return rate(trace.sel(code_size=size, drop=True))


def _known(moment: Trace, layer: str) -> xr.DataArray:
    """Δ(layer → input) of all members."""
    return of(moment, "imbalance_TX", layer)


def _at_the_end(measure: Measure, *, key: str, statement: str, source: str, layer: str) -> Claim:
    """A claim about the imbalance of one layer of the trained networks."""
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=lambda trace: measure(at_the_end(trace)),
        controls={UNTRAINED: lambda trace: measure(untrained(trace).isel(snapshot=0))},
        rests_on=lambda trace: _known(at_the_end(trace), layer),
        evidence=lambda trace: _told(at_the_end(trace), layer),
        unit="",
    )


def _told(moment: Trace, layer: str) -> dict[str, dict[str, dict[str, float]]]:
    """Δ(layer → input) by code size, by scale."""
    known = _known(moment, layer).mean("batch")
    return {
        str(scale): {
            f"Δ({layer} → {INPUT})": {
                f"K = {int(k)}": float(known.sel(estimator=scale, code_size=k))
                for k in np.asarray(known[ALONG].values)
            }
        }
        for scale in known["estimator"].values
    }


@final
class CodeSizes(Family):
    """The same network with codes of several sizes K."""

    title: ClassVar[str] = "Dimension and neighbourhoods by the size of the code"
    along: ClassVar[str] = ALONG

    claims = staticmethod(claims)
    panels = staticmethod(of_sizes)
    summary = staticmethod(summary_of_sizes)
    methods = staticmethod(methods)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Judged over seeds; on which side of the transition a size lies, all of them say."""
        return judged(cls.claims(combined(traces)), traces)

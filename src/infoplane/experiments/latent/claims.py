"""What Camboulin et al. say of the layers of a variational autoencoder, of one code size."""

from collections.abc import Callable
from functools import partial

import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim, Evidence, Statistic, untrained
from infoplane.analysis.curves import fall, together
from infoplane.experiments.latent.dimension import noted
from infoplane.experiments.latent.profile import (
    AFTER,
    CODE,
    COMPUTED,
    DECODER,
    ENCODER,
    MEAN,
    OUTPUT,
    PROFILE,
    at_the_end,
    beside_every_scale,
    highest,
    looked_at,
    of,
    rate,
    rate_evidence,
)
from infoplane.observe.plane import INPUT
from infoplane.values.trace import Trace, settings_of

SOURCE = "camboulin2024understanding"
OURS = f"{SOURCE}; tolerance ours"
NARROW, SMALL, MEDIUM, WIDE = 4, 8, 16, 32
"""Code sizes up to which, or from which on, a claim is made."""
NEAR, FLAT = 0.15, 0.25
"""Shares by which a dimension may miss K at the code, and behind it."""
FALL = 0.05
"""Share of the peak that a fall of the rate must exceed."""
FIT, MOVED = 0.9, 0.1
"""Share of its fall that the fast phase makes; share by which a dimension moves after it."""
LONG = 10
"""Epochs of which a tenth is one or more."""
Measure = Callable[[Trace], xr.DataArray]
"""A statistic of one moment."""


def claims(trace: Trace) -> list[Claim]:
    """The claims that are made of codes of this size."""
    size = int(settings_of(trace)["code_size"])
    asked = [
        (size <= SMALL, code_dimension(size)),
        (size <= NARROW, flat_dimension(size)),
        (size <= NARROW, flat_imbalance()),
        (size <= MEDIUM, flat_rate()),
        (size >= WIDE, hunchbacks()),
        (size >= WIDE, falling_imbalance()),
        (size >= WIDE, noise()),
        (size >= WIDE, rate_peak()),
        (size >= WIDE and float(trace["epoch"][-1]) >= LONG, two_phases()),
    ]
    return noted([claim for made, claim in asked if made], trace)


def code_dimension(size: int) -> Claim:
    """ID(code) is K, as that of K normal variables is."""
    code = ("dimension_T", CODE)

    def normal(trace: Trace) -> xr.DataArray:
        return untrained(trace)["dimension_normal"].isel(snapshot=0)

    def near(dimension: xr.DataArray) -> xr.DataArray:
        return NEAR - abs(dimension / size - 1)

    return Claim(
        key="code-dimension",
        statement=f"A code of K ≤ {SMALL} has K dimensions: ID(code) is within {NEAR:.0%} of K at "
        "the end of training (MNIST, read from a figure).",
        source=OURS,
        statistic=lambda trace: near(of(at_the_end(trace), *code)),
        controls={
            UNTRAINED: lambda trace: near(of(untrained(trace).isel(snapshot=0), *code)),
            "normal variables of K dimensions": lambda trace: near(normal(trace)),
        },
        rests_on=lambda trace: _dimensions(trace, CODE),
        evidence=lambda trace: _told(trace, "dimension_T", [CODE, MEAN]),
        unit="",
        notes=("The code is drawn, so that noise alone has K dimensions, too.",),
        needs=lambda trace: (normal(trace), of(untrained(trace).isel(snapshot=0), *code)),
    )


def flat_dimension(size: int) -> Claim:
    """Nothing behind the code has more dimensions than it."""

    def flat(moment: Trace) -> xr.DataArray:
        layers = of(moment, "dimension_T", *AFTER)
        return FLAT - abs(layers / size - 1)

    return _at_the_end(
        flat,
        key="flat-dimension",
        statement=f"Behind a code of K ≤ {NARROW} every layer has K dimensions: ID is within "
        f"{FLAT:.0%} of K from {AFTER[0]} to the {OUTPUT} (MNIST and CIFAR-10, 200 epochs).",
        source=OURS,
        rests_on=lambda trace: _dimensions(trace, *AFTER),
        evidence=lambda trace: _told(trace, "dimension_T", PROFILE),
    )


def flat_imbalance() -> Claim:
    """Nothing behind the code knows more of the input than it."""

    def flat(moment: Trace) -> xr.DataArray:
        layers = of(moment, "imbalance_TX", *AFTER)
        return FLAT - abs(layers / of(moment, "imbalance_TX", CODE) - 1)

    return _at_the_end(
        flat,
        key="flat-imbalance",
        statement=f"Behind a code of K ≤ {NARROW} every layer knows as much of the input as the "
        f"code: Δ(layer → {INPUT}) is within {FLAT:.0%} of Δ({CODE} → {INPUT}) (CIFAR-10, 200 "
        "epochs).",
        source=OURS,
        rests_on=lambda trace: _imbalances(trace, CODE, *AFTER),
        evidence=lambda trace: _told(trace, "imbalance_TX", PROFILE),
    )


def hunchbacks() -> Claim:
    """Dimensions rise and fall twice, in the encoder and in the decoder."""

    def humps(moment: Trace) -> xr.DataArray:
        dimension = partial(of, moment, "dimension_T")
        return together(
            {
                "encoder rises": highest(dimension(*ENCODER[:3])) - dimension(INPUT),
                "decoder rises": highest(dimension(*DECODER)) - dimension(CODE),
                "output falls": dimension(CODE) - dimension(OUTPUT),
            }
        )

    return _at_the_end(
        humps,
        key="hunchbacks",
        statement=f"With a code of K ≥ {WIDE} the profile of dimensions has two humps: ID of "
        f"{ENCODER[0]} to {ENCODER[2]} rises above that of the {INPUT}, of {DECODER[0]} to "
        f"{DECODER[3]} above that of the {CODE}, and that of the {OUTPUT} lies below the {CODE}'s "
        "(MNIST and CIFAR-10, 200 epochs).",
        source=SOURCE,
        rests_on=lambda trace: _dimensions(trace, *PROFILE),
        evidence=lambda trace: _told(trace, "dimension_T", PROFILE),
        notes=(
            "The highest of several layers is that of each batch: noise makes it a little higher.",
        ),
    )


def falling_imbalance() -> Claim:
    """Layer by layer behind the code the noise is taken out."""
    path = (CODE, *AFTER)

    def falls(moment: Trace) -> xr.DataArray:
        known = partial(of, moment, "imbalance_TX")
        links = zip(path, path[1:], strict=False)
        return together({f"{a} to {b}": known(a) - known(b) for a, b in links})

    return _at_the_end(
        falls,
        key="falling-imbalance",
        statement=f"Behind a code of K ≥ {WIDE} every layer knows more of the input than the one "
        f"before: Δ(layer → {INPUT}) falls from the {CODE} to the {OUTPUT} (CIFAR-10, 200 epochs).",
        source=SOURCE,
        rests_on=lambda trace: _imbalances(trace, *path),
        evidence=lambda trace: _told(trace, "imbalance_TX", PROFILE),
    )


def noise() -> Claim:
    """The drawn code has dimensions that its mean has not."""
    return _at_the_end(
        lambda moment: of(moment, "dimension_T", CODE) - of(moment, "dimension_T", MEAN),
        key="noise-dimension",
        statement=f"A drawn code of K ≥ {WIDE} has more dimensions than its mean: ID(code) > "
        "ID(mean) (made for K = 128).",
        source="our own inference; the published dimensions are of drawn codes",
        rests_on=lambda trace: _dimensions(trace, CODE, MEAN),
        evidence=lambda trace: _told(trace, "dimension_T", [CODE, MEAN]),
    )


def rate_peak() -> Claim:
    """The rate rises and falls again."""
    return _rate(
        lambda trace: fall(rate(trace), FALL),
        key="rate-peak",
        statement=f"With a code of K ≥ {WIDE} the rate KL(q(z|x) ‖ p(z)) has a peak during "
        f"training, and falls from it by more than {FALL:.0%} (CIFAR-10: at epochs 5 to 10 of 200, "
        "from about 30 to 16 nats, read from a figure).",
    )


def flat_rate() -> Claim:
    """The rate rises and stays."""
    return _rate(
        lambda trace: -fall(rate(trace), FALL),
        key="flat-rate",
        statement=f"With a code of K ≤ {MEDIUM} the rate KL(q(z|x) ‖ p(z)) stays where it is once "
        f"it has risen: it falls from its peak by at most {FALL:.0%} (CIFAR-10, 200 epochs, read "
        "from a figure).",
    )


def two_phases() -> Claim:
    """A fast fit, then slow change."""

    def phases(trace: Trace) -> xr.DataArray:
        moments = looked_at(trace)
        early = moments["epoch"].values <= moments["epoch"].values[-1] / 10
        first, tenth, last = (moments.isel(snapshot=i) for i in (0, int(early.sum()) - 1, -1))
        known = [of(moment, "imbalance_TX", OUTPUT) for moment in (first, tenth, last)]
        before, after = (of(moment, "dimension_T", ENCODER[2]) for moment in (tenth, last))
        return together(
            {
                "falls": known[0] - known[2],
                "fast fit": (known[0] - known[1]) - FIT * (known[0] - known[2]),
                "slow change": after / before - 1 - MOVED,
            }
        )

    return Claim(
        key="two-phases",
        statement=f"With a code of K ≥ {WIDE} a fast fit is followed by slow change: in a tenth of "
        f"the epochs Δ({OUTPUT} → {INPUT}) makes {FIT:.0%} of its fall, and ID({ENCODER[2]}) grows "
        f"by {MOVED:.0%} or more after that (CIFAR-10, 200 epochs).",
        source=f"{SOURCE}, fitting and generalisation; criterion ours",
        statistic=phases,
        rests_on=lambda trace: _imbalances(trace, OUTPUT),
        evidence=lambda trace: _told(trace, "dimension_T", [ENCODER[2]]),
        unit="",
        needs=lambda trace: (of(looked_at(trace), "dimension_T", ENCODER[2]),),
    )


def _at_the_end(
    measure: Measure,
    *,
    key: str,
    statement: str,
    source: str,
    rests_on: Statistic,
    evidence: Callable[[Trace], Evidence],
    notes: tuple[str, ...] = (),
) -> Claim:
    """A claim about the trained network, with the untrained one as its control."""
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=lambda trace: measure(at_the_end(trace)),
        controls={UNTRAINED: lambda trace: measure(untrained(trace).isel(snapshot=0))},
        rests_on=rests_on,
        evidence=evidence,
        unit="",
        notes=notes,
        needs=lambda trace: (measure(untrained(trace).isel(snapshot=0)),),
    )


def _rate(statistic: Statistic, *, key: str, statement: str) -> Claim:
    """A claim about the course of the rate."""
    return Claim(
        key=key,
        statement=statement,
        source=OURS,
        statistic=lambda trace: beside_every_scale(statistic(trace), trace),
        rests_on=lambda trace: beside_every_scale(rate(trace), trace),
        evidence=rate_evidence,
        notes=(COMPUTED, "It is that of test images, from the first epoch on."),
    )


def _dimensions(trace: Trace, *layers: str) -> xr.DataArray:
    return at_the_end(trace)["dimension_T"].sel(layer=list(layers))


def _imbalances(trace: Trace, *layers: str) -> xr.DataArray:
    return at_the_end(trace)["imbalance_TX"].sel(layer=list(layers))


def _told(trace: Trace, name: str, layers: tuple[str, ...] | list[str]) -> Evidence:
    """Numbers of some layers at the end, by scale, with the samples that they are of."""
    values = at_the_end(trace)[name].sel(layer=list(layers)).mean("batch", keep_attrs=True)
    words = str(values.attrs["long_name"])
    return {
        str(scale): {
            words: {layer: float(values.sel(estimator=scale, layer=layer)) for layer in layers},
            "n": int(values.attrs["n"]),
        }
        for scale in values["estimator"].values
    }

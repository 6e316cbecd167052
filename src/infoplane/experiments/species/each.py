"""What S1 says of each of its species, and what the same runs say of that."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import drop, end, monotone, peak, start, together
from infoplane.experiments.species.asking import (
    DRAWN,
    NOT_PAPER,
    PAPER,
    between,
    claim,
    later,
    near,
    nothing_saturates,
    numbers,
    peak_and_end,
    simplifies,
)
from infoplane.experiments.species.claims import BOUND, MEAN
from infoplane.experiments.species.curves import Curves
from infoplane.experiments.species.published import SOURCE, WITHIN, Published, figures
from infoplane.values.ceilings import ceiling
from infoplane.values.trace import Trace, settings_of


def claims(trace: Trace) -> list[Claim]:
    """P1–P7: one species, or one beside another."""
    curves = Curves(trace)
    known = figures(trace)
    return [
        *_shallow(curves, known),
        *_sparse(curves, known),
        *_tied(curves, known),
        *_deep(curves, known),
        *_overfit(curves, known),
        *_variational(curves, known),
        *_label(curves, known),
    ]


def _shallow(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "vanilla" not in curves.species:
        return []
    found = [
        claim(
            curves,
            "p1-shallow",
            "The shallow autoencoder has a simplifying phase: I(X;Z) falls after its peak.",
            PAPER,
            lambda one: simplifies(one, "vanilla"),
            ("vanilla",),
        )
    ]
    if "vanilla" in known:
        found.append(
            numbers(
                curves,
                "p1-shallow-numbers",
                "The shallow autoencoder: I(X;Z) rises from less than 0.5 to 5.2 bit within 6000 "
                "updates and falls to 3.6, by 1.0 to 2.2 bit.",
                _shallow_numbers,
                ("vanilla",),
            )
        )
    return found


def _shallow_numbers(curves: Curves) -> xr.DataArray:
    curve = curves.to_input("vanilla")
    fall = drop(curve)
    soon = curve.isel(snapshot=(curve["step"] <= 6000).values).max("snapshot")
    return together(
        {
            "start below 0.5": 0.5 - start(curve),
            "peak near 5.23": near(peak(curve), 5.23),
            "there within 6000 updates": soon - (5.23 - WITHIN),
            "end near 3.62": near(end(curve), 3.62),
            "fall of 1.0 or more": fall - 1.0,
            "fall of 2.2 or less": 2.2 - fall,
        }
    )


def _sparse(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "sparse" not in curves.species:
        return []
    found = []
    if "vanilla" in curves.species:
        found.append(
            claim(
                curves,
                "p2-sparse",
                "Sparsity amplifies the simplifying phase: I(X;Z) of the sparse autoencoder falls "
                "more than twice as far as that of the shallow one.",
                PAPER,
                lambda one: drop(one.to_input("sparse")) - 2 * drop(one.to_input("vanilla")),
                ("sparse", "vanilla"),
            )
        )
    if "sparse" in known:
        found.append(peak_and_end(curves, "p2-sparse-numbers", "sparse", known))
    return found


def _tied(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    found = [
        claim(
            curves,
            f"p3-{name}",
            f"The {name} autoencoder has no simplifying phase: I(X;Z) falls by less than 0.1 bit.",
            PAPER,
            lambda one, name=name: 0.1 - drop(one.to_input(name)),  # type: ignore[misc]
            (name,),
        )
        for name in curves.there(("tied", "tied-published"))
    ]
    if "tied-published" in known and "tied-published" in curves.species:
        found.append(
            numbers(
                curves,
                "p3-tied-numbers",
                "The tied autoencoder: I(X;Z) ends at 6.0 bit or more.",
                lambda one: end(one.to_input("tied-published")) - 6.0,
                ("tied-published",),
            )
        )
    return found


def _deep(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "deep" not in curves.species:
        return []
    found = [
        claim(
            curves,
            "p4-deep",
            "The deep autoencoder has a simplifying phase in its code, and none in its first "
            "layer: I(X;Z) falls, I(X;E₁) by less than 0.1 bit.",
            PAPER,
            lambda one: together(
                {
                    "code falls": simplifies(one, "deep"),
                    "encoder.1 does not": 0.1 - drop(one.to_input("deep", "encoder.1")),
                }
            ),
            ("deep",),
        ),
        claim(
            curves,
            "p4-deep-order",
            "The deep autoencoder obeys the data processing inequality at every moment but the "
            "first thirtieth of training: I(X;E₁) > I(X;E₂) > I(X;Z), "
            "I(D₂;X′) > I(D₁;X′) > I(Z;X′).",
            PAPER,
            _deep_order,
            ("deep",),
        ),
    ]
    if "deep" in known:
        found.append(peak_and_end(curves, "p4-deep-numbers", "deep", known))
    return found


def _deep_order(curves: Curves) -> xr.DataArray:
    links: dict[str, xr.DataArray] = {}
    sides: tuple[tuple[Callable[..., xr.DataArray], str, tuple[str, ...]], ...] = (
        (curves.to_input, "I(input; {})", ("encoder.1", "encoder.2", "code")),
        (curves.to_output, "I({}; output)", ("decoder.2", "decoder.1", "code")),
    )
    for values, words, layers in sides:
        for first, second in zip(layers, layers[1:], strict=False):
            name = f"{words.format(first)} > {words.format(second)}"
            links[name] = later(values("deep", first) - values("deep", second)).min("snapshot")
    return together(links)


def _overfit(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "overfit" not in curves.species:
        return []
    found = [
        claim(
            curves,
            "p5-overfit",
            "With a tenth of the training images I(X;Z) of the deep autoencoder rises to the end: "
            "Kendall's τ with time exceeds 0.9 after the first thirtieth.",
            PAPER,
            lambda one: monotone(later(one.to_input("overfit"))) - 0.9,
            ("overfit",),
            unit="1",
        )
    ]
    if "deep" in curves.species:
        least = 1.5 if "overfit" in known else 0.0
        words = " by 1.5 bit or more" if least else ""
        found.append(
            claim(
                curves,
                "p5-overfit-above-deep",
                f"It ends above that of the deep one which has seen all images{words}.",
                PAPER if not least else SOURCE,
                lambda one: end(one.to_input("overfit")) - end(one.to_input("deep")) - least,
                ("overfit", "deep"),
            )
        )
    if "overfit" in known:
        found.append(peak_and_end(curves, "p5-overfit-numbers", "overfit", known))
    return found


def _variational(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if DRAWN not in curves.species:
        return []
    found = [
        replace(
            claim(
                curves,
                "p6-variational-ceiling",
                "The variational autoencoder: I(X;Z) of the drawn code is within 0.014 bit of "
                "log₂ n at every moment.",
                PAPER,
                lambda one: (
                    one.to_input(DRAWN).min("snapshot") - ceiling(one.trace["I_XT"]) + 0.014
                ),
                (DRAWN,),
            ),
            rests_on=nothing_saturates,
        ),
        replace(
            claim(
                curves,
                "p6-variational-violation",
                "It violates the data processing inequality at the end: I(X;Z) exceeds I(X;E₂)"
                + (" by more than 3 bit." if known else "."),
                f"{NOT_PAPER}, though its planes show it",
                lambda one: (
                    end(one.to_input(DRAWN))
                    - end(one.to_input(DRAWN, "encoder.2"))
                    - (3.0 if known else 0.0)
                ),
                (DRAWN,),
                notes=("What exceeds is the noise of the draw.",),
            ),
            rests_on=nothing_saturates,
        ),
        claim(
            curves,
            "p6-variational-mean",
            "Its mean μ has no simplifying phase either: I(X;μ) does not fall by 0.25 bit.",
            f"{NOT_PAPER}: its question, asked of the mean",
            lambda one: -phases.simplifying(one.to_input(DRAWN, MEAN)),
            (DRAWN,),
            rests_on=MEAN,
        ),
    ]
    if "rate" in curves.trace:
        found.append(
            replace(
                claim(
                    curves,
                    "p6-variational-rate",
                    "The measured I(X;Z) of the drawn code stays below the analytic bound "
                    "E KL(q(z|x) ‖ p(z)) at every moment.",
                    BOUND,
                    lambda one: _at_least_the_rate(one),
                    (DRAWN,),
                    controls=False,
                ),
                rests_on=nothing_saturates,
            )
        )
    if DRAWN in known and settings_of(curves.trace).get("dataset") == "mnist":
        found.append(
            replace(
                numbers(
                    curves,
                    "p6-variational-numbers",
                    "I(Z;X′) of the drawn code rises from less than 0.1 to 6.1 bit.",
                    lambda one: together(
                        {
                            "start below 0.1": 0.1 - start(one.to_output(DRAWN)),
                            "end near 6.15": near(end(one.to_output(DRAWN)), 6.15),
                        }
                    ),
                    (DRAWN,),
                ),
                rests_on=nothing_saturates,
            )
        )
    return found


def _at_least_the_rate(curves: Curves) -> xr.DataArray:
    slack = curves.of("rate", DRAWN) - curves.to_input(DRAWN)
    return together({"at its least": slack.min("snapshot"), "at the end": end(slack)})


def _label(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "label" not in curves.species:
        return []
    found = [
        claim(
            curves,
            "p7-label",
            "The label autoencoder has no simplifying phase in its code.",
            PAPER,
            lambda one: -simplifies(one, "label"),
            ("label",),
        )
    ]
    if "label" in known:
        middle = known["label"].end
        found.append(
            numbers(
                curves,
                "p7-label-numbers",
                f"The label autoencoder: I(X;Z) ends at {middle:.2f} ± 0.4 bit.",
                lambda one: 0.4 - abs(end(one.to_input("label")) - middle),
                ("label",),
            )
        )
    if "label" in known and settings_of(curves.trace).get("dataset") == "mnist":
        found.append(
            numbers(
                curves,
                "p7-label-encoder",
                "The label autoencoder: I(X;E₂) falls by 0.2 to 0.5 bit.",
                lambda one: between(drop(one.to_input("label", "encoder.2")), 0.2, 0.5),
                ("label",),
            )
        )
    return found

"""What S1 says of each of its species, and what the same runs say of that."""

from collections.abc import Callable, Mapping

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import drop, end, monotone, start, together
from infoplane.experiments.species.asking import (
    DRAWN,
    NOT_PAPER,
    PAPER,
    between,
    claim,
    ends,
    later,
    lesser,
    near,
    nothing_saturates,
    numbers,
    peak_and_end,
    simplifies,
)
from infoplane.experiments.species.claims import BOUND, MEAN
from infoplane.experiments.species.curves import Curves
from infoplane.experiments.species.published import APART, SOURCE, WITHIN, Published, figures
from infoplane.values.ceilings import ceiling
from infoplane.values.trace import Trace, settings_of

Known = Mapping[str, Published]
"""The published numbers of the members that were trained as published."""


def claims(trace: Trace) -> list[Claim]:
    """P1–P7: one species, or one beside another."""
    curves, known = Curves(trace), figures(trace)
    of_each = {
        "vanilla": _shallow,
        "sparse": _sparse,
        "tied": _tied,
        "tied-published": _tied_as_published,
        "deep": _deep,
        "overfit": _overfit,
        DRAWN: _variational,
        "label": _label,
    }
    there = curves.there(list(of_each))
    return [one for name in there for one in of_each[name](curves, known)]


def _on_mnist(curves: Curves) -> bool:
    """Whether details that were read off the figures of MNIST alone can be asked."""
    return settings_of(curves.trace).get("dataset") == "mnist"


def _shallow(curves: Curves, known: Known) -> list[Claim]:
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
        found.append(peak_and_end(curves, "p1-shallow-numbers", "vanilla", known))
    if "vanilla" in known and _on_mnist(curves):
        found.append(
            numbers(
                curves,
                "p1-shallow-course",
                "The shallow autoencoder: I(X;Z) rises from less than 0.5 to 5.2 ± 0.5 bit within "
                "6000 updates and falls by 1.0 to 2.2 bit.",
                _shallow_course,
                ("vanilla",),
            )
        )
    return found


def _shallow_course(curves: Curves) -> xr.DataArray:
    curve = curves.to_input("vanilla")
    soon = curve.isel(snapshot=(curve["step"] <= 6000).values).max("snapshot")
    return together(
        {
            "start below 0.5": 0.5 - start(curve),
            "there within 6000 updates": soon - (5.23 - WITHIN),
            "fall of 1.0 to 2.2": between(drop(curve), 1.0, 2.2),
        }
    )


def _sparse(curves: Curves, known: Known) -> list[Claim]:
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


def _tied(curves: Curves, known: Known) -> list[Claim]:
    return [_does_not_fall(curves, "tied", f"{NOT_PAPER}, which ties in another way")]


def _tied_as_published(curves: Curves, known: Known) -> list[Claim]:
    found = [_does_not_fall(curves, "tied-published", PAPER)]
    if "tied-published" in known:
        found.append(peak_and_end(curves, "p3-tied-numbers", "tied-published", known))
    return found


def _does_not_fall(curves: Curves, species: str, source: str) -> Claim:
    return claim(
        curves,
        f"p3-{species}",
        f"The {species} autoencoder has no simplifying phase: I(X;Z) falls by less than 0.1 bit.",
        source,
        lambda one: 0.1 - drop(one.to_input(species)),
        (species,),
    )


def _deep(curves: Curves, known: Known) -> list[Claim]:
    found = [
        claim(
            curves,
            "p4-deep",
            "The deep autoencoder has a simplifying phase in its code: I(X;Z) falls.",
            PAPER,
            lambda one: simplifies(one, "deep"),
            ("deep",),
        ),
        claim(
            curves,
            "p4-deep-first",
            "The deep autoencoder has none in its first layer: I(X;E₁) falls by less than 0.1 bit.",
            PAPER,
            lambda one: 0.1 - drop(one.to_input("deep", "encoder.1")),
            ("deep",),
            rests_on=lambda one: ends(one, ("deep",), "encoder.1"),
        ),
        claim(
            curves,
            "p4-deep-order",
            "The deep autoencoder obeys the data processing inequality at every moment but the "
            "first thirtieth of training: I(X;E₁) > I(X;E₂) > I(X;Z), "
            "I(D₂;X′) > I(D₁;X′) > I(Z;X′).",
            PAPER,
            lambda one: together(
                {link: later(a - b).min("snapshot") for link, (a, b) in _deep_links(one).items()}
            ),
            ("deep",),
            rests_on=lambda one: together(
                {link: lesser(*sides) for link, sides in _deep_links(one).items()}
            ),
        ),
    ]
    if "deep" in known:
        found.append(peak_and_end(curves, "p4-deep-numbers", "deep", known))
    return found


def _deep_links(curves: Curves) -> dict[str, tuple[xr.DataArray, xr.DataArray]]:
    """Both sides of every inequality of the deep species."""
    links = {}
    sides: tuple[tuple[Callable[..., xr.DataArray], str, tuple[str, ...]], ...] = (
        (curves.to_input, "I(input; {})", ("encoder.1", "encoder.2", "code")),
        (curves.to_output, "I({}; output)", ("decoder.2", "decoder.1", "code")),
    )
    for values, words, layers in sides:
        for first, second in zip(layers, layers[1:], strict=False):
            name = f"{words.format(first)} > {words.format(second)}"
            links[name] = values("deep", first), values("deep", second)
    return links


def _overfit(curves: Curves, known: Known) -> list[Claim]:
    found = [
        claim(
            curves,
            "p5-overfit",
            "With few of the training images I(X;Z) of the deep autoencoder rises to the end: "
            "Kendall's τ with time exceeds 0.9 after the first thirtieth.",
            PAPER,
            lambda one: monotone(later(one.to_input("overfit"))) - 0.9,
            ("overfit",),
            unit="1",
        )
    ]
    if "deep" in curves.species:
        least = _less_apart(known["overfit"].end, known["deep"].end) if "overfit" in known else 0.0
        found.append(
            claim(
                curves,
                "p5-overfit-above-deep",
                f"It ends above that of the deep one which has seen all images{_by(least)}.",
                SOURCE if least else PAPER,
                lambda one: end(one.to_input("overfit")) - end(one.to_input("deep")) - least,
                ("overfit", "deep"),
            )
        )
    if "overfit" in known:
        found.append(peak_and_end(curves, "p5-overfit-numbers", "overfit", known))
    return found


def _less_apart(higher: float, lower: float) -> float:
    """Bits between two published ends, less what is allowed for."""
    return max(0.0, round(higher - lower - APART, 2))


def _by(bits: float) -> str:
    return f" by {bits} bit or more" if bits else ""


def _variational(curves: Curves, known: Known) -> list[Claim]:
    layers = known[DRAWN].encoder if DRAWN in known else ()
    least = _less_apart(known[DRAWN].end, layers[-1]) if layers else 0.0
    found = [
        claim(
            curves,
            "p6-variational-ceiling",
            "The variational autoencoder: I(X;Z) of the drawn code is within 0.014 bit of log₂ n "
            "at every moment.",
            PAPER,
            lambda one: one.to_input(DRAWN).min("snapshot") - ceiling(one.trace["I_XT"]) + 0.014,
            (DRAWN,),
            rests_on=nothing_saturates,
        ),
        claim(
            curves,
            "p6-variational-violation",
            "It violates the data processing inequality at the end: I(X;Z) exceeds I(X;E₂)"
            f"{_by(least)}.",
            f"{NOT_PAPER}, though its planes show it",
            lambda one: end(one.to_input(DRAWN)) - end(one.to_input(DRAWN, "encoder.2")) - least,
            (DRAWN,),
            rests_on=nothing_saturates,
            notes=("What exceeds is the noise of the draw.",),
        ),
        claim(
            curves,
            "p6-variational-mean",
            "Its mean μ has no simplifying phase either: I(X;μ) does not fall by 0.25 bit.",
            f"{NOT_PAPER}: its question, asked of the mean",
            lambda one: -phases.simplifying(one.to_input(DRAWN, MEAN)),
            (DRAWN,),
            rests_on=lambda one: ends(one, (DRAWN,), MEAN),
        ),
    ]
    if "rate" in curves.trace:
        found.append(
            claim(
                curves,
                "p6-variational-rate",
                "The measured I(X;Z) of the drawn code stays below the analytic bound "
                "E KL(q(z|x) ‖ p(z)) at every moment.",
                BOUND,
                lambda one: (one.of("rate", DRAWN) - one.to_input(DRAWN)).min("snapshot"),
                (DRAWN,),
                rests_on=nothing_saturates,
                controls=False,
            )
        )
    if DRAWN in known and (output := known[DRAWN].to_output) is not None:
        found.append(
            numbers(
                curves,
                "p6-variational-numbers",
                f"I(Z;X′) of the drawn code ends at {output} ± {WITHIN} bit.",
                lambda one: near(end(one.to_output(DRAWN)), output),
                (DRAWN,),
            )
        )
    if DRAWN in known and _on_mnist(curves):
        found.append(
            numbers(
                curves,
                "p6-variational-start",
                "I(Z;X′) of the drawn code starts below 0.1 bit.",
                lambda one: 0.1 - start(one.to_output(DRAWN)),
                (DRAWN,),
            )
        )
    return found


def _label(curves: Curves, known: Known) -> list[Claim]:
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
    if "label" in known and _on_mnist(curves):
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

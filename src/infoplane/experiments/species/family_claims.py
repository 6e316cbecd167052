"""What S1 says of its species beside each other, and what the same runs say of that.

Where S1's figures have numbers, a claim about them is asked of the paper's width rule alone, and
only of runs with the paper's settings. The yes and no of a phase is asked everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import SHUFFLED, Claim
from infoplane.analysis.species import drop, end, follows, monotone, peak, start, together
from infoplane.experiments.species.claims import BOUND, MEAN
from infoplane.experiments.species.curves import SPECIES, Curves
from infoplane.experiments.species.published import SOURCE, WITHIN, Published, figures
from infoplane.experiments.species.settings import LEE_JO
from infoplane.values.ceilings import ceiling
from infoplane.values.trace import Trace, settings_of
from infoplane.values.units import BIT

Asked = Callable[[Curves], xr.DataArray]
"""A statistic of a family's curves, or of the shuffled ones."""

FALLING = ("vanilla", "sparse", "deep")
"""Species of which the paper reports a simplifying phase."""
NOT_FALLING = ("tied", "tied-published", "overfit", "variational", "label")
"""Species of which it reports none."""
PENALTIES = ("vanilla", "sparse-0.0001", "sparse", "sparse-0.01")
"""From no penalty of activity to the largest."""
DRAWN = "variational"
EARLY = 1 / 30
"""Share of the updates before which an order need not hold: 1000 of the paper's 30 000."""
PAPER = "lee2021information"
NOT_PAPER = "not a claim of lee2021information"
FEW = (
    "The effect of each part is its distance from the limit; the limits are ours, because the "
    "published figures are of one run each."
)


def claims(trace: Trace) -> list[Claim]:
    """All claims that the members of a family can be asked about."""
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
        *_diagonal(curves),
        *_flags(curves),
        *_penalties(curves),
        *_invariant(curves),
    ]


def simplifies(curves: Curves, species: str) -> xr.DataArray:
    """Bits by which the code's fall counts as a simplifying phase."""
    return phases.simplifying(curves.to_input(species))


def _shallow(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "vanilla" not in curves.species:
        return []
    found = [
        _claim(
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
            _numbers(
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
            "peak near 5.23": _near(peak(curve), 5.23),
            "there within 6000 updates": soon - (5.23 - WITHIN),
            "end near 3.62": _near(end(curve), 3.62),
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
            _claim(
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
        found.append(_peak_and_end(curves, "p2-sparse-numbers", "sparse", known))
    return found


def _tied(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    found = [
        _claim(
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
            _numbers(
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
        _claim(
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
        _claim(
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
        found.append(_peak_and_end(curves, "p4-deep-numbers", "deep", known))
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
            links[name] = _later(values("deep", first) - values("deep", second)).min("snapshot")
    return together(links)


def _overfit(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if "overfit" not in curves.species:
        return []
    found = [
        _claim(
            curves,
            "p5-overfit",
            "With a tenth of the training images I(X;Z) of the deep autoencoder rises to the end: "
            "Kendall's τ with time exceeds 0.9 after the first thirtieth.",
            PAPER,
            lambda one: monotone(_later(one.to_input("overfit"))) - 0.9,
            ("overfit",),
            unit="1",
        )
    ]
    if "deep" in curves.species:
        least = 1.5 if "overfit" in known else 0.0
        words = " by 1.5 bit or more" if least else ""
        found.append(
            _claim(
                curves,
                "p5-overfit-above-deep",
                f"It ends above that of the deep one which has seen all images{words}.",
                PAPER if not least else SOURCE,
                lambda one: end(one.to_input("overfit")) - end(one.to_input("deep")) - least,
                ("overfit", "deep"),
            )
        )
    if "overfit" in known:
        found.append(_peak_and_end(curves, "p5-overfit-numbers", "overfit", known))
    return found


def _variational(curves: Curves, known: Mapping[str, Published]) -> list[Claim]:
    if DRAWN not in curves.species:
        return []
    found = [
        replace(
            _claim(
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
            rests_on=_nothing_saturates,
        ),
        replace(
            _claim(
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
            rests_on=_nothing_saturates,
        ),
        _claim(
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
                _claim(
                    curves,
                    "p6-variational-rate",
                    "The measured I(X;Z) of the drawn code stays below the analytic bound "
                    "E KL(q(z|x) ‖ p(z)) at every moment.",
                    BOUND,
                    lambda one: _at_least_the_rate(one),
                    (DRAWN,),
                    controls=False,
                ),
                rests_on=_nothing_saturates,
            )
        )
    if DRAWN in known and settings_of(curves.trace).get("dataset") == "mnist":
        found.append(
            replace(
                _numbers(
                    curves,
                    "p6-variational-numbers",
                    "I(Z;X′) of the drawn code rises from less than 0.1 to 6.1 bit.",
                    lambda one: together(
                        {
                            "start below 0.1": 0.1 - start(one.to_output(DRAWN)),
                            "end near 6.15": _near(end(one.to_output(DRAWN)), 6.15),
                        }
                    ),
                    (DRAWN,),
                ),
                rests_on=_nothing_saturates,
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
        _claim(
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
            _numbers(
                curves,
                "p7-label-numbers",
                f"The label autoencoder: I(X;Z) ends at {middle:.2f} ± 0.4 bit.",
                lambda one: 0.4 - abs(end(one.to_input("label")) - middle),
                ("label",),
            )
        )
    if "label" in known and settings_of(curves.trace).get("dataset") == "mnist":
        found.append(
            _numbers(
                curves,
                "p7-label-encoder",
                "The label autoencoder: I(X;E₂) falls by 0.2 to 0.5 bit.",
                lambda one: _between(drop(one.to_input("label", "encoder.2")), 0.2, 0.5),
                ("label",),
            )
        )
    return found


def _diagonal(curves: Curves) -> list[Claim]:
    """Where the code lies in the plane; a drawn code is no deterministic one, and left out."""
    names = [name for name in curves.species if name != DRAWN]
    if not names:
        return []
    return [
        _claim(
            curves,
            "p8-diagonal-end",
            "At the end the codes of all species but the variational one lie on the diagonal: "
            "I(X;Z) and I(Z;X′) differ by less than 0.15 bit.",
            PAPER,
            lambda one: together(
                {n: 0.15 - abs(end(one.to_input(n)) - end(one.to_output(n))) for n in names}
            ),
            names,
        ),
        _claim(
            curves,
            "p8-diagonal-below",
            "They lie on or below it at every moment: I(Z;X′) ≤ I(X;Z) + 0.05 bit.",
            PAPER,
            lambda one: together(
                {n: 0.05 + (one.to_input(n) - one.to_output(n)).min("snapshot") for n in names}
            ),
            names,
        ),
    ]


def _flags(curves: Curves) -> list[Claim]:
    """The paper's table of yes and no."""
    falling, others = curves.there(FALLING), curves.there(NOT_FALLING)
    if not (falling and others):
        return []
    dataset = settings_of(curves.trace).get("dataset", "this data set")
    return [
        _claim(
            curves,
            "p9-flags",
            f"On {dataset}: {', '.join(falling)} have a simplifying phase in their code, "
            f"{', '.join(others)} have none.",
            PAPER,
            lambda one: together(
                {f"{name} falls": simplifies(one, name) for name in falling}
                | {f"{name} does not": -simplifies(one, name) for name in others}
            ),
            [*falling, *others],
            notes=("One data set a time: sweep dataset for all three of the paper.",),
        )
    ]


def _penalties(curves: Curves) -> list[Claim]:
    there = curves.there(PENALTIES)
    if len(there) < 2 or set(there) <= {"vanilla"}:
        return []
    return [
        _claim(
            curves,
            "p10-penalty",
            "The more activity is penalised, the less information the code ends with: "
            f"{' > '.join(there)}.",
            f"{NOT_PAPER}, though its account of sparsity implies it",
            lambda one: together(
                {
                    f"{a} > {b}": end(one.to_input(a)) - end(one.to_input(b))
                    for a, b in zip(there, there[1:], strict=False)
                }
            ),
            there,
            notes=("vanilla is the penalty 0: same layers, weights and batches.",),
        )
    ]


def _invariant(curves: Curves) -> list[Claim]:
    """Whether it is information or scale."""
    falling = curves.there(FALLING)
    if not falling:
        return []
    found = [
        _claim(
            curves,
            "p11-simplifying",
            f"The simplifying phases of {', '.join(falling)} are there under this width rule.",
            f"{PAPER}; not asked there of a scale-invariant rule",
            lambda one: together({name: simplifies(one, name) for name in falling}),
            falling,
        ),
        _claim(
            curves,
            "p11-scale",
            "I(X;Z) follows the mean norm of the code over training.",
            NOT_PAPER,
            lambda one: together({name: _follows_norm(one, name) for name in falling}),
            falling,
            unit="1",
            notes=("The effect is Spearman's rank correlation over the moments.",),
        ),
    ]
    if curves.has_null:
        found.append(
            _claim(
                curves,
                "p11-above-null",
                f"The falls of I(X;Z) of {', '.join(falling)} are there above the permutation "
                "mean, too.",
                "skean2023dime; the paper subtracts nothing",
                lambda one: together(
                    {name: phases.simplifying(one.above_null(name)) for name in falling}
                ),
                falling,
                controls=False,
                notes=("Measured at the moments that have a null.",),
            )
        )
    return found


def _follows_norm(curves: Curves, species: str) -> xr.DataArray:
    curve = curves.to_input(species)
    return follows(curve, curves.norm_at(curve, species))


def _claim(
    curves: Curves,
    key: str,
    statement: str,
    source: str,
    asked: Asked,
    about: Sequence[str],
    *,
    unit: str = BIT,
    rests_on: str = "code",
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
        rests_on: The layer whose informations it rests on.
        controls: Whether the shuffled samples can be asked the same.
        notes: What else a reader needs.
    """

    def statistic(trace: Trace, shuffled: bool = False) -> xr.DataArray:
        return asked(Curves(trace, shuffled))

    def values(trace: Trace) -> xr.DataArray:
        return _informations(trace, about, rests_on)

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


def _numbers(curves: Curves, key: str, statement: str, asked: Asked, about: Sequence[str]) -> Claim:
    """A claim about published numbers, which only the paper's own width rule can show."""
    claim = _claim(curves, key, statement, SOURCE, asked, about, notes=(FEW, _ONE_RULE))

    def needs(trace: Trace) -> list[xr.DataArray]:
        effect = asked(Curves(trace))
        return [*claim.needs(trace), effect.where(effect["estimator"] == LEE_JO)]

    return replace(claim, needs=needs)


def _peak_and_end(curves: Curves, key: str, species: str, known: Mapping[str, Published]) -> Claim:
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
    return _numbers(
        curves,
        key,
        f"The {species} autoencoder: I(X;Z) {words} ± {WITHIN} bit.",
        lambda one: together(
            {name: _near(value(one), middle) for name, (value, middle) in limits.items()}
        ),
        (species,),
    )


_ONE_RULE = "Values under different width rules are not comparable: no other rule is asked."


def _informations(trace: Trace, about: Sequence[str], layer: str) -> xr.DataArray:
    """I(X;T) of one layer of some members, along the members."""
    curves = Curves(trace)
    return xr.concat(
        [curves.of("I_XT", name, layer) for name in about],
        SPECIES,
        coords="minimal",
        compat="override",
        combine_attrs="override",
    )


def _nothing_saturates(trace: Trace) -> xr.DataArray:
    """For claims about saturation itself, which is no reason not to measure it."""
    return xr.zeros_like(trace["S_X"].isel({SPECIES: 0}, drop=True))


def _near(value: xr.DataArray, middle: float) -> xr.DataArray:
    return WITHIN - abs(value - middle)


def _between(value: xr.DataArray, least: float, most: float) -> xr.DataArray:
    middle, half = (least + most) / 2, (most - least) / 2
    return half - abs(value - middle)


def _later(curve: xr.DataArray) -> xr.DataArray:
    """The moments after the first thirtieth of the updates."""
    return curve.isel(snapshot=(curve["step"] > EARLY * curve["step"].max()).values)

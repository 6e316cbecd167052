"""What S1 says of all of its species, and whether it is information or scale."""

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import end, follows, together
from infoplane.experiments.species.asking import (
    DRAWN,
    NOT_PAPER,
    PAPER,
    claim,
    lesser,
    simplifies,
)
from infoplane.experiments.species.claims import FOLLOWS
from infoplane.experiments.species.curves import Curves
from infoplane.values.trace import Trace, settings_of

FALLING = ("vanilla", "sparse", "deep")
"""Species of which the paper reports a simplifying phase."""
NOT_FALLING = ("tied-published", "overfit", "label")
"""Species of which it reports none; that of a drawn code, which is saturated, cannot be told."""
PENALTIES = ("vanilla", "sparse-0.0001", "sparse", "sparse-0.01")
"""From no penalty of activity to the largest."""


def claims(trace: Trace) -> list[Claim]:
    """P8–P11."""
    curves = Curves(trace)
    return [*_diagonal(curves), *_flags(curves), *_penalties(curves), *_scale(curves)]


def _diagonal(curves: Curves) -> list[Claim]:
    """Where the code lies in the plane; a drawn code is no deterministic one, and left out."""
    names = curves.there((*FALLING, *NOT_FALLING))
    if not names:
        return []
    left_out = (f"Asked of the published species; {DRAWN}, whose code is drawn, is left out.",)
    return [
        claim(
            curves,
            "p8-diagonal-end",
            "At the end the codes of all species but the variational one lie on the diagonal: "
            "I(X;Z) and I(Z;X′) differ by less than 0.15 bit.",
            PAPER,
            lambda one: together(
                {n: 0.15 - abs(end(one.to_input(n)) - end(one.to_output(n))) for n in names}
            ),
            names,
            rests_on=lambda one: together({n: _both(one, n) for n in names}),
            notes=left_out,
        ),
        claim(
            curves,
            "p8-diagonal-below",
            "They lie on or below it at every moment: I(Z;X′) ≤ I(X;Z) + 0.05 bit.",
            PAPER,
            lambda one: together(
                {n: 0.05 + (one.to_input(n) - one.to_output(n)).min("snapshot") for n in names}
            ),
            names,
            rests_on=lambda one: together({n: _both(one, n) for n in names}),
            notes=left_out,
        ),
    ]


def _both(curves: Curves, species: str) -> xr.DataArray:
    return lesser(curves.to_input(species), curves.to_output(species))


def _flags(curves: Curves) -> list[Claim]:
    """The paper's table of yes and no: P9, and under a scale-invariant rule P11."""
    dataset = settings_of(curves.trace).get("dataset", "this data set")
    notes = ("One data set a time: sweep dataset for all three of the paper.",)
    found = []
    if falling := curves.there(FALLING):
        found.append(
            claim(
                curves,
                "p9-falling",
                f"On {dataset}: {', '.join(falling)} have a simplifying phase in their code.",
                f"{PAPER}; not asked there of a scale-invariant rule",
                lambda one: together({name: simplifies(one, name) for name in falling}),
                falling,
                notes=notes,
            )
        )
    if others := curves.there(NOT_FALLING):
        found.append(
            claim(
                curves,
                "p9-others",
                f"On {dataset}: {', '.join(others)} have none.",
                f"{PAPER}; not asked there of a scale-invariant rule",
                lambda one: together({name: -simplifies(one, name) for name in others}),
                others,
                notes=notes,
            )
        )
    return found


def _penalties(curves: Curves) -> list[Claim]:
    there = curves.there(PENALTIES)
    if len(there) < 2:
        return []
    return [
        claim(
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


def _scale(curves: Curves) -> list[Claim]:
    """Whether it is information or scale."""
    falling = curves.there(FALLING)
    if not falling:
        return []
    found = [
        claim(
            curves,
            "p11-scale",
            "I(X;Z) follows the mean norm of the code over training: their rank correlation "
            "exceeds 0.5.",
            NOT_PAPER,
            lambda one: together({name: _follows_norm(one, name) for name in falling}),
            falling,
            unit="1",
            notes=("The effect is Spearman's rank correlation over the moments, less 0.5.",),
        ),
    ]
    if curves.has_null:
        found.append(
            claim(
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
    return follows(curve, curves.norm_at(curve, species)) - FOLLOWS

"""What S1 says of all of its species, and whether it is information or scale."""

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import Claim
from infoplane.analysis.curves import end, follows, together
from infoplane.experiments.species.asking import DRAWN, NOT_PAPER, PAPER, claim, simplifies
from infoplane.experiments.species.curves import Curves
from infoplane.values.trace import Trace, settings_of

FALLING = ("vanilla", "sparse", "deep")
"""Species of which the paper reports a simplifying phase."""
NOT_FALLING = ("tied", "tied-published", "overfit", "variational", "label")
"""Species of which it reports none."""
PENALTIES = ("vanilla", "sparse-0.0001", "sparse", "sparse-0.01")
"""From no penalty of activity to the largest."""


def claims(trace: Trace) -> list[Claim]:
    """P8–P11."""
    curves = Curves(trace)
    return [*_diagonal(curves), *_flags(curves), *_penalties(curves), *_invariant(curves)]


def _diagonal(curves: Curves) -> list[Claim]:
    """Where the code lies in the plane; a drawn code is no deterministic one, and left out."""
    names = [name for name in curves.species if name != DRAWN]
    if not names:
        return []
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
        ),
    ]


def _flags(curves: Curves) -> list[Claim]:
    """The paper's table of yes and no."""
    falling, others = curves.there(FALLING), curves.there(NOT_FALLING)
    if not (falling and others):
        return []
    dataset = settings_of(curves.trace).get("dataset", "this data set")
    return [
        claim(
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


def _invariant(curves: Curves) -> list[Claim]:
    """Whether it is information or scale."""
    falling = curves.there(FALLING)
    if not falling:
        return []
    found = [
        claim(
            curves,
            "p11-simplifying",
            f"The simplifying phases of {', '.join(falling)} are there under this width rule.",
            f"{PAPER}; not asked there of a scale-invariant rule",
            lambda one: together({name: simplifies(one, name) for name in falling}),
            falling,
        ),
        claim(
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
    return follows(curve, curves.norm_at(curve, species))

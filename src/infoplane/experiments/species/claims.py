"""What one species can be asked: phases, inequalities, saturation, scale, and its own bound."""

from dataclasses import replace

import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import SHUFFLED, UNTRAINED, Claim, untrained
from infoplane.analysis.curves import end, follows, last_moments
from infoplane.analysis.dpi import Chain
from infoplane.experiments import chains as shared
from infoplane.experiments.claims import (
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.models.autoencoders.species import CODE
from infoplane.values.ceilings import ceiling, saturated
from infoplane.values.estimate import SATURATION
from infoplane.values.trace import Trace

MEAN = "mean"
"""The layer of the code's mean μ, in species that draw their code."""
ASIDE = (MEAN,)
"""Layers on no chain: the drawn code depends on its log-variance as well."""
DPI = "lee2021information, DPI of encoder and decoder"
GUIDELINE = "lee2021information, as all of its planes show it"
SCALE = "not a claim of lee2021information, whose width rule is not scale-invariant"
BOUND = "alemi2018fixing, the rate"
SAME = 1e-3
"""Bits within which I(X;T) counts as S(T)."""
FOLLOWS = 0.5
"""Rank correlation above which one curve follows another."""
BELOW = 0.05
"""Bits by which a point may lie above the diagonal."""


def claims(trace: Trace) -> list[Claim]:
    """All claims that a run can be asked about; those about the null only if it has one."""
    entropies = [is_entropy()] if _saturated_rules(trace) else []
    drawn = _drawn() if "rate" in trace else []
    return [*_chains(trace), *_phases(trace), measurable(), *entropies, *_scale(trace), *drawn]


def chains(trace: Trace) -> dict[str, Chain]:
    """Both chains of a network that has them, by side; a shallow one has none."""
    return shared.chains(trace, ASIDE)


def is_entropy() -> Claim:
    """Where the input's entropy is saturated, informations about it are entropies."""
    return Claim(
        key="only-entropy",
        statement="Where S(X) is saturated, I(X;T) is S(T) under another name: the two never "
        "differ by more than 0.001 bit.",
        source="lee2021information, notes on saturation",
        statistic=lambda trace: SAME - abs(trace["I_XT"] - trace["S_T"]).max(("snapshot", "layer")),
        rests_on=lambda trace: xr.zeros_like(trace["S_X"]),
        asked_of=_saturated_rules,
        because="S(X) is not saturated in every batch.",
    )


def _saturated_rules(trace: Trace) -> list[str]:
    """The estimators under which S(X) is saturated in every batch."""
    full = saturated(trace["S_X"])
    full = full.all([dim for dim in full.dims if dim != "estimator"])
    return [str(name) for name in full["estimator"].values[full.values]]


def _chains(trace: Trace) -> list[Claim]:
    """Both inequalities, and the diagonal that every species has."""
    found = [shared.towards_code(side, DPI, without=ASIDE) for side in chains(trace)]
    return [*found, _diagonal()]


def _diagonal() -> Claim:
    """I(T;X′) ≤ I(X;T): a deterministic layer knows no more of its output than it is."""

    def statistic(trace: Trace) -> xr.DataArray:
        below = (trace["I_XT"] - trace["I_TY"]).min("snapshot") + BELOW
        return below.rename(layer="part").transpose("part", ...)

    return Claim(
        key="diagonal",
        statement="Every layer lies on or below the diagonal of the plane, I(T;X′) ≤ I(X;T) + 0.05 "
        "bit, at every moment.",
        source=GUIDELINE,
        statistic=statistic,
        controls={UNTRAINED: lambda trace: statistic(untrained(trace))},
        rests_on=lambda trace: trace["I_XT"],
        needs=lambda trace: (trace["I_TY"],),
        notes=("The effect is the worst moment's; 0.05 bit is our tolerance.",),
    )


def _phases(trace: Trace) -> list[Claim]:
    found = [fitting(CODE), simplifying(CODE)]
    if not has_null(trace):
        return [replace(claim, controls={}) for claim in found]
    return [*found, simplifying_above_null(CODE)]


def _scale(trace: Trace) -> list[Claim]:
    """Whether the information of the code is its size."""

    def statistic(trace: Trace, name: str = "I_XT") -> xr.DataArray:
        curve = trace[name].sel(layer=CODE, drop=True).dropna("snapshot", how="all")
        norm = trace["norm_T"].sel(layer=CODE, drop=True)
        moments = norm["step"].isin(curve["step"]).values
        return follows(curve, norm.sel(snapshot=moments)) - FOLLOWS

    null = has_null(trace)
    return [
        Claim(
            key="scale",
            statement="I(X;code) follows the mean norm of the code over training: their rank "
            "correlation exceeds 0.5.",
            source=SCALE,
            statistic=statistic,
            controls={SHUFFLED: lambda trace: statistic(trace, "I_XT_null")} if null else {},
            rests_on=lambda trace: trace["I_XT"].sel(layer=CODE),
            needs=lambda trace: (trace["norm_T"].sel(layer=CODE) + trace["I_XT"].sel(layer=CODE),),
            unit="1",
            notes=(
                "The effect is Spearman's rank correlation over the moments, less 0.5. A "
                "correlation with the scale does not say that scale is all; compare both rules.",
            ),
        )
    ]


def _drawn() -> list[Claim]:
    """What a code that is drawn at random can be asked."""
    return [
        Claim(
            key="code-saturated",
            statement="I(X;code) of the drawn code lies within 5 % of the ceiling log₂ n at every "
            "moment, the untrained network included.",
            source="lee2021information, planes of the VAE",
            statistic=lambda trace: (
                _at_code(trace).min("snapshot") - SATURATION * ceiling(trace["I_XT"])
            ),
            rests_on=lambda trace: xr.zeros_like(_at_code(trace)),
            notes=(
                "If supported, no phase of the drawn code can be measured; the code's mean can.",
            ),
        ),
        Claim(
            key="code-above-encoder",
            statement="The data processing inequality is violated at the end: the drawn code has "
            "more information about the input than the layer that it is computed from.",
            source="not a claim of lee2021information, though its planes show it",
            statistic=lambda trace: end(_at_code(trace) - _before_code(trace)),
            controls={
                UNTRAINED: lambda trace: end(
                    _at_code(untrained(trace)) - _before_code(untrained(trace))
                )
            },
            rests_on=lambda trace: xr.zeros_like(_at_code(trace)),
            needs=lambda trace: (_at_code(trace), _before_code(trace)),
            notes=("No true information can; what is counted is the noise of the draw.",),
        ),
        Claim(
            key="rate",
            statement="The measured I(X;code) stays below the analytic bound E KL(q(z|x) ‖ p(z)) "
            "at every moment.",
            source=BOUND,
            statistic=lambda trace: (trace["rate"] - _at_code(trace)).min("snapshot"),
            rests_on=lambda trace: xr.zeros_like(_at_code(trace)),
            needs=lambda trace: (trace["rate"] + _at_code(trace),),
            notes=("The bound is on the information over all data, the measure of one batch.",),
        ),
        Claim(
            key="mean-simplifying",
            statement="I(X;mean) of the code's mean falls by 0.25 bit or more after its peak.",
            source="the question of lee2021information, asked of the mean",
            statistic=lambda trace: phases.simplifying(trace["I_XT"].sel(layer=MEAN)),
            rests_on=lambda trace: last_moments(trace["I_XT"].sel(layer=MEAN)),
        ),
    ]


def _at_code(trace: Trace) -> xr.DataArray:
    return trace["I_XT"].sel(layer=CODE, drop=True)


def _before_code(trace: Trace) -> xr.DataArray:
    return trace["I_XT"].sel(layer=shared.layers_of(trace, "encoder", ASIDE)[-2], drop=True)

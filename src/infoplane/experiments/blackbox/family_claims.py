"""The critics' counter-experiments: what holds of one way of training and not of another."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim, Evidence, estimators
from infoplane.analysis.curves import together
from infoplane.analysis.family import member
from infoplane.analysis.networks import INIT, fall, margin, peak_and_end, rank_correlation
from infoplane.experiments.blackbox.asked import COUNTED, FALL, LAST, PAPER, SAXE, by_layer, counted
from infoplane.experiments.blackbox.compression import (
    COMPRESSES,
    GENERALISES,
    clustering,
    compresses,
    compresses_in_noise,
    falls,
    goes_with_error,
    last_errors,
    published,
    saturation,
)
from infoplane.experiments.blackbox.gradient import TRANSITION, gradient_phases, onset
from infoplane.experiments.blackbox.settings import FULL, PROTOCOLS, Variant
from infoplane.observe.networks import PROPAGATED
from infoplane.values.trace import Trace

ALONG = "variant"
FROM_RANGE = "published edges lie within [−1, 1], and rectified units do not."
Statistic = Callable[[Trace], xr.DataArray]


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the members that are there."""
    names = [str(name) for name in trace[ALONG].values]
    base = plain(names)
    found: list[Claim] = []
    if base is not None:
        found += [of_member(trace, one, base) for one in _of_tanh()]
        found += _of_others(trace, names, base)
    found += [_at_once(trace, one, base) for one in names if _is_at_once(one)]
    groups = [one for one in _by_share(names).values() if len(one) > 1]
    found += [_across_shares(one, _alone(GENERALISES, groups, one[0])) for one in groups]
    noisy = [one for one in names if Variant.named(one).noise]
    for claim in (compresses_in_noise(), clustering()):
        found += [of_member(trace, claim, one, _alone(claim.key, noisy, one)) for one in noisy]
    stochastic = [one for one in names if Variant.named(one).plan.optimiser == "sgd"]
    gradual = [one for one in stochastic if Variant.named(one).plan.batch_size != FULL]
    return found + [
        of_member(trace, gradient_phases(), one, f"{TRANSITION} {one}") for one in gradual
    ]


def plain(names: Sequence[str]) -> str | None:
    """The member that is a protocol as it is; the published one if there are several."""
    return next((name for name in PROTOCOLS if name in names), None)


def part(trace: Trace, name: str) -> Trace:
    """One member as a run of its own."""
    variant = Variant.named(name)
    told = {"variant": name, "activation": variant.activation, "noise": variant.noise}
    return member(trace, ALONG, name).assign_attrs(told)


def of_member(family: Trace, claim: Claim, name: str, key: str = "") -> Claim:
    """The same claim, asked of one member of a family."""
    names = claim.asked_of(part(family, name))

    def of(rule: Statistic) -> Statistic:
        return lambda trace: rule(part(trace, name))

    return replace(
        claim,
        key=key or claim.key,
        statement=f"{name}: {claim.statement}",
        statistic=of(claim.statistic),
        rests_on=of(claim.rests_on),
        controls={what: of(one) for what, one in claim.controls.items()},
        evidence=lambda trace: claim.evidence(part(trace, name)),
        needs=lambda trace: claim.needs(part(trace, name)),
        asked_of=lambda trace: names,
    )


def _alone(key: str, several: Sequence[object], name: str) -> str:
    """A claim's key, with a name behind it where it is asked of several."""
    return key if len(several) == 1 else f"{key} {name}"


def _by_share(names: Sequence[str]) -> dict[str, list[str]]:
    """Members that differ in nothing but the share of patterns they learn from."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(replace(Variant.named(name), share=None).name, []).append(name)
    return found


def _is_at_once(name: str) -> bool:
    """Whether a protocol was changed in nothing but that all samples make one minibatch."""
    variant = Variant.named(name)
    return name == Variant(variant.protocol, batch_size=FULL).name


def _at_once(trace: Trace, name: str, base: str | None) -> Claim:
    """Full batches compress as well."""
    variant = Variant.named(name)
    own = base is not None and variant.protocol == Variant.named(base).protocol
    by = {"adam": "Adam", "sgd": "gradient descent"}[variant.plan.optimiser]
    claim = replace(
        compresses(),
        source=f"{SAXE}, full-batch gradient descent compresses as well",
        notes=(
            FALL,
            f"This is {by} on all training samples at once: one update an epoch, where minibatches "
            "make several.",
        ),
    )
    return of_member(trace, claim, name, f"{COMPRESSES} full-batch" + ("" if own else f" {name}"))


def _of_tanh() -> list[Claim]:
    """What is asked of the paper's own networks."""
    return [compresses(), published(), gradient_phases(), onset(), saturation()]


def _of_others(trace: Trace, names: Sequence[str], base: str) -> list[Claim]:
    """Members that differ from the paper's networks in one thing."""
    own = Variant.named(base)
    found: list[Claim] = []
    for activation in ("relu", "linear"):
        other = replace(own, activation=activation).name
        if other in names:
            found += [_falls_less(base, other), _does_not_fall(other)]
    return found


def _falls_less(base: str, other: str) -> Claim:
    def less(trace: Trace) -> xr.DataArray:
        of_fall = by_layer(fall, lambda one: _shared(trace))
        return of_fall(part(trace, base)) - of_fall(part(trace, other))

    return Claim(
        key=f"{COMPRESSES} less-{_activation(other)}",
        statement=f"I(X;T) of the last two hidden layers falls less in “{other}” than in “{base}”.",
        source=f"{SAXE}, compression depends on the activation",
        statistic=less,
        rests_on=lambda trace: _ends(trace, (base, other)),
        asked_of=_shared,
        because=FROM_RANGE,
        notes=(
            "The effect is the difference of the falls in bits, network by network.",
            "Both begin from the same weights.",
        ),
    )


def _does_not_fall(other: str) -> Claim:
    def missing(trace: Trace) -> xr.DataArray:
        return -by_layer(margin, lambda one: _shared(trace))(part(trace, other))

    return Claim(
        key=f"{COMPRESSES} none-{_activation(other)}",
        statement=f"I(X;T) of the last two hidden layers does not fall in “{other}”.",
        source=f"{SAXE}, networks that do not saturate from both sides do not compress",
        statistic=missing,
        rests_on=lambda trace: _ends(trace, (other,)),
        evidence=lambda trace: _falls_of(trace, other),
        asked_of=_shared,
        because=FROM_RANGE,
        notes=(FALL, "Here the effect is what is missing to a fall."),
    )


def _falls_of(trace: Trace, name: str) -> Evidence:
    return falls(part(trace, name))


def _shared(trace: Trace) -> list[str]:
    """Estimators that all members have and that suit all activations."""
    return [name for name in estimators(trace) if name not in ("edges30", PROPAGATED)]


def _ends(trace: Trace, names: Sequence[str]) -> xr.DataArray:
    """Peaks and ends of some members, along "member"."""
    of_ends = by_layer(peak_and_end, lambda one: _shared(trace))
    ends = [of_ends(part(trace, name)) for name in names]
    return xr.concat(ends, "member").assign_attrs(trace["I_XT"].attrs)


def _activation(name: str) -> str:
    return Variant.named(name).activation


def _across_shares(names: Sequence[str], key: str) -> Claim:
    """Fall and test error of the networks of each share of training samples."""

    def within(trace: Trace) -> xr.DataArray:
        ties = {name: goes_with_error(part(trace, name)) for name in names}
        return together(
            {
                f"{layer}, {Variant.named(name).plan.share:.0%} alone": one.sel(part=layer)
                for name, one in ties.items()
                for layer in LAST
            }
        )

    def all_shares(trace: Trace) -> Evidence:
        parts = [part(trace, name) for name in names]
        errors = np.concatenate([last_errors(one) for one in parts])
        falls = xr.concat([by_layer(fall, counted)(one) for one in parts], INIT)
        return {
            name: {
                f"{layer}, networks of all shares together": -rank_correlation(
                    falls.sel(part=layer, estimator=name).values, errors
                )
                for layer in LAST
            }
            for name in _counted(trace)
        }

    return Claim(
        key=key,
        statement="Of networks that learn from as many samples, those whose I(X;T) of the last "
        "two hidden layers falls more have a smaller test error, under each share of training "
        "samples.",
        source=f"{PAPER}, compression as the cause of generalisation; {SAXE} denies it",
        statistic=within,
        rests_on=lambda trace: xr.concat(
            [by_layer(peak_and_end, counted)(part(trace, name)) for name in names],
            "member",
        ).assign_attrs(trace["I_XT"].attrs),
        evidence=all_shares,
        unit="1",
        asked_of=_counted,
        because="few networks are measured under the others.",
        notes=(
            "The effect is minus Spearman's ρ with the jackknife's interval over networks. Over "
            "all shares together ρ is set by the few shares that there are, of which networks are "
            "no sample: it stands in the evidence, without an interval. A correlation is no "
            "cause; its absence speaks against one.",
        ),
    )


def _counted(trace: Trace) -> list[str]:
    return [name for name in estimators(trace) if name in COUNTED]

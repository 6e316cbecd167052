"""Whether feedback accelerates training: only if it does beside every control."""

from collections.abc import Mapping

import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.experiments.feedback.settings import COMPARED, PLAIN, RULES, arm
from infoplane.experiments.members import no_estimator, per_run
from infoplane.training.transfer_feedback import FeedbackRule, Given, epochs_to
from infoplane.values.trace import Trace
from infoplane.values.units import PURE

SOURCE = "moldovan2021cnn, abstract: fewer epochs are needed; its tables are not verified"
CENSORED = (
    "An arm that never reaches the target counts as one epoch more than there are, which is a "
    "lower bound."
)
SHIFTED = (
    "Mixing with the mean signal for all pairs shifts all logits alike and is no control: that arm "
    "trains as the plain one does."
)
IN_WORDS: Mapping[Given, str] = {
    "random_te": "the same numbers shuffled",
    "uniform_te": "their mean for all pairs",
    "reduced_rate": "a rate reduced by as much",
}
ONE_NUMBER = "It is one number of a whole run; only several seeds can decide."


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run."""
    return [one for rule in RULES for one in (sooner(rule), lower(rule))]


def sooner(rule: FeedbackRule) -> Claim:
    """The target is reached in fewer epochs than in every other arm."""

    def saved(trace: Trace, given: Given = "measured") -> xr.DataArray:
        own = epochs(trace, arm(rule, given))
        others = _others(rule, given)
        return _parts({part: epochs(trace, name) - own for part, name in others.items()})

    return Claim(
        key=f"accelerates-{RULES[rule]}",
        statement=f"The feedback into the {RULES[rule]} accelerates training: the target accuracy "
        "on test images is reached in fewer epochs than without it, and than with "
        f"{_held_against(rule)}.",
        source=SOURCE,
        statistic=saved,
        rests_on=no_estimator,
        controls={"random TE in its place": lambda trace: saved(trace, "random_te")},
        needs=lambda trace: [fed_back(trace, rule)],
        unit=PURE,
        notes=(ONE_NUMBER, CENSORED, "The effect is in epochs.", *_unheard(rule)),
    )


def lower(rule: FeedbackRule) -> Claim:
    """The mean test loss over training is lower than in every other arm."""

    def losses(trace: Trace) -> xr.DataArray:
        return trace["test_loss"].isel(snapshot=slice(1, None))

    def saved(trace: Trace) -> xr.DataArray:
        mean = losses(trace).mean("snapshot", skipna=False)
        own = mean.sel(arm=arm(rule), drop=True)
        return _parts({name: float(mean.sel(arm=name) - own) for name in _others(rule).values()})

    def needed(trace: Trace) -> list[xr.DataArray]:
        return [
            losses(trace).sel(arm=[arm(rule), *_others(rule).values()]),
            fed_back(trace, rule),
        ]

    return Claim(
        key=f"loss-{RULES[rule]}",
        statement=f"The mean test loss over training is lower with the feedback into the "
        f"{RULES[rule]} than without it, and than with {_held_against(rule)}.",
        source="ours: a finer measure of the same, which no target can hide",
        statistic=saved,
        rests_on=no_estimator,
        needs=needed,
        unit="nat",
        notes=(ONE_NUMBER, *_unheard(rule)),
    )


def _others(rule: FeedbackRule, given: Given = "measured") -> dict[str, str]:
    """What an arm is held against, by part; for a control the measured arm stands in its place."""
    found = {PLAIN: PLAIN}
    for one in COMPARED[rule]:
        found[one] = arm(rule, "measured" if one == given else one)
    return found


def _held_against(rule: FeedbackRule) -> str:
    """Those controls in words."""
    *most, last = (IN_WORDS[one] for one in COMPARED[rule])
    return f"{', '.join(most)} and {last}"


def _unheard(rule: FeedbackRule) -> list[str]:
    """Why a control is none."""
    return [] if "uniform_te" in COMPARED[rule] else [SHIFTED]


def fed_back(trace: Trace, rule: FeedbackRule) -> xr.DataArray:
    """The largest signal of a rule's arm in all of its training; NaN if there never was one.

    Such an arm trains as the plain one does, and says nothing of feedback.
    """
    largest = trace["fed_back_max"].sel(arm=arm(rule)).max("snapshot")
    return largest.where(largest > 0)


def epochs(trace: Trace, name: str) -> float:
    """Epochs that an arm needs to the target."""
    accuracy = trace["test_accuracy"].sel(arm=name).isel(snapshot=slice(1, None)).values
    return epochs_to(accuracy, float(trace.attrs["target"]))


def _parts(numbers: dict[str, float]) -> xr.DataArray:
    """Numbers of a run as the parts of a claim."""
    values = [per_run(xr.DataArray(one)) for one in numbers.values()]
    return xr.concat(values, dim=xr.DataArray([*numbers], dims="part", name="part"))

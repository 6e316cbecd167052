"""Whether feedback accelerates training: only if it does beside every control."""

import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.experiments.feedback.settings import CONTROLS, PLAIN, RULES, arm
from infoplane.experiments.members import no_estimator, per_run
from infoplane.training.transfer_feedback import FeedbackRule, Given, epochs_to
from infoplane.values.trace import Trace
from infoplane.values.units import PURE

SOURCE = "moldovan2021cnn, abstract: fewer epochs are needed; its tables are not verified"
CENSORED = (
    "An arm that never reaches the target counts as one epoch more than there are, which is a "
    "lower bound."
)
ONE_NUMBER = "It is one number of a whole run; only several seeds can decide."


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run."""
    return [one for rule in RULES for one in (sooner(rule), lower(rule))]


def sooner(rule: FeedbackRule) -> Claim:
    """The target is reached in fewer epochs than in every other arm."""

    def saved(trace: Trace, given: Given = "measured") -> xr.DataArray:
        own = epochs(trace, arm(rule, given))
        others = {PLAIN: epochs(trace, PLAIN)}
        others |= {one: epochs(trace, arm(rule, one)) for one in CONTROLS}
        return _parts({name: one - own for name, one in others.items()})

    return Claim(
        key=f"accelerates-{RULES[rule]}",
        statement=f"The feedback into the {RULES[rule]} accelerates training: the target accuracy "
        "on test images is reached in fewer epochs than without it, and than with the same numbers "
        "shuffled, with their mean, and with a rate reduced by as much.",
        source=SOURCE,
        statistic=saved,
        rests_on=no_estimator,
        controls={"random TE in its place": lambda trace: saved(trace, "random_te")},
        unit=PURE,
        notes=(ONE_NUMBER, CENSORED, "The effect is in epochs."),
    )


def lower(rule: FeedbackRule) -> Claim:
    """The mean test loss over training is lower than in every other arm."""

    def saved(trace: Trace) -> xr.DataArray:
        mean = trace["test_loss"].isel(snapshot=slice(1, None)).mean("snapshot")
        own = mean.sel(arm=arm(rule), drop=True)
        others = [PLAIN, *(arm(rule, one) for one in CONTROLS)]
        return _parts({name: float(mean.sel(arm=name) - own) for name in others})

    return Claim(
        key=f"loss-{RULES[rule]}",
        statement=f"The mean test loss over training is lower with the feedback into the "
        f"{RULES[rule]} than without it and than with every control.",
        source="ours: a finer measure of the same, which no target can hide",
        statistic=saved,
        rests_on=no_estimator,
        unit="nat",
        notes=(ONE_NUMBER,),
    )


def epochs(trace: Trace, name: str) -> float:
    """Epochs that an arm needs to the target."""
    accuracy = trace["test_accuracy"].sel(arm=name).isel(snapshot=slice(1, None)).values
    return epochs_to(accuracy, float(trace.attrs["target"]))


def _parts(numbers: dict[str, float]) -> xr.DataArray:
    """Numbers of a run as the parts of a claim."""
    values = [per_run(xr.DataArray(one)) for one in numbers.values()]
    return xr.concat(values, dim=xr.DataArray([*numbers], dims="part", name="part"))

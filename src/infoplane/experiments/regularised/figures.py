"""What a reader looks for in one run: the planes, the loss and the error."""

from collections.abc import Sequence

from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.regularised.claims import claims, towards_output
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace

_CURVES = {
    "I_XT": "What each layer keeps of the input; dashed: the same after shuffling (the null).",
    "I_TY": "What each layer shares with the class; dashed: the null.",
    "S_T": "Entropy of each layer: at the ceiling, informations are entropies.",
}
_COMPANIONS = {
    "loss": ("Cross-entropy", "On fixed images, without the price of information."),
    "error": ("Classification error", "Share of fixed images that are classified wrongly."),
}


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other."""
    names = [str(name) for name in trace["estimator"].values]
    return [
        *(shared.plane(trace, name) for name in names),
        *(
            shared.curves(trace, variable, name, caption)
            for name in names
            for variable, caption in _CURVES.items()
        ),
        *(
            shared.companions(
                trace,
                key,
                title,
                caption,
                {f"{key}_train": "training", f"{key}_test": "test"},
            )
            for key, (title, caption) in _COMPANIONS.items()
        ),
        shared.companions(
            trace,
            "norms",
            "Mean activation norm",
            "Scale, not information; a rule that does not standardise reacts to it.",
            {"norm_T": ""},
        ),
        *(shared.strip(trace, {"input": towards_output(trace)}, name) for name in names),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    error = trace["error_test"].values
    return [
        f"{trace.attrs['description']}; the test error went from {error[0]:.2%} to "
        f"{error[-1]:.2%} of {trace['error_test'].attrs['n']} images.",
        *diverged(trace),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "One seed: what it shows is about this network, not yet about its training.",
    ]

"""What a reader looks for in one run: the planes, the loss and the error."""

from collections.abc import Sequence

from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.regularised.claims import claims, towards_output
from infoplane.experiments.sentences import probe_told, verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, held_out, sides

_COMPANIONS = {
    "loss": ("Cross-entropy", "On fixed images, without the price of information."),
    "error": ("Classification error", "Share of fixed images that are classified wrongly."),
}


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other, probe by probe; chains on the last one."""
    names = [str(name) for name in trace["estimator"].values]
    last, probes = held_out(trace), sides(trace)
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *shared.layer_wise(probes, "class"),
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
        shared.norms(last),
        *(shared.strip(last, {"input": towards_output(last)}, name) for name in names),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    error = trace["error_test"].values
    return [
        f"{trace.attrs['description']}; the test error went from {error[0]:.2%} to "
        f"{error[-1]:.2%} of {trace['error_test'].attrs['n']} images.",
        *diverged(trace),
        *verdicts_told(findings),
        *left_out(claims(held_out(trace)), findings),
        *probe_told(trace),
        "One seed: what it shows is about this network, not yet about its training.",
    ]

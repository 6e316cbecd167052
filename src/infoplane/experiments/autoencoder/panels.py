"""What a reader of S0 looks for: planes, layer-wise curves, inequalities over time."""

from collections.abc import Sequence

from infoplane.experiments import panels as shared
from infoplane.experiments.autoencoder.claims import chains, claims
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.sentences import learned, unmeasured_told, verdicts_told
from infoplane.observe.dimension import METHOD
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, held_out, sides

_CURVES = {
    "I_XT": "What each layer keeps of the input; dashed: the same after shuffling (the null).",
    "I_TY": "What each layer shares with the reconstruction; dashed: the null.",
    "I_pair": "Symmetric pairs of encoder and decoder stages; dashed: the null.",
    "S_T": "Entropy of each layer: at the ceiling, informations are entropies.",
}


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other, probe by probe; chains on the last one."""
    names = [str(name) for name in trace["estimator"].values]
    last, probes = held_out(trace), sides(trace)
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *(
            shared.curves(part, variable, name, caption, side)
            for name in names
            for variable, caption in _CURVES.items()
            for side, part in probes.items()
        ),
        shared.companions(
            trace,
            "loss",
            "Reconstruction error",
            "Mean squared error on fixed images.",
            {"loss_train": "training", "loss_test": "test"},
        ),
        shared.companions(
            last,
            "norms",
            "Mean activation norm",
            "Scale, not information; a rule that does not standardise reacts to it.",
            {"norm_T": ""},
        ),
        *(shared.strip(last, chains(last), name) for name in names),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, what was found, how sure, and what is saturated."""
    return [
        f"{trace.attrs['description']}; {learned(trace['loss_test'].values)}.",
        *diverged(trace),
        *verdicts_told(findings),
        *unmeasured_told(findings),
        *left_out(claims(held_out(trace)), findings),
        *_beside(trace),
        "One seed: what it shows is about this network, not yet about training.",
    ]


def _beside(trace: Trace) -> list[str]:
    """What is judged where there are two probes, and what else was measured once."""
    told = []
    if len(probes := [name for name in sides(trace) if name]) > 1:
        told.append(f"Claims are judged on the {probes[-1]} samples.")
    if "ID_X" in trace:
        first = trace.isel(snapshot=0)
        each = ", ".join(
            f"{name} {float(value):.1f} ± {float(slight):.1f}"
            for name, value, slight in zip(
                first[METHOD].values, first["ID_X"].values, first["ID_X_error"].values, strict=True
            )
        )
        told.append(f"Intrinsic dimension of {trace['ID_X'].attrs['n']} training images: {each}.")
    if "pca_loss_test" in trace:
        error = float(trace["pca_loss_test"].values[0])
        told.append(f"A PCA autoencoder of the same code has a test error of {error:.4f}.")
    return told

"""What a reader of S0 looks for: planes, layer-wise curves, inequalities over time."""

from collections.abc import Sequence

from infoplane.experiments import panels as shared
from infoplane.experiments.autoencoder.claims import chains, claims
from infoplane.experiments.autoencoder.dimension import (
    dimension_at,
    narrowest_stage,
    no_bottleneck,
)
from infoplane.experiments.autoencoder.second_plane import second_plane
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.sentences import learned, probe_told, unmeasured_told, verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, held_out, settings_of, sides


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other, probe by probe; chains on the last one."""
    names = [str(name) for name in trace["estimator"].values]
    last, probes = held_out(trace), sides(trace)
    unit = str(trace["loss_test"].attrs["unit"])
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *(second_plane(part, name, side) for name in names for side, part in probes.items()),
        *shared.layer_wise(probes, "reconstruction"),
        shared.companions(
            trace,
            "loss",
            "Reconstruction error",
            f"Mean over fixed images and their pixels, in {unit}.",
            {"loss_train": "training", "loss_test": "test"},
        ),
        shared.norms(last),
        *(shared.strip(last, chains(last), name) for name in names),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, what was found, how sure, and what is saturated."""
    return [
        f"{trace.attrs['description']}; {learned(trace['loss_test'].values)}.",
        *_wide(trace),
        *diverged(trace),
        *verdicts_told(findings),
        *unmeasured_told(findings),
        *left_out(claims(held_out(trace)), findings),
        *probe_told(trace),
        *_measured_once(trace),
        "One seed: what it shows is about this network, not yet about training.",
    ]


def _wide(trace: Trace) -> list[str]:
    """That the code is no bottleneck, if it is none."""
    size, narrowest = settings_of(trace).get("code_size"), narrowest_stage(trace)
    if size is None or narrowest is None or size <= narrowest:
        return []
    return no_bottleneck([size], narrowest)


def _measured_once(trace: Trace) -> list[str]:
    """The dimension of the data, and the error of the PCA autoencoder."""
    told = []
    if "ID_X" in trace:
        told.append(str(dimension_at(trace.isel(snapshot=0))))
    if "pca_loss_test" in trace:
        error = float(trace["pca_loss_test"].values[0])
        told.append(f"A PCA autoencoder of the same code has a test error of {error:.4f}.")
    return told

"""What is asked of networks side by side: compression, the gradient's phases, what joins them."""

from collections.abc import Sequence

from infoplane.analysis.claims import Claim, estimators, judged
from infoplane.analysis.networks import compared
from infoplane.experiments.blackbox.compression import (
    CLUSTERS,
    COMPRESSES,
    NOISY,
    clustering,
    compresses,
    compresses_in_noise,
    generalisation,
    published,
    saturation,
)
from infoplane.experiments.blackbox.gradient import gradient_phases, onset
from infoplane.observe.networks import PROPAGATED
from infoplane.values.finding import Finding
from infoplane.values.trace import Trace

OF_COMPARED = (COMPRESSES, CLUSTERS, NOISY)
"""Claims over the networks that all estimators measured; all others are over all networks."""


def claims(trace: Trace) -> list[Claim]:
    """All that can be asked of one run."""
    tanh, noisy = trace.attrs.get("activation") == "tanh", PROPAGATED in estimators(trace)
    return [
        compresses(),
        *([published()] if tanh else []),
        gradient_phases(),
        onset(),
        *([saturation()] if tanh else []),
        generalisation(trace),
        *([compresses_in_noise(), clustering()] if noisy else []),
    ]


def findings(asked: Sequence[Claim], traces: Sequence[Trace]) -> list[Finding]:
    """Judged, some over the networks that all estimators measured, the others over all networks."""
    few = [one for one in asked if of_compared(one)]
    told = judged(few, [compared(trace) for trace in traces])
    told += judged([one for one in asked if not of_compared(one)], traces)
    places = {one.key: place for place, one in enumerate(asked)}
    return sorted(told, key=lambda one: places[one.key])


def of_compared(claim: Claim) -> bool:
    """Whether a claim, of one run or of a member of a family, is over the compared networks."""
    return claim.key.partition(" ")[0] in OF_COMPARED

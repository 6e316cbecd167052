"""Code sizes side by side in sentences: the dimension of the data, and the code to choose."""

import numpy as np

from infoplane.analysis.bifurcation import Smallest, smallest
from infoplane.analysis.repeated import repeated_over
from infoplane.experiments.autoencoder.bifurcation_panels import turn_backs
from infoplane.experiments.autoencoder.dimension import no_bottleneck
from infoplane.experiments.autoencoder.sizes import (
    best_of,
    courses,
    dimensions,
    placed,
    test_errors,
)
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace


def summary(trace: Trace) -> list[str]:
    """The dimension of the data, the smallest code that turns back, and what it costs.

    Args:
        trace: The family, on one probe.
    """
    return [
        f"{trace.attrs['description']}.",
        str(dimensions(trace)),
        *_sides(trace),
        *(_recommended(trace, str(name)) for name in trace["estimator"].values),
    ]


def first_to_turn_back(trace: Trace, estimator: str) -> Smallest | None:
    """The smallest bottleneck that turns back under an estimator, over batches or seeds.

    None if no bottleneck was measured at every moment.
    """
    wide = placed(trace).wide
    known = {size: one for size, one in courses(trace, estimator).items() if size not in wide}
    return smallest(known) if known else None


def _recommended(trace: Trace, estimator: str) -> str:
    """The code size at the bifurcation, how sure it is, and what it costs."""
    if min(trace.sizes.get(one, 2) for one in Replicate) < 2:
        return f"Under {estimator} one batch alone cannot tell a turn-back from noise."
    found, errors = first_to_turn_back(trace, estimator), test_errors(trace)
    if found is None:
        return f"Under {estimator} no bottleneck was measured at every moment."
    several = (repeated_over(trace["I_XT"]) or Replicate.BATCH).several
    best = best_of(errors)
    turned = turn_backs(trace, estimator)
    span = f"90 % over resampled {several}: {_words(found.low)} … {_words(found.high)}"
    if found.size is None:
        return f"Under {estimator} no code turns back ({span}), so that no size is recommended."
    if best is None or not np.isfinite(errors[found.size]):
        return f"Under {estimator} K* = {found.size} ({span}); its test error is no number."
    error, least = errors[found.size], errors[best]
    return (
        f"Under {estimator} the smallest code that turns back has K* = {found.size} units "
        f"({span}), by {turned[found.size].size:.3f} bit; its test error {error:.4f} is "
        f"{error / least - 1:+.0%} against that of the best size (K = {best}: {least:.4f})."
    )


def _words(size: float) -> str:
    return f"{size:g}" if np.isfinite(size) else "none"


def _sides(trace: Trace) -> list[str]:
    """Which sizes lie on which side of the dimension, and which are asked nothing."""
    sides, found = placed(trace), dimensions(trace)
    named = {
        "below it": sides.below,
        "above it": sides.above,
        "may be it, and so asked nothing": sides.at,
    }
    listed = {words: ", ".join(map(str, codes)) for words, codes in named.items() if codes}
    told = "; ".join(f"{words}: K = {codes}" for words, codes in listed.items())
    return [
        f"It is {found.low:.1f} to {found.high:.1f}, from the least to the greatest end of all "
        f"90 % intervals, as estimated or corrected. Code sizes {told}.",
        *no_bottleneck(sides.wide, sides.narrowest),
        *([] if sides.below else ["No code size lies below the dimension."]),
        *([] if sides.above else ["No code size lies above the dimension."]),
    ]

"""The estimators that a network is watched with, from what a user has at hand."""

from collections.abc import Mapping

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Alignment, Silverman, Tapia
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator
from infoplane.observe.from_samples import Asked, seen_by
from infoplane.observe.plane import INPUT
from infoplane.values.errors import InfoplaneError

Estimators = Mapping[str, Asked | PlaneEstimator] | Asked | PlaneEstimator
"""Estimators side by side by name, or one alone."""

ESTIMATORS: Mapping[str, PlaneEstimator] = {
    "tapia": MatrixRenyi(1.01, Tapia(), {INPUT: Tapia(standardise="whole")}),
    "silverman": MatrixRenyi(1.01, Silverman()),
}
"""The scale-invariant width beside the one that most papers used."""


def by_name(estimators: Estimators, source: str) -> dict[str, PlaneEstimator]:
    """Estimators by name; one alone is called as the function or type that it is.

    Args:
        estimators: What a user gave.
        source: The variable X, which a Rényi estimator's rule for x is for.

    Raises:
        InfoplaneError: There is none, or one cannot be used on a plane.
    """
    if not isinstance(estimators, Mapping):
        name = getattr(estimators, "__name__", type(estimators).__name__)
        estimators = {name: estimators}
    if not estimators:
        raise InfoplaneError("No estimator is given; leave estimators out for the usual two.")
    for name, estimator in estimators.items():
        if any(isinstance(part, Alignment) for part in _rules(estimator)):
            raise InfoplaneError(
                f"Estimator {name!r} chooses its width by labels in the order of the probe's "
                "batches, which are dealt here; take another rule, or build observe.plane.Plane."
            )
        if not callable(estimator) and not isinstance(estimator, PlaneEstimator):
            raise InfoplaneError(
                f"Estimator {name!r} is a {type(estimator).__name__}; give ip.Renyi(…), or "
                "anything that is called with two arrays of samples and returns an Estimate."
            )
    return {str(name): seen_by(one, source) for name, one in estimators.items()}


def _rules(estimator: object) -> list[object]:
    """The kernel-width rules of an estimator that has some."""
    if isinstance(estimator, MatrixRenyi):
        return [estimator.bandwidth, *estimator.own.values()]
    return [estimator.bandwidth, estimator.x_bandwidth] if isinstance(estimator, Renyi) else []

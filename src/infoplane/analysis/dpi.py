"""Data processing inequalities: chains of information, and whether each link holds."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean, standard_error
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace

STAGES = ("early", "midway", "late")
"""Thirds of the snapshots after the first."""


@final
@dataclass(frozen=True)
class Chain:
    """term_1 ≥ term_2 ≥ … at every snapshot.

    Attributes:
        names: What each term is, such as "I(X; encoder.1)".
        values: Dimensions (term, snapshot, estimator, batch), with the ceiling as attribute.
    """

    names: tuple[str, ...]
    values: xr.DataArray

    @staticmethod
    def of(terms: Mapping[str, xr.DataArray]) -> "Chain":
        """A chain of named terms, each of dimensions (snapshot, estimator, batch).

        Raises:
            InfoplaneError: There are fewer than two terms.
        """
        if len(terms) < 2:
            raise InfoplaneError(f"A chain of inequalities needs two terms, got {list(terms)}.")
        first, *others = terms.values()
        for other in others:
            if other.sizes != first.sizes:
                raise InfoplaneError(
                    f"The terms of a chain are of sizes {dict(first.sizes)} and "
                    f"{dict(other.sizes)}; take all of them from one Trace."
                )
        stacked = np.stack([one.transpose(*first.dims).values for one in terms.values()])
        values = xr.DataArray(stacked, _along_dims(first), ("term", *first.dims), attrs=first.attrs)
        return Chain(tuple(terms), values)

    @property
    def links(self) -> tuple[str, ...]:
        """The inequalities in words."""
        return tuple(
            f"{left} ≥ {right}" for left, right in zip(self.names, self.names[1:], strict=False)
        )

    def slack(self) -> xr.DataArray:
        """term_i − term_{i+1}, dimensions (link, snapshot, estimator, batch)."""
        differences = -np.diff(self.values.values, axis=0)
        coordinates = {"link": list(self.links), **_along_dims(self.values)}
        return xr.DataArray(differences, coordinates, ("link", *self.values.dims[1:]))

    def reversed(self) -> "Chain":
        """The opposite claim."""
        return Chain(self.names[::-1], self.values.isel(term=slice(None, None, -1)))


def _along_dims(values: xr.DataArray) -> dict[Hashable, xr.DataArray]:
    """The coordinates along an array's own dimensions, without what was chosen of others."""
    return {name: along for name, along in values.coords.items() if along.dims}


def holds(slack: xr.DataArray) -> xr.DataArray:
    """+1 where an inequality holds beyond its paired standard error, −1 violated, 0 between.

    NaN with a probe of one batch, which has no standard error, and where a number is missing.
    """
    means, slight = mean("", slack), standard_error(slack).values
    state = (means.values > slight).astype(float) - (means.values < -slight)
    return means.copy(data=np.where(np.isnan(slight), np.nan, state))


def by_stage(slack: xr.DataArray) -> xr.DataArray:
    """Mean slack of every link early, midway and late; these are the parts of the claim.

    The stages are thirds of the snapshots, so that an inequality which training breaks, or mends,
    is not averaged away. A single snapshot has no stages.

    Returns:
        Dimensions (part, estimator, batch); a part is named "link, stage".
    """
    thirds = np.array_split(np.arange(slack.sizes["snapshot"]), len(STAGES))
    axis = slack.get_axis_num("snapshot")
    means = {
        stage: slack.values.take(members, axis).mean(axis)
        for stage, members in zip(STAGES, thirds, strict=True)
        if len(members)
    }
    return _staged(slack, means)


def untrained_slack(slack: xr.DataArray) -> xr.DataArray:
    """The slack of the one untrained snapshot under the name of every stage, as a control."""
    alone = slack.values.mean(slack.get_axis_num("snapshot"))
    return _staged(slack, dict.fromkeys(STAGES, alone))


def _staged(slack: xr.DataArray, means: Mapping[str, np.ndarray]) -> xr.DataArray:
    """The means of every link at each stage, as parts; links come first in every mean."""
    links = slack["link"].values
    rest = [str(dim) for dim in slack.dims if dim not in ("link", "snapshot")]
    return xr.DataArray(
        np.concatenate(list(means.values())),
        dims=("part", *rest),
        coords={
            "part": [f"{link}, {stage}" for stage in means for link in links],
            **{dim: slack[dim] for dim in rest if dim in slack.coords},
        },
    )


def link_evidence(slack: xr.DataArray) -> dict[str, dict[str, Any]]:
    """What can be told of a chain's links under every estimator.

    It is the share of snapshots at which all links hold, or each of them does, and its mean slack.
    """
    ordered = slack.transpose("estimator", "link", "snapshot", "batch")
    states = holds(ordered).values
    links = [str(link) for link in slack["link"].values]
    return {
        str(name): _told(links, states[place], ordered.values[place])
        for place, name in enumerate(slack["estimator"].values)
    }


def _told(links: Sequence[str], state: np.ndarray, numbers: np.ndarray) -> dict[str, Any]:
    """The same under one: states of shape (link, snapshot), slacks (link, snapshot, batch)."""
    shares: dict[str, Any] = {
        "share of snapshots at which all links hold": float((state > 0).all(0).mean()),
        "share at which a link is violated": float((state < 0).any(0).mean()),
    }
    return shares | {
        link: {
            "holds at": float((state[place] > 0).mean()),
            "violated at": float((state[place] < 0).mean()),
            "mean slack": float(numbers[place].mean()),
            "last slack": float(numbers[place, -1].mean()),
        }
        for place, link in enumerate(links)
    }


def along(trace: Trace, name: str, layers: Sequence[str], label: str) -> dict[str, xr.DataArray]:
    """One variable's terms for several layers, named by a pattern such as "I(X; {})"."""
    return {label.format(layer): trace[name].sel(layer=layer) for layer in layers}


def states(chain: Chain, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """Cells of a strip and the slack behind them, both of shape (links, snapshots)."""
    slack = chain.slack().sel(estimator=estimator)
    return holds(slack).values, mean("", slack).values

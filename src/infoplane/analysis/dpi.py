"""Data processing inequalities: chains of information, and whether each link holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import error
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
        arrays = [term.drop_vars(["layer", "pair"], errors="ignore") for term in terms.values()]
        joined = xr.concat(arrays, dim="term", join="exact")
        return Chain(tuple(terms), joined.assign_attrs(arrays[0].attrs))

    @property
    def links(self) -> tuple[str, ...]:
        """The inequalities in words."""
        return tuple(
            f"{left} ≥ {right}" for left, right in zip(self.names, self.names[1:], strict=False)
        )

    def slack(self) -> xr.DataArray:
        """term_i − term_{i+1}, dimensions (link, snapshot, estimator, batch)."""
        slack = -self.values.diff("term").rename(term="link")
        return slack.assign_coords(link=list(self.links))

    def reversed(self) -> "Chain":
        """The opposite claim."""
        return Chain(self.names[::-1], self.values.isel(term=slice(None, None, -1)))


def holds(slack: xr.DataArray) -> xr.DataArray:
    """+1 where an inequality holds beyond its paired standard error, −1 violated, 0 between.

    NaN with a probe of one batch, which has no standard error.
    """
    mean, slight = slack.mean("batch"), error(slack)
    state = (mean > slight).astype(float) - (mean < -slight).astype(float)
    return state.where(slight.notnull())


def by_stage(slack: xr.DataArray) -> xr.DataArray:
    """Mean slack of every link early, midway and late; these are the parts of the claim.

    The stages are thirds of the snapshots, so that an inequality which training breaks, or mends,
    is not averaged away. A single snapshot has no stages.

    Returns:
        Dimensions (part, estimator, batch); a part is named "link, stage".
    """
    thirds = np.array_split(np.arange(slack.sizes["snapshot"]), len(STAGES))
    stages = dict(zip(STAGES, thirds, strict=True))
    parts = [
        slack.isel(snapshot=members)
        .mean("snapshot")
        .assign_coords(link=[f"{link}, {stage}" for link in slack["link"].values])
        for stage, members in stages.items()
        if len(members)
    ]
    return xr.concat(parts, dim="link").rename(link="part")


def untrained_slack(slack: xr.DataArray) -> xr.DataArray:
    """The slack of the one untrained snapshot under the name of every stage, as a control."""
    return by_stage(xr.concat([slack] * len(STAGES), dim="snapshot"))


def link_evidence(slack: xr.DataArray, estimator: str) -> dict[str, Any]:
    """The share of snapshots at which all links hold, or each of them does, and its mean slack."""
    chosen = slack.sel(estimator=estimator)
    state = holds(chosen)
    shares: dict[str, Any] = {
        "share of snapshots at which all links hold": float((state > 0).all("link").mean()),
        "share at which a link is violated": float((state < 0).any("link").mean()),
    }
    return shares | {
        str(link): {
            "holds at": float((state.sel(link=link) > 0).mean()),
            "violated at": float((state.sel(link=link) < 0).mean()),
            "mean slack": float(chosen.sel(link=link).mean()),
            "last slack": float(chosen.sel(link=link).isel(snapshot=-1).mean()),
        }
        for link in slack["link"].values
    }


def along(trace: Trace, name: str, layers: Sequence[str], label: str) -> dict[str, xr.DataArray]:
    """One variable's terms for several layers, named by a pattern such as "I(X; {})"."""
    return {label.format(layer): trace[name].sel(layer=layer) for layer in layers}


def states(chain: Chain, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """Cells of a strip and the slack behind them, both of shape (links, snapshots)."""
    slack = chain.slack().sel(estimator=estimator)
    return holds(slack).values, slack.mean("batch").values

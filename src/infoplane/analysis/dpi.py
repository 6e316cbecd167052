"""Data processing inequalities: chains of information, and whether each link holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.claims import standard_error
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace


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
    mean, error = slack.mean("batch"), standard_error(slack)
    state = (mean > error).astype(float) - (mean < -error).astype(float)
    return state.where(error.notnull())


def mean_slack(slack: xr.DataArray) -> xr.DataArray:
    """Slack of every link, mean over snapshots; the links are the parts of the claim."""
    return slack.mean("snapshot").rename(link="part")


def link_evidence(slack: xr.DataArray, estimator: str) -> dict[str, Any]:
    """Per link: mean slack in bits, and the share of steps at which it holds or is violated."""
    chosen = slack.sel(estimator=estimator)
    state = holds(chosen)
    return {
        str(link): {
            "mean slack": float(chosen.sel(link=link).mean()),
            "holds": float((state.sel(link=link) > 0).mean()),
            "violated": float((state.sel(link=link) < 0).mean()),
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

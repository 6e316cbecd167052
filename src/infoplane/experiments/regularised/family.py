"""The same classifier under several weights β of the information."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, final

import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim, above_null, judged
from infoplane.experiments import panels as shared
from infoplane.experiments.claims import has_null
from infoplane.experiments.gaps import left_out
from infoplane.experiments.members import (
    ONE_NUMBER,
    Moment,
    first,
    last,
    layer_curves,
    loss_curves,
    members,
    per_run,
)
from infoplane.experiments.protocol import Family
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

PUBLISHED = "yu2021measuring, MNIST: 1.13 % of errors with the information, 1.38 % without"
PRICE = "yu2021measuring, deterministic information bottleneck"
BUDGET = (
    "Published with β = 10⁻⁶ under another kernel width, 784-1024-1024-256-10 and 200 epochs of "
    "MNIST at a falling learning rate. This is a smaller budget and another width rule: whatever "
    "it finds does not reproduce those numbers."
)


@final
class Weights(Family):
    """Runs that differ in β: what information costs, and what it brings."""

    title: ClassVar[str] = "A classifier that pays for information, at several prices"
    along: ClassVar[str] = "beta"

    @staticmethod
    def findings(traces: Sequence[Trace]) -> list[Finding]:
        """Whether a price lowers the information, and whether it lowers the test error."""
        return judged(claims(traces[0]), traces)

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """The planes at every price, the layer that pays, and the error."""
        return panels(trace)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What each price brought."""
        return summary(trace, findings)

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """What each price brought, in numbers."""
        return [reached(trace)]


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the prices that are there."""
    betas = sorted(float(beta) for beta in trace["beta"].values)
    asked = [_falls(trace, betas)]
    if has_null(trace):
        asked.append(_falls_above_null(trace, betas))
    if betas[0] == 0:
        asked += [_lowers_error(beta) for beta in betas[1:]]
    return asked


def panels(trace: Trace) -> list[Panel]:
    """Planes of one estimator side by side, then the layer that pays, then the error."""
    parts = {words(float(beta)): one for beta, one in members(trace, "beta").items()}
    names = [str(name) for name in trace["estimator"].values]
    layer = str(trace.attrs["pays"])
    return [
        *(_plane(one, name, key) for name in names for key, one in parts.items()),
        *(
            layer_curves(
                parts,
                layer,
                name,
                f"I(input; {layer})",
                "The layer that pays, one curve per price.",
            )
            for name in names
        ),
        *(
            loss_curves(parts, variable, title, caption, unit=unit)
            for variable, title, caption, unit in (
                ("error_test", "Test error", "Share of fixed images classified wrongly.", ""),
                ("loss_test", "Test cross-entropy", "Without the price of information.", "nat"),
            )
        ),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What each price brought."""
    told = "; ".join(
        f"{words(float(beta))} {float(last(one['error_test'])):.2%}"
        for beta, one in members(trace, "beta").items()
    )
    return [
        f"Test error at the end: {told}.",
        BUDGET,
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]


def reached(trace: Trace) -> Table:
    """What each price brought, in numbers."""
    layer = str(trace.attrs["pays"])
    estimators = [str(name) for name in trace["estimator"].values]
    rows = []
    for beta, one in members(trace, "beta").items():
        chosen = one.sel(layer=layer)
        kept = last(chosen["I_XT"]).mean("batch")
        above = last(above_null(chosen, "I_XT")).mean("batch") if has_null(one) else None
        told = [words(float(beta))]
        told += [f"{float(last(one[name])):.2%}" for name in ("error_train", "error_test")]
        for name in estimators:
            told.append(f"{float(kept.sel(estimator=name)):.3f}")
            told.append("" if above is None else f"{float(above.sel(estimator=name)):.3f}")
        rows.append(tuple(Cell((text,)) for text in told))
    heads = [head for name in estimators for head in (f"I(X;T), {name}", f"above the null, {name}")]
    return Table(
        f"At the end of training; T is {layer}",
        ("price", "training error", "test error", *heads),
        tuple(rows),
        "Information in bits on the probe. The objective's own information is of another order.",
    )


def words(beta: float) -> str:
    """A member's name.

    >>> words(0.01)
    'β = 0.01'
    """
    return f"β = {beta:g}"


def _lowers_error(beta: float) -> Claim:
    """One price against none; each is asked by itself, since the best of many is chosen."""
    return Claim(
        key=f"error-{beta:g}",
        statement=f"A price of {words(beta)} nat per bit lowers the test error against β = 0.",
        source=PUBLISHED,
        statistic=lambda trace: _error(trace, 0.0, last) - _error(trace, beta, last),
        controls={UNTRAINED: lambda trace: _error(trace, 0.0, first) - _error(trace, beta, first)},
        rests_on=lambda trace: xr.zeros_like(_error(trace, 0.0, last)),
        evidence=lambda trace: {
            str(name): {
                f"test error, {words(one)}": float(_error(trace, one, last)[0, 0])
                for one in (0.0, beta)
            }
            for name in trace["estimator"].values
        },
        unit="1",
        notes=("The effect is the difference of the two shares.", BUDGET, ONE_NUMBER),
        needs=lambda trace: (_error(trace, 0.0, last), _error(trace, beta, last)),
    )


def _falls(trace: Trace, betas: Sequence[float]) -> Claim:
    layer = str(trace.attrs["pays"])
    return Claim(
        key="price",
        statement=f"I(X;{layer}) at the end of training falls from each price to the next higher.",
        source=PRICE,
        statistic=lambda trace: _drops(trace["I_XT"].sel(layer=layer), betas, last),
        controls={UNTRAINED: lambda trace: _drops(trace["I_XT"].sel(layer=layer), betas, first)},
        rests_on=lambda trace: _ends(trace["I_XT"].sel(layer=layer), betas),
        notes=("The untrained network is the same at every price: its control is zero.",),
    )


def _falls_above_null(trace: Trace, betas: Sequence[float]) -> Claim:
    layer = str(trace.attrs["pays"])

    def excess(trace: Trace) -> xr.DataArray:
        return above_null(trace.sel(layer=layer), "I_XT")

    return Claim(
        key="price-above-null",
        statement=f"The same of I(X;{layer}) above its permutation mean.",
        source="skean2023dime",
        statistic=lambda trace: _drops(excess(trace), betas, last),
        controls={UNTRAINED: lambda trace: _drops(excess(trace), betas, first)},
        rests_on=lambda trace: _ends(trace["I_XT"].sel(layer=layer), betas),
        needs=lambda trace: (_ends(excess(trace), betas),),
    )


def _drops(values: xr.DataArray, betas: Sequence[float], when: Moment) -> xr.DataArray:
    """From each β to the next, dimensions (part, estimator, batch)."""
    parts = {
        f"{words(low)} to {words(high)}": when(values.sel(beta=low, drop=True))
        - when(values.sel(beta=high, drop=True))
        for low, high in pairwise(betas)
    }
    return xr.concat(list(parts.values()), dim="part").assign_coords(part=list(parts))


def _ends(values: xr.DataArray, betas: Sequence[float]) -> xr.DataArray:
    return last(values.sel(beta=list(betas)))


def _error(trace: Trace, beta: float, when: Moment) -> xr.DataArray:
    return per_run(when(trace["error_test"].sel(beta=beta, drop=True)), trace)


def _plane(one: Trace, estimator: str, member: str) -> Panel:
    panel = shared.plane(one, estimator)
    number = member.partition("= ")[2]
    return replace(
        panel,
        key=f"{panel.key}-{number}",
        title=f"Information plane, {member}",
        scale=f"plane-{estimator}",
    )

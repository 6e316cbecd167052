"""Figures, the table and sentences of several infinite ensembles."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import left_out
from infoplane.experiments.members import in_figures
from infoplane.experiments.sentences import verdicts_told
from infoplane.experiments.wide.claims import told, upper
from infoplane.experiments.wide.family_claims import claims
from infoplane.experiments.wide.figures import RATE, RELEVANCE, course, exact_curve, times
from infoplane.experiments.wide.kept import ALONG, VARIED, Kept
from infoplane.experiments.wide.settings import Network
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace


def panels(trace: Trace) -> list[Panel]:
    """All planes in one, then what each setting does to overfitting and to what is known."""
    kept = Kept(trace)
    lines = {setting: kept.lines(setting) for setting in VARIED}
    return [
        plane(kept),
        *(overfitting(kept, setting, rows) for setting, rows in lines.items() if rows),
        *(knowing(kept, setting, rows) for setting, rows in lines.items() if rows),
    ]


def plane(kept: Kept) -> Panel:
    """Every ensemble from before training to its end."""
    first = next(iter(kept.parts.values()))
    longest = max(kept.parts.values(), key=lambda one: float(upper(one).max()))
    series = [course(name, upper(one), told(one), one) for name, one in kept.parts.items()]
    return Panel(
        key="planes",
        title="Information planes",
        caption="From τ = 0 on: the upper bound on I(X;Z|D) against the lower bound on I(Z;Y|D). "
        "Nothing can lie above the exact bottleneck.",
        x=RATE,
        y=RELEVANCE,
        series=(*exact_curve(longest), *series),
        bisector="exact" not in first,
    )


def overfitting(kept: Kept, setting: str, rows: dict[str, list[str]]) -> Panel:
    """How much the squared error rises from its least to the end, against one setting."""
    series = []
    for words, names in rows.items():
        values = [kept.overfitting(name) for name in names]
        series.append(_line(words, setting, names, values))
    return _panel("overfitting", "Overfitting", setting, Axis("rise of the squared error"), series)


def knowing(kept: Kept, setting: str, rows: dict[str, list[str]]) -> Panel:
    """What is known of the target at the best moment, and at the end (dashed)."""
    series = []
    for words, names in rows.items():
        for at_end in (False, True):
            values = [kept.known(one, told, -1 if at_end else kept.best(one)) for one in names]
            label = f"{words} (end)" if at_end else words
            series.append(_line(label, setting, names, values, of=words, dashed=at_end))
    title = "I(Z;Y|D) at the best moment (dashed: at the end)"
    return _panel("told", title, setting, RELEVANCE, series)


def _line(
    label: str,
    setting: str,
    names: Sequence[str],
    values: Sequence[xr.DataArray],
    of: str = "",
    dashed: bool = False,
) -> Series:
    errors = [shared.spread(one)[0] for one in values]
    return Series(
        name=label,
        x=np.array([float(getattr(Network.named(name), setting)) for name in names]),
        y=np.array([float(mean("", one)) for one in values]),
        y_error=None if errors[0] is None else np.array([float(np.asarray(e)) for e in errors]),
        of=of or label,
        dashed=dashed,
        error_is=shared.spread(values[0])[1],
    )


def _panel(key: str, title: str, setting: str, y: Axis, series: Sequence[Series]) -> Panel:
    return Panel(
        key=f"{key}-{setting.replace('_', '-')}",
        title=f"{title}, by {VARIED[setting]}",
        caption="Ensembles that differ in this setting alone are joined by lines.",
        x=Axis(VARIED[setting], log=True),
        y=y,
        series=tuple(series),
    )


def table(trace: Trace) -> Table:
    """What every ensemble knows at its best moment and at the end."""
    kept = Kept(trace)
    rows = []
    for name, one in kept.parts.items():
        best = kept.best(name)
        numbers = [
            f"{times(one)[best]:.3g}",
            *(in_figures(kept.known(name, of, best), ".3f") for of in (upper, told)),
            *(in_figures(kept.known(name, of, -1), ".3f") for of in (upper, told)),
            in_figures(kept.overfitting(name), ".4f"),
        ]
        rows.append((Cell((name,)), *(Cell((text,)) for text in numbers)))
    return Table(
        "At the best moment, and at the end",
        (ALONG, "best τ", "I(X;Z|D)", "I(Z;Y|D)", "I(X;Z|D) end", "I(Z;Y|D) end", "overfitting"),
        tuple(rows),
        "On new samples, in bits: the upper bound on I(X;Z|D), the lower on I(Z;Y|D). Overfitting "
        "is the rise of the squared error from its least to the end.",
    )


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """Which ensemble knows most of the target."""
    kept = Kept(trace)
    known = {name: float(mean("", kept.known(name, told, kept.best(name)))) for name in kept.parts}
    best = max(known, key=lambda name: known[name])
    return [
        f"Of {len(known)} ensembles {best} knows most of the target at its best moment: "
        f"{known[best]:.3f} bit.",
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "Infinite ensembles have no spread over initial weights; seeds are other samples.",
    ]

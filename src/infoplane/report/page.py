"""The report: one HTML file that holds everything it needs and asks the network for nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from infoplane.report.canvas import DARK, LIGHT
from infoplane.report.draw import drawing
from infoplane.report.drawing import moments
from infoplane.report.looks import Look, looks, own_legend
from infoplane.report.marks import OUTLINES
from infoplane.report.packed import packed, packed_json
from infoplane.report.readings import SIGNS, interval, percent, plainly, slug
from infoplane.report.words import told_apart
from infoplane.values.finding import LEVEL, Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Table

CHIP_CHARACTERS = 28
"""The longest name that a button of the legend shows whole."""


@final
@dataclass(frozen=True)
class Chapter:
    """A part of a page that tells something of its own.

    Attributes:
        heading: What it tells.
        summary: A few sentences in plain words.
        findings: Claims with their verdicts.
        tables: Tables between findings and figures.
        panels: Figures.
    """

    heading: str
    summary: Sequence[str]
    findings: Sequence[Finding]
    tables: Sequence[Table] = ()
    panels: Sequence[Panel] = ()


def page(
    title: str,
    summary: Sequence[str],
    panels: Sequence[Panel],
    findings: Sequence[Finding],
    methods: Sequence[str] = (),
    references: Sequence[str] = (),
    table: str = "",
    settings: Mapping[str, str] | None = None,
    machine: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    tables: Sequence[Table] = (),
    alerts: Sequence[str] = (),
    chapters: Sequence[Chapter] = (),
    headings: Mapping[str, str] | None = None,
) -> str:
    """A self-contained page; whatever markup the arguments contain is shown as text.

    Args:
        title: What was done, in a line.
        summary: A few sentences in plain words.
        panels: Figures; heat maps, those not over time, planes, curves and strips each have their
            part, in the given order.
        findings: Claims with their verdicts.
        methods: Paragraphs on how it was measured.
        references: What they cite, in the order of their numbers.
        table: All numbers as CSV; empty if there is nothing to download.
        settings: How it was done, name to value.
        machine: Where it was done, name to value.
        notes: Sentences a reader needs to judge it.
        tables: Further tables, between the findings and the figures.
        alerts: Sentences without which the rest would mislead, such as that something is missing.
        chapters: Parts with findings, tables and figures of their own, before all others.
        headings: What stands above each kind of figure, kinds in their order on the page; None for
            that of experiments. Chapters have that in any case.

    Raises:
        InfoplaneError: A series of a plane has no training steps.
    """
    every = [*(panel for one in chapters for panel in one.panels), *panels]
    shared = looks(every)
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=title,
            summary=summary,
            parts=_parts(list(enumerate(every))[len(every) - len(panels) :], headings or HEADINGS),
            chapters=list(_laid_out(chapters)),
            drawn=bool(every),
            layers=list(
                zip(shared, told_apart(list(shared), CHIP_CHARACTERS), shared.values(), strict=True)
            ),
            moments=moments(every),
            sides=_sides(every),
            findings=findings,
            spreads=list(dict.fromkeys(one.spread for one in findings)),
            methods=methods,
            references=references,
            table=packed(table) if table else "",
            table_size=f"{len(table.encode()) / 1e6:.1f}\N{NO-BREAK SPACE}MB",
            pairs={"Settings": settings or {}, "Machine": machine or {}},
            notes=notes,
            tables=tables,
            alerts=alerts,
            plotly=packed(get_plotlyjs()) if every else "",
            drawings=packed_json(
                {
                    "figures": [drawing(one, shared, every) for one in every],
                    "moments": moments(every),
                    "sides": _sides(every),
                    "light": LIGHT,
                    "dark": DARK,
                }
            ),
        )
    )


@final
@dataclass(frozen=True)
class Placed:
    """A figure in its place.

    Attributes:
        number: Its number on the page.
        panel: What it shows.
        name: What stands above it, where what stands above its row need not be said again.
        caption: What stands below it; empty if it was said before.
        legend: Names and looks of what is shown in it alone.
    """

    number: int
    panel: Panel
    name: str
    caption: str
    legend: Sequence[tuple[str, Look]]


@final
@dataclass(frozen=True)
class Band:
    """Figures side by side under what they have in common.

    Attributes:
        group: The name of their group.
        lead: Words that all of them share.
        legend: Names and looks that all of them share, of what is shown in them alone.
        members: The figures.
        multiples: Whether they are many alike, drawn small to be held against each other.
    """

    group: str
    lead: str
    legend: Sequence[tuple[str, Look]]
    members: Sequence[Placed]
    multiples: bool


HEADINGS: Mapping[str, str] = {
    "heat": "At a glance",
    "response": "Against the settings",
    "plane": "Information plane",
    "curve": "Over training",
    "strip": "Where the data processing inequality holds",
}


def _laid_out(chapters: Sequence[Chapter]) -> Iterator[dict[str, Any]]:
    """The chapters as the template reads them; figures are numbered through all of them."""
    number = 0
    for one in chapters:
        numbered = list(enumerate(one.panels, start=number))
        number += len(numbered)
        yield {
            "heading": one.heading,
            "summary": one.summary,
            "findings": one.findings,
            "spreads": list(dict.fromkeys(found.spread for found in one.findings)),
            "tables": one.tables,
            "parts": _parts(numbered, HEADINGS),
        }


def _parts(
    numbered: Sequence[tuple[int, Panel]], headings: Mapping[str, str]
) -> list[tuple[str, str, list[Band]]]:
    """The figures by kind with their headings, in the order of these, each in bands."""
    said: set[tuple[str, str]] = set()
    parts = []
    for kind, heading in headings.items():
        members = [one for one in numbered if _kind(one[1]) == kind]
        rows = [_band(group, row, said) for group, row in _rows(kind, members)]
        parts += [(kind, heading, rows)] if rows else []
    return parts


def _kind(panel: Panel) -> str:
    if panel.heat is not None:
        return "heat"
    if panel.strip is not None:
        return "strip"
    if panel.plane:
        return "plane"
    return "response" if panel.series and not panel.over_time else "curve"


def _rows(
    kind: str, members: list[tuple[int, Panel]]
) -> Iterator[tuple[str, list[tuple[int, Panel]]]]:
    """Figures of one group in a row, groups in order of their first figure.

    Strips, planes that are no multiples, and groups of one figure each are one row.
    """
    if kind in ("curve", "response") or _are_multiples([one for _, one in members]):
        groups: dict[str, list[tuple[int, Panel]]] = {}
        for one in members:
            groups.setdefault(one[1].group, []).append(one)
        if len(groups) > 1 and all(len(row) == 1 for row in groups.values()):
            yield "", members
        else:
            yield from groups.items()
    elif members:
        yield "", members


def _band(group: str, row: list[tuple[int, Panel]], said: set[tuple[str, str]]) -> Band:
    """A row, with the words that all its figures share said once, and no words said twice."""
    captions = {one.caption for _, one in row}
    lead = captions.pop() if len(captions) == 1 and len(row) > 1 else ""
    alike = row[0][1].plane and len({one.title for _, one in row}) == 1
    multiples = _are_multiples([one for _, one in row])
    legends = [own_legend(one) for _, one in row]
    shared = _shared_legend(legends) if multiples or _kind(row[0][1]) == "response" else []
    members = []
    for number, panel in row:
        key = (panel.caption, panel.side)
        caption = "" if lead or key in said else panel.caption
        said.add(key)
        name = panel.title if group else (alike and panel.group) or panel.heading
        legend = [] if shared else own_legend(panel)
        members.append(Placed(number, panel, name, caption, legend))
    return Band(group, lead, shared, members, multiples)


def _are_multiples(panels: Sequence[Panel]) -> bool:
    """Whether they are planes of one scale, and more than fit side by side in full size."""
    scales = Counter((one.scale, one.side) for one in panels if one.plane and one.scale)
    return max(scales.values(), default=0) > 2


def _shared_legend(legends: Sequence[Sequence[tuple[str, Look]]]) -> Sequence[tuple[str, Look]]:
    """The legend of several figures if all that need one have the same; else none."""
    told = [legend for legend in legends if len(legend) > 1]
    return told[0] if len(told) > 1 and all(one == told[0] for one in told) else []


def _sides(panels: Sequence[Panel]) -> list[str]:
    return list(dict.fromkeys(one.side for one in panels if one.side))


def _templates() -> Environment:
    """The package's templates, with everything escaped."""
    templates = Environment(
        loader=PackageLoader("infoplane.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"symbols": SIGNS, "level": percent(LEVEL), "outlines": OUTLINES}
    templates.filters |= {
        "interval": interval,
        "percent": percent,
        "slug": slug,
        "plainly": plainly,
    }
    return templates

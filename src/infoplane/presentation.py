"""A Trace before a reader: the report page, and its figures as files."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from infoplane.bottleneck.account import Account
from infoplane.experiments.given_joint import panels as of_bottleneck
from infoplane.experiments.given_joint import words as in_words
from infoplane.experiments.protocol import Shown
from infoplane.report.canvas import alike
from infoplane.report.looks import looks
from infoplane.report.methods import methods
from infoplane.report.page import HEADINGS, page
from infoplane.report.references import Citations
from infoplane.store.files import write_whole, writing
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, settings_of

FORMATS = (".svg", ".pdf")
OF_A_RUN = {**HEADINGS, "response": "Figures"}
"""What stands above the figures of a run, which has no settings to be held against."""
OF_A_BOTTLENECK = {"response": "The curve", "heat": "Encoders and decoders"}
"""And above those of a bottleneck."""
NAME_BYTES = 150
"""Most file systems take names of 255 bytes; a number and suffixes are still to come."""


def write(
    trace: Trace,
    shown: type[Shown],
    path: Path,
    *,
    machine: Mapping[str, str],
    seconds: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] | None = None,
    figures: Path | None = None,
) -> Path:
    """Writes the report page, and every figure as SVG and PDF where a folder is named.

    Args:
        trace: What was measured.
        shown: How such a Trace is presented.
        path: The page's file.
        machine: Where it was measured, name to value.
        seconds: Wall-clock time by part, if it is known.
        notes: Sentences a reader needs to judge it.
        findings: Its claims, judged; None to judge them here.
        figures: Folder of the figures' files; None for none.

    Returns:
        ``path``.

    Raises:
        InfoplaneError: A file cannot be written.
    """
    panels = shown.panels(trace)
    if figures is not None:
        save_figures(panels, figures)
    text = document(
        trace, shown, panels, machine=machine, seconds=seconds, notes=notes, findings=findings
    )
    write_whole(path, text.encode())
    return path


def document(
    trace: Trace,
    shown: type[Shown],
    panels: Sequence[Panel],
    *,
    machine: Mapping[str, str],
    seconds: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] | None = None,
) -> str:
    """The report page of a Trace as HTML.

    The Trace's attributes may bring a ``title``, and ``notes`` as a JSON list of sentences.

    Args:
        trace: What was measured.
        shown: How such a Trace is presented.
        panels: Its figures.
        machine: Where it was measured, name to value.
        seconds: Wall-clock time by part, if it is known.
        notes: Sentences a reader needs to judge it, after the Trace's own.
        findings: Its claims, judged; None to judge them here.
    """
    citations = Citations()
    findings = shown.findings([trace]) if findings is None else findings
    cited = [replace(one, source=citations.cite(one.source)) for one in findings]
    told = methods_told(trace, shown, citations)
    return page(
        title=str(trace.attrs.get("title", shown.title)),
        summary=shown.summary(trace, findings),
        panels=panels,
        findings=cited,
        methods=told,
        references=citations.listed,
        table=shown.numbers(trace),
        tables=shown.tables(trace, seconds or {}),
        settings=settings_in_words(trace),
        machine=machine,
        notes=[*json.loads(trace.attrs.get("notes", "[]")), *notes],
        headings=OF_A_RUN,
    )


def write_account(
    account: Account,
    path: Path,
    *,
    x: Sequence[str],
    y: Sequence[str],
    words: str,
    name: str = "",
    machine: Mapping[str, str] | None = None,
) -> Path:
    """Writes the report page of the exact bottleneck of a given joint distribution.

    Args:
        account: What is known of it.
        path: The page's file.
        x: Names of the states of X.
        y: Names of the states of Y.
        words: What the joint was read from.
        name: Of the joint, such as its file's, by which pages are told apart; empty if it has none.
        machine: Where it was computed, name to value.

    Returns:
        ``path``.

    Raises:
        InfoplaneError: The file cannot be written.
    """
    citations = Citations()
    text = page(
        title=f"The information bottleneck of {name or 'a given joint distribution'}",
        summary=in_words.summary(account, words),
        panels=of_bottleneck.panels(account, x, y),
        findings=[],
        methods=[citations.woven(one) for one in in_words.methods(account)],
        references=citations.listed,
        table=in_words.csv(account),
        settings=in_words.statuses(account),
        machine=machine,
        notes=[citations.woven(one) for one in account.notes],
        tables=in_words.tables(account),
        headings=OF_A_BOTTLENECK,
    )
    write_whole(path, text.encode())
    return path


def methods_told(trace: Trace, shown: type[Shown], citations: Citations) -> list[str]:
    """The methods section: in the words of what is shown, else those of an information plane."""
    own = shown.methods(trace)
    return methods(trace, citations) if own is None else [citations.woven(one) for one in own]


def save_figures(panels: Sequence[Panel], folder: Path) -> None:
    """Every panel as SVG and as PDF, in the colours and ranges that they have on one page.

    Raises:
        InfoplaneError: A file cannot be written.
    """
    from infoplane.report.figures import save  # Matplotlib: a second to import

    shared = looks(panels)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, panel in file_names(panels).items():
            paths = [folder / f"{name}{suffix}" for suffix in FORMATS]
            save(panel, *paths, looks=shared, alike=alike(panel, panels))


def file_names(panels: Sequence[Panel]) -> dict[str, Panel]:
    """Panels by a name that any file system takes; alike ones are numbered."""
    named: dict[str, Panel] = {}
    for panel in panels:
        plain = _cut(re.sub(r"[^\w+-]+", "-", panel.key).strip("-")) or "figure"
        name, count = plain, 1
        while name.lower() in {taken.lower() for taken in named}:
            count += 1
            name = f"{plain}-{count}"
        named[name] = panel
    return named


def _cut(name: str) -> str:
    """As much of a name as fits into ``NAME_BYTES``, in whole characters."""
    return name.encode()[:NAME_BYTES].decode(errors="ignore")


def settings_in_words(trace: Trace) -> dict[str, str]:
    """All settings, as the Trace tells them."""
    settings = {name: str(value) for name, value in settings_of(trace).items()}
    return {name: value for name, value in settings.items() if not name.endswith("type")}

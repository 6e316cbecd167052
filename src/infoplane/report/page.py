"""The report: one HTML file that holds everything it needs and asks the network for nothing."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from infoplane.report.canvas import DARK, LIGHT, MARGIN
from infoplane.report.draw import figure
from infoplane.report.words import number
from infoplane.values.finding import LEVEL, Finding, Interval, Verdict
from infoplane.values.panel import Panel

SYMBOLS = {
    Verdict.SUPPORTED: "✓",
    Verdict.CONTRADICTED: "✕",
    Verdict.UNDECIDED: "?",
    Verdict.ESTIMATOR_DEPENDENT: "≠",
    Verdict.NOT_MEASURABLE: "∅",
}
"""A sign beside the word, so that a verdict never hangs on its colour."""

_TIED = "\N{NO-BREAK SPACE}"


def page(
    title: str,
    summary: Sequence[str],
    panels: Sequence[Panel],
    findings: Sequence[Finding],
    settings: Mapping[str, str],
    machine: Mapping[str, str],
    notes: Sequence[str] = (),
) -> str:
    """A self-contained page; whatever markup the arguments contain is shown as text.

    Args:
        title: What was done, in a line.
        summary: Three to five sentences in plain words.
        panels: Figures; planes, curves and strips each have their section, in the given order.
        findings: Claims with their verdicts.
        settings: How it was done, name to value.
        machine: Where it was done, name to value.
        notes: Sentences a reader needs to judge it.

    Raises:
        InfoplaneError: A series of a plane has no training steps.
    """
    numbered = list(enumerate(panels))
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=title,
            summary=summary,
            planes=[(i, one) for i, one in numbered if one.plane],
            curves=[(i, one) for i, one in numbered if not one.plane and one.strip is None],
            strips=[(i, one) for i, one in numbered if not one.plane and one.strip is not None],
            findings=findings,
            tables={"Settings": settings, "Machine": machine},
            notes=notes,
            plotly=Markup(get_plotlyjs()),
            drawings=embedded(
                {"figures": [_drawing(one) for one in panels], "light": LIGHT, "dark": DARK}
            ),
        )
    )


def embedded(value: Any) -> Markup:  # noqa: ANN401 — whatever JSON can say
    r"""JSON that cannot end its script element, nor a line of script.

    >>> print(embedded("</script>"))
    "\u003c/script>"
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for dangerous in ("<", "\u2028", "\u2029"):
        text = text.replace(dangerous, f"\\u{ord(dangerous):04x}")
    return Markup(text)


def _drawing(panel: Panel) -> dict[str, Any]:
    """Data, layout and frames; the page itself says the title, and how high a plane is."""
    drawn = json.loads(figure(panel).to_json())
    layout = drawn["layout"]
    for spoken_for in ("title", "template", *(["height"] if panel.plane else [])):
        layout.pop(spoken_for, None)
    layout["margin"]["t"] = MARGIN["t"]
    return drawn


def _templates() -> Environment:
    """The package's templates, with everything escaped."""
    templates = Environment(
        loader=PackageLoader("infoplane.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"symbols": SYMBOLS, "level": _percent(LEVEL)}
    templates.filters |= {
        "interval": _interval,
        "percent": _percent,
        "slug": _slug,
        "plainly": _plainly,
    }
    return templates


def _interval(interval: Interval, unit: str) -> str:
    """Mean and the interval around it, in words where there is none."""
    mean = f"{_signed(interval.mean)}{_TIED}{unit}".rstrip()
    if not math.isfinite(interval.high - interval.low):
        return f"{mean} (one value, no interval)"
    return f"{mean} [{_signed(interval.low)},{_TIED}{_signed(interval.high)}]"


def _signed(value: float) -> str:
    """Effects carry their sign, because the claim is that they are positive."""
    return f"+{number(value, 3)}" if value > 0 else number(value, 3)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}{_TIED}%"


def _slug(verdict: Verdict) -> str:
    """The verdict as a CSS class."""
    return verdict.value.replace(" ", "-")


def _plainly(value: Any) -> str:  # noqa: ANN401 — a Reading's evidence may be anything
    """Evidence in words: numbers in four digits, a group of them in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plainly(entry)}" for name, entry in value.items())
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number(float(value)) if is_number else str(value)

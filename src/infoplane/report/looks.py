"""One colour and one mark for each thing that figures are about, the same in all of them.

Where there are many, things that no figure shows together, nor with anything that both are shown
with, have all colours to themselves, but begin with other marks: four methods can be told apart
beside the two dozen settings that they had.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import final

from infoplane.report.palette import COMPANION_OF_NONE, SYMBOLS, ordered
from infoplane.values.panel import Panel

FEW = 12
"""So many things share all colours, whatever figures they are in."""


@final
@dataclass(frozen=True)
class Look:
    """How a series is told from others, with and without colour.

    Attributes:
        colour: As "#rrggbb".
        symbol: Plotly's name of the mark, one of ``palette.SYMBOLS``.
    """

    colour: str
    symbol: str


def looks(panels: Iterable[Panel]) -> dict[str, Look]:
    """A look for everything that a series is about, by group in the order of first appearance.

    >>> looks([])
    {}
    """
    groups = _groups(panels)
    if sum(map(len, groups)) <= FEW:
        groups = [list(chain(*groups))]
    found: dict[str, Look] = {}
    for begin, group in enumerate(groups):
        for place, (subject, colour) in enumerate(zip(group, ordered(len(group)), strict=True)):
            marks = (SYMBOLS[(begin + place + i) % len(SYMBOLS)] for i in range(len(SYMBOLS)))
            free = (one for mark in marks if (one := Look(colour, mark)) not in found.values())
            found[subject] = next(free, Look(colour, SYMBOLS[place % len(SYMBOLS)]))
    return found


def _groups(panels: Iterable[Panel]) -> list[list[str]]:
    """Subjects that are shown together, or with something in common, by first appearance."""
    shown = [dict.fromkeys(one.of for one in panel.series if one.of) for panel in panels]
    place = {subject: i for i, subject in enumerate(dict.fromkeys(chain(*shown)))}
    groups: list[set[str]] = []
    for subjects in filter(None, shown):
        apart = [group for group in groups if group.isdisjoint(subjects)]
        joined = [group for group in groups if not group.isdisjoint(subjects)]
        groups = [*apart, set(subjects).union(*joined)]
    inside = [sorted(group, key=place.__getitem__) for group in groups]
    return sorted(inside, key=lambda group: place[group[0]])


def dressed(panel: Panel, shared: Mapping[str, Look]) -> list[Look]:
    """One look per series of a panel; a dashed one has that of the series before it.

    Args:
        panel: The figure.
        shared: Looks of what it has in common with other figures; all else has its own order.
    """
    known = {**looks([panel]), **shared}
    own = iter(_in_order(sum(not (one.of or one.dashed) for one in panel.series)))
    worn: list[Look] = []
    current = Look(COMPANION_OF_NONE, SYMBOLS[0])
    for one in panel.series:
        if one.of:
            current = known[one.of]
        elif not one.dashed:
            current = next(own)
        worn.append(current)
    return worn


def own_legend(panel: Panel) -> list[tuple[str, Look]]:
    """Names and looks of the series that are about nothing which other figures show."""
    pairs = zip(panel.series, dressed(panel, {}), strict=True)
    return [(one.name, look) for one, look in pairs if not (one.of or one.dashed)]


def _in_order(count: int) -> Sequence[Look]:
    return [
        Look(colour, SYMBOLS[place % len(SYMBOLS)]) for place, colour in enumerate(ordered(count))
    ]

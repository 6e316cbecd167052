"""Citations of one page: keys become numbers in order of appearance, and the works are listed."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import final

from pybtex.backends.plaintext import Backend
from pybtex.database import BibliographyData, Entry, parse_string
from pybtex.style.formatting.plain import Style

_KEY = re.compile(r"(^|;)(\s*)(\w+)\b")
"""What may be a key: the first word of a source, or of one of several parted by semicolons."""
_WOVEN = re.compile(r"\[@(\w+)\]")
"""A key in prose."""


@final
class Citations:
    """Numbers the works that a page cites; every page makes its own.

    >>> page = Citations()
    >>> page.cite("yu2019understanding, type-I DPI")
    '[1], type-I DPI'
    >>> page.cite("giraldo2015measures; yu2019understanding"), page.cite("folklore")
    ('[2]; [1]', 'folklore')
    >>> len(page.listed)
    2
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cite(self, source: str) -> str:
        """A source with its keys replaced by numbers; what is no known key stays as it is.

        Args:
            source: A key of ``references.bib`` and a place in that work, such as
                "yu2019understanding, type-I DPI"; or several of them, parted by semicolons.
        """
        return _KEY.sub(self._numbered, source)

    def woven(self, text: str) -> str:
        """Prose with every ``[@key]`` replaced by its number.

        >>> Citations().woven("As in [@giraldo2015measures].")
        'As in [1].'
        """
        return _WOVEN.sub(lambda found: self.cite(found.group(1)), text)

    @property
    def listed(self) -> list[str]:
        """The cited works as plain text, that of number 1 first, with DOI or arXiv number."""
        return [formatted(key) for key in self._numbers]

    def _numbered(self, found: re.Match[str]) -> str:
        separator, space, key = found.groups()
        if key not in bibliography():
            return found.group()
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        return f"{separator}{space}[{number}]"


@cache
def bibliography() -> Mapping[str, Entry]:
    """Every work that infoplane can cite, by key."""
    text = files("infoplane.report").joinpath("references.bib").read_text(encoding="utf-8")
    entries: Mapping[str, Entry] = parse_string(text, "bibtex").entries
    return dict(entries)


@cache
def formatted(key: str) -> str:
    """One work as a line of plain text.

    Args:
        key: Its key, which must be in the bibliography.
    """
    chosen = BibliographyData({key: bibliography()[key]})
    (entry,) = Style().format_bibliography(chosen)
    text: str = entry.text.render(Backend())
    return text

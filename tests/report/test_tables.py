"""Tables are rectangles."""

import pytest

from infoplane.report.page import page
from infoplane.report.tables import Cell, Table
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict


def test_a_row_of_another_length_is_refused():
    with pytest.raises(InfoplaneError, match="2 columns and a row of 1"):
        Table("T", ("a", "b"), ((Cell(("x",)),),))


def test_cells_are_text_and_verdicts_are_badges():
    cells = (Cell(("<b>row</b>",)), Cell(("+1 bit",), Verdict.NOT_MEASURABLE))
    told = Table("<i>T</i>", ("a", "<u>b</u>"), (cells,), "How & why.")
    text = page("title", ["summary"], [], [], tables=[told])
    for markup in ("<b>row", "<i>T", "<u>b"):
        assert markup not in text and markup.replace("<", "&lt;").replace(">", "&gt;") in text
    assert 'class="badge not-measurable"' in text and "∅" in text and "How &amp; why." in text


def test_without_tables_there_is_no_empty_section():
    assert 'class="matrix"' not in page("title", ["summary"], [], [])

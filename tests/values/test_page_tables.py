"""Tables are rectangles."""

from dataclasses import replace

import pytest

from infoplane.report.page import page
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.table import Cell, Table


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


def test_signs_stand_for_words_that_are_told_to_who_points_or_listens():
    cell = Cell(("a: supported", "<b>"), Verdict.SUPPORTED, "✓ (✓)")
    told = Table("T", ("claim", "A long name"), ((Cell(("c",)), cell),), words=("W.",), dense=True)
    text = page("title", ["summary"], [], [], tables=[told])
    assert 'aria-label="supported. a: supported; &lt;b&gt;"' in text and ">✓ (✓)</span>" in text
    assert 'class="matrix dense many"' in text and '<p class="prose">W.</p>' in text
    assert not replace(told, columns=("claim", "A")).upright


def test_rows_on_demand_are_folded():
    told = Table("T", ("a",), ((Cell(("x",)),),), folded=True)
    assert "<summary>1 row</summary>" in page("title", ["s"], [], [], tables=[told])


def test_alerts_are_text_at_the_top():
    text = page("title", ["summary"], [], [], alerts=["<b>gone</b>"])
    assert "<li>&lt;b&gt;gone&lt;/b&gt;</li>" in text.partition("</header>")[0]
    assert "<li>" not in page("title", ["summary"], [], [])

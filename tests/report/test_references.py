"""Citations are numbered as they come, and whatever the code cites can be looked up."""

import re
from pathlib import Path

import pytest

from infoplane.report.references import Citations, bibliography, formatted

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
KEY = re.compile(r"\b([a-z]+(?:19|20)\d\d[a-z]+)\b")
VENUES = ("journal", "booktitle", "school", "howpublished", "eprint")


def test_a_work_has_one_number_in_order_of_its_first_citation():
    page = Citations()
    assert page.cite("lee2021information, notes on saturation") == "[1], notes on saturation"
    assert page.cite("yu2019understanding") == "[2]"
    assert page.cite("lee2021information") == "[1]"
    assert page.listed == [formatted("lee2021information"), formatted("yu2019understanding")]


def test_several_keys_are_replaced_and_words_between_them_are_not():
    page = Citations()
    assert (
        page.cite("skean2023dime; the papers subtract nothing")
        == "[1]; the papers subtract nothing"
    )
    assert page.cite("yu2021measuring, eq. 2; skean2023dime") == "[2], eq. 2; [1]"
    assert page.cite("yu2019understanding (x; from memory)") == "[3] (x; from memory)"


@pytest.mark.parametrize(
    "source",
    ["", "nobody1999nothing, p. 1", "data processing inequality", "see yu2019understanding", ";;"],
)
def test_what_is_no_key_at_the_beginning_stays(source):
    page = Citations()
    assert page.cite(source) == source
    assert page.listed == []


def test_two_pages_number_apart():
    first, second = Citations(), Citations()
    first.cite("tapia2020information")
    assert second.cite("yu2019understanding") == "[1]"


def test_the_form_of_an_entry():
    assert formatted("lee2021information") == (
        "Sungyeop Lee and Junghyo Jo. Information flows of diverse autoencoders. "
        "Entropy, 23(7):862, 2021. doi:10.3390/e23070862."
    )
    assert "Rényi's entropy" in formatted("wickstrom2019information")
    assert "arXiv:2301.08164" in formatted("skean2023dime")


@pytest.mark.parametrize("key", sorted(bibliography()))
def test_every_entry_is_complete_and_prints_without_markup(key):
    entry = bibliography()[key]
    fields = entry.fields
    assert entry.persons["author"] and fields["title"] and re.fullmatch(r"\d{4}", fields["year"])
    assert any(fields.get(venue) for venue in VENUES)
    assert fields["year"] in key and ("eprint" in fields) == ("archivePrefix" in fields)
    text = formatted(key)
    assert not set(text) & set("{}\\<>~") and text.endswith(".") and fields["year"] in text
    assert entry.persons["author"][0].last_names[-1].strip("{}") and "\n" not in text


def test_every_cited_work_is_in_the_bibliography():
    cited = {found for path in SOURCES for found in KEY.findall(path.read_text())}
    assert cited and cited <= bibliography().keys(), cited - bibliography().keys()


def test_the_bibliography_lies_in_the_package_and_nowhere_else():
    assert (ROOT / "src" / "infoplane" / "report" / "references.bib").is_file()
    assert not (ROOT / "references.bib").exists()

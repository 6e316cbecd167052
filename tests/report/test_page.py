"""The page as text: self-contained, escaped, in order, written in one step."""

import json
import re

import pytest

from infoplane.report.page import embedded, page
from infoplane.values.finding import Finding, Interval, Reading


def test_nothing_is_loaded_from_elsewhere(content):
    own = page(**content).split('<script type="application/json"')[0]
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", own)
    assert "url(" not in own and "@import" not in own


def test_the_policy_forbids_the_network(content):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page(**content))
    assert policy is not None
    assert policy[1].split("; ") == [
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
    ]


def test_sections_come_in_order(content):
    ids = re.findall(r'<section id="(\w+)"', page(**content))
    assert ids == ["planes", "findings", "curves", "strips", "record", "notes"]


def test_a_report_of_a_full_run_stays_small(content):
    assert len(page(**content).encode()) < 6e6


def test_empty_sections_are_left_out(content):
    bare = content | {"panels": [], "findings": [], "notes": []}
    assert re.findall(r'<section id="(\w+)"', page(**bare)) == ["record"]


def test_every_text_is_escaped(content, fictions):
    hostile = fictions.hostile
    reading = Reading(hostile, {hostile: Interval.of([1.0, 2.0])}, evidence={hostile: hostile})
    finding = Finding(hostile, hostile, hostile, (reading,), hostile, hostile, (hostile,))
    text = page(
        hostile,
        [hostile],
        [fictions.plane(hostile, 1.0, (hostile, "b")), fictions.strip((hostile, "b", "c", "d"))],
        [finding],
        {hostile: hostile},
        {hostile: hostile},
        [hostile],
    )
    assert "<script>alert" not in text and "<img" not in text.split("</main>")[0]
    assert text.count("</script>") == 3  # the drawings, Plotly, and the page's own


def test_verdicts_are_words_with_signs(content):
    text = page(**content)
    for sign, word in zip(
        "✓✕≠?∅", ("supported", "contradicted", "estimator-dependent"), strict=False
    ):
        assert f'<span aria-hidden="true">{sign}</span> {word}' in text
    assert "It shows the claim as well" in text
    assert "80\u00a0%" in text


def test_one_value_alone_has_no_interval(content):
    reading = Reading("Rényi", {"": Interval.of([0.5])})
    finding = Finding("k", "A claim.", "somewhere", (reading,), "bit", "one batch")
    text = page(**content | {"findings": [finding]})
    assert "+0.5\u00a0bit (one value, no interval)" in text
    assert "no control" in text


@pytest.mark.parametrize("text", ("</script>", "<!--", "line\u2028paragraph\u2029", "ordinary ö"))
def test_embedded_json_reads_back_and_cannot_break_out(text):
    written = str(embedded({"name": text}))
    assert json.loads(written) == {"name": text}
    assert not re.search("[<\u2028\u2029]", written)

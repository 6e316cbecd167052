"""The page as text: self-contained, escaped, in order, the same every time."""

import base64
import gzip
import json
import re

import numpy as np
import pytest

from infoplane.report.packed import packed, packed_json
from infoplane.report.page import page
from infoplane.values.finding import Finding, Interval, Reading, Verdict
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table


def unpacked(text: str, name: str) -> str:
    """What the page's script would unpack."""
    found = re.search(rf'<script type="application/octet-stream" id="{name}">([^<]*)<', text)
    return gzip.decompress(base64.b64decode(found[1])).decode()


def test_nothing_is_loaded_from_elsewhere(content):
    own = page(**content)
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
    order = "findings figures planes curves strips methods references notes record"
    assert ids == order.split()


def test_the_same_content_gives_the_same_bytes(content):
    assert page(**content) == page(**content)


def test_a_long_report_of_two_probes_stays_small():
    """12 layers at 100 moments on 2 probes under 2 estimators: less than half of it is Plotly."""
    random, steps = np.random.default_rng(0), np.arange(100)
    axis = Axis("I(X;T)", "bit")

    def series(layer: int) -> Series:
        x, y, ex, ey, null, entropy, width = random.normal(3, 1, (7, 100))
        beside = {"null [bit]": null, "p": null, "S(T) [bit]": entropy, "width": width}
        return Series(f"layer {layer}", x, y, ex, ey, steps, of=f"layer {layer}", beside=beside)

    panels = [
        Panel(
            f"{kind} {rule} {side}",
            f"{kind}",
            "",
            axis,
            axis,
            tuple(map(series, range(12))),
            plane=kind == 0,
            group=rule,
            side=side,
        )
        for kind in range(4)
        for rule in ("a", "b")
        for side in ("train", "test")
    ]
    table = "".join(f"{value!r},{error!r}\n" for value, error in random.normal(3, 1, (40_000, 2)))
    assert len(page("t", [], panels, [], table=table).encode()) < 6e6


def test_empty_sections_are_left_out():
    assert re.findall(r'<section id="(\w+)"', page("t", [], [], [])) == []


def test_every_text_is_escaped(content, fictions):
    hostile = fictions.hostile
    reading = Reading(hostile, {hostile: Interval.of([1.0, 2.0])}, evidence={hostile: hostile})
    finding = Finding(hostile, hostile, hostile, (reading,), hostile, hostile, (hostile,))
    text = page(
        hostile,
        [hostile],
        [fictions.plane(hostile, 1.0, (hostile, "b"), hostile, hostile), fictions.losses()],
        [finding],
        [hostile],
        [hostile],
        hostile,
        {hostile: hostile},
        {hostile: hostile},
        [hostile],
        [Table(hostile, (hostile,), ((Cell((hostile,), Verdict.SUPPORTED),),), hostile)],
    )
    assert "<script>alert" not in text and "<img" not in text
    assert text.count("</script>") == 4  # table, drawings, Plotly, and the page's own
    assert unpacked(text, "table") == hostile


def test_verdicts_are_words_with_signs(content):
    text = page(**content)
    for sign, word in zip(
        "✓✕≠?∅", ("supported", "contradicted", "estimator-dependent"), strict=False
    ):
        assert f'<span aria-hidden="true">{sign}</span> {word}' in text
    assert "It shows the claim as well" in text
    assert "80\u00a0% of the values it rests on" in text


def test_one_value_alone_has_no_interval(content):
    reading = Reading("Rényi", {"": Interval.of([0.5])})
    finding = Finding("k", "A claim.", "somewhere", (reading,), "bit", "one batch")
    text = page(**content | {"findings": [finding]})
    assert "+0.5\u00a0bit (one value, no interval)" in text
    assert "no control" in text


@pytest.mark.parametrize("text", ("</script>", "<!--", "line\u2028paragraph\u2029", "ordinary ö"))
def test_packed_text_reads_back_and_is_letters_alone(text):
    written = str(packed(text))
    assert gzip.decompress(base64.b64decode(written)).decode() == text
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", written)


def test_packed_json_is_strict():
    with pytest.raises(ValueError, match="Out of range"):
        packed_json(float("nan"))


def test_what_figures_share_is_said_once(content, fictions):
    planes = [fictions.plane("Information plane", 1.0 + i, group=f"rule {i}") for i in (0, 1)]
    text = page(**content | {"panels": planes})
    assert text.count('<p class="aside">Each layer moves') == 1
    assert re.findall(r"<h4>(.*)</h4>", text) == ["rule 0", "rule 1"]


def test_the_script_knows_all_moments_and_sides(content, fictions):
    panels = [fictions.plane("p", 1.0, side=side) for side in ("train", "test")]
    told = json.loads(unpacked(page(**content | {"panels": panels}), "drawings"))
    assert told["moments"] == fictions.steps.tolist()
    assert told["sides"] == ["train", "test"]
    assert len(told["figures"]) == 2

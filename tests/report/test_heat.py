"""A heat map: its colours, its words, on the page, on a telephone, and on paper."""

import csv
import io
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from infoplane.report.draw import drawing
from infoplane.report.figures import save
from infoplane.report.heat import edges, tone
from infoplane.report.page import page
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, HeatMap, Panel, Series

HOSTILE = "<script>alert(1)</script> & %{x} $a_b$"
CELLS = np.array([[0.25, -1.0, np.nan], [-9.0, math.inf, 0.0]])


def built(cells=CELLS, names=("one", "two"), **given) -> Panel:
    rows, columns = cells.shape
    shown = HeatMap(
        rows=tuple(names),
        columns=tuple(f"column {i}" for i in range(columns)),
        cells=cells,
        limit=1.0,
        marks=tuple(tuple("✕" if np.isnan(c) else "" for c in row) for row in cells),
        words=tuple(tuple(f"said of {r}, {c}" for c in range(columns)) for r in range(rows)),
        below="too low",
        above="too high",
    )
    return Panel(
        "map", "A map", "Read it.", Axis("column"), Axis("error", "bit"), heat=shown, **given
    )


def drawn(panel):
    return json.loads(json.dumps(drawing(panel, {}, [panel]), allow_nan=False))


def test_colours_keep_the_sign_and_end_at_the_limit():
    found = tone(built().heat)
    assert found[0].tolist()[:2] == [0.5, -1.0] and math.isnan(found[0, 2])
    assert found[1].tolist() == [-1.0, 1.0, 0.0]
    assert (np.diff(tone(built(np.linspace(-2, 2, 21)[None], ("one",)).heat)) >= 0).all()


def test_every_row_has_a_line_for_its_name_and_one_for_its_cells():
    figure = drawn(built())
    trace = figure["data"][0]
    assert [line is None or line[0] is None for line in trace["z"]] == [True, False, True, False]
    assert len(trace["y"]) == len(trace["z"]) + 1 == len(edges(2))
    assert [one["text"] for one in figure["layout"]["annotations"]] == ["one", "two"]


def test_every_cell_says_its_words():
    figure = drawn(built())
    hover = figure["data"][0]["hovertext"]
    assert "said of 0, 2" in hover[1][2] and hover[0] == ["", "", ""]
    assert figure["about"][0]["numbers"][1][1] is None  # JSON knows no infinity
    signs = next(one for one in figure["data"] if one.get("mode") == "text")
    assert signs["text"] == ["✕"] and signs["x"] == [2]


def test_names_and_words_are_text():
    panel = built(names=(HOSTILE, "b"))
    heat = replace(panel.heat, columns=(HOSTILE, "b", "c"), words=((HOSTILE,) * 3,) * 2)
    text = json.dumps(drawn(replace(panel, heat=heat))["data"])
    assert "<script" not in text and "%{" not in text and "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("change", "words"),
    (
        ({"cells": np.zeros((2, 2))}, "cells of shape"),
        ({"marks": (("",) * 3,)}, "marks of other lengths"),
        ({"words": (("",) * 3, ("",) * 2)}, "words of other lengths"),
        ({"limit": 0.0}, "positive number"),
    ),
)
def test_parts_that_do_not_fit_are_refused(change, words):
    with pytest.raises(InfoplaneError, match=words):
        replace(built().heat, **change)


@pytest.mark.parametrize("suffix", (".svg", ".pdf"))
def test_a_figure_is_the_same_every_time(tmp_path, suffix):
    panel = built(names=(HOSTILE, "two"))
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        save(panel, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    if suffix == ".svg":
        ElementTree.parse(paths[0])
        assert "<script" not in paths[0].read_text()


def test_a_page_without_moments_has_no_slider():
    line = Series("a", np.arange(1.0, 3.0), np.ones(2), of="a")
    curve = Panel("c", "Curve", "", Axis("n"), Axis("error"), (line,))
    text = page("T", ["S."], [built(side="n = 1"), built(side="n = 2"), curve], [])
    assert 'id="controls"' in text and 'type="range"' not in text
    assert text.index('data-side="n = 1"') < text.index("At a glance")
    assert 'id="controls"' not in page("T", ["S."], [built()], [])


def chromium() -> str:
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip("no Chromium")
    return path


@pytest.mark.browser
@pytest.mark.parametrize("width", (400, 1280))
def test_in_a_browser(tmp_path, width):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    random = np.random.default_rng(0).normal(size=(12, 20))
    names = tuple(f"task {i} of some length: 1.23 bit" for i in range(12))
    panels = [built(random, names, side="n = 1"), built(random / 9, names, side="n = 2")]
    path = tmp_path / "page.html"
    path.write_text(page("T", ["S."], panels, []), encoding="utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": width, "height": 900})
        said = []
        view.on("console", lambda message: said.append(message.text))
        view.on("pageerror", lambda problem: said.append(str(problem)))
        view.goto(path.as_uri())
        view.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        shown = view.locator("figure.heat:not([hidden]) .plot")
        assert shown.count() == 1
        box = shown.bounding_box()
        view.mouse.move(box["x"] + box["width"] / 2, box["y"] + 26 + 20 + 8)
        view.wait_for_selector("g.hovertext")
        assert "said of 0" in view.locator("g.hovertext").text_content()
        view.get_by_role("button", name="n = 1").click()
        view.wait_for_function(
            "() => document.querySelector('figure.heat:not([hidden]) .plot')._fullLayout"
        )
        with view.expect_download() as waiting:
            view.locator("figure.heat:not([hidden]) [data-save=csv]").click()
        saved = Path(waiting.value.path()).read_bytes().decode()
        lines = list(csv.reader(io.StringIO(saved, newline="")))
        assert lines[0] == ["row", "column", "error [bit]", "words"] and len(lines) == 241
        assert said == []
        browser.close()

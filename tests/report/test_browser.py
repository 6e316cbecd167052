"""The page in a real browser: quiet, offline, within its width, moving, and giving its numbers."""

import csv
import io
import os
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from infoplane.report.page import page as page_of
from infoplane.values.finding import Verdict
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table

pytestmark = pytest.mark.browser

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY = "() => document.documentElement.dataset.ready === 'true'"
MARKS = """kind => {
    const plot = document.querySelector(`.${kind}:not([hidden]) .plot`);
    return plot.data.filter(trace => trace.mode === 'markers' && trace.hoverinfo === 'skip')
        .map(trace => [trace.x[0], trace.y[0]]);
}"""
CURSORS = """() => Array.from(document.querySelectorAll('.curve .plot, .strip .plot'))
    .map(plot => plot.data.at(-1).x[0])"""
SHOWN = """kind => document.querySelector(`.${kind}:not([hidden]) .plot`).data
    .filter(trace => trace.mode === 'lines+markers' && trace.visible !== false)
    .map(trace => trace.name)"""


def chromium_path() -> str:
    """Where a Chromium is; skips if it is nowhere."""
    named = os.environ.get("INFOPLANE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(named).exists():
        pytest.skip("no Chromium; install one or set INFOPLANE_CHROMIUM")
    return named


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium_path()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


class Visit:
    """A page that is open, and all it said and asked for meanwhile."""

    def __init__(self, browser, path: Path, width: int, scheme: str = "light"):
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_function(READY)

    def _dialog(self, dialog) -> None:
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def visit(chromium, content, tmp_path):
    """Opens the report at a width, with other content where asked."""
    visits = []

    def opened(width: int, scheme: str = "light", **other) -> Visit:
        path = tmp_path / "report.html"
        path.write_text(page_of(**content | other), encoding="utf-8")
        visits.append(Visit(chromium, path, width, scheme))
        return visits[-1]

    yield opened
    for one in visits:
        one.page.close()


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("width", (400, 1280))
def test_quiet_offline_and_within_its_width(visit, width, scheme):
    seen = visit(width, scheme)
    assert seen.said == []
    assert len(seen.asked) == 1 and seen.asked[0].startswith("file:")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


SETTLED = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))"""
"""Waits for two frames: on a busy machine they take longer than any fixed time."""


def scroll_to(page, kind: str) -> None:
    """Brings figures of one kind into view, which draws them."""
    page.locator(f".{kind} .plot").first.scroll_into_view_if_needed()
    page.wait_for_function("kind => document.querySelector(`.${kind} .plot`)._fullLayout", arg=kind)
    page.wait_for_timeout(300)


def move_to(page, place: int) -> None:
    """Moves the slider as a hand would, and waits until the figures have followed."""
    page.locator("#moment").fill(str(place))
    page.evaluate(SETTLED)
    page.wait_for_timeout(200)


def test_the_slider_moves_every_mark_and_cursor(visit, fictions):
    page = visit(1280).page
    move_to(page, 7)
    step = fictions.steps[7]
    assert page.locator("output").text_content() == str(step)
    trajectories = fictions.plane("", 1.0).series
    expected = [[one.x[7], one.y[7]] for one in trajectories]
    assert page.evaluate(MARKS, "plane") == [pytest.approx(one, rel=1e-6) for one in expected]
    for kind in ("curve", "strip", "curve"):
        scroll_to(page, kind)
    assert page.evaluate(CURSORS) == [step + 1, step + 1, 7]


def test_arrow_keys_move_one_moment(visit, fictions):
    page = visit(1280).page
    page.locator("#moment").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("output").text_content() == str(fictions.steps[-2])
    page.keyboard.press("Home")
    assert page.locator("output").text_content() == "0"


def test_play_loops_and_pause_stops(visit, fictions):
    page = visit(400).page
    moment, play = page.locator("output"), page.locator(".play")
    assert moment.text_content() == str(fictions.steps[-1])  # nothing plays by itself
    play.click()
    assert play.get_attribute("aria-label") == "Pause"
    page.wait_for_function("() => document.querySelector('output').textContent === '3'")
    play.click()
    held = moment.text_content()
    page.wait_for_timeout(500)
    assert moment.text_content() == held
    assert play.get_attribute("aria-label") == "Play"


def test_play_answers_the_keyboard(visit):
    page = visit(1280).page
    page.locator(".play").focus()
    page.keyboard.press("Space")
    assert page.locator(".play").get_attribute("aria-label") == "Pause"


def test_a_click_on_a_point_goes_to_its_moment(visit, fictions):
    page = visit(1280).page
    scroll_to(page, "curve")
    place = page.evaluate("""() => {
        const plot = document.querySelector('.curve .plot');
        const path = plot.data.find(trace => trace.mode === 'lines+markers');
        const box = plot.getBoundingClientRect();
        const { xaxis, yaxis, _size } = plot._fullLayout;
        const [x, y] = [xaxis.d2p(path.x[40]), yaxis.d2p(path.y[40])];
        return [box.left + _size.l + x, box.top + _size.t + y];
    }""")
    page.mouse.move(*place)
    page.wait_for_timeout(200)
    page.mouse.click(*place)
    page.wait_for_timeout(200)
    assert page.locator("output").text_content() == str(fictions.steps[40])


def test_a_layer_is_hidden_in_every_figure_or_shown_alone(visit, fictions):
    page = visit(1280).page
    first, second = fictions.layers[:2]
    chip = page.locator(f'[data-layer="{first}"]')
    scroll_to(page, "curve")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    for kind in ("plane", "curve"):
        assert first not in page.evaluate(SHOWN, kind)
        assert second in page.evaluate(SHOWN, kind)
    page.locator(f'[data-layer="{second}"]').dblclick()
    assert page.evaluate(SHOWN, "plane") == [second]
    page.locator(".every").click()
    assert page.evaluate(SHOWN, "plane") == list(fictions.layers)


def test_the_keyboard_shows_a_layer_alone(visit, fictions):
    page = visit(1280).page
    third = fictions.layers[2]
    page.locator(f'[data-layer="{third}"]').focus()
    page.keyboard.press("Shift+Enter")
    assert page.evaluate(SHOWN, "plane") == [third]
    page.keyboard.press("Shift+Enter")
    assert page.evaluate(SHOWN, "plane") == list(fictions.layers)


def test_one_side_at_a_time(visit, fictions):
    sides = [
        fictions.plane("A plane", sharp, side=side)
        for sharp, side in ((1.0, "train"), (2.0, "test"))
    ]
    page = visit(1280, panels=[*sides, fictions.curves()]).page
    ranged = "() => document.querySelector('.plane:not([hidden]) .plot').layout.xaxis.range"
    assert page.locator(".plane:visible").count() == 1
    test, scale = page.evaluate(MARKS, "plane"), page.evaluate(ranged)
    move_to(page, 30)
    page.locator('[data-side="train"]').click()
    page.wait_for_function("() => document.querySelector('.plane:not([hidden]) .main-svg')")
    page.wait_for_timeout(300)
    assert page.locator('[data-side="train"]').get_attribute("aria-pressed") == "true"
    assert page.locator('[data-side="test"]').get_attribute("aria-pressed") == "false"
    assert page.locator(".plane:visible").count() == 1
    shown = [[one.x[30], one.y[30]] for one in sides[0].series]
    assert page.evaluate(MARKS, "plane") == [pytest.approx(one, rel=1e-6) for one in shown] != test
    assert page.evaluate(ranged) == scale


def test_few_figures_are_all_drawn_before_anybody_scrolls(visit):
    page = visit(400).page
    page.wait_for_function("() => !document.querySelector('figure:not([hidden]) .plot:empty')")


def test_findings_open_and_all_of_them_for_print(visit, content):
    figures = [one for one in content["panels"] if not one.side]
    many = [replace(one, key=f"{one.key}-{i}") for i in range(40) for one in figures[:1]]
    page = visit(1280, panels=[*content["panels"], *many]).page
    opened = "() => Array.from(document.querySelectorAll('.findings details'), one => one.open)"
    assert not any(page.evaluate(opened))
    undrawn = "() => document.querySelectorAll('.plot:not(.js-plotly-plot)').length"
    assert page.evaluate(undrawn) > 0
    page.locator(".findings summary").first.click()
    assert page.evaluate(opened) == [True, False, False, False, False]
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert all(page.evaluate(opened))
    page.wait_for_function("() => !document.querySelector('.plot:not(.js-plotly-plot)')")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(opened) == [True, False, False, False, False]
    page.locator(".open-all").click()
    assert all(page.evaluate(opened))


def downloaded(page, button) -> tuple[str, str]:
    """Name and text of the file that a button gives."""
    with page.expect_download() as waited:
        button.click()
    return waited.value.suggested_filename, Path(waited.value.path()).read_bytes().decode()


def test_the_table_comes_out_as_it_went_in(visit, content):
    page = visit(1280).page
    name, text = downloaded(page, page.locator("[data-table]"))
    assert name == "numbers.csv"
    assert text == content["table"]


def test_a_figure_gives_its_numbers(visit, fictions):
    page = visit(1280).page
    name, text = downloaded(page, page.locator(".plane [data-save=csv]").first)
    lines = list(csv.DictReader(io.StringIO(text)))
    series = fictions.plane("", 1.0).series
    assert name == "plane-1.0.csv"
    assert len(lines) == len(series) * len(fictions.steps)
    last = lines[len(fictions.steps) - 1]
    assert (last["series"], last["step"]) == (series[0].name, str(fictions.steps[-1]))
    assert float(last["I(X;T) [bit]"]) == pytest.approx(series[0].x[-1], rel=1e-6)
    found = float(last["I(X;T) [bit] error"])
    assert found == pytest.approx(series[0].x_error[-1], rel=1e-6)
    assert last["I(X;T) after shuffling [bit]"] == ""


def test_a_strip_gives_its_cells(visit, fictions):
    page = visit(1280).page
    _, text = downloaded(page, page.locator(".strip [data-save=csv]"))
    lines = list(csv.DictReader(io.StringIO(text)))
    strip = fictions.strip().strip
    assert len(lines) == strip.cells.size
    assert lines[2 * len(strip.columns) + 10]["state"] == "not measured"
    assert float(lines[0]["difference [bit]"]) == pytest.approx(strip.detail[0, 0], rel=1e-6)


def test_a_figure_gives_a_drawing(visit, fictions):
    seen = visit(1280, panels=[fictions.plane(fictions.hostile, 1.0, (fictions.hostile, "b"))])
    name, text = downloaded(seen.page, seen.page.locator("[data-save=svg]"))
    words = "".join(ElementTree.fromstring(text).itertext())
    assert name.endswith(".svg")
    assert "<script>alert(1)</script>" in words and "%{x}" in words
    assert "<script" not in text and seen.said == []


def test_figures_follow_light_and_dark(visit):
    page = visit(1280).page
    ink = "document.querySelector('.plot')._fullLayout.font.color"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => {ink} !== light", arg=light)


@pytest.mark.parametrize("name", ("<script>alert(1)</script>", "</script>", "%{x}", "\"'`&amp;"))
def test_hostile_names_are_shown_and_run_nothing(visit, fictions, name):
    names = (name, "b", "c", "d")
    panels = [fictions.plane(name, 1.0, names, name), fictions.curves(names)]
    seen = visit(1280, panels=[*panels, fictions.strip(names)], title=name)
    page = seen.page
    assert page.locator("[data-layer]").first.text_content().strip() == name
    assert page.locator("h1").text_content() == name
    page.locator(".plane .points path").last.scroll_into_view_if_needed()
    page.evaluate("""() => {
        const plot = document.querySelector('.plane .plot');
        Plotly.Fx.hover(plot, [{ curveNumber: 0, pointNumber: 8 }]);
    }""")
    hover = page.locator(".plane .hoverlayer").first
    assert hover.text_content().startswith(name)
    page.locator("[data-layer]").first.click()
    page.locator("[data-layer]").first.click()
    assert downloaded(page, page.locator(".plane [data-save=csv]"))[1].count(
        name.replace('"', '""')
    ) == len(fictions.steps)
    assert seen.said == [] and len(seen.asked) == 1
    assert page.locator("main script, main img").count() == 0


def test_the_hover_says_all_that_stands_beside_a_point(visit, fictions):
    page = visit(1280).page
    page.evaluate("""() => {
        const plot = document.querySelector('.plane .plot');
        Plotly.Fx.hover(plot, [{ curveNumber: 0, pointNumber: 8 }]);
    }""")
    text = page.locator(".plane .hoverlayer").first.text_content()
    assert f"step {fictions.steps[8]}" in text
    for words in ("enc 500", "I(X;T) [bit]: ", " ± ", "after shuffling [bit]: 0.3", "width σ: 2"):
        assert words in text
    full = "() => document.querySelector('.plane .plot').data[0].hovertext.at(-1)"
    assert "(saturated)" in page.evaluate(full)
    assert "shuffling" not in page.evaluate(full)  # no null was measured there


def test_an_old_browser_is_told_so(chromium, content, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page_of(**content), encoding="utf-8")
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(path.as_uri())
    assert page.locator("#too-old").is_visible()
    page.close()


def test_without_a_script_the_words_remain(chromium, content, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page_of(**content), encoding="utf-8")
    page = chromium.new_page(java_script_enabled=False)
    page.goto(path.as_uri())
    assert page.locator(".findings summary").first.is_visible()
    assert not page.locator("#figures").is_visible()
    assert page.locator("noscript").first.count() == 1
    page.close()


# against the settings


def against(fictions) -> Panel:
    """What is left at the end of training against a number of the settings: no moments."""
    names = [*fictions.layers[:2], fictions.hostile]
    x = np.array([2.0, 8.0, 32.0])
    series = tuple(
        Series(name, x, 2 - 0.3 * place + 0.01 * x, None, np.full(3, 0.2), error_is="half of it")
        for place, name in enumerate(names)
    )
    axis = Axis("code_size", log=True, ticks=(2.0, 8.0, 32.0))
    return Panel("against", "I(X;T)", "At the last moment.", axis, Axis("I(X;T)", "bit"), series)


def sweep_content(fictions) -> dict:
    """A page of a sweep of 25 settings, with something missing."""
    cells = tuple(Cell(("tapia: supported",), Verdict.SUPPORTED, "✓ (✓)") for _ in range(25))
    head = ("claim, by code_size", *(str(2 * k) for k in range(1, 26)))
    glance = Table("What holds where", head, ((Cell((fictions.hostile,)), *cells),), dense=True)
    return {
        "panels": [against(fictions), fictions.plane("", 1.0)],
        "tables": [glance],
        "alerts": [f"1 of 75 runs is missing: {fictions.hostile}"],
    }


@pytest.mark.parametrize("width", (400, 1280))
def test_a_page_of_settings_keeps_its_width_and_the_claims_in_view(visit, fictions, width):
    seen = visit(width, **sweep_content(fictions))
    page = seen.page
    assert seen.said == [] and page.evaluate("document.documentElement.scrollWidth") <= width
    assert fictions.hostile in page.locator("ul.problem").text_content()
    claim, box = page.locator(".matrix tbody th").first, page.locator(".scroll").first
    before = claim.bounding_box()["x"]
    box.evaluate("box => { box.scrollLeft = 300 }")
    assert claim.bounding_box()["x"] == pytest.approx(before, abs=1)
    if width == 400:
        assert box.evaluate("box => box.scrollLeft") == 300


def test_what_is_no_moment_has_no_cursor_and_does_not_move(visit, fictions):
    page = visit(1280, **sweep_content(fictions)).page
    headings = page.locator("#figures h2").all_text_contents()
    assert headings == ["Against the settings", "Information plane"]
    scroll_to(page, "response")
    data = "() => JSON.stringify(document.querySelector('.response .plot').data)"
    before = page.evaluate(data)
    move_to(page, 3)
    assert page.evaluate(data) == before
    drawn = page.evaluate("document.querySelector('.response .plot').data.map(one => one.mode)")
    assert drawn == ["lines+markers"] * 3, "neither marks of the moment nor a cursor"
    ticks = page.locator(".response .xtick text").all_text_contents()
    assert ticks == ["2", "8", "32"]
    texts = page.evaluate("document.querySelector('.response .plot').data[0].hovertext")
    assert "code_size 2" in texts[0] and "± 0.2 (half of it)" in texts[0]

"""The page in a real browser: quiet, offline, within its width, and moving."""

import os
import shutil
from pathlib import Path

import pytest

from infoplane.report.page import page as page_of

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
MARKS = """() => Array.from(document.querySelector('.plane .plot').data)
    .filter(trace => trace.mode === 'markers').map(trace => [trace.x[0], trace.y[0]])"""
DRAWN = "() => Array.from(document.querySelectorAll('.plot')).every(plot => plot._fullLayout)"


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
        self.page.wait_for_function(DRAWN)

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


def test_the_slider_moves_the_marks(visit, fictions):
    page = visit(1280).page
    before = page.evaluate(MARKS)
    page.locator(".plane .slider-rail-touch-rect").first.click(
        position={"x": 90, "y": 8}, force=True
    )
    page.wait_for_function(f"before => JSON.stringify(({MARKS})()) !== before", arg=compact(before))
    after = page.evaluate(MARKS)
    assert len(after) == len(fictions.layers)
    assert all(new != old for new, old in zip(after, before, strict=True))


def test_play_runs_and_pause_stops(visit):
    page = visit(400).page
    before = page.evaluate(MARKS)
    play, pause = page.locator(".plane").first.locator(".updatemenu-button").all()
    play.click()
    page.wait_for_function(f"before => JSON.stringify(({MARKS})()) !== before", arg=compact(before))
    pause.click()
    page.wait_for_timeout(300)
    held = page.evaluate(MARKS)
    page.wait_for_timeout(500)
    assert page.evaluate(MARKS) == held


def compact(value) -> str:
    """What ``JSON.stringify`` makes of numbers in lists."""
    return str(value).replace(" ", "")


def test_figures_follow_light_and_dark(visit):
    page = visit(1280).page
    ink = "document.querySelector('.plot')._fullLayout.font.color"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => {ink} !== light", arg=light)


def test_hostile_names_are_shown_and_run_nothing(visit, fictions):
    names = (fictions.hostile, "b", "c", "d")
    panels = [fictions.plane(fictions.hostile, 1.0, names), fictions.curves(names)]
    seen = visit(1280, panels=[*panels, fictions.strip(names)], title=fictions.hostile)
    legend = seen.page.locator(".plane .legendtext").first
    assert legend.text_content().startswith("<script>alert(1)</script><img src=x")
    seen.page.locator(".plane .points path").first.hover(force=True)
    seen.page.wait_for_timeout(300)
    assert seen.said == [] and len(seen.asked) == 1
    assert seen.page.locator("main script, main img").count() == 0

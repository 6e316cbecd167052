"""Static figures: written, reproducible, and unharmed by names and gaps."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from infoplane.presentation import save_figures
from infoplane.report.canvas import ceiling_in_view, extent
from infoplane.report.figures import Figure, save
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel, Series


@pytest.fixture
def panels(fictions) -> list[Panel]:
    return [fictions.plane("A plane", 1.0), fictions.curves(), fictions.strip()]


@pytest.mark.parametrize("suffix", (".svg", ".pdf"))
@pytest.mark.parametrize("kind", range(3))
def test_the_same_panel_gives_the_same_bytes(panels, tmp_path, kind, suffix):
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        save(panels[kind], path)
    assert first.read_bytes() == second.read_bytes()


def test_what_stands_still_in_a_plane_is_drawn_and_named(panels, tmp_path):
    still = Series("the bound", np.array([0.0, 1.0]), np.array([0.0, 0.5]))
    plain, with_it = tmp_path / "plain.svg", tmp_path / "still.svg"
    save(panels[0], plain)
    save(replace(panels[0], still=still), with_it)
    assert with_it.read_text().count("stroke-dasharray") > plain.read_text().count(
        "stroke-dasharray"
    )


def test_svg_is_one_column_wide(panels, tmp_path):
    save(panels[0], tmp_path / "plane.svg")
    root = ElementTree.parse(tmp_path / "plane.svg").getroot()
    assert root.get("width") == f"{3.4 * 72:.1f}pt"


def test_names_are_neither_markup_nor_mathematics(tmp_path, fictions):
    names = (fictions.hostile, r"$\broken", "_hidden", "a$b$")
    for number, panel in enumerate(
        (fictions.plane("$", 1.0, names), fictions.curves(names), fictions.strip(names))
    ):
        path = tmp_path / f"{number}.svg"
        save(panel, path)
        ElementTree.parse(path)
        assert "<script" not in path.read_text()


def test_other_formats_are_refused(panels, tmp_path):
    with pytest.raises(InfoplaneError, match=r"\.svg or \.pdf, not '\.bmp'"):
        save(panels[0], tmp_path / "plane.bmp")


@pytest.mark.parametrize("plane", (True, False))
def test_nothing_measured_is_drawn_as_nothing(tmp_path, plane):
    nothing = np.full(3, np.nan)
    series = Series("a", nothing, nothing, nothing, nothing, np.arange(3))
    axis = Axis("I", "bit", log=not plane)
    panel = Panel("k", "t", "", axis, axis, (series,), bisector=plane, ceiling=6.0, plane=plane)
    save(panel, tmp_path / "empty.svg")


@pytest.fixture
def drawn(monkeypatch):
    """The axes of every figure that is saved as SVG, in order."""
    axes = []

    def keep(figure, path, **_):
        if path.suffix == ".svg":
            axes.append(figure.axes[0])

    monkeypatch.setattr(Figure, "savefig", keep)
    return axes


def scaled(key, top, plane, scale="", side=""):
    values = np.array([0.5, 1.0]) * top
    series = Series("a", values if plane else np.arange(2.0), values, at=np.arange(2))
    axis, given = Axis("I", "bit"), {"scale": scale, "side": side}
    return Panel(key, "t", "", axis, axis, (series,), bisector=plane, plane=plane, **given)


@pytest.mark.parametrize("plane", (True, False))
@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({"scale": "s"}, {"scale": "s"}, True),
        ({"side": "train"}, {"side": "test"}, True),
        ({"scale": "s"}, {"scale": "t"}, False),
        ({}, {}, False),
    ],
)
def test_figures_of_one_scale_have_one_range(tmp_path, drawn, plane, one, other, shared):
    panels = [scaled("low", 1.0, plane, **one), scaled("high", 4.0, plane, **other)]
    save_figures(panels, tmp_path)
    low, high = (axes.get_ylim() for axes in drawn)
    assert (low == high) == shared
    if shared:
        assert low == extent(panels)
    if plane:
        assert [axes.get_xlim() for axes in drawn] == [low, high]


@pytest.mark.parametrize("plane", (True, False))
def test_the_range_holds_every_error_whole(plane):
    """Of ordinates, and in a plane of abscissae; a missing error hides no point."""
    x, y = np.array([1.0, 20.0]), np.array([1.0, 2.0])
    series = Series("a", x, y, np.array([0.5, 30.0]), np.array([3.0, np.nan]), at=np.arange(2))
    panel = Panel("k", "t", "", Axis("x"), Axis("y"), (series,), plane=plane, ceiling=60.0)
    assert not ceiling_in_view(panel, [panel]), "errors alone bring no ceiling into view"
    low, high = extent([panel])
    least, largest = (-10.0, 50.0) if plane else (-2.0, 4.0)
    margin = 0.04 * (largest - least)
    assert (low, high) == pytest.approx((least - margin, largest + margin))


def test_what_is_no_moment_has_bars_and_its_own_numbers_along_the_axis(tmp_path):
    x, error = np.array([4.0, 10.0, 36.0]), np.full(3, 0.25)
    axis = Axis("code_size", log=True, ticks=(4.0, 10.0, 36.0))
    line = Series("code", x, np.array([1.0, 2.0, 1.5]), None, error)
    panel = Panel("against", "I(X;code)", "", axis, Axis("I(X;code)", "bit"), (line,))
    save(panel, tmp_path / "bars.svg")
    text = (tmp_path / "bars.svg").read_text()
    assert all(f"<!-- {number} -->" in text for number in ("4", "10", "36"))
    assert "LineCollection" in text and "PolyCollection" not in text

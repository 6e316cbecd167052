"""Laws of the page's drawings, for every kind of panel."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from infoplane.report.draw import drawing
from infoplane.report.drawing import moments
from infoplane.report.looks import dressed, looks
from infoplane.report.palette import ordered
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel, Series, Strip

KINDS = ("plane", "curves", "strip")
AXIS = Axis("I", "bit")


def built(fictions, kind, **names) -> Panel:
    builder = getattr(fictions, kind)
    return builder("A plane", 1.0, **names) if kind == "plane" else builder(**names)


def drawn(panel: Panel, *others: Panel) -> dict:
    """The drawing as a strict JSON reader sees it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    panels = [panel, *others]
    written = json.dumps(drawing(panel, looks(panels), panels), allow_nan=False)
    return json.loads(written, parse_constant=refuse)


def traces(figure: dict, role: str) -> list[tuple[dict, dict]]:
    """Plotly traces of one role, each with what is known about it."""
    both = zip(figure["data"], figure["about"], strict=True)
    return [(trace, about) for trace, about in both if about["role"] == role]


def texts(node) -> list[str]:
    """Every string that Plotly would typeset."""
    if isinstance(node, dict):
        return [text for key in node for text in texts(node[key])]
    if isinstance(node, list):
        return [text for part in node for text in texts(part)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_plain_and_finite(fictions, kind):
    for trace in drawn(built(fictions, kind))["data"]:
        for axis in ("x", "y"):
            numbers = [value for value in trace[axis] if value is not None]
            assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("kind", KINDS)
def test_what_plotly_typesets_is_text_and_never_markup(fictions, kind):
    figure = drawn(built(fictions, kind, names=(fictions.hostile, "b", "c", "d")))
    found = texts([figure["data"], figure["layout"]])
    assert any("&lt;script&gt;" in text for text in found)
    assert not any("<script" in text or "<img" in text or "%{" in text for text in found)


@pytest.mark.parametrize("field", ("x", "y"))
def test_axes_are_text(fictions, field):
    described = {"x": Axis("x"), "y": Axis("y")} | {field: Axis(fictions.hostile, "<i>")}
    line = Series("a", np.arange(3.0), np.arange(3.0))
    figure = drawn(Panel("k", "t", caption="", series=(line,), **described))
    found = texts([figure["data"], figure["layout"]])
    assert not any("<script" in text or "<i>" in text for text in found)


def test_every_path_of_a_plane_has_one_mark_at_its_last_point(fictions):
    figure = drawn(built(fictions, "plane"))
    marks = traces(figure, "mark")
    assert len(marks) == len(fictions.layers)
    for mark, about in marks:
        path = figure["data"][about["path"]]
        assert (mark["x"], mark["y"]) == (path["x"][-1:], path["y"][-1:])
        errors = figure["about"][about["path"]]
        assert mark["error_x"]["array"] == errors["xError"][-1:]
        assert mark["error_y"]["array"] == errors["yError"][-1:]


def test_moments_are_those_of_all_figures_in_order():
    often = Series("a", np.arange(4.0), np.arange(4.0), at=np.array([0, 2, 4, 6]))
    rarely = Series("b", np.ones(2), np.ones(2), at=np.array([1, 4]))
    cells = Strip(("r",), np.array([3, 9]), np.zeros((1, 2)), np.zeros((1, 2)))
    plane = Panel("p", "t", "", AXIS, AXIS, (often,), plane=True)
    curve = Panel("c", "t", "", AXIS, AXIS, (rarely,))
    strip = Panel("s", "t", "", AXIS, AXIS, strip=cells)
    assert moments([plane, curve, strip]) == [0, 1, 2, 3, 4, 6, 9]


def test_the_cursor_stands_at_the_abscissa_of_its_step(fictions):
    assert drawn(fictions.curves())["places"] == [[step, step + 1.0] for step in fictions.steps]
    columns = [[int(step), place] for place, step in enumerate(fictions.steps)]
    assert drawn(fictions.strip())["places"] == columns


def test_what_stands_still_in_a_plane_is_a_dashed_line_of_no_moment(fictions):
    panel = built(fictions, "plane")
    still = Series("bound", np.array([0.0, 1.0]), np.array([0.0, 0.5]))
    with_it = drawn(replace(panel, still=still))
    ((line, about),) = traces(with_it, "still")
    assert (line["x"], line["y"], line["line"]["dash"]) == ([0.0, 1.0], [0.0, 0.5], "dash")
    assert "at" not in about
    assert with_it["data"][:-1] == drawn(panel)["data"]  # marks find their paths by place


def test_a_plane_without_steps_says_what_is_missing():
    still = Series("enc", np.ones(2), np.ones(2))
    with pytest.raises(InfoplaneError, match="'enc'.*pass `at`"):
        drawn(Panel("k", "t", "", AXIS, AXIS, (still,), plane=True))


def test_equal_scales_with_the_bisector(fictions):
    layout = drawn(built(fictions, "plane"))["layout"]
    assert layout["xaxis"]["range"] == layout["yaxis"]["range"]
    assert layout["yaxis"]["scaleanchor"] == "x"


def test_two_sides_of_a_figure_have_one_scale(fictions):
    train = fictions.plane("A plane", 1.0, side="train")
    half = tuple(replace(one, x=one.x / 4, y=one.y / 4) for one in train.series)
    test = replace(train, series=half, side="test")
    ranges = [drawn(a, b)["layout"]["xaxis"]["range"] for a, b in ((train, test), (test, train))]
    assert ranges[0] == ranges[1] != drawn(test)["layout"]["xaxis"]["range"]


def test_a_gap_is_null_and_splits_the_band(fictions):
    band, curve = drawn(built(fictions, "curves"))["data"][:2]
    assert curve["y"][20:23] == [None] * 3
    assert not curve["connectgaps"]
    assert band["y"].count(None) == 2  # one end per unbroken run


def test_a_companion_has_the_colour_of_its_series(fictions):
    figure = drawn(built(fictions, "curves"))
    both = zip(traces(figure, "path"), traces(figure, "null"), strict=True)
    for (curve, _), (null, _) in both:
        assert null["line"]["color"] == curve["line"]["color"]
        assert null["legendgroup"] == curve["legendgroup"]
        assert (curve["line"]["dash"], null["line"]["dash"]) == ("solid", "dash")


def test_a_layer_looks_the_same_in_every_figure(fictions):
    some = fictions.curves(fictions.layers[3:6])
    panels = [fictions.plane("p", 1.0), some, fictions.losses()]
    shared = looks(panels)
    assert list(shared) == list(fictions.layers)
    worn = {one.of: look for one, look in zip(some.series, dressed(some, shared), strict=True)}
    assert worn == {name: shared[name] for name in fictions.layers[3:6]}


def test_what_no_figure_shows_together_has_all_colours_to_itself():
    def of(*names):
        lines = tuple(Series(name, np.ones(2), np.ones(2), of=name) for name in names)
        return Panel("k", "t", "", AXIS, AXIS, lines)

    many = [f"m{i}" for i in range(13)]
    apart = looks([of("a", "b"), of(*many), of("b", "c"), of()])
    assert list(apart) == ["a", "b", "c", *many]
    alone = {**looks([of("a", "b", "c")]), **looks([of(*many)])}
    assert {name: look.colour for name, look in apart.items()} == {
        name: look.colour for name, look in alone.items()
    }
    assert len(set(apart.values())) == len(apart)
    joined = looks([of("a", "b"), of(*many), of("b", "m0")])
    assert joined == looks([of("a", "b", *many)])
    few = looks([of("a", "b"), of("c", "d")])
    assert few == looks([of("a", "b", "c", "d")])


def test_what_is_known_of_a_point_goes_with_it(fictions):
    panel = built(fictions, "plane")
    (_, about), *_ = traces(drawn(panel), "path")
    assert about["at"] == fictions.steps.tolist()
    assert about["xError"] == pytest.approx(panel.series[0].x_error, rel=1e-6)
    nulls = about["beside"]["I(X;T) after shuffling [bit]"]
    assert nulls[0] == 0.3 and nulls[1] is None


def test_a_companion_that_was_never_measured_is_not_spoken_of():
    empty = {"S(T) [bit]": np.full(2, np.nan)}
    series = Series("a", np.ones(2), np.ones(2), at=np.arange(2), beside=empty)
    (_, about), *_ = traces(drawn(Panel("k", "t", "", AXIS, AXIS, (series,), plane=True)), "path")
    assert about["beside"] == {}


def test_a_logarithmic_axis_is_respected(fictions):
    assert drawn(built(fictions, "curves"))["layout"]["xaxis"]["type"] == "log"


@pytest.mark.parametrize("plane", (True, False))
def test_nothing_measured_is_drawn_as_nothing(plane):
    nothing = np.full(3, np.nan)
    series = Series("a", nothing, nothing, nothing, nothing, np.arange(3))
    panel = Panel("k", "t", "", AXIS, AXIS, (series,), bisector=plane, ceiling=6.0, plane=plane)
    shown = [trace for role in ("path", "mark") for trace, _ in traces(drawn(panel), role)]
    assert all(set(trace["y"]) <= {None} for trace in shown)


def test_a_strip_keeps_every_cell_and_leaves_the_unmeasured_blank(fictions):
    panel = fictions.strip()
    ((heat, about),) = traces(drawn(panel), "cells")
    assert np.array_equal(np.array(heat["z"][1::2], float), panel.strip.cells, equal_nan=True)
    assert all(value is None for row in heat["z"][::2] for value in row)  # the room of the names
    assert heat["z"][5][10] is None and about["detail"][2][10] is None


def test_a_crooked_strip_is_refused():
    with pytest.raises(InfoplaneError, match="1 rows and 2 columns"):
        Strip(("a",), np.arange(2), np.zeros((2, 2)), np.zeros((1, 2)))


@pytest.mark.parametrize("count", (1, 2, 8, 12, 60))
def test_colours_of_layers_differ_and_stand_out_from_both_papers(count):
    colours = ordered(count)
    assert len(set(colours)) == count
    for colour in colours:
        assert contrast(colour, "#ffffff") > 2.9 and contrast(colour, "#15171b") > 2.9


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``."""
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])

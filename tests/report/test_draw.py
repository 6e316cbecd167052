"""Laws of the interactive figures, for every kind of panel."""

import json
import math

import numpy as np
import pytest

from infoplane.report.draw import figure
from infoplane.report.palette import ordered
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel, Series, Strip

KINDS = ("plane", "curves", "strip")


def built(fictions, kind, **names) -> Panel:
    builder = getattr(fictions, kind)
    return builder("A plane", 1.0, **names) if kind == "plane" else builder(**names)


def drawn(panel: Panel) -> dict:
    """The figure as a strict JSON reader sees it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(figure(panel).to_json(), parse_constant=refuse)


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
            assert numbers and all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_text_and_never_markup(fictions, kind):
    names = (fictions.hostile, "b", "c", "d")
    found = texts(drawn(built(fictions, kind, names=names)))
    assert any("&lt;script&gt;" in text for text in found)
    assert not any("<script" in text or "<img" in text or "%{" in text for text in found)


@pytest.mark.parametrize("field", ("title", "x", "y"))
def test_titles_and_axes_are_text(fictions, field):
    described = {"title": "t", "x": Axis("x"), "y": Axis("y")}
    described[field] = fictions.hostile if field == "title" else Axis(fictions.hostile, "<i>")
    line = Series("a", np.arange(3.0), np.arange(3.0))
    found = texts(drawn(Panel("k", caption="", series=(line,), **described)))
    assert not any("<script" in text or "<i>" in text for text in found)


def test_a_plane_has_one_frame_and_one_slider_stop_per_step(fictions):
    plane = drawn(built(fictions, "plane"))
    stops = plane["layout"]["sliders"][0]["steps"]
    assert len(plane["frames"]) == len(stops) == len(fictions.steps)
    assert [stop["args"][0][0] for stop in stops] == [frame["name"] for frame in plane["frames"]]


def test_frames_move_the_marks_along_their_trajectories(fictions):
    plane = drawn(built(fictions, "plane"))
    layers = len(fictions.layers)
    for moment, frame in enumerate(plane["frames"]):
        assert frame["traces"] == list(range(layers, 2 * layers))
        for layer, mark in enumerate(frame["data"]):
            trajectory = plane["data"][layer]
            assert (mark["x"], mark["y"]) == (
                [trajectory["x"][moment]],
                [trajectory["y"][moment]],
            )


def test_layers_measured_at_other_steps_share_one_slider():
    often = Series("a", np.arange(4.0), np.arange(4.0), at=np.arange(4))
    rarely = Series("b", np.ones(2), np.ones(2), at=np.array([1, 3]))
    axis = Axis("I", "bit")
    frames = drawn(Panel("k", "t", "", axis, axis, (often, rarely), plane=True))["frames"]
    assert [frame["data"][1]["x"] for frame in frames] == [[None], [1.0], [1.0], [1.0]]


def test_a_plane_without_steps_says_what_is_missing():
    axis = Axis("I", "bit")
    still = Series("enc", np.ones(2), np.ones(2))
    with pytest.raises(InfoplaneError, match="'enc'.*pass `at`"):
        figure(Panel("k", "t", "", axis, axis, (still,), plane=True))


def test_equal_scales_with_the_bisector(fictions):
    layout = drawn(built(fictions, "plane"))["layout"]
    assert layout["xaxis"]["range"] == layout["yaxis"]["range"]
    assert layout["yaxis"]["scaleanchor"] == "x"


def test_a_gap_is_null_and_splits_the_band(fictions):
    band, curve = drawn(built(fictions, "curves"))["data"][:2]
    assert curve["y"][20:23] == [None] * 3
    assert not curve["connectgaps"]
    assert band["y"].count(None) == 2  # one end per unbroken run


def test_a_companion_has_the_colour_of_its_series(fictions):
    data = drawn(built(fictions, "curves"))["data"]
    for _, curve, null in zip(data[::3], data[1::3], data[2::3], strict=True):
        assert null["line"]["color"] == curve["line"]["color"]
        assert null["legendgroup"] == curve["legendgroup"]
        assert (curve["line"]["dash"], null["line"]["dash"]) == ("solid", "dash")


def test_hover_says_value_error_and_unit(fictions):
    plane = drawn(built(fictions, "plane"))
    last = plane["data"][0]["hovertext"][-1]
    assert "enc 500" in last and "step 12000" in last and " ± " in last and "bit" in last


def test_a_logarithmic_axis_is_respected(fictions):
    assert drawn(built(fictions, "curves"))["layout"]["xaxis"]["type"] == "log"


@pytest.mark.parametrize("plane", (True, False))
def test_nothing_measured_is_drawn_as_nothing(plane):
    nothing = np.full(3, np.nan)
    series = Series("a", nothing, nothing, nothing, nothing, np.arange(3))
    axis = Axis("I", "bit")
    panel = Panel("k", "t", "", axis, axis, (series,), bisector=plane, ceiling=6.0, plane=plane)
    assert all(set(trace["y"]) <= {None} for trace in drawn(panel)["data"])


def test_unmeasured_cells_are_gaps(fictions):
    heat = drawn(built(fictions, "strip"))["data"][0]
    assert heat["z"][2][10] is None
    assert "not measured" in heat["hovertext"][2][10]


def test_a_crooked_strip_is_refused():
    with pytest.raises(InfoplaneError, match="1 rows and 2 columns"):
        Strip(("a",), np.arange(2), np.zeros((2, 2)), np.zeros((1, 2)))


@pytest.mark.parametrize("count", (1, 2, 8, 12))
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

"""A Trace as a page and files: what it brings along, what is written, and under which names."""

import json
import re

import numpy as np
import pytest

from infoplane.experiments.protocol import Shown
from infoplane.presentation import NAME_BYTES, document, file_names, save_figures, write
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, Interval, Reading
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Row, trace_of


def curve(key: str) -> Panel:
    series = Series("a", np.arange(3.0), np.arange(3.0), at=np.arange(3), of="a")
    return Panel(key, "Title", "Caption.", Axis("x"), Axis("y", "bit"), (series,))


class Example(Shown):
    """One finding, one figure."""

    title = "An example"

    @staticmethod
    def findings(traces):
        reading = Reading("one", {"": Interval.of([1.0, 1.1])})
        return [Finding("k", "A claim.", "yu2019understanding, §4", (reading,), "bit", "2 seeds")]

    @staticmethod
    def panels(trace):
        return [curve("a curve/../x")]

    @staticmethod
    def summary(trace, findings):
        return [f"{len(findings)} claim."]


def trace(**attributes):
    return trace_of([Row(0, 0.0, {})], attributes)


def shown(trace, machine=None, notes=()):
    return document(trace, Example, Example.panels(trace), machine=machine or {}, notes=notes)


def test_sources_become_numbers_of_the_list():
    text = shown(trace())
    assert "Source: [1], §4." in text
    (first, *_) = re.findall(r"<li>(.*?)</li>", text)
    assert "Understanding autoencoders" in first


def test_a_trace_may_bring_its_title_its_settings_and_notes():
    brought = trace(title="Mine", notes=json.dumps(["A note."]), settings=json.dumps({"rate": 0.1}))
    text = shown(brought, machine={"cores": "2"}, notes=["Repaired."])
    assert "<h1>Mine</h1>" in text and "<h1>An example</h1>" in shown(trace())
    assert re.findall(r"<li>(A note.|Repaired.)</li>", text) == ["A note.", "Repaired."]
    assert '<tr><th scope="row">rate</th><td>0.1</td></tr>' in text
    assert '<tr><th scope="row">cores</th><td>2</td></tr>' in text


def test_the_same_trace_gives_the_same_files(tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / name
        path = folder / "report.html"
        assert write(trace(), Example, path, machine={}, figures=folder / "figures") == path
    written = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert [str(path) for path in written] == [
        "figures/a-curve-x.pdf",
        "figures/a-curve-x.svg",
        "report.html",
    ]
    for path in written:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_names_of_files_are_plain_and_differ():
    keys = ("../x", "x", "X", "<a>|b", "", "層")
    names = list(file_names([curve(key) for key in keys]))
    assert names == ["x", "x-2", "X-3", "a-b", "figure", "層"]


@pytest.mark.parametrize("mark", ["a", "層", "𝒳"])
def test_names_of_files_are_cut_by_bytes_in_whole_characters(tmp_path, mark):
    panels = [curve(mark * 300), curve(mark * 300)]
    first, second = file_names(panels)
    length = len(mark.encode())
    assert first == mark * (NAME_BYTES // length) and second == f"{first}-2"
    save_figures(panels, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_figures_are_made_once(tmp_path):
    class Counted(Example):
        made = 0

        @staticmethod
        def panels(trace):
            Counted.made += 1
            return [curve("a")]

    write(trace(), Counted, tmp_path / "page.html", machine={}, figures=tmp_path / "figures")
    assert Counted.made == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(InfoplaneError, match="file"):
        save_figures([curve("a")], blocked)

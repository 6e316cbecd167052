"""Two real, tiny runs on one page: what it says is what the runs say."""

import csv
import io
import re
import shutil
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

import infoplane as ip
from infoplane.cli.main import main
from infoplane.comparing import Comparison, comparison
from infoplane.comparing.numbers import numbers
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.comparison.verdicts import judged, summary
from infoplane.experiments.settings import Probing, Training
from infoplane.experiments.table import table
from infoplane.report.readings import interval
from infoplane.runs import Run, run
from infoplane.store.files import write_json
from infoplane.values.errors import InfoplaneError

SMALL = Autoencoder(
    code_size=4,
    training=Training(steps=30),
    probing=Probing(
        snapshots=4,
        probe_batches=3,
        probe_size=12,
        null_snapshots=2,
        permutations=2,
        evaluation=20,
    ),
)
HOSTILE = "<script>alert(1)</script> & %{x}"


class Tables(HTMLParser):
    """The text of every cell of every table of class "matrix", row by row."""

    def __init__(self):
        super().__init__()
        self.tables, self._inside, self._cell = [], False, None

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self._inside = dict(attributes).get("class") == "matrix"
            if self._inside:
                self.tables.append([])
        elif self._inside and tag == "tr":
            self.tables[-1].append([])
        elif self._inside and tag in ("td", "th"):
            self._cell = []

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(" ".join(" ".join(self._cell).split()))
            self._cell = None


def tables(text):
    parser = Tables()
    parser.feed(text)
    return parser.tables


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return [run(replace(SMALL, code_size=size), root).folder for size in (4, 7)]


@pytest.fixture(scope="module")
def text(folders, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "deep" / "compare.html"
    assert Comparison.of(folders).write(path) == path
    return path.read_text()


def test_the_page_names_runs_by_what_they_differ_in(text, folders):
    *_, settings, _ = tables(text)
    assert settings[0] == ["setting", "code_size=4", "code_size=7"]
    assert settings[1] == ["code_size", "4", "7"]
    assert settings[2] == ["folder", *map(str, folders)]


def test_verdicts_and_effects_are_those_of_the_runs(text, folders):
    *_, (heading, *rows) = tables(text)
    assert heading == ["claim", "code_size=4", "code_size=7"]
    runs = [Run(folder) for folder in folders]
    keys = [one.key for one in runs[0].findings]
    assert len(rows) == len(keys) > 5
    for place, (claim, *cells) in enumerate(rows):
        assert f"{keys[place]}:" in claim
        for cell, one in zip(cells, runs, strict=True):
            found = one.findings[place]
            assert str(found.verdict) in cell
            for reading in found.readings:
                effect = interval(reading.effect, found.unit).replace("\N{NO-BREAK SPACE}", " ")
                assert f"{reading.estimator}: {effect}" in cell


def test_numbers_are_those_of_the_runs(folders):
    comparison = Comparison.of(folders)
    lines = list(csv.DictReader(io.StringIO(numbers(comparison.traces))))
    for name, trace in comparison.traces.items():
        own = [{k: v for k, v in one.items() if k != "run"} for one in lines if one["run"] == name]
        assert own == list(csv.DictReader(io.StringIO(table(trace))))


def test_seeds_of_one_experiment_can_be_compared_and_watches_of_other_samples_cannot(
    folders, watched
):
    of_one_data = Comparison.of(folders)
    digests = {one.attrs["data"] for one in of_one_data.traces.values()}
    assert digests == {Run(folders[0]).manifest.data} != {""}
    told = summary(of_one_data.traces, [])[1]
    assert told.startswith("n, estimators, data, X and Y are the same in all")
    assert "n, estimators, data, X and Y" in summary(Comparison.of(watched).traces, [])[1]
    other = watched[0].with_name("other samples")
    train_and_watch(other, 5, torch.ones(()))
    assert "Samples of the probe:" in summary(Comparison.of([watched[0], other]).traces, [])[1]


def test_nothing_is_judged_twice(folders, monkeypatch):
    counted = []
    monkeypatch.setattr(comparison, "judged", lambda found: counted.append(1) or judged(found))
    held = Comparison.of(folders)
    assert held.claims is held.claims and held.traces is held.traces
    assert counted == [1]


def test_methods_are_said_once_and_works_are_cited_by_number(text):
    words = unescape(re.sub(r"<[^>]+>", " ", text.partition("<script")[0]))
    assert words.count("exp(−d²/(2σ²))") >= 1 and words.count("The probe is 3 fixed batches") == 1
    assert "[1]" in words and "yu2019understanding" not in words
    assert "Understanding autoencoders with information theoretic concepts" in words


def test_the_same_comparison_gives_the_same_bytes(folders, text, tmp_path):
    assert Comparison.of(folders).write(tmp_path / "again.html").read_text() == text


def test_names_are_text_and_never_markup(folders, tmp_path):
    copies = [tmp_path / HOSTILE.replace("/", "∕"), tmp_path / "[red]plain[∕red]"]
    for copy in copies:
        shutil.copytree(folders[0], copy)
    comparison = Comparison.of(copies)
    assert list(comparison.runs) == [copy.name for copy in copies]
    text = comparison.write(tmp_path / "page.html").read_text()
    assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text
    assert tables(text)[0][0] == ["setting", *(copy.name for copy in copies)]


def test_what_is_no_pair_of_finished_runs_is_refused(folders, tmp_path):
    with pytest.raises(InfoplaneError, match="at least two run folders, got 1"):
        Comparison.of(folders[:1])
    with pytest.raises(InfoplaneError, match="named twice"):
        Comparison.of([folders[0], folders[0].parent / "." / folders[0].name])
    with pytest.raises(InfoplaneError, match="no run folder"):
        Comparison.of([folders[0], tmp_path])
    unfinished = tmp_path / "unfinished"
    shutil.copytree(folders[1], unfinished)
    manifest = replace(Run(unfinished).manifest, status="running")
    manifest.write(unfinished / "manifest.json")
    with pytest.raises(InfoplaneError, match="not finished"):
        Comparison.of([folders[0], unfinished])
    write_json(unfinished / "manifest.json", {"experiment": "autoencoder"})
    with pytest.raises(InfoplaneError, match="no manifest"):
        Comparison.of([folders[0], unfinished])


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Folders of two small networks that somebody trained in a loop of their own."""
    root = tmp_path_factory.mktemp("watched")
    return [train_and_watch(root / f"width [{width}]", width) for width in (5, 3)]


def train_and_watch(folder, width, shift=0.0):
    """A small network, trained and watched on samples that are moved by a shift; its folder."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, width), nn.Tanh(), nn.Linear(width, 2))
    torch.manual_seed(1)
    x, y = torch.randn(40, 6) + shift, torch.arange(40) % 2
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    probe = {"train": (x[:20], y[:20]), "test": (x[20:], y[20:])}
    with ip.watch(model, probe, batches=2, permutations=2, folder=folder) as w:
        for _ in range(5):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimiser.step()
            w.step(loss=loss)
    return folder


def test_watched_networks_are_compared_on_every_probe(watched, tmp_path):
    comparison = Comparison.of(watched)
    assert list(comparison.runs) == ["width [5]", "width [3]"]
    text = comparison.write(tmp_path / "page.html").read_text()
    assert ">train</button>" in text and ">test</button>" in text
    _, (_, *rows) = tables(text)
    assert len(rows) == len({key for (run,) in comparison.runs.values() for key in keys(run)})


def keys(run):
    return [(one.key, one.statement) for one in run.findings]


def test_a_watched_network_and_an_experiment_say_what_they_have_apart(watched, folders, tmp_path):
    comparison = Comparison.of([watched[0], folders[0]])
    text = unescape(comparison.write(tmp_path / "page.html").read_text())
    assert "NOT comparable" in text and "not asked" in text
    assert "alone, and so not compared: layers" in text
    assert "only the last, held-out one of each is compared" in text


@pytest.mark.parametrize("command", ["report", "findings", "compare"])
def test_the_command_line_reads_folders_of_watched_networks(command, watched, tmp_path, capsys):
    if command == "compare":
        main([command, *map(str, watched), "--out", str(tmp_path / "[b]page[∕b].html")])
        assert "width [5]" in (printed := capsys.readouterr().out) and "[b]page[∕b]" in printed
        return
    main([command, str(watched[0])])
    printed = capsys.readouterr().out
    assert ("report.html" if command == "report" else "measurable") in printed

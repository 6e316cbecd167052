"""Runs whose family lies along a setting that consists of several, and what their time was."""

from dataclasses import replace

import pytest

from infoplane.comparing.comparison import Comparison
from infoplane.comparing.together import families_of
from infoplane.experiments.layerwise.experiment import Layerwise
from infoplane.experiments.regularised.experiment import Regularised
from infoplane.experiments.regularised.regulariser import Regulariser
from infoplane.experiments.settings import Probing, Training
from infoplane.report.references import Citations
from infoplane.runs import run

PROBING = Probing(
    snapshots=3, probe_batches=2, probe_size=12, null_snapshots=2, permutations=2, evaluation=20
)
CLASSIFIER = Regularised(hidden=(8,), training=Training(steps=4, batch_size=50), probing=PROBING)
STACKED = Layerwise(training=Training(steps=20, batch_size=50), probing=PROBING)


def called(runs):
    """A name for each run, where no test asks which."""
    return {run.folder: run.folder.name for run in runs}


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """No regulariser, a price and dropout under each of two seeds."""
    root = tmp_path_factory.mktemp("regularised")
    kinds = (Regulariser(0.0), Regulariser(0.1), Regulariser(0.0, 0.5))
    return [
        run(replace(CLASSIFIER, regulariser=kind, seed=seed), root)
        for seed in (0, 1)
        for kind in kinds
    ]


def test_prices_and_dropout_are_one_family(classifiers):
    ((name, one),) = families_of(classifiers).items()
    assert name == "regulariser = none, beta=0.1, dropout=0.5"
    assert sorted(one.runs) == [0, 1] and one.left_out == ()
    keys = {found.key for found in one.read.findings}
    assert keys >= {"error-0.1", "price", "best-error", "equal-error-gap", "best-information"}
    assert {found.spread for found in one.read.findings} == {"2 seeds"}
    chapter = one.chapter(name, Citations(), called(classifiers))
    assert [len(table.rows) for table in chapter.tables] == [3, 4]
    assert any("Test error at the end: none" in words for words in chapter.summary)


def test_figures_of_a_family_name_its_members_as_the_rest_of_the_page_does(classifiers):
    compared = Comparison.by_setting(classifiers, title="prices and dropout")
    ((name, one),) = compared.together.items()
    names = {run.folder: column for column, runs in compared.runs.items() for run in runs}
    panels = one.chapter(name, Citations(), names).panels
    drawn = {series.of for panel in panels for series in panel.series}
    assert list(compared.columns) == ["none", "beta=0.1", "dropout=0.5"]
    assert set(compared.columns) <= drawn
    assert not any("=" in name for name in drawn - set(compared.columns))


def test_another_hidden_width_is_another_family(classifiers, tmp_path):
    other = replace(CLASSIFIER, hidden=(9,))
    wider = [run(replace(other, regulariser=Regulariser(beta)), tmp_path) for beta in (0.0, 0.1)]
    found = families_of([*classifiers, *wider])
    assert [len(one.runs) for one in found.values()] == [2, 1]


def test_families_of_two_results_versions_are_told_apart(classifiers, tmp_path, monkeypatch):
    monkeypatch.setattr(Regularised, "results_version", Regularised.results_version + 1)
    kinds = (Regulariser(0.0), Regulariser(0.1))
    newer = [run(replace(CLASSIFIER, regulariser=kind), tmp_path) for kind in kinds]
    found = families_of([*classifiers, *newer])
    assert [len(one.runs) for one in found.values()] == [2, 1]
    assert all("results=" in name for name in found)


def test_the_table_of_methods_has_the_seconds_of_their_updates(tmp_path):
    runs = [
        run(replace(STACKED, method=method, seed=seed), tmp_path)
        for method in ("backpropagation", "pairs")
        for seed in (0, 1)
    ]
    ((_, one),) = families_of(runs).items()
    (table,) = one.chapter("methods", Citations(), called(runs)).tables
    assert table.columns[-1] == "seconds"
    for row in table.rows:
        own = [each for each in runs if each.manifest.settings["method"] == row[0].lines[0]]
        spent = [
            sum(s for part, s in each.manifest.seconds.items() if part.startswith("training: "))
            for each in own
        ]
        assert len(own) == 2 and row[-1].lines[0] == f"{sum(spent) / 2:.1f}"
        assert min(spent) > 0

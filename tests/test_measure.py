"""``infoplane measure``: files in, a table of estimates out."""

import json

import numpy as np
import pytest

from infoplane.cli.main import main


@pytest.fixture
def files(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.standard_normal((400, 1))
    y = 0.6 * x + 0.8 * draw.standard_normal((400, 1))
    arrays = {"x": x, "y": y, "labels": (x[:, 0] > 0).astype(int), "short": x[:300]}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return {name: str(tmp_path / f"{name}.npy") for name in arrays}


def test_a_line_for_every_estimator_that_takes_the_pair(files, capsys):
    main(["measure", files["x"], files["y"]])
    out = capsys.readouterr().out
    for name in ("ksg", "gaussian", "binned-width", "renyi-tapia"):
        assert any(line.startswith(f"{name} ") for line in out.splitlines())
    started = {line.split(" ")[0] for line in out.splitlines()}
    assert not started & {"mine", "plug-in"}


def test_json_holds_whole_estimates_with_their_null(files, capsys):
    main(
        [
            "measure",
            files["x"],
            files["y"],
            "--estimator",
            "gaussian",
            "--permutations",
            "39",
            "--json",
        ]
    )
    found = json.loads(capsys.readouterr().out)["gaussian"]
    assert found["value"] == pytest.approx(0.32, abs=0.15)
    assert found["p_value"] == 0.025 and found["n"] == 400 and found["unit"] == "bit"


def test_labels_choose_other_estimators(files, capsys):
    main(["measure", files["labels"], files["y"]])
    out = capsys.readouterr().out
    assert "mixed-ksg" in out and not any(line.startswith("ksg ") for line in out.splitlines())


def test_what_they_share_beyond_a_third(files, capsys):
    main(["measure", files["x"], files["y"], "--given", files["x"], "--estimator", "renyi-tapia"])
    assert "renyi-tapia" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x", "short"), "400 samples"),
        (("x", "absent.npy"), "There is no file"),
        (("x", "y", "--estimator", "nobody"), "nobody"),
        (("x", "y", "--estimator", "ksg", "--all"), "give one of them"),
    ],
)
def test_a_mistake_is_one_clear_line(files, capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        main(["measure", *(files.get(one, one) for one in arguments)])
    err = capsys.readouterr().err
    assert ended.value.code == 2 and words in " ".join(err.split()) and "Traceback" not in err


def test_whole_numbers_are_numbers_if_it_is_said(files, capsys, tmp_path):
    counts = np.random.default_rng(1).poisson(3.0, 400)
    np.save(tmp_path / "counts.npy", counts)
    main(["measure", str(tmp_path / "counts.npy"), files["y"], "--numbers", "x"])
    assert any(line.startswith("ksg ") for line in capsys.readouterr().out.splitlines())


def test_an_estimator_that_refuses_says_why_and_the_others_go_on(files, capsys):
    main(["measure", files["labels"], files["y"], "--estimator", "ksg", "mixed-ksg"])
    out = " ".join(capsys.readouterr().out.split())
    assert "ksg: x is discrete" in out and "MixedKSG" in out
    with pytest.raises(SystemExit) as ended:
        main(["measure", files["labels"], files["y"], "--estimator", "ksg"])
    assert ended.value.code == 1


def test_an_interrupt_keeps_what_was_measured(files, capsys, monkeypatch):
    from infoplane.measures.neighbours.ksg import KSG

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(KSG, "__call__", stopped)
    with pytest.raises(SystemExit) as ended:
        main(["measure", files["x"], files["y"], "--estimator", "ksg", "gaussian", "renyi-tapia"])
    told = capsys.readouterr()
    assert ended.value.code == 130 and "Interrupted: 0 of 3" in told.err
    with pytest.raises(SystemExit):
        main(["measure", files["x"], files["y"], "--estimator", "gaussian", "ksg"])
    assert "gaussian" in capsys.readouterr().out


def test_no_number_is_cut_where_the_window_is_narrow(files, capsys, monkeypatch):
    from infoplane.cli import measure

    monkeypatch.setattr(measure.console, "width", 50, raising=False)
    main(["measure", files["x"], files["y"], "--estimator", "gaussian", "--permutations", "9"])
    out = capsys.readouterr().out
    assert "too narrow for:" in out and "…" not in out.split("\n")[1]

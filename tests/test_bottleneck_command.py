"""``infoplane bottleneck``: a table in, its exact bottleneck out; the truth in closed form."""

import json
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import escape
from scipy.optimize import brentq

import infoplane as ip
from infoplane.bottleneck import accounting
from infoplane.bottleneck.account import Beside
from infoplane.bottleneck.accounting import accounts
from infoplane.cli import bottleneck as command
from infoplane.cli.joints import read_joint
from infoplane.cli.main import main
from infoplane.experiments.given_joint import words as in_words
from infoplane.experiments.given_joint.panels import MOST_ROWS, panels, ticks, uprights
from infoplane.presentation import write_account
from infoplane.report.canvas import canvas
from infoplane.report.curves import BAR_PIXELS
from infoplane.report.draw import drawing
from infoplane.report.heat import heat
from infoplane.report.looks import looks
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel

EPS = 0.1
SOURCE = "0.45,0.05\n0.05,0.45\n"
SKY = "sky,dry,rain\nclear,60,5\nveiled,30,10\ndark,2,33\n"
FIRST_ORDER = [[0.09, 0.01], [0.45, 0.45]]
"""p(x) = (0.1, 0.9), p(y|x) = (0.9, 0.1), (0.5, 0.5)."""


def h2(p: float) -> float:
    return float(-sum(q * np.log2(q) for q in (p, 1 - p) if q > 0))


def gerber(rate: float) -> float:
    """I(T;Y) of the binary symmetric source at a rate."""
    noise = brentq(lambda p: h2(p) - (1 - rate), 0.0, 0.5, xtol=1e-15)
    return 1 - h2(EPS * (1 - noise) + (1 - EPS) * noise)


@pytest.fixture
def told(tmp_path, capsys):
    """What the command says as JSON of a file with some content."""

    def ask(content, *options, name="t.csv"):
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content)
        else:
            np.save(path, content)
        main(["bottleneck", str(path) + ":x,y" * name.startswith("named"), *options, "--json"])
        return json.loads(capsys.readouterr().out)

    return ask


def test_the_binary_symmetric_source_has_its_closed_form(told):
    found = told(SOURCE, "--beta", "3.125", "1.562", "1.563")
    assert [one["beta"] for one in found["solutions"]] == [1.562, 1.563, 3.125]
    assert found["I_XY"] == pytest.approx(1 - h2(EPS)) and found["H_X"] == pytest.approx(1)
    assert found["thresholds"]["onset"] == pytest.approx(1 / (1 - 2 * EPS) ** 2)
    assert found["thresholds"]["local"] == pytest.approx(1.5625)
    assert not found["thresholds"]["first_order"] and found["complete"]
    (change,) = found["bifurcations"]
    assert (change["before"], change["after"], change["kind"]) == (1, 2, "splits")
    assert change["beta"] == pytest.approx(1.5625)
    for one in found["solutions"]:
        assert one["relevance"] == pytest.approx(gerber(one["rate"]), abs=1e-9)
        assert one["gap"] < 1e-9
        assert one["lacks_share"] == pytest.approx(1 - one["relevance"] / found["I_XY"])
    assert found["solutions"][0]["status"] == "trivial" and found["solutions"][2]["rate"] > 0.9


def test_rates_are_answered_as_they_were_asked(told):
    found = told("0.5,0\n0,0.25\n0,0.25\n", "--rates", "0.75", "0.25")["solutions"]
    assert [one["rate"] for one in found] == pytest.approx([0.75, 0.25], abs=1e-9)
    assert [one["relevance"] for one in found] == pytest.approx([0.75, 0.25], abs=1e-9)


@pytest.fixture(scope="module")
def source():
    """The account of the source along the default grid."""
    return ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]])


def test_the_default_grid_begins_below_the_onset_and_ends_when_all_is_told(source):
    first, last = source.solutions[0], source.solutions[-1]
    assert first.beta < source.thresholds.onset and first.clusters == 1
    assert last.clusters == source.distinct == 2 and source.lost(last) < 1
    assert len(source.bifurcations) == 1 and not source.doing and not source.notes


def test_the_dual_of_that_source_lies_on_its_curve(told):
    found = told(SOURCE, "--dual", "--beta", "3.0")
    slope = np.log((1 - EPS) / EPS)
    assert found["dual_thresholds"]["local"] == pytest.approx(4 / slope**2)
    assert found["dual_thresholds"]["onset"] == pytest.approx(4 / slope**2)
    assert not found["dual_thresholds"]["first_order"] and found["dual_bifurcations"] == []
    (one,) = found["dual"]
    assert one["below"] == pytest.approx(0, abs=1e-8)
    assert one["relevance"] == pytest.approx(gerber(one["rate"]), abs=1e-8)


def test_a_transition_of_first_order_is_called_so(told):
    found = told(np.array(FIRST_ORDER), "--beta", "7.412", "7.418", "8", name="t.npy")
    assert found["thresholds"]["onset"] == pytest.approx(7.41503, abs=1e-5)
    assert found["thresholds"]["local"] == pytest.approx(17.25)
    assert found["thresholds"]["first_order"]
    assert found["bifurcations"][0]["kind"] == "appears"
    assert found["solutions"][2]["rate"] == pytest.approx(0.0923125946, abs=1e-8)


def test_the_dual_s_own_bifurcations_are_told_and_drawn(tmp_path, capsys):
    path, page = tmp_path / "t.csv", tmp_path / "page.html"
    path.write_text(SOURCE)
    main(["bottleneck", str(path), "--dual", "--beta", "0.8", "1.2", "2", "--report", str(page)])
    out = " ".join(capsys.readouterr().out.split())
    critical = 4 / np.log((1 - EPS) / EPS) ** 2  # 0.8285
    assert f"dual onset β {critical:.6g} (the local threshold)" in out
    assert "bifurcation of the dual at β = 0.8285: 1 → 2 clusters, rate 0.0000 → " in out
    assert "Bifurcations of the dual: searched from β = 0.8 to 2;" in out
    found = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[0.8, 1.2, 2.0], dual=True)
    whole, of_dual = (one.found[0] for one in (found.search, found.dual_search))
    assert found.bifurcations == (whole, of_dual) and of_dual.splits
    (curve,) = (one for one in panels(found, "ab", "uv") if one.key == "bottleneck-curve")
    marks = {one.name: one for one in curve.series if one.name.startswith("bifurcations")}
    assert list(marks) == ["bifurcations", "bifurcations of the dual"]
    assert marks["bifurcations of the dual"].beside["β"] == pytest.approx([critical])
    assert uprights(found) == pytest.approx({"onset": 1.5625, "dual onset": critical})
    assert "Bifurcations of the dual" in page.read_text()


def test_counts_and_samples_of_one_thing_say_the_same(tmp_path):
    counts = np.array([[6, 1, 1], [2, 5, 3], [1, 1, 4]])
    lines = [f"{x},{y}" for (x, y), n in np.ndenumerate(counts) for _ in range(n)]
    (tmp_path / "bare.csv").write_text("\n".join(lines))
    (tmp_path / "named.csv").write_text("\n".join(["x,y", *lines]))
    spoken = [f"a{one[0]},b{one[2]}" for one in lines]
    (tmp_path / "words.csv").write_text("\n".join(["x,y", *spoken]))
    np.save(tmp_path / "counts.npy", counts)
    np.save(tmp_path / "table.npy", counts / counts.sum())
    found = [
        read_joint(str(tmp_path / "counts.npy"), counts=True),
        read_joint(str(tmp_path / "table.npy")),
        read_joint(str(tmp_path / "bare.csv"), samples=True),
        read_joint(f"{tmp_path / 'named.csv'}:x,y"),
        read_joint(str(tmp_path / "words.csv")),
    ]
    for one in found:
        assert np.allclose(one.joint.table, counts / 24, rtol=0, atol=1e-15)
    assert [one.words for one in found] == [
        "counts of 24 samples, 3 × 3 states",
        "a joint table, 3 × 3 states",
        "24 samples of two columns, 3 × 3 states",
        "24 samples of x and y, 3 × 3 states",
        "24 samples of x and y, 3 × 3 states",
    ]
    assert found[-1].x == ("a0", "a1", "a2") and found[-1].y == ("b0", "b1", "b2")


def test_where_y_is_a_function_of_x_rates_take_the_place_of_beta(told):
    found = told("0.25,0,0\n0.25,0,0\n0,0.25,0\n0,0,0.25\n")
    assert found["H_Y"] == pytest.approx(1.5) and len(found["solutions"]) == 9
    for one in found["solutions"]:
        assert one["relevance"] == pytest.approx(one["rate"], abs=1e-9)
    assert found["solutions"][-1]["rate"] == pytest.approx(1.5)
    assert any("does not index" in note for note in found["notes"]) and not found["bifurcations"]


def test_independent_variables_have_one_cluster(told):
    found = told("0.25,0.25\n0.25,0.25\n")
    assert found["thresholds"]["onset"] is None and found["I_XY"] == pytest.approx(0)
    assert [one["clusters"] for one in found["solutions"]] == [1]
    assert any("independent" in note for note in found["notes"])


def test_zeros_are_softened_for_the_dual(told):
    table = "0.3,0.2\n0,0.5\n"
    assert told(table, "--beta", "1")["dual_thresholds"] is None
    found = told(table, "--soften", "0.01", "--beta", "1")
    assert found["dual_thresholds"]["onset"] > 0 and "softened by 0.01" in found["read_as"]


def test_clusters_are_told_by_name(tmp_path, capsys):
    (tmp_path / "sky.csv").write_text(SKY)
    arguments = ["bottleneck", str(tmp_path / "sky.csv"), "--counts", "--beta", "4", "--clusters"]
    main(arguments)
    out = capsys.readouterr().out
    assert "clear, veiled" in out and "rain 0." in out and "onset β" in out and "converged" in out
    main([*arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["x"] == ["clear", "veiled", "dark"] and found["y"] == ["dry", "rain"]
    assert np.sum(found["solutions"][0]["encoder"], 1) == pytest.approx(np.ones(3))
    assert np.sum(found["solutions"][0]["decoder"], 1) == pytest.approx(np.ones(2))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (None, (), "There is no file"),
        ("0.5,-0.1\n0.3,0.3\n", (), "-0.1 at (0, 1)"),
        ("0.5,0.1\n0.3,0.3\n", (), "sums to 1.2, not to 1: say --counts"),
        ("4,1,2\n3,3,5\n", (), "sums to 18, not to 1: say --counts"),
        ("4,1\n3,3\n", (), "--counts if every entry counts a pair of states (x, y), --samples"),
        ("a,b\n4,1\n3,3\n", (), "may be counts or samples"),
        ("0.5,0.2\n,0.3\n", (), "lacks 1 value of 4"),
        ("0.5\n0.5\n", (), "has 1 column of numbers"),
        ("a,b,c\nu,1,2\nv,1,w\n", ("--counts",), "words among its numbers"),
        ("", (), "is empty"),
        ("\n \n", (), "is empty"),
        ("0,3;0,2\n0,1;0,4\n", (), "as many semicolons, as if they separated its columns"),
        ("a\tb\n4\t1\n", ("--counts",), "as many tabs"),
        ('"0,3","0,2"\n"0,1","0,4"\n', (), "has decimal commas, such as"),
        (SOURCE, ("--beta",), "--beta has no values behind it"),
        (SOURCE, ("--rates",), "--rates has no values behind it"),
        ("a,b\n", ("--counts",), "no rows"),
        ("0,0\n0,0\n", ("--counts",), "0 everywhere"),
        ("0.5,1.5\n0.5,0.1\n", ("--samples",), "Cut numbers into bins"),
        ("1,1,1\n2,2,2\n", ("--samples",), "samples are two columns"),
        (SOURCE, ("--counts", "--samples"), "give one"),
        (SOURCE, ("--beta", "2", "--rates", "0.1"), "give one of them"),
        (SOURCE, ("--beta", "-2"), "-2 was asked for"),
        (SOURCE, ("--rates", "-0.5"), "-0.5 was asked for"),
        (SOURCE, ("--soften", "2"), "share=2.0"),
        ("a,b,c\nu,0.3,0.2\nv,0,0.5\n", ("--dual",), "p(y=b|x=v) = 0. Mix in a little"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, capsys, content, options, words):
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["bottleneck", str(path), *options])
    err = capsys.readouterr().err
    assert ended.value.code == 2 and "Traceback" not in err
    assert words in " ".join(err.split())


def test_not_a_number_and_other_axes_are_refused(tmp_path, capsys):
    arrays = {"nan": np.array([[np.nan, 0.5], [0.2, 0.3]]), "row": np.ones(4) / 4}
    for name, words in (("nan", "nan at (0, 0)"), ("row", "(4,)")):
        np.save(tmp_path / f"{name}.npy", arrays[name])
        with pytest.raises(SystemExit):
            main(["bottleneck", str(tmp_path / f"{name}.npy")])
        assert words in " ".join(capsys.readouterr().err.split())


def test_names_come_from_wherever_the_file_has_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",dry,rain\n10,0.4,0.1\n20,0.1,0.4\n")  # as pandas writes an index
    named = read_joint(str(path))
    assert (
        named.x == ("10", "20") and named.y == ("dry", "rain") and named.joint.table.shape == (2, 2)
    )
    np.savez(tmp_path / "t.npz", age=np.array([3, 1, 1]), label=np.array(["b", "a", "b"]))
    named = read_joint(f"{tmp_path / 't.npz'}:age,label")
    assert named.x == ("1", "3") and named.y == ("a", "b")
    assert np.allclose(named.joint.table, [[1 / 3, 1 / 3], [0, 1 / 3]])
    with pytest.raises(InfoplaneError, match="may be counts or samples"):
        np.save(tmp_path / "t.npy", np.eye(2, dtype=int))
        read_joint(str(tmp_path / "t.npy"))


def test_an_interrupt_tells_what_was_computed(tmp_path, capsys, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text(SOURCE)
    solve, calls = accounting.solve, []

    def stopped(*args, **options):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(*args, **options)

    monkeypatch.setattr(accounting, "solve", stopped)
    with pytest.raises(SystemExit) as ended:
        main(["bottleneck", str(path), "--beta", "1", "2", "3", "--json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert ended.value.code == 130 and "Interrupted before the end of the curve" in err
    assert "the curve, 2 of 3, after β = 2" in err
    assert [one["beta"] for one in found["solutions"]] == [1, 2] and not found["complete"]
    calls.clear()
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit):
        main(["bottleneck", str(path), "--beta", "1", "2", "3", "--dual", "--report", str(page)])
    torn = "Interrupted before the end of the curve, so that further solutions, the dual, the "
    lost = "bifurcations and the dual's bifurcations are missing. Given: "
    assert f'<p class="summary">{torn}{str(escape(lost))}' in page.read_text()


@pytest.mark.parametrize("where", ["thresholds", "file"])
def test_an_interrupt_before_anything_was_computed_says_so(tmp_path, capsys, monkeypatch, where):
    path = tmp_path / "t.csv"
    path.write_text(SOURCE)

    def stopped(*args, **options):
        raise KeyboardInterrupt

    if where == "file":
        monkeypatch.setattr(command, "read_joint", stopped)
    else:
        monkeypatch.setattr(accounting, "thresholds", stopped)
    with pytest.raises(SystemExit) as ended:
        main(["bottleneck", str(path), "--report", str(tmp_path / "page.html")])
    out, err = capsys.readouterr()
    assert ended.value.code == 130 and not out and not (tmp_path / "page.html").exists()
    assert "Interrupted; nothing was computed." in err


def test_what_an_interrupt_leaves_out_is_named_part_by_part():
    left = {}
    for one in accounts([[0.45, 0.05], [0.05, 0.45]], betas=[1.25, 2.0, 3.0], dual=True):
        left.setdefault(one.doing, in_words.unfinished(one))
    bare = {doing: told.partition("so that ")[2] for doing, told in left.items()}
    later = "the bifurcations and the dual's bifurcations are missing."
    assert bare["the curve"] == f"further solutions, the dual, {later}"
    assert bare["the dual, 1 of 3, after β = 1.25"] == f"further solutions of the dual, {later}"
    assert bare["the bifurcations"] == later
    assert bare["the bifurcations, 1 of 2, after β = 2"] == (
        "those above β = 2 and the dual's bifurcations are missing."
    )
    assert bare["the dual's bifurcations"] == "the dual's bifurcations are missing."
    assert bare["the dual's bifurcations, 1 of 2, after β = 2"] == (
        "those of the dual above β = 2 are missing."
    )
    assert left[""] == "" and one.search.between == one.dual_search.between == (1.25, 3.0)


def test_a_jump_at_the_local_threshold_is_seen_in_the_rates(tmp_path, capsys):
    erasure = [[0.35, 0.0, 0.15], [0.0, 0.35, 0.15]]
    found = ip.bottleneck.account_of(erasure, betas=[1.0, 2.0])
    assert in_words.facts(found)["onset β"] == "1.42857 (the local threshold)"  # 1/0.7
    (jump,) = found.bifurcations
    assert "1 → 2 clusters, rate 0.0000 → 1.0000 bit" in in_words.bifurcation_told(jump)
    below = ip.bottleneck.account_of(FIRST_ORDER, betas=[7.0, 8.0])
    assert in_words.facts(below)["onset β"] == (
        "7.41503 (below the local threshold: a cluster appears elsewhere)"
    )
    rise = below.bifurcations[0]
    assert rise.below.rate == 0 and 0 < rise.above.rate < 0.01  # its mass rises from 0
    assert "a cluster appears elsewhere" in in_words.bifurcation_told(rise)
    for account in (found, below):
        every = in_words.methods(account) + in_words.summary(account, "a table")
        every += [
            line
            for t in in_words.tables(account)
            for row in t.rows
            for c in row
            for line in c.lines
        ]
        assert not any("first order" in told or "splits off" in told for told in every)
    table = {one.title: one for one in in_words.tables(found)}["Bifurcations"]
    assert table.rows[0][2].lines == ("0.0000 → 1.0000",)


def test_where_bifurcations_were_searched_is_said(tmp_path, capsys, told):
    above = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[2.0, 30.0])
    assert in_words.searched(above) == (
        "Bifurcations: searched from β = 2 to 30; those outside, such as the onset, are not listed."
    )
    inside = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[1.0, 30.0])
    assert in_words.searched(inside) == (
        "Bifurcations: searched from β = 1 to 30; those outside are not listed."
    )
    alone = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[2.0])
    assert in_words.searched(alone) == "Bifurcations: sought nowhere, for want of two values of β."
    path = tmp_path / "t.csv"
    path.write_text(SOURCE)
    main(["bottleneck", str(path), "--beta", "1", "2", "--no-bifurcations"])
    out, err = capsys.readouterr()
    assert "ifurcation" not in out + err
    found = told(SOURCE, "--beta", "1", "2", "--no-bifurcations")
    assert not found["bifurcations"] and found["searched"] is None and found["complete"]


def test_a_rate_of_no_use_is_told_in_its_row():
    found = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], rates=[0.5, 1.0, 3.0], dual=True)
    tails = [in_words.row(found, one)[-1] for one in found.solutions]
    assert tails == ["converged", "sufficient", "sufficient (3 bit were asked for)"]
    assert in_words.dual_row(found, found.dual[2])[-1] == "sufficient (3 bit were asked for)"
    assert in_words.dual_row(found, found.dual[1])[-1] == "sufficient"


def test_one_is_one():
    found = ip.bottleneck.account_of(FIRST_ORDER, betas=[2.0])
    assert any("at most 1 cluster here" in note for note in found.notes)
    assert any("1 cluster keeps 0.0000 bit" in told for told in in_words.summary(found, "a table"))
    absent = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45], [0.0, 0.0]], betas=[2.0])
    assert any(note.startswith("1 state of X has probability 0") for note in absent.notes)


def test_where_y_is_a_function_of_x_the_command_names_its_own_flag(told):
    found = told("0.5,0\n0,0.5\n", "--beta", "1.5")
    assert any("--rates" in note for note in found["notes"])


def test_the_page_has_every_figure_and_the_names(tmp_path, capsys, source):
    table, page = tmp_path / "sky.csv", tmp_path / "page.html"
    table.write_text(SKY)
    main(["bottleneck", str(table), "--counts", "--beta", "9", "--report", str(page)])
    text = page.read_text()
    assert "<title>The information bottleneck of sky.csv</title>" in text
    assert "<h1>The information bottleneck of sky.csv</h1>" in text
    for name in ("Kept I(T;Y) against rate", "Encoder p(t|x), β = 9", "Decoder p(y|t), β = 9"):
        assert name in text
    assert "counts of 140 samples" in text and "http-equiv" in text
    assert "Report:" in capsys.readouterr().err
    beside = Beside(source.solutions[-1], 0.0)
    every = replace(source, dual=(beside,))
    text = write_account(every, page, x="ab", y="cd", words="two by two").read_text()
    for name in ("Against β", "Clusters", "Rate I(X;T)", "Bifurcations", "How far the dual lies"):
        assert name in text
    assert "dual information bottleneck." in text and "[@" not in text


def test_figures_of_an_account(source):
    drawn = {one.key: one for one in panels(source, ("a", "b"), ("c", "d"))}
    curve = drawn["bottleneck-curve"]
    assert [one.name for one in curve.series] == ["bound", "bottleneck", "bifurcations"]
    assert np.all(np.diff(curve.series[1].x) >= 0) and np.all(np.diff(curve.series[1].y) >= 0)
    assert np.all(curve.series[1].y <= np.minimum(curve.series[1].x, source.joint.information))
    assert "dual-below" not in drawn
    clusters = drawn["clusters-against-beta"]
    assert clusters.uprights == {"onset": pytest.approx(1.5625)}
    assert set(clusters.series[0].y) == {1.0, 2.0}
    encoder = next(one for key, one in drawn.items() if key.startswith("encoder"))
    assert encoder.heat.rows == ("a", "b")
    assert encoder.heat.cells.sum(1) == pytest.approx(np.ones(2))
    keys = [one for one in heat(encoder, encoder.heat)["about"] if one["role"] == "key"]
    assert len(keys) == 1  # nothing lies below zero, and nothing is said of that


def test_the_dual_is_drawn_as_its_distance_from_the_curve(source):
    far = (Beside(source.solutions[-1], 0.25), Beside(source.solutions[3], 0.125))
    drawn = {one.key: one for one in panels(replace(source, dual=far), "ab", "cd")}
    zero, line = drawn["dual-below"].series
    assert zero.dashed and np.all(zero.y == 0)
    assert line.x.tolist() == [source.solutions[3].rate, source.solutions[-1].rate]
    assert line.y.tolist() == [0.125, 0.25] and str(drawn["dual-below"].y) == "below [bit]"
    canvas_of = drawing(drawn["dual-below"], looks([*drawn.values()]), [drawn["dual-below"]])
    assert canvas_of["layout"]["margin"]["t"] == BAR_PIXELS  # the buttons cover no point


def test_upright_lines_are_drawn_with_their_names():
    *_, found = accounts(FIRST_ORDER, betas=[8.0])
    panel = Panel("k", "T", "", Axis("β", log=True), Axis("y"), uprights=uprights(found))
    layout = canvas(panel, [panel])
    lines = [one["x0"] for one in layout["shapes"] if one.get("yref") == "paper"]
    assert lines == pytest.approx([7.41503, 17.25], abs=1e-4)
    names = {one["text"]: one for one in layout["annotations"]}
    assert names["onset"]["x"] == pytest.approx(np.log10(7.41503), abs=1e-5)
    assert names["onset"]["xanchor"] == "right" and names["local"]["xanchor"] == "left"


def test_of_many_states_the_first_are_shown_and_it_is_said():
    rows = MOST_ROWS + 5
    table = np.tile([[0.6, 0.4], [0.3, 0.7]], (rows, 1))[:rows]
    found = ip.bottleneck.account_of(table / table.sum(), betas=[15.0])
    names = tuple(str(i) for i in range(rows))
    encoder = next(one for one in panels(found, names, "cd") if one.key.startswith("encoder"))
    assert len(encoder.heat.rows) == MOST_ROWS and f"The first 60 of {rows} rows" in encoder.caption


def test_ticks_are_round():
    assert ticks(1.2, 5.0) == (1.5, 2.0, 3.0, 4.0, 5.0)
    assert ticks(0.5, 3000.0) == (1.0, 10.0, 100.0, 1000.0)

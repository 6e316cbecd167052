"""Every script of the gallery runs as its reader would run it, and says what it promises."""

import csv
import math
import re
from pathlib import Path

import pytest

import fresh
from infoplane.store.traces import read_trace

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

SAYS = {
    "own_loop": r"layer 4: I\(T;Y\) above the null \d\.\d+ → \d\.\d+ bit",
    "own_estimator": r"estimator +gaussian +renyi",
    "cnn": r"layer 9: I\(T;Y\) above the null \d\.\d+ bit \(train\), \d\.\d+ bit \(test\)",
    "information_loss": r"beta 1\.0: above the null I\(X;T\) \d\.\d+, I\(T;Y\) \d\.\d+ bit",
    "transformer": r"encoder\.layers\.1: I\(X;T\) \d\.\d+ bit, I\(T;Y\) \d\.\d+ bit",
    "lightning_module": r"looked after \[0, 1, .*75\] updates",
    "checkpoints": r"step 200: I\(T;Y\) of layer 3 is \d\.\d+ bit \(null \d\.\d+\)",
    "read_a_trace": r"I_TY is I\(layer; target\) in bit(.|\n)*layer 2: [1-9]\.\d+ ± \d\.\d+ bit",
}
WRITES = {
    "own_estimator": ["own_estimator.html"],
    "lightning_module": ["lightning_module.html", "lightning_run/trace.zarr"],
    "checkpoints": ["checkpoints.html", "checkpoints/step-200.safetensors"],
    "read_a_trace": ["iris.csv", "iris_run/trace.zarr"],
}


def numbers(line, said):
    """Every number with decimals in the output's lines of a form."""
    lines = re.findall(rf"^{line}.*$", said, re.MULTILINE)
    assert lines, said
    return [[float(one) for one in re.findall(r"-?\d+\.\d+", text)] for text in lines]


def learning_tells_of_the_labels(said, folder):
    for before, after in numbers(r"layer \d: I\(T;Y\)", said):
        assert 0 < before < after


def both_estimators_see_the_target(said, folder):
    for layer, (gaussian, renyi) in enumerate(numbers(r"\d ", said)):
        assert gaussian > 0.2 and renyi > 0.2, layer


def both_probes_are_above_the_null(said, folder):
    for train, test in numbers("layer", said):
        assert train > 0.2 and test > 0.2


def layers_know_of_both_sides(said, folder):
    found = numbers(r"(embedding|encoder|head)", said)
    assert len(found) == 4 and all(1 < one < math.log2(100) for pair in found for one in pair)


def the_folder_says_what_was_printed(said, folder):
    last = read_trace(folder / "lightning_run" / "trace.zarr").isel(snapshot=-1)
    known = last["I_TY"].sel(estimator="tapia").mean("batch").values.tolist()
    assert numbers("encoder", said) == [[pytest.approx(one, abs=6e-4)] for one in known]
    assert min(known) > 1 and int(last["step"]) == 75


def training_lifts_it_above_the_null(said, folder):
    found = numbers("step", said)
    assert all(value > null for value, null in found) and len(found) == 5
    above = [value - null for value, null in found]
    assert above[-1] > above[0]


def the_table_says_what_the_arrays_say(said, folder):
    ((top,),) = numbers("I_TY is", said)
    means = [mean for mean, stderr in numbers(r"layer \d: ", said) if 0 < stderr < mean < top]
    assert len(means) == 3 and numbers("100 ", said) == [means]
    with (folder / "iris.csv").open() as file:
        rows = list(csv.DictReader(file))
    last = [row for row in rows if (row["step"], row["estimator"]) == ("100", "tapia")]
    for layer, mean in enumerate(means):
        found = [float(row["I_TY"]) for row in last if row["layer"] == str(layer)]
        assert len(found) == 3 and sum(found) / 3 == pytest.approx(mean, abs=6e-4)


def the_price_is_paid_in_bits_about_the_input(said, folder):
    (_, free, _), (_, priced, known) = numbers(r"beta \d\.\d: above", said)
    assert priced < free and known > 0


IS_TRUE = {
    "own_loop": learning_tells_of_the_labels,
    "own_estimator": both_estimators_see_the_target,
    "cnn": both_probes_are_above_the_null,
    "information_loss": the_price_is_paid_in_bits_about_the_input,
    "transformer": layers_know_of_both_sides,
    "lightning_module": the_folder_says_what_was_printed,
    "checkpoints": training_lifts_it_above_the_null,
    "read_a_trace": the_table_says_what_the_arrays_say,
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_says_and_writes_what_it_promises(script, tmp_path):
    done = fresh.script(script, tmp_path, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[script.stem], done.stdout), done.stdout
    for name in WRITES.get(script.stem, [f"{script.stem}.html"]):
        assert (tmp_path / name).exists(), name
    IS_TRUE[script.stem](done.stdout, tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_is_short_and_in_the_list(script):
    assert len(script.read_text().splitlines()) <= 60
    assert f"[{script.name}]({script.name})" in (EXAMPLES / "README.md").read_text()

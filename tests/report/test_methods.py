"""The methods section says what a Trace says, and nothing that it does not."""

import math

import numpy as np
import pytest
import xarray as xr

from infoplane.report.methods import methods
from infoplane.report.references import Citations
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.methods import RENYI, UNTOLD, Method, methods_json, methods_of
from infoplane.values.trace import Row, trace_of

WORDS = {
    "silverman": {
        "words": "matrix-based Rényi information of order α = 1.01 with σ = h·n^(−1/(4+d)), h = 5",
        "sources": ("yu2019understanding",),
    },
    "tapia": {
        "words": "matrix-based Rényi information of order α = 1.01 with σ = γ·√d·n^(−1/(4+d))",
        "sources": ("tapia2020information",),
    },
}
METHODS = {name: Method(**told, family=RENYI) for name, told in WORDS.items()}


def information(names, batches, words, *, probes=(), n=100):
    dims = ("estimator", *(("probe",) if probes else ()), "batch", "layer")
    sizes = {"estimator": len(names), "probe": len(probes), "batch": batches, "layer": 2}
    coords = {"estimator": names, "layer": ["fc1", "fc2"]} | ({"probe": probes} if probes else {})
    tops = {name: math.inf if name == "ksg" else math.log2(n) for name in names}
    attrs = {"unit": "bit", "n": n, "long_name": "I(input; layer)", CEILINGS: ceilings_json(tops)}
    return xr.DataArray(
        np.ones([sizes[dim] for dim in dims]), dims=dims, coords=coords, attrs=attrs | words
    )


def trace(*, words=None, names=("silverman", "tapia"), batches=5, steps=(0, 10, 100), null=(), **k):
    words = {"methods": methods_json(METHODS if words is None else words)}
    rows = []
    for step in steps:
        values = {"I_XT": information(list(names), batches, words, **k)}
        for name, long_name in (("S_X", "S(input)"), ("S_Y", "S(output)")):
            entropy = values["I_XT"].isel(layer=0, drop=True)
            values[name] = entropy.assign_attrs(long_name=long_name)
        if step in null:
            values["I_XT_null"] = values["I_XT"].assign_attrs(permutations=39)
        rows.append(Row(step, step / 10, values))
    return trace_of(rows, {"experiment": "any"})


def told(one):
    return " ".join(methods(one, Citations()))


def test_every_estimator_is_told_with_its_parameters_and_citation():
    citations = Citations()
    what, how, evidence = methods(trace(null=(0, 100)), citations)
    for words in WORDS.values():
        assert words["words"] in what
    assert "“silverman”" in what and "“tapia”" in what
    assert "exp(−d²/(2σ²))" in what and "S(A) + S(B) − S(A,B)" in what
    assert "[1], [2]." in what and "h = 5 [2]" in what and "n^(−1/(4+d)) [3]" in what
    assert [entry.split(",")[0] for entry in citations.listed][0] == "Luis Gonzalo Sanchez Giraldo"
    assert len(citations.listed) == 4 and "[4]" in evidence


def test_samples_moments_and_errors():
    _, how, _ = methods(trace(), Citations())
    assert "X is “input” and Y is “output”" in how and "2 layers T" in how
    assert "3 moments of training, from step 0 (untrained) to step 100 (epoch 10)" in how
    assert "5 fixed batches of n = 100 samples" in how and "standard errors are over" in how


def test_null_and_ceiling():
    text = told(trace(null=(0, 100)))
    assert "39 random permutations" in text and "2 of the moments" in text
    assert "p-value is (r + 1)/(39 + 1)" in text
    assert "log₂ n = 6.644 bit" in text and "at least 95 %" in text
    assert "drawn at every moment" in told(trace(null=(0, 10, 100)))


def test_a_null_of_unknown_size_gets_no_number():
    one = trace(null=(0,))
    one["I_XT_null"].attrs.pop("permutations")
    assert "over random permutations" in told(one) and "p-value" not in told(one)


def test_what_was_not_measured_is_said():
    assert "No permutation null was measured" in told(trace())
    alone = told(trace(batches=1))
    assert "one fixed batch" in alone and "there is no standard error" in alone
    assert "at one moment, step 7" in told(trace(steps=(7,)))


def test_several_probes_are_named():
    text = told(trace(probes=["train", "test"]))
    assert "each of 2 probes (train, test)" in text


def test_a_foreign_estimator_is_not_explained_as_ours():
    foreign = {"ksg": Method("k nearest neighbours, k = 3")}
    text = told(trace(words=foreign, names=("ksg",)))
    assert "The estimator is “ksg”, k nearest neighbours, k = 3." in text
    assert "Rényi" not in text and "Gram" not in text and "side by side" not in text


def test_no_family_is_guessed_from_the_words():
    alike = {"ksg": Method("matrix-based Rényi, says its name, but not the family")}
    assert "Gram matrix" not in told(trace(words=alike, names=("ksg",)))


def test_an_estimator_without_words_is_not_described():
    assert methods_of(trace(words={})) == {"silverman": UNTOLD, "tapia": UNTOLD}
    assert "“silverman”, not described" in told(trace(words={}))


def test_every_estimator_has_the_ceiling_that_is_its_own():
    mixed = told(trace(words=METHODS, names=("tapia", "ksg")))
    assert "No value under “tapia” can exceed log₂ n = 6.644 bit" in mixed
    assert "No ceiling is known of “ksg”" in mixed
    alone = told(trace(words={}, names=("ksg",)))
    assert "log₂ n" not in alone and "95 %" not in alone and "No ceiling" in alone
    assert "No ceiling" not in told(trace())


def test_a_trace_without_information_has_no_methods():
    assert methods(trace().drop_vars("I_XT"), Citations()) == []


@pytest.mark.parametrize("epoch", [math.nan, 2.5])
def test_an_unknown_epoch_is_left_out(epoch):
    one = trace()
    one["epoch"] = ("snapshot", np.full(3, epoch))
    assert ("epoch 2.5" in told(one)) == math.isfinite(epoch) and "nan" not in told(one)

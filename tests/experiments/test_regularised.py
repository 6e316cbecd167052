"""A classifier that pays for information: objective, runs, and what is said of several prices."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from infoplane.analysis.across import combined
from infoplane.analysis.family import family
from infoplane.experiments.regularised.experiment import Regularised
from infoplane.experiments.regularised.family import Regularisers
from infoplane.experiments.regularised.family_claims import claims
from infoplane.experiments.regularised.kept import Kept
from infoplane.experiments.regularised.regulariser import Regulariser
from infoplane.experiments.settings import Probing, Training
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Tapia
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, trace_of

SMALL = Regularised(
    hidden=(24, 12),
    training=Training(steps=80, batch_size=50, learning_rate=1e-2),
    probing=Probing(
        snapshots=5,
        probe_batches=3,
        probe_size=40,
        null_snapshots=2,
        permutations=2,
        evaluation=200,
    ),
)
BETAS = (0.0, 0.5, 3.0)
NAMES = ("none", "beta=0.5", "beta=3.0", "dropout=0.3", "dropout=0.6")


def paying(beta, dropout=0.0, **changed):
    return replace(SMALL, regulariser=Regulariser(beta, dropout), **changed)


def told(experiment, rows):
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def traces():
    """A tiny run at every price, by β."""
    return {beta: traced(paying(beta)) for beta in BETAS}


@pytest.fixture(scope="module")
def members(traces):
    """Every price, and two shares of dropout in its place, by name."""
    priced = {Regulariser(beta).name: trace for beta, trace in traces.items()}
    return priced | {f"dropout={share}": traced(paying(0.0, share)) for share in (0.3, 0.6)}


def traced(experiment):
    return told(experiment, [one for one in experiment.run() if isinstance(one, Row)])


def under(seed, trace, **ends):
    """The same run under another seed, with variables of its own at the end."""
    trace = trace.copy(deep=True)
    for name, value in ends.items():
        trace[name].values[-1] = value
    settings = {**json.loads(trace.attrs["settings"]), "seed": seed}
    return trace.assign_attrs(seed=seed, settings=json.dumps(settings))


@pytest.mark.parametrize("layer", ["hidden.1", "last"])
@pytest.mark.parametrize("alpha", [1.01, 2.0])
def test_the_objective_is_cross_entropy_and_the_price_of_one_layer(layer, alpha):
    experiment = paying(0.3, layer=layer, order=alpha)
    model, data = experiment.model(), experiment.data
    x, y = data.train_x[:30], data.train_y[:30]
    kept = model.activations(x)["hidden.1" if layer == "hidden.1" else "hidden.2"].detach()
    bits = Renyi(alpha, Tapia(), x_bandwidth=Tapia(standardise="whole"))(x, kept)
    plain = cross_entropy(model(x), y)
    found = experiment.objective(model, x, y)
    assert found.item() == pytest.approx(plain.item() + 0.3 * float(bits), abs=1e-6)
    free = replace(experiment, regulariser=Regulariser(0.0)).objective(model, x, y)
    assert torch.equal(free, plain)


def test_the_price_moves_the_layers_up_to_the_one_that_pays():
    experiment = replace(SMALL, layer="hidden.1")
    model, x = experiment.model(), experiment.data.train_x[:30]
    experiment.information(x, model.activations(x)["hidden.1"]).backward()
    moved = {name for name, weights in model.named_parameters() if weights.grad is not None}
    assert moved == {"hidden.1.affine.weight", "hidden.1.affine.bias"}


def test_a_price_lowers_the_information_of_the_layer_that_pays(traces):
    """On images that were not trained on, under the rule of the objective."""
    kept = [
        float(traces[beta]["I_XT"].sel(estimator="tapia", layer="hidden.2")[-1].mean())
        for beta in BETAS
    ]
    assert kept[0] > kept[1] + 0.05 > kept[2] + 0.1
    assert float(traces[0.0]["error_test"][-1]) < 0.3


def test_the_untrained_network_is_the_same_at_every_price(traces):
    first = traces[0.0].isel(snapshot=0)
    for trace in traces.values():
        for name in first:
            assert np.array_equal(trace[name].values[0], first[name].values, equal_nan=True), name


def test_resumed_with_dropout_it_yields_the_same_rows():
    experiment = paying(0.1, 0.5, training=Training(steps=20, batch_size=50))
    events = list(experiment.run())
    middle = [one for one in events if isinstance(one, Checkpoint)][9]
    rows = [one for one in events if isinstance(one, Row) and one.step > middle.step]
    resumed = [one for one in experiment.run(middle) if isinstance(one, Row)]
    assert rows and len(resumed) == len(rows)
    for one, other in zip(resumed, rows, strict=True):
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


def test_a_run_is_shown_and_judged(traces):
    trace = traces[0.5]
    found = Regularised.findings([trace])
    assert {one.key for one in found} >= {"dpi-input", "fitting", "simplifying", "measurable"}
    assert any("hidden.2" in one.statement for one in found)
    panels = Regularised.panels(trace)
    assert len({one.key for one in panels}) == len(panels)
    assert "of 200 images" in Regularised.summary(trace, found)[0]


PRICED = ("price", "price-above-null", "error-0.5", "error-3")
IN_PLACE = (
    *("dropout", "dropout-above-null", "best-error"),
    *(
        f"{pairing}-{what}"
        for pairing in ("best", "equal-error")
        for what in ("gap", "information", "information-above-null")
    ),
)


def test_the_family_asks_one_claim_of_every_price(traces):
    whole = family({Regulariser(beta).name: one for beta, one in traces.items()}, "regulariser")
    found = {one.key: one for one in Regularisers.findings([whole])}
    assert tuple(found) == PRICED
    reading = next(one for one in found["price"].readings if one.estimator == "tapia")
    assert reading.verdict is Verdict.SUPPORTED
    assert list(reading.parts) == ["none to beta=0.5", "beta=0.5 to beta=3.0"]
    assert all(not one.controls for one in found["error-0.5"].readings)
    assert found["error-0.5"].verdict is Verdict.UNDECIDED  # one seed
    panels = Regularisers.panels(whole)
    assert len({one.key for one in panels}) == len(panels)
    (table,) = Regularisers.tables(whole, {})
    assert [row[0].lines[0] for row in table.rows] == list(NAMES[:3])
    assert "does not reproduce those numbers" in " ".join(Regularisers.summary(whole, []))


def test_the_control_of_the_price_is_the_fall_of_the_shuffled_samples(traces):
    """An untrained network, the same at every price, would show 0 whatever was claimed."""
    whole = family({Regulariser(beta).name: one for beta, one in traces.items()}, "regulariser")
    (price,) = [one for one in Regularisers.findings([whole]) if one.key == "price"]
    for reading in price.readings:
        assert list(reading.controls) == ["permutation null"]
        found = reading.controls["permutation null"]["none to beta=0.5"].mean
        ends = [
            float(
                traces[beta]["I_XT_null"]
                .sel(estimator=reading.estimator, layer="hidden.2")[-1]
                .mean()
            )
            for beta in (0.0, 0.5)
        ]
        assert found == pytest.approx(ends[0] - ends[1], abs=1e-12) and found != 0
    (above,) = [one for one in Regularisers.findings([whole]) if one.key == "price-above-null"]
    assert all(not one.controls for one in above.readings)


def test_prices_and_dropout_are_set_side_by_side(members):
    whole = family(members, "regulariser")
    assert tuple(one.key for one in claims(whole)) == (*PRICED, *IN_PLACE)
    found = Regularisers.findings([whole])
    assert tuple(one.key for one in found) == (*PRICED, *IN_PLACE)
    reached, beside = Regularisers.tables(whole, {})
    assert [row[0].lines[0] for row in reached.rows] == list(NAMES)
    assert [row[0].lines[0] for row in beside.rows] == [
        "neither",
        "dropout at its best",
        "price at its best",
        "price at the error of dropout, or the nearest",
    ]
    assert beside.columns[2:5] == ("training error", "test error", "gap")
    panels = Regularisers.panels(whole)
    assert len({one.key for one in panels}) == len(panels)


ERRORS = {
    "none": (0.00, 0.10),
    "beta=0.5": (0.01, 0.04),
    "beta=3.0": (0.05, 0.06),
    "dropout=0.3": (0.02, 0.07),
    "dropout=0.6": (0.03, 0.09),
}
"""Training and test error: β = 0.5 is the best price, β = 3 the nearest to dropout at its best."""


def several_seeds(members, errors=ERRORS, slope=1e-4):
    return [
        family(
            {
                name: under(
                    seed,
                    one,
                    error_train=errors[name][0],
                    error_test=errors[name][1] + slope * seed * (1 + place),
                )
                for place, (name, one) in enumerate(members.items())
            },
            "regulariser",
        )
        for seed in range(3)
    ]


def test_verdicts_over_seeds_are_those_of_the_errors(members):
    found = {one.key: one for one in Regularisers.findings(several_seeds(members))}
    means = {key: one.readings[0].parts.get("") for key, one in found.items()}
    assert found["error-0.5"].verdict is Verdict.SUPPORTED
    assert means["error-0.5"].mean == pytest.approx(0.06 - 1e-4, abs=1e-12)
    assert "1.13 %" in found["error-3"].source
    control = found["error-0.5"].readings[0].controls["dropout in its place"][""]
    assert control.mean == pytest.approx(0.10 - 0.07 - 3e-4, abs=1e-12)
    assert found["best-error"].verdict is Verdict.SUPPORTED
    assert means["best-error"].mean == pytest.approx(0.07 - 0.04 + 2e-4, abs=1e-12)
    assert means["best-gap"].mean == pytest.approx(0.05 - 0.03 + 2e-4, abs=1e-12)
    assert means["equal-error-gap"].mean == pytest.approx(0.05 - 0.01 + 1e-4, abs=1e-12)
    without = found["equal-error-gap"].readings[0].controls["neither of both"][""]
    assert without.mean == pytest.approx(0.05 - 0.10 + 3e-4, abs=1e-12)
    told = found["equal-error-gap"].readings[0].evidence["seed 1"]
    assert (told["pays"], told["dropout"]) == ("beta=3.0", "dropout=0.3")
    worse = {**ERRORS, "beta=0.5": (0.01, 0.2), "beta=3.0": (0.01, 0.3)}
    found = {one.key: one for one in Regularisers.findings(several_seeds(members, worse))}
    assert found["error-0.5"].verdict is Verdict.CONTRADICTED
    assert found["best-error"].verdict is Verdict.CONTRADICTED
    assert found["best-error"].readings[0].evidence["seed 0"]["pays"] == "beta=0.5"


@pytest.mark.parametrize("key", ["best-information", "equal-error-information", "dropout"])
def test_information_is_compared_raw_above_the_null_and_shuffled(members, key):
    """Its three numbers are differences of the same two members, under every rule."""
    whole = family({name: under(0, one) for name, one in members.items()}, "regulariser")
    kept, found = Kept(whole), {one.key: one for one in Regularisers.findings([whole])}
    paid = (
        kept.best(kept.paid) if key[0] == "b" else kept.nearest(kept.paid, kept.best(kept.dropped))
    )
    high, low = ("none", "dropout=0.3") if key == "dropout" else (kept.best(kept.dropped), paid)
    part = low if key == "dropout" else ""
    for raw, above in zip(found[key].readings, found[f"{key}-above-null"].readings, strict=True):
        end = {
            name: members[name].isel(snapshot=-1).sel(estimator=raw.estimator, layer="hidden.2")
            for name in (high, low)
        }
        of = {
            name: float((end[high][name] - end[low][name]).mean()) for name in ("I_XT", "I_XT_null")
        }
        assert raw.parts[part].mean == pytest.approx(of["I_XT"], abs=1e-12)
        shuffled = raw.controls["permutation null"][part].mean
        assert shuffled == pytest.approx(of["I_XT_null"], abs=1e-12)
        assert above.parts[part].mean == pytest.approx(of["I_XT"] - of["I_XT_null"], abs=1e-12)
        assert not above.controls


def test_several_seeds_are_shown_by_their_mean(members):
    whole = combined(several_seeds(members, slope=0.0))
    reached, beside = Regularisers.tables(whole, {})
    assert [cell.lines[0] for cell in reached.rows[1][:4]] == [
        "beta=0.5",
        "1.00%",
        "4.00%",
        "3.00%",
    ]
    assert [row[1].lines[0] for row in beside.rows] == [
        *("none", "dropout=0.3", "beta=0.5", "beta=3.0")
    ]
    assert "beta=3.0 6.00%" in Regularisers.summary(whole, [])[0]
    assert Regularisers.panels(whole)


def test_a_price_at_which_training_diverged_is_judged_nowhere(members):
    """Its loss is a number at first and none at the end: no earlier error stands for the last."""
    broken = members["beta=3.0"].copy(deep=True)
    for name in broken:
        broken[name] = broken[name].astype(float)
        broken[name].values[-2:] = np.nan
    whole = family({**members, "beta=3.0": broken}, "regulariser")
    found = [one.key for one in Regularisers.findings([whole])]
    # the free run, the other price and dropout are as before; chosen is what did not diverge
    assert found == ["error-0.5", *IN_PLACE]
    words = Regularisers.summary(whole, Regularisers.findings([whole]))
    assert "beta=3.0 no number" in words[0]
    assert any(one.startswith("beta=3.0: Training diverged.") for one in words)
    assert any("Not judged" in one and "price, price-above-null, error-3." in one for one in words)
    reached, beside = Regularisers.tables(whole, {})
    assert {cell.lines[0] for cell in reached.rows[2][1:]} == {"no number"}
    assert [row[1].lines[0] for row in beside.rows][2:] == ["beta=0.5", "beta=0.5"]


def test_without_a_free_run_no_error_is_compared(traces):
    some = family({Regulariser(beta).name: traces[beta] for beta in (0.5, 3.0)}, "regulariser")
    assert [one.key for one in claims(some)] == ["price", "price-above-null"]


def test_dropout_alone_is_asked_whether_it_lowers_information_too(members):
    some = family({name: members[name] for name in ("none", "dropout=0.3")}, "regulariser")
    assert [one.key for one in claims(some)] == ["dropout", "dropout-above-null"]
    assert len(Regularisers.tables(some, {})) == 1


def test_prices_under_one_dropout_are_prices_too(traces):
    """Where every member drops half of its units, those of β = 0 are what others are held to."""
    names = [Regulariser(beta, 0.5).name for beta in BETAS]
    made = dict(zip(names, traces.values(), strict=True))
    kept = Kept(family(made, "regulariser"))
    assert kept.prices == names and kept.free == "dropout=0.5" and not kept.dropped


@pytest.mark.parametrize("beta", [0.0, 1e-6, 0.1, 1 / 3, 12.0])
@pytest.mark.parametrize("dropout", [0.0, 0.5, 2 / 3])
def test_a_name_and_its_regulariser_are_one(beta, dropout):
    one = Regulariser(beta, dropout)
    assert Regulariser.named(one.name) == one
    assert Regularisers.named({"type": "Regulariser", "beta": beta, "dropout": dropout}) == one.name


@pytest.mark.parametrize("size", [144, 16])
def test_a_price_of_one_image_is_refused_before_anything_is_measured(size):
    """1297 training images leave one for the last batch of 144, and of 16."""
    training = Training(steps=2, batch_size=size)
    assert len(SMALL.data.train_x) == 1297
    with pytest.raises(InfoplaneError, match=f"batches of {size} leave one .* two samples"):
        next(paying(0.1, training=training).run())
    assert [one for one in paying(0.0, training=training).run() if isinstance(one, Row)]


def test_on_both_probes_the_claims_are_about_the_test_images(traces):
    probing = replace(SMALL.probing, probe_from="both")
    both = {Regulariser(beta).name: traced(paying(beta, probing=probing)) for beta in (0.0, 0.5)}
    one = both["beta=0.5"]
    assert one["I_XT"].sel(probe="test", drop=True).equals(traces[0.5]["I_XT"])
    found, known = Regularised.findings([one]), Regularised.findings([traces[0.5]])
    assert [(f.key, f.verdict) for f in found] == [(k.key, k.verdict) for k in known]
    assert {panel.side for panel in Regularised.panels(one) if panel.plane} == {"train", "test"}
    whole = family(both, "regulariser")
    assert [f.key for f in Regularisers.findings([whole])] == list(PRICED[:3])
    assert Regularisers.panels(whole) and Regularisers.tables(whole, {})
    assert "Claims are judged on the test samples." in Regularisers.summary(whole, [])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden": ()}, "one hidden layer is the least"),
        ({"hidden": (8, 0)}, r"hidden\[1\]=0"),
        ({"layer": "hidden.4"}, "choose last, or one of hidden.1, hidden.2, hidden.3"),
        ({"layer": "<b>"}, "layer=<b>"),
        ({"order": 0.0}, "order must be positive"),
        ({"order": float("inf")}, "order=inf"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(InfoplaneError, match=words):
        Regularised(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"beta": -1.0}, "beta=-1.0"),
        ({"beta": float("nan")}, "beta=nan"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"dropout": float("nan")}, "dropout=nan"),
    ],
)
def test_regularisers_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(InfoplaneError, match=words):
        Regulariser(**settings)

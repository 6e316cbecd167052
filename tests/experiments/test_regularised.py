"""A classifier that pays for information: objective, runs, and what is said of several prices."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from infoplane.analysis.family import family
from infoplane.experiments.regularised.experiment import Regularised
from infoplane.experiments.regularised.family import Weights, claims
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


def told(experiment, rows):
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def traces():
    """A tiny run at every price."""
    return {
        beta: told(
            replace(SMALL, beta=beta),
            [one for one in replace(SMALL, beta=beta).run() if isinstance(one, Row)],
        )
        for beta in BETAS
    }


@pytest.mark.parametrize("layer", ["hidden.1", "last"])
@pytest.mark.parametrize("alpha", [1.01, 2.0])
def test_the_objective_is_cross_entropy_and_the_price_of_one_layer(layer, alpha):
    experiment = replace(SMALL, beta=0.3, layer=layer, alpha=alpha)
    model, data = experiment.model(), experiment.data
    x, y = data.train_x[:30], data.train_y[:30]
    kept = model.activations(x)["hidden.1" if layer == "hidden.1" else "hidden.2"].detach()
    bits = Renyi(alpha, Tapia(), x_bandwidth=Tapia(standardise="whole"))(x, kept)
    plain = cross_entropy(model(x), y)
    found = experiment.objective(model, x, y)
    assert found.item() == pytest.approx(plain.item() + 0.3 * float(bits), abs=1e-6)
    free = replace(experiment, beta=0.0).objective(model, x, y)
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
    experiment = replace(SMALL, dropout=0.5, beta=0.1, training=Training(steps=20, batch_size=50))
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


def test_the_family_asks_one_claim_of_every_price(traces):
    whole = family(traces, "beta")
    found = {one.key: one for one in Weights.findings([whole])}
    assert list(found) == ["price", "price-above-null", "error-0.5", "error-3"]
    reading = next(one for one in found["price"].readings if one.estimator == "tapia")
    assert reading.verdict is Verdict.SUPPORTED
    assert list(reading.parts) == ["β = 0 to β = 0.5", "β = 0.5 to β = 3"]
    assert [one.mean for one in reading.controls["untrained network"].values()] == [0.0, 0.0]
    assert found["error-3"].verdict is Verdict.UNDECIDED  # one seed
    panels = Weights.panels(whole)
    assert len({one.key for one in panels}) == len(panels)
    assert [row[0].lines[0] for row in Weights.tables(whole, {})[0].rows] == [
        "β = 0",
        "β = 0.5",
        "β = 3",
    ]
    assert "does not reproduce those numbers" in " ".join(Weights.summary(whole, []))


def test_verdicts_over_seeds_are_those_of_the_errors(traces):
    several = []
    for seed in range(3):
        changed = {}
        for beta, trace in traces.items():
            trace = trace.copy(deep=True)
            error = {0.0: 0.05, 0.5: 0.03, 3.0: 0.08}[beta]
            trace["error_test"].values[-1] = error + 1e-3 * seed * (1 + beta)
            settings = {**json.loads(trace.attrs["settings"]), "seed": seed}
            changed[beta] = trace.assign_attrs(seed=seed, settings=json.dumps(settings))
        several.append(family(changed, "beta"))
    found = {one.key: one for one in Weights.findings(several)}
    assert found["error-0.5"].verdict is Verdict.SUPPORTED
    assert found["error-3"].verdict is Verdict.CONTRADICTED
    mean = found["error-0.5"].readings[0].parts[""].mean
    assert mean == pytest.approx(0.02 - 1e-3 * 0.5 * np.mean([0, 1, 2]), abs=1e-12)
    assert "1.13 %" in found["error-3"].source


def test_without_a_free_run_no_error_is_compared(traces):
    some = family({beta: traces[beta] for beta in (0.5, 3.0)}, "beta")
    assert [one.key for one in claims(some)] == ["price", "price-above-null"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"beta": -1.0}, "beta=-1.0"),
        ({"beta": float("nan")}, "beta=nan"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"hidden": ()}, "one hidden layer is the least"),
        ({"hidden": (8, 0)}, r"hidden\[1\]=0"),
        ({"layer": "hidden.4"}, "choose last, or one of hidden.1, hidden.2, hidden.3"),
        ({"layer": "<b>"}, "layer=<b>"),
        ({"alpha": 0.0}, "order must be positive"),
        ({"alpha": float("inf")}, "alpha=inf"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(InfoplaneError, match=words):
        Regularised(**settings)

"""One tiny autoencoder: two probes, two costs, and what is measured beside it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.autoencoder.principal import principal
from infoplane.experiments.autoencoder.stacked import cross_entropy
from infoplane.experiments.settings import Probing, Training
from infoplane.observe.side_by_side import SideBySide
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, held_out, trace_of

SMALL = Autoencoder(
    code_size=4,
    training=Training(steps=20),
    probing=Probing(
        snapshots=4,
        probe_batches=2,
        probe_size=20,
        probe_from="both",
        null_snapshots=2,
        permutations=3,
        evaluation=50,
    ),
)


def computed(experiment):
    rows = [event for event in experiment.run() if isinstance(event, Row)]
    return trace_of(rows, {**experiment.attributes, "settings": "{}"})


@pytest.fixture(scope="module")
def both():
    return computed(SMALL)


def test_each_probe_has_the_numbers_of_a_run_that_looks_at_it_alone(both):
    for side in ("train", "test"):
        alone = computed(replace(SMALL, probing=replace(SMALL.probing, probe_from=side)))
        for name in ("I_XT", "I_TY_null", "I_XT_pca", "norm_T"):
            np.testing.assert_array_equal(both[name].sel(probe=side).values, alone[name].values)
        np.testing.assert_array_equal(both["loss_test"].values, alone["loss_test"].values)


def test_claims_are_judged_on_held_out_samples(both):
    assert Autoencoder.findings([both]) == Autoencoder.findings([held_out(both)])
    told = " ".join(Autoencoder.summary(both, Autoencoder.findings([both])))
    assert "judged on the test samples" in told and "Intrinsic dimension of 1297" in told
    assert {panel.side for panel in Autoencoder.panels(both) if panel.plane} == {"train", "test"}


def test_the_second_plane_has_every_pair_on_both_probes(both):
    drawn = {one.key: one for one in Autoencoder.panels(both)}
    panel = drawn["second-plane-silverman-train"]
    assert [one.name for one in panel.series] == both["pair"].values.tolist()
    part = both.sel(probe="train", estimator="silverman")
    for one in panel.series:
        expected = part["I_pair"].sel(pair=one.name).mean("batch").values
        np.testing.assert_allclose(one.x, expected)
        np.testing.assert_allclose(one.y, part["I_XY"].mean("batch").values)
    assert panel.bisector and panel.side == "train" and "second-plane-tapia-test" in drawn


def test_a_code_wider_than_a_stage_is_announced(both):
    def told(size):
        settings = f'{{"dataset": "digits", "code_size": {size}}}'
        return " ".join(Autoencoder.summary(both.assign_attrs(settings=settings), []))

    assert "wider than the stage of 20 units" in told(21)
    assert "no bottleneck" not in told(20)


def test_the_pca_autoencoder_is_measured_once_by_the_same_planes(both):
    beside = principal(held_out(both))
    assert beside["I_XT"].dims == held_out(both)["I_XT"].dims and beside.sizes["snapshot"] == 1
    assert np.isfinite(beside["I_XT"].values).all() and np.isfinite(beside["S_T"].values).all()
    assert both["I_XT_pca"].isel(snapshot=slice(1, None)).isnull().all()
    linear = float(both["pca_loss_test"].values[0])
    assert linear < float(both["loss_test"].values[-1]), "twenty updates are no match for it"
    found = {one.key: one for one in Autoencoder.findings([both])}
    assert "PCA autoencoder" in found["dpi-encoder"].readings[0].controls


def test_the_cost_is_what_losses_are_in_and_training_minimises():
    trace = computed(replace(SMALL, cost="cross-entropy"))
    assert trace["loss_test"].attrs["unit"] == "bit per pixel"
    (panel,) = [one for one in Autoencoder.panels(trace) if one.key == "loss"]
    assert panel.y.unit == "bit per pixel" and "in bit per pixel" in panel.caption
    assert float(trace["loss_train"][-1]) < float(trace["loss_train"][0])
    model = torch.nn.Identity()
    half = torch.full((2, 1, 2, 2), 0.5)
    assert float(cross_entropy(model, half)) == pytest.approx(1.0)
    assert float(cross_entropy(model, half.round())) == 0.0


def test_the_planes_of_a_probing():
    data = SMALL.data
    with pytest.raises(InfoplaneError, match="looks at one probe"):
        SMALL.probing.probe(data, 0)
    model = SMALL.model()
    planes = SMALL.probing.planes(data, 0, lambda probe: SMALL.plane(model, probe))
    assert isinstance(planes, SideBySide) and list(planes.planes) == ["train", "test"]

"""The PCA autoencoder against its definition, and against the table of the notes."""

import numpy as np
import pytest
import torch

from infoplane.datasets.catalogue import load
from infoplane.models.autoencoders.principal import PrincipalAutoencoder, principal_components
from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.plane import Plane
from infoplane.observe.probe import Probe
from infoplane.record.snapshot import Snapshot


@pytest.fixture
def images():
    """Images of 36 pixels whose variances differ."""
    scales = torch.linspace(3, 0.1, 36).reshape(1, 1, 6, 6)
    return torch.randn(200, 1, 6, 6) * scales + 0.5


def test_the_components_are_those_of_the_singular_values(images):
    mean, directions = principal_components(images)
    flat = images.flatten(1).double()
    expected = torch.linalg.svd(flat - flat.mean(0)).Vh
    agreement = (directions.double() * expected).sum(1).abs()
    np.testing.assert_allclose(agreement, 1, atol=1e-4)
    np.testing.assert_allclose(mean, flat.mean(0), atol=1e-6)


@pytest.mark.parametrize("code", [1, 5, 36, 50])
def test_the_error_is_the_variance_that_the_narrowest_stage_leaves_out(images, code):
    model = PrincipalAutoencoder(images, [40, 20], code)
    variances = torch.linalg.svdvals((images - images.mean(0)).flatten(1).double()) ** 2 / 200
    expected = float(variances[min(code, 20) :].sum()) / 36
    error = float(torch.nn.functional.mse_loss(model(images), images))
    assert error == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_the_stages_are_those_of_the_trained_network(images):
    hidden, seen = [40, 20], {}
    trained = StackedAutoencoder((1, 6, 6), hidden, 30, seed=0)
    linear = PrincipalAutoencoder(images, hidden, 30)
    assert linear.layers == trained.layers
    for name in (*linear.layers, "output"):
        module = linear.get_submodule(name)
        module.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out}))
    linear(images)
    widths = {name: seen[name].shape[1] for name in linear.layers}
    stages = {name: trained.get_submodule(name).affine.out_features for name in trained.layers}
    assert widths == stages
    assert not seen["encoder.1"][:, 36:].any(), "there are no more scores than pixels"
    torch.testing.assert_close(seen["encoder.2"], seen["encoder.1"][:, :20])
    assert not seen["code"][:, 20:].any(), "what a stage has lost does not come back"
    torch.testing.assert_close(seen["decoder.2"], seen["code"][:, :20])


TABLE = {  # K: I(X;T), I(T;X'), I(X;X') under h = 5, then the same under Tapia's rule at γ = 1
    2: (2.320, 1.010, 1.114, 2.145, 1.047, 0.695),
    10: (4.535, 3.078, 3.429, 3.134, 2.296, 1.738),
    36: (5.173, 4.679, 4.847, 3.105, 2.813, 2.271),
    128: (5.380, 5.300, 5.309, 3.028, 2.977, 2.460),
    400: (5.403, 5.403, 5.390, 3.038, 3.038, 2.494),
}


@pytest.mark.mnist
@pytest.mark.parametrize("code", TABLE)
def test_the_table_of_the_notes(data_dir, code):
    """Fitted to the first fifty test digits of each class, measured on the first ten of each.

    The published-rule columns violate I(X;X′) ≤ I(T;X′), and Tapia's I(X;T) rises and falls with K,
    without any training.
    """
    data = load("mnist", data_dir)
    fitted, measured = (_first(data.test_y, count) for count in (50, 10))
    model = PrincipalAutoencoder(data.test_x[fitted], [code], code)
    whole = dict.fromkeys(("input", "output"), Tapia(1.0, standardise="whole"))
    plane = Plane(
        Probe(data.test_x[measured][None], data.test_y[measured][None]),
        layers=("code",),
        target="output",
        estimators={
            "h5": MatrixRenyi(1.01, Silverman(5.0)),
            "tapia": MatrixRenyi(1.01, Tapia(1.0), whole),
        },
    )
    seen = plane(Snapshot(0, 0.0, model, None)).values
    found = [
        float(seen[name].sel(estimator=rule).squeeze())
        for rule in ("h5", "tapia")
        for name in ("I_XT", "I_TY", "I_XY")
    ]
    np.testing.assert_allclose(found, TABLE[code], atol=1.1e-3)


def _first(labels, count):
    """The places of the first so many of each class, in the order of the file."""
    return torch.cat([(labels == one).nonzero()[:count, 0] for one in range(10)]).sort().values

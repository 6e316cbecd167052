"""Numbers known in advance: closed forms, published code, and the MNIST table of the notes."""

import gzip
import math

import numpy as np
import pytest
import torch

from infoplane.measures.gram import matrix
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Bandwidth, Fixed, LeeJo, Silverman, Tapia
from infoplane.numerics.gram import Dense, gaussian_gram, joint
from oracles import renyi as oracle

ORDERS = [0.5, 0.9, 1.0, 1.01, 2.0, 5.0, math.inf]


def equicorrelated(n: int, c: float) -> Dense:
    kernel = torch.full((n, n), c, dtype=torch.float64)
    return Dense(kernel.fill_diagonal_(1))


@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("c", [0.0, 0.3, 0.999, 1.0])
def test_constant_off_diagonal(c: float, alpha: float):
    """c = 1 is the kernel of equal samples (0 bits), c = 0 the identity (log2 n bits)."""
    value = matrix.entropy(equicorrelated(100, c), alpha).item()
    assert value == pytest.approx(oracle.equicorrelated_entropy(100, c, alpha), abs=1e-9)


@pytest.mark.parametrize("alpha", ORDERS)
def test_labels_have_the_entropy_of_their_frequencies(alpha: float):
    labels = np.repeat([7, -1, 3], [5, 10, 25])
    information = Renyi(alpha)(labels, labels).value
    expected = oracle.classical_entropy(np.array([5, 10, 25]) / 40, alpha)
    assert information == pytest.approx(expected, abs=1e-9)
    assert Renyi(alpha).entropy(np.arange(1000) % 10).value == pytest.approx(math.log2(10))


@pytest.mark.parametrize(
    ("counts", "alpha", "expected", "tolerance"),
    [([[1, 7], [12, 80]], 1.01, -1.3e-5, 5e-7), ([[1, 2], [2, 15]], 0.5, -0.0133, 5e-5)],
)
def test_information_can_be_negative_where_alpha_is_not_1(counts, alpha, expected, tolerance):
    x, y = (np.repeat(index, np.ravel(counts)) for index in ([0, 0, 1, 1], [0, 1, 0, 1]))
    assert Renyi(alpha)(x, y).value == pytest.approx(expected, abs=tolerance)
    assert Renyi(1.0)(x, y).value >= 0


@pytest.mark.parametrize("alpha", [2, 3, 5])
def test_entropies_agree_with_their_definition(alpha: int):
    x, y = torch.randn(30, 2), torch.randn(30, 4)
    k, other = oracle.gaussian_kernel(x, 1.5), oracle.gaussian_kernel(y, 1.5)
    estimator = Renyi(float(alpha), bandwidth=Fixed(1.5))
    assert estimator.entropy(x).value == pytest.approx(oracle.entropy_by_power(k, alpha), abs=1e-9)
    expected = oracle.information_by_power(k, other, alpha)
    assert estimator(x, y).value == pytest.approx(expected, abs=1e-9)
    labels = torch.arange(30) % 4
    expected = oracle.information_by_power(k, oracle.label_kernel(labels), alpha)
    assert estimator(x, labels).value == pytest.approx(expected, abs=1e-9)


def test_order_2_is_the_norm_and_agrees_with_eigenvalues():
    gram = gaussian_gram(torch.randn(30, 3), Fixed(1.0))[0]
    by_norm = -math.log2((gram.kernel / 30).square().sum())
    assert matrix.entropy(gram, 2.0).item() == pytest.approx(by_norm, abs=1e-9)
    assert matrix.entropy(gram, 2 + 1e-12).item() == pytest.approx(by_norm, abs=1e-9)


def test_a_product_of_gaussians_is_the_gaussian_of_the_concatenation():
    x, y = torch.randn(20, 3), torch.randn(20, 2)
    together = joint(gaussian_gram(x, Fixed(1.2))[0], gaussian_gram(y, Fixed(1.2))[0])
    concatenated = gaussian_gram(torch.cat([x, y], 1), Fixed(1.2))[0]
    torch.testing.assert_close(together.kernel, concatenated.kernel, rtol=0, atol=1e-9)


def test_joint_with_oneself_is_a_narrower_kernel_not_the_same_entropy():
    x = torch.randn(20, 3)
    narrower = Renyi(bandwidth=Fixed(1.2 / math.sqrt(2))).entropy(x).value
    estimator = Renyi(bandwidth=Fixed(1.2))
    entropy = estimator.entropy(x).value
    assert estimator(x, x).value == pytest.approx(2 * entropy - narrower, abs=1e-9)
    assert estimator(x, x).value < entropy


@pytest.mark.parametrize(("gamma", "published"), [(1.0, 4.032), (2.0, 0.849)])
def test_independent_normals_in_endless_dimensions_look_dependent(gamma, published):
    """All squared distances tend to 2d, so Tapia's kernel tends to exp(−1/γ²) off the diagonal."""
    gram = equicorrelated(128, math.exp(-1 / gamma**2))
    information = matrix.mutual_information(gram, gram, 1.01).item()
    assert information == pytest.approx(published, abs=1e-3)


@pytest.mark.parametrize(
    ("squared", "published"), [(20, 6.470), (30, 6.621), (40, 6.641), (52, 6.6437)]
)
def test_equidistant_samples_saturate(squared: float, published: float):
    simplex = math.sqrt(squared / 2) * torch.eye(100)
    estimate = Renyi(bandwidth=Fixed(1.98835)).entropy(simplex)
    assert estimate.value == pytest.approx(published, abs=1e-3)
    assert estimate.saturated


SAMPLES = {
    "X": oracle.published_samples(100, 3, 0),
    "Y": np.tanh(oracle.published_samples(100, 3, 0) @ np.ones((3, 2))),
    "Z": oracle.published_samples(100, 50, 1000),
}


@pytest.mark.parametrize(
    ("rule", "pair", "published"),
    [
        (LeeJo(), "XY", (1.0769117701, 0.1955769156, 1.1874287219)),
        (LeeJo(), "XZ", (1.0769117701, 5.2663240815, 5.5873080441)),
        (Tapia(), "XY", (4.5655813940, 1.9739844289, 5.0555974962)),
    ],
    ids=repr,
)
def test_published_code_prints_the_same(rule: Bandwidth, pair: str, published):
    x, y = (SAMPLES[name] for name in pair)
    estimator = Renyi(bandwidth=rule)
    values = estimator.entropy(x), estimator.entropy(y), estimator.joint_entropy(x, y)
    printed = [oracle.published_entropy(estimate.value) for estimate in values]
    assert printed == pytest.approx(published, abs=1e-6)


@pytest.mark.parametrize(
    ("scale", "published"),
    [(0.1, 0.156), (0.2, 0.525), (0.5, 2.315), (1, 5.266), (2, 6.634), (5, 6.644)],
)
def test_rescaling_a_layer_changes_entropy_under_lee_and_jo_alone(scale, published):
    layer = scale * SAMPLES["Z"]
    assert Renyi(bandwidth=LeeJo()).entropy(layer).value == pytest.approx(published, abs=1e-3)
    assert Renyi(bandwidth=Tapia()).entropy(layer).value == pytest.approx(5.177, abs=1e-3)


@pytest.fixture(scope="module")
def digits(data_dir) -> np.ndarray:
    """The first ten test images of every class, shape (100, 784), in [0, 1]."""

    def read(name: str, header: int) -> np.ndarray:
        packed = (data_dir / "mnist" / name).read_bytes()
        return np.frombuffer(gzip.decompress(packed), np.uint8, offset=header)

    images = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    labels = read("t10k-labels-idx1-ubyte.gz", 8)
    chosen = [np.flatnonzero(labels == digit)[:10] for digit in range(10)]
    return images[np.concatenate(chosen)] / 255


@pytest.mark.mnist
@pytest.mark.parametrize(
    ("rule", "table"),
    [
        (Silverman(), (5.957, 5.968, 4.758, 5.390)),
        (Fixed(8 / math.sqrt(2)), (5.550, 5.566, 3.925, 4.703)),
        (Tapia(standardise="whole"), (3.954, 3.988, 1.990, 2.494)),
        (Tapia(gamma=2.0, standardise="whole"), (1.532, 1.563, 0.520, 0.507)),
        (LeeJo(), (6.638, 6.638, 6.631, 6.632)),
    ],
    ids=repr,
)
def test_mnist_table(digits: np.ndarray, rule: Bandwidth, table):
    entropies = [Renyi(a, bandwidth=rule).entropy(digits).value for a in (1.01, 1.0, 2.0)]
    information = Renyi(1.01, bandwidth=rule)(digits, digits).value
    assert [*entropies, information] == pytest.approx(table, abs=1e-3)

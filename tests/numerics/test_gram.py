"""Every representation of a Gram matrix is the same matrix."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infoplane.numerics.bandwidth import Fixed
from infoplane.numerics.gram import Blocks, Dense, Gram, Labels, gaussian_gram, joint, label_gram
from oracles import renyi as oracle


def dense(gram: Gram) -> Dense:
    """The same variable as a full matrix, by the definition of the label kernel."""
    if isinstance(gram, Dense):
        return gram
    same = Dense(torch.from_numpy(oracle.label_kernel(gram.ids.numpy())))
    return same if isinstance(gram, Labels) else Dense(gram.kernel * same.kernel)


def assert_same_variable(gram: Gram, twin: Dense) -> None:
    sparse = gram.spectrum()
    nonzero, expected = sparse[sparse > 0].sort()[0], twin.spectrum().sort()[0]
    np.testing.assert_allclose(nonzero, expected[-len(nonzero) :], atol=1e-12)
    np.testing.assert_allclose(expected[: -len(nonzero)], 0, atol=1e-12)
    np.testing.assert_allclose(gram.purity(), twin.purity(), rtol=1e-12)


@st.composite
def variables(draw: st.DrawFn, n: int) -> Gram:
    """Anything a variable can be: dense, labels, or a dense one within classes."""
    ids = torch.tensor(draw(st.lists(st.integers(-2, 3), min_size=n, max_size=n)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    kernel = gaussian_gram(torch.randn(n, 2, generator=generator), Fixed(1.0))[0]
    return draw(st.sampled_from([kernel, label_gram(ids), kernel.times(label_gram(ids))]))


@given(st.lists(variables(n=9), min_size=1, max_size=4), st.permutations(range(9)))
def test_joint_variables_equal_the_product_of_full_matrices(grams: list[Gram], order: list[int]):
    together = joint(*grams)
    full = Dense(torch.stack([dense(gram).kernel for gram in grams]).prod(0))
    assert_same_variable(together, full)
    moved = torch.tensor(order)
    assert_same_variable(together.reordered(moved), full.reordered(moved))
    assert torch.equal(full.reordered(moved).kernel, full.kernel[moved][:, moved])


@pytest.mark.parametrize("classes", [1, 3])
def test_a_batch_of_grams_is_a_loop_over_them(classes: int):
    x, ids = torch.randn(4, 8, 3), torch.randint(classes, (4, 8))
    kernel = gaussian_gram(x, Fixed(1.0))[0]
    together = joint(kernel, label_gram(ids))
    for i in range(4):
        alone = joint(gaussian_gram(x[i], Fixed(1.0))[0], label_gram(ids[i]))
        np.testing.assert_allclose(together.spectrum()[i].sort()[0], alone.spectrum().sort()[0])
        np.testing.assert_allclose(together.purity()[i], alone.purity())


def test_one_set_of_labels_serves_a_batch_of_layers():
    layers, ids = torch.randn(3, 8, 2), torch.arange(8) % 2
    kernels = gaussian_gram(layers, Fixed(1.0))[0]
    shared = joint(kernels, label_gram(ids))
    repeated = joint(kernels, label_gram(ids.expand(3, 8)))
    assert isinstance(shared, Blocks)
    assert torch.equal(shared.spectrum(), repeated.spectrum())

"""Feature maps as the papers define them: one Gram matrix per map, products, loops over pairs."""

from functools import reduce
from itertools import combinations

import numpy as np

from oracles.renyi import entropy_by_power, gaussian_kernel


def joint_kernel(maps, sigmas):
    """The element-wise product of the kernels of all maps, maps of shape (n, c, d)."""
    kernels = [gaussian_kernel(maps[:, c], sigma) for c, sigma in enumerate(sigmas)]
    return reduce(np.multiply, kernels)


def tensor_kernel(maps, sigma):
    """exp(−‖X_i − X_j‖²/(2σ²)) of whole tensors."""
    return gaussian_kernel(maps.reshape(len(maps), -1), sigma)


def trio(kernels, target, alpha):
    """(I_1 + I_2 − I_12, 2·I_12 − I_1 − I_2, I_12, min(I_1, I_2)) of every pair, pair by pair."""

    def information(kernel):
        joint = entropy_by_power(kernel * target, alpha)
        return entropy_by_power(kernel, alpha) + entropy_by_power(target, alpha) - joint

    found = []
    for a, b in combinations(kernels, 2):
        one, two, both = information(a), information(b), information(a * b)
        found.append((one + two - both, 2 * both - one - two, both, min(one, two)))
    return np.array(found)


def normalised_total_correlation(kernels, alpha):
    """(Σ S_i − S of all) / (Σ S_i − max S_i)."""
    alone = [entropy_by_power(kernel, alpha) for kernel in kernels]
    whole = entropy_by_power(reduce(np.multiply, kernels), alpha)
    return (sum(alone) - whole) / (sum(alone) - max(alone))

"""Maps in pairs and a layer of maps as a whole, against the linear algebra that they cannot avoid.

Floors: the eigenvalues of all Gram matrices that the trio of 64 maps (2016 pairs) needs, solved in
the same batches and given as they are; and for 256 maps of 14 × 14 one product of matrices for the
distances and the two spectra of I(X; {C¹, …, C^C}). Targets: 1.2 and 1.3 times. The peer is the
loop over pairs of ``ip.trio``, on fewer maps because it is slow.
"""

from itertools import combinations

import numpy as np
import torch
from timing import medians, table

import infoplane as ip
from infoplane.measures.gram.matrix import entropy
from infoplane.measures.gram.pairs import AT_ONCE, pair_entropies, pair_information, positions
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.gram import Dense, gaussian_gram, joint
from infoplane.numerics.maps import map_grams, maps_gram

CPU = torch.device("cpu")
ALPHA = 1.01


def main() -> None:
    pairs(maps=64, n=128)
    loop(maps=16, n=128)
    for rule in (Silverman(5.0), Tapia()):
        layer(rule, maps=256, n=1000)


def drawn(n, maps, side):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, maps, side * side, generator=generator).relu()


def trio(grams, chosen, target):
    """Everything about pairs: what they tell of the target, and the entropies behind it."""
    alone = pair_entropies(grams, chosen, ALPHA)
    together = pair_entropies(grams, chosen, ALPHA, target)
    found = pair_information(alone, together, entropy(target, ALPHA))
    return found.trade_off.mean(), found.non_redundant.mean(), found.both.mean()


def pairs(maps, n):
    x = drawn(n, maps, 12)
    grams, _ = map_grams(x, Tapia())
    target, _ = gaussian_gram(torch.rand(n, 784), Tapia(standardise="whole"))
    chosen = positions(list(combinations(range(maps), 2)), CPU)
    kernels = grams.kernel
    both = kernels[chosen[:, 0]] * kernels[chosen[:, 1]]
    needed = torch.cat([kernels, both, kernels * target.kernel, both * target.kernel])
    batches = [*needed.split(AT_ONCE // n**2), target.kernel[None]]
    rows = medians(
        {
            f"eigvalsh of {len(needed) + 1} Gram matrices": lambda: [
                torch.linalg.eigvalsh(one) for one in batches
            ],
            "trio of pairs": lambda: trio(grams, chosen, target),
            "trio of pairs, from the maps": lambda: trio(map_grams(x, Tapia())[0], chosen, target),
        },
        rounds=5,
    )
    table(f"{maps} maps ({len(chosen)} pairs), n = {n}", rows, ours=next(iter(rows)))


def loop(maps, n):
    x, y = drawn(n, maps, 12), torch.rand(n, 784)
    rule = ip.Renyi(ALPHA, Tapia())
    target, _ = gaussian_gram(y, Tapia())
    chosen = positions(list(combinations(range(maps), 2)), CPU)
    rows = medians(
        {
            "batches of pairs, from the maps": lambda: trio(
                map_grams(x, Tapia())[0], chosen, target
            ),
            "ip.trio, pair by pair": lambda: ip.trio(list(x.unbind(1)), y, estimator=rule),
        },
        rounds=3,
    )
    table(f"{maps} maps ({len(chosen)} pairs), n = {n}", rows, ours=next(iter(rows)))


def layer(rule, maps, n):
    x = drawn(n, maps, 14)
    source, _ = gaussian_gram(torch.rand(n, 784), Tapia(standardise="whole"))
    known = entropy(source, ALPHA)
    flat = x.flatten(1).double().numpy()
    found, _ = maps_gram(x, rule)
    matrices = [found.kernel.numpy(), joint(found, source).kernel.numpy()]

    def information():
        together, _ = maps_gram(x, rule)
        return known + entropy(together, ALPHA) - entropy(joint(together, source), ALPHA)

    def slowly():
        together = joint(*[Dense(kernel) for kernel in map_grams(x, rule)[0].kernel])
        return known + entropy(together, ALPHA) - entropy(joint(together, source), ALPHA)

    rows = medians(
        {
            "one distance product and two eigvalsh": lambda: (
                flat @ flat.T,
                [np.linalg.eigvalsh(one) for one in matrices],
            ),
            "whole-layer information": information,
            f"the same from {maps} Gram matrices": slowly,
        },
        rounds=3,
    )
    table(f"{maps} maps of 14 x 14, n = {n}, {rule}", rows, ours=next(iter(rows)))


if __name__ == "__main__":
    main()

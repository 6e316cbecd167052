"""Peak memory of looking at 12 layers of a 100-million-parameter transformer, 64 × 128 tokens.

Each measurement has a process of its own. Target: beyond the same forward pass, a look adds less
than the activations of one layer plus the Gram matrices that it keeps.
"""

import subprocess
import sys

import torch
from torch import nn

import infoplane as ip
from infoplane.engine import memory

LAYERS, WIDTH, VOCABULARY = 12, 768, 20_000
SEQUENCES, TOKENS = 64, 128
WAYS = {"all": 2, "mean": 2, "each": 16}
"""What a sample is, and in how many batches."""


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, 12, 4 * WIDTH, batch_first=True)
            for _ in range(LAYERS)
        )

    def forward(self, ids):
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x)
        return x


def main():
    if len(sys.argv) > 1:
        print(peak(sys.argv[1]))
        return
    floor = measured("forward")
    layer = SEQUENCES * TOKENS * WIDTH * 4 / 1e6
    print(f"forward pass alone: {floor:.0f} MB; output of one layer: {layer:.0f} MB")
    for keep in WAYS:
        added, kept = measured(keep) - floor, grams(keep)
        print(
            f"tokens={keep!r:7} adds {added:6.0f} MB, of which Gram matrices {kept:6.1f} MB: "
            f"{(added - kept) / layer:5.2f} × the output of one layer"
        )


def measured(what):
    """Peak memory of a process in MB."""
    done = subprocess.run([sys.executable, __file__, what], check=True, capture_output=True)
    return float(done.stdout.split()[-1])


def peak(what):
    """Runs one way in this process."""
    ip.watch, torch.set_num_threads(1)  # imports its libraries in every process
    torch.manual_seed(0)
    model = Transformer().eval()
    ids = torch.randint(0, VOCABULARY, (SEQUENCES, TOKENS))
    if what == "forward":
        torch.backends.mha.set_fastpath_enabled(False)
        with torch.no_grad():
            model(ids)
    else:
        y = torch.arange(SEQUENCES) % 4
        watched = ip.watch(
            model,
            (ids, ids if what == "each" else y),
            "layers.*",
            source="embedding",
            batches=WAYS[what],
            tokens=what,
        )
        with watched:
            pass
    return memory.peak() / 1e6


def grams(keep):
    """Megabytes of the Gram matrices of the layers and the embedding, under two estimators."""
    samples = SEQUENCES * (TOKENS if keep == "each" else 1)
    n = samples // WAYS[keep]
    return 2 * (LAYERS + 1) * WAYS[keep] * n * n * 8 / 1e6


if __name__ == "__main__":
    main()

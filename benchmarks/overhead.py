"""What recording costs a training run: the parts of a finished run, from its manifest.

Usage: python benchmarks/overhead.py RUN…   (runs of one session, on an otherwise idle machine)
Target: at most 10 % of training without nulls, 30 % with them.
"""

import sys
from pathlib import Path

from infoplane.store.manifest import Manifest

MEASURING = ("forward", "gram", "spectrum", "loss", "store")


def main() -> None:
    if len(sys.argv) == 1:
        print("No run was named: python benchmarks/overhead.py runs/autoencoder/…")
    for folder in sys.argv[1:]:
        seconds = Manifest.read(Path(folder) / "manifest.json").seconds
        measuring = sum(seconds.get(part, 0.0) for part in MEASURING)
        null = seconds.get("null", 0.0)
        training = seconds["last session"] - measuring - null
        print(f"\n{folder}")
        print(f"  training                 {training:9.1f} s     1.00")
        print(f"  measuring without nulls  {measuring:9.1f} s{measuring / training:9.3f}")
        print(
            f"  measuring with nulls     {measuring + null:9.1f} s"
            f"{(measuring + null) / training:9.3f}"
        )


if __name__ == "__main__":
    main()

"""What makes a run durable: address, manifest, journal, checkpoints, Zarr."""

"""Your own network, in your own loop, from saved checkpoints, or under somebody's trainer."""

"""How the exact bottleneck of a given joint distribution is told and drawn, from its account."""

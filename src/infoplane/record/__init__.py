"""Looking at a network while it trains, without touching it."""

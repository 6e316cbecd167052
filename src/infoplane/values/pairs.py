"""What kinds of variables can stand in a pair."""

from typing import Literal

Pair = Literal["numbers", "mixed", "labels"]
"""Two variables of numbers, numbers and a discrete one in either place, or two discrete ones."""
PAIRS: tuple[Pair, ...] = ("numbers", "mixed", "labels")
"""All of them; how many of the two are discrete is the place."""

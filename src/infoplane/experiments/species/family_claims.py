"""All that a family of species can be asked."""

from infoplane.analysis.claims import Claim
from infoplane.experiments.species import across, each, learning
from infoplane.values.trace import Trace


def claims(trace: Trace) -> list[Claim]:
    """P1–P7 of every species, P8–P11 across them, and whether they learned as published."""
    return [*each.claims(trace), *across.claims(trace), *learning.claims(trace)]

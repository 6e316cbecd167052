"""The network that learns shuffled labels, as a Trace of its own."""

from infoplane.values.trace import Trace

NETWORK, CONTROL = "network", "control"
"""Names of the two that are trained side by side."""
SUFFIX = "_shuffled"
"""What is behind the names of the control's variables."""
WORDS = ", labels shuffled"
"""And behind their meanings."""
LABELS = "labels shuffled"
"""What claims call the control."""


def has_control(trace: Trace) -> bool:
    """Whether it was trained."""
    return f"I_XT{SUFFIX}" in trace


def control(trace: Trace) -> Trace:
    """What the control showed, under the names of the network."""
    names = [str(name) for name in trace if str(name).endswith(SUFFIX)]
    return trace[names].rename({name: name.removesuffix(SUFFIX) for name in names})


def network(trace: Trace) -> Trace:
    """A Trace without the control."""
    return trace.drop_vars([str(name) for name in trace if str(name).endswith(SUFFIX)])

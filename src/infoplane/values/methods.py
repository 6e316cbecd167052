"""What every estimator of a Trace is, in words that are kept with its numbers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import final

from infoplane.values.trace import Trace

METHODS, HOLDER = "methods", "I_XT"
"""The attribute with the JSON of all methods, of a Trace or of the variable of a plane."""
RENYI = "matrix-based Rényi"
"""The family whose functional a methods section can explain."""


@final
@dataclass(frozen=True)
class Method:
    """One estimator in words.

    Attributes:
        words: What it is, with all its parameters.
        sources: Keys in ``references.bib`` of the works it is from.
        family: The functional that it estimates, such as ``RENYI``; empty if nobody told.
        parameters: The same as ``words`` as Python writes it, to tell two runs apart.
    """

    words: str
    sources: tuple[str, ...] = ()
    family: str = ""
    parameters: str = ""


UNTOLD = Method("not described")
"""An estimator of a Trace that does not say."""


def methods_json(methods: Mapping[str, Method]) -> str:
    """Methods by the name of their estimator as an attribute."""
    return json.dumps({name: asdict(one) for name, one in methods.items()}, ensure_ascii=False)


def methods_of(trace: Trace) -> dict[str, Method]:
    """Every estimator of a Trace in words, in the Trace's order."""
    attributes = (trace.attrs, *(trace.variables[name].attrs for name in trace))
    holder = next((one for one in attributes if METHODS in one), {})
    told = {
        name: Method(**{**entry, "sources": tuple(entry["sources"])})
        for name, entry in json.loads(holder.get(METHODS, "{}")).items()
    }
    names = [str(name) for name in trace["estimator"].values] if "estimator" in trace else []
    return {name: told.get(name, UNTOLD) for name in names}

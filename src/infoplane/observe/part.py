"""One part of a module, looked at as if it were all of it."""

from dataclasses import dataclass, replace
from typing import final

import xarray as xr

from infoplane.record.loop import Observer
from infoplane.record.snapshot import Snapshot
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class OfPart:
    """What an observer sees of one of several networks that are trained as one module.

    Attributes:
        observer: Looks at it.
        part: Name of the submodule.
        suffix: What is put behind every variable's name, to tell networks apart.
        words: What is put behind every variable's meaning.
    """

    observer: Observer
    part: str
    suffix: str = ""
    words: str = ""

    def __call__(self, snapshot: Snapshot) -> Measured:
        """The observer's variables, renamed."""
        network = snapshot.model.get_submodule(self.part)
        seen = self.observer(replace(snapshot, model=network))
        values = {name + self.suffix: self._named(one) for name, one in seen.values.items()}
        return Measured(values, {part + self.suffix: s for part, s in seen.seconds.items()})

    def _named(self, values: xr.DataArray) -> xr.DataArray:
        meaning = values.attrs.get("long_name", "")
        return values.assign_attrs(long_name=f"{meaning}{self.words}")

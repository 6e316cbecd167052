"""The curves of a family of species: what claims and figures ask for, by species and layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import xarray as xr

from infoplane.analysis.family import MEASURED
from infoplane.experiments.claims import has_null
from infoplane.models.autoencoders.species import CODE
from infoplane.values.trace import Trace

SPECIES = "species"
"""The dimension along which the members of the family lie."""


@final
@dataclass(frozen=True)
class Curves:
    """What one family measured, or the same after shuffling.

    Attributes:
        trace: The family, of one seed or of several.
        shuffled: Whether informations are those of the permutation null.
    """

    trace: Trace
    shuffled: bool = False

    @property
    def species(self) -> list[str]:
        """The members, in order."""
        return [str(name) for name in self.trace[SPECIES].values]

    @property
    def has_null(self) -> bool:
        """Whether the members measured their null."""
        return has_null(self.trace)

    def there(self, names: Sequence[str]) -> list[str]:
        """Those of some species that are members."""
        return [name for name in names if name in self.species]

    def to_input(self, species: str, layer: str = CODE) -> xr.DataArray:
        """I(X;T), in bits; at the moments that have a null if shuffled."""
        return self._information("I_XT", species, layer)

    def to_output(self, species: str, layer: str = CODE) -> xr.DataArray:
        """I(T;X′), in bits."""
        return self._information("I_TY", species, layer)

    def above_null(self, species: str) -> xr.DataArray:
        """I(X;Z) above its permutation mean, at the moments that have one."""
        excess = self.of("I_XT", species, CODE) - self.of("I_XT_null", species, CODE)
        return excess.dropna("snapshot", how="all").assign_attrs(self.trace["I_XT"].attrs)

    def norm(self, species: str) -> xr.DataArray:
        """The mean norm of the code."""
        return self.of("norm_T", species, CODE)

    def norm_at(self, curve: xr.DataArray, species: str) -> xr.DataArray:
        """The mean norm of the code at the moments of a curve."""
        norm = self.norm(species)
        return norm.isel(snapshot=norm["step"].isin(curve["step"]).values)

    def of(self, name: str, species: str, layer: str | None = None) -> xr.DataArray:
        """Any variable of one member at the moments at which that was looked at."""
        values = self.trace[name].sel({SPECIES: species}, drop=True)
        there = self.trace[MEASURED].sel({SPECIES: species}).values
        values = values.isel(snapshot=there).drop_vars(MEASURED, errors="ignore")
        return values if layer is None else values.sel(layer=layer, drop=True)

    def _information(self, name: str, species: str, layer: str) -> xr.DataArray:
        if not self.shuffled:
            return self.of(name, species, layer)
        return self.of(f"{name}_null", species, layer).dropna("snapshot", how="all")

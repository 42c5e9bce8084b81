"""What a rule about by-products is."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.sbom import _conditions as when
from forensics.sbom._site import Site


@dataclass(frozen=True, slots=True)
class ByProduct:
    """One rule. `paths` is a regular expression over the whole path.

    `programs` allows the condition to speak for programs; it must then check ownership or every byte.
    `whatever_mode` allows execute permission on what is no program, for single well-known files that
    tools copy with any mode.
    """

    id: str
    paths: str
    reason: str
    condition: when.Condition = when.is_file
    programs: bool = False
    whatever_mode: bool = False

    def holds(self, site: Site) -> bool:
        """Whether this rule explains the file, its path being one of `paths`."""
        if not self.programs and (site.is_program or (site.is_executable and not self.whatever_mode)):
            return False
        return self.condition(site)

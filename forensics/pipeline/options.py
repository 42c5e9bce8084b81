"""What a person may choose about an analysis."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from forensics.access import DEFAULT_ACCESS, Access
from forensics.limits import DEFAULT, Limits


@dataclass(frozen=True, slots=True)
class Options:
    """`platform`, `tag` and `image` choose among several images; `sbom` and `rules` are further files.

    `jobs` is the number of worker processes (None: one a usable core); `cache` whether facts of contents seen
    before are reused; `access` how registries may be reached.
    """

    platform: str | None = None
    tag: str | None = None
    image: int | None = None
    sbom: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    jobs: int | None = None
    cache: bool = True
    limits: Limits = DEFAULT
    access: Access = DEFAULT_ACCESS

    @property
    def worker_count(self) -> int:
        """How many worker processes may run."""
        return self.jobs or len(os.sched_getaffinity(0))


DEFAULT_OPTIONS = Options()

"""How long registries are waited for, and how often they are asked again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try.

    `silence` is also the span over which a server must send `slowest` bytes a second, and `document` the
    longest that a manifest, token or other document may take. A pause doubles from `first_pause` on; no
    server is waited for longer than `most_pause`. A blob that breaks off gets another try for free where at
    least `worthwhile` bytes of it came.
    """

    tries: int = 5
    first_pause: float = 1.0
    most_pause: float = 60.0
    connect: float = 20.0
    silence: float = 60.0
    document: float = 120.0
    slowest: int = 1024
    worthwhile: int = 16 << 20

"""What may still be opened of the archives below one file, and the way to have a member examined."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forensics.limits import Limits
from forensics.model.facts import FileFacts


class Nested:
    """Kept for one outer file and all archives below it: the limits hold for them together."""

    def __init__(self, limits: Limits, examine: Callable[[memoryview, Nested], FileFacts]) -> None:
        self._limits = limits
        self._examine = examine
        self._began = time.monotonic()
        self._held = 0
        self._members = 0
        self._bytes = 0
        self.depth = 0
        self.container = ""
        """The format of the archive that what is examined now is a member of; empty for the outer file."""

    @property
    def room(self) -> int:
        """Bytes that may be unpacked now: so many less as archives around this one hold."""
        limits = self._limits
        return max(0, min(limits.nested_held_bytes - self._held, limits.nested_bytes - self._bytes))

    @property
    def exhausted(self) -> str:
        """Which limit leaves no room for a further member; empty while there is room."""
        limits = self._limits
        if self._members >= limits.nested_members:
            return f"more than {limits.nested_members} members"
        if self._bytes >= limits.nested_bytes:
            return f"more than {limits.nested_bytes} bytes of members"
        if time.monotonic() - self._began > limits.nested_seconds:
            return f"it took more than {limits.nested_seconds} s"
        return ""

    def count(self, size: int) -> None:
        """A member of `size` bytes is about to be examined."""
        self._members += 1
        self._bytes += size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """While so many bytes more are held in memory."""
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    def examine(self, content: memoryview, container: str) -> FileFacts:
        """The facts of a member of an archive of the format `container`."""
        before = self.container
        self.depth, self.container = self.depth + 1, container
        try:
            return self._examine(content, self)
        finally:
            self.depth, self.container = self.depth - 1, before

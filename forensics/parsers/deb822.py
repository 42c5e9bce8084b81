"""Reads deb822 control data: paragraphs of `Field: value` as in dpkg's status file.

Source: deb822(5) and Debian Policy 5.1 (syntax of control files).
"""

from __future__ import annotations

import io
import re

import msgspec

_MOST_FAULTS = 100

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """A line that does not follow the format: where it stands, how many bytes it has, and why."""

    offset: int
    length: int
    reason: str


class Paragraphs(msgspec.Struct, frozen=True):
    """The paragraphs in file order, each a mapping of lower-case field names to values.

    `faults` are the first lines that make no sense, `lost_bytes` is the size of all of them.
    """

    paragraphs: tuple[dict[str, str], ...]
    faults: tuple[Fault, ...] = ()
    lost_bytes: int = 0


def parse_deb822(content: bytes) -> Paragraphs:
    r"""Every paragraph of `content`; lines that are not control data are skipped and reported.

    Continuation lines are joined with `\n`, their leading blank removed. Bytes that are not UTF-8
    become surrogates. Where a field stands twice in a paragraph the first one counts, as dpkg refuses
    the second. Offsets and lengths are in bytes. Never raises.
    """
    reading = _Reading()
    offset = 0
    for line in io.BytesIO(content):
        reading.take(line.rstrip(b"\r\n"), offset)
        offset += len(line)
    return reading.result()


class _Reading:
    """Puts lines together to paragraphs."""

    def __init__(self) -> None:
        self._found: list[dict[str, str]] = []
        self._faults: list[Fault] = []
        self._lost = 0
        self._fields: dict[str, list[bytes]] = {}
        self._current: list[bytes] | None = None

    def take(self, line: bytes, offset: int) -> None:
        """Read the line that stands at `offset`."""
        if not line.strip():
            self._close()
        elif line[:1] in b" \t":
            if self._current is None:
                self.fault(offset, len(line), "a continuation line without a field")
            else:
                self._current.append(line[1:])
        elif line[:1] != b"#":
            self._field(line, offset)

    def _field(self, line: bytes, offset: int) -> None:
        match = _FIELD.fullmatch(line)
        name = match[1].decode("ascii").lower() if match else ""
        if match is None or name.startswith("-"):
            self.fault(offset, len(line), "not a field")
            self._current = None
        elif name in self._fields:
            self.fault(offset, len(line), f"the field {name} stands twice")
            self._current = []
        else:
            self._current = self._fields[name] = [match[2]]

    def fault(self, offset: int, length: int, reason: str) -> None:
        """Count a line as lost, and remember it unless many were before."""
        self._lost += length
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(Fault(offset, length, reason))

    def _close(self) -> None:
        """End the paragraph: keep it when it has fields, and start over."""
        self._current = None
        if self._fields:
            self._found.append(
                {
                    name: b"\n".join(lines).decode("utf-8", "surrogateescape").strip()
                    for name, lines in self._fields.items()
                }
            )
            self._fields.clear()

    def result(self) -> Paragraphs:
        """Everything read."""
        self._close()
        return Paragraphs(tuple(self._found), tuple(self._faults), self._lost)

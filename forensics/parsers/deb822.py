"""Reads deb822 control data: paragraphs of `Field: value` as in dpkg's status file.

Source: deb822(5) and Debian Policy 5.1 (syntax of control files).
"""

from __future__ import annotations

import re

import msgspec

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """A line that does not follow the format: where it stands, how many bytes it has, and why."""

    offset: int
    length: int
    reason: str


class Paragraphs(msgspec.Struct, frozen=True):
    """The paragraphs in file order, each a mapping of lower-case field names to values, and the faults."""

    paragraphs: tuple[dict[str, str], ...]
    faults: tuple[Fault, ...] = ()


def parse_deb822(content: bytes) -> Paragraphs:
    r"""Every paragraph of `content`; lines that are not control data are skipped and reported.

    Continuation lines are joined with `\n`, their leading blank removed. Bytes that are not UTF-8
    become surrogates. Where a field stands twice in a paragraph the first one counts, as dpkg refuses
    the second. Offsets and lengths are in bytes. Never raises.
    """
    found: list[dict[str, str]] = []
    faults: list[Fault] = []
    fields: dict[str, list[bytes]] = {}
    current: list[bytes] | None = None
    offset = 0
    for line in content.split(b"\n"):
        start, offset = offset, offset + len(line) + 1
        line = line.rstrip(b"\r")
        if not line.strip():
            _close(fields, found)
            current = None
        elif line[:1] in b" \t":
            if current is None:
                faults.append(Fault(start, len(line), "a continuation line without a field"))
            else:
                current.append(line[1:])
        elif line[:1] != b"#":
            match = _FIELD.fullmatch(line)
            name = match[1].decode("ascii").lower() if match else ""
            if match is None or name.startswith("-"):
                faults.append(Fault(start, len(line), "not a field"))
                current = None
            elif name in fields:
                faults.append(Fault(start, len(line), f"the field {name} stands twice"))
                current = []
            else:
                current = fields[name] = [match[2]]
    _close(fields, found)
    return Paragraphs(tuple(found), tuple(faults))


def _close(fields: dict[str, list[bytes]], found: list[dict[str, str]]) -> None:
    """End the paragraph: keep it when it has fields, and start over."""
    if fields:
        found.append(
            {
                name: b"\n".join(lines).decode("utf-8", "surrogateescape").strip()
                for name, lines in fields.items()
            }
        )
        fields.clear()

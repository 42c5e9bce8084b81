"""JSON documents of an image, read so that nothing they say can stop the work.

Manifests, indexes and configurations come from many writers and from attackers: keys in another case, values
of another type, bytes that are not UTF-8, nesting without end. What cannot be used is left out and becomes an
issue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from forensics.errors import ParseError
from forensics.sources._issues import IssueLog

_SURROGATES = range(0xD800, 0xE000)
_INT64 = 1 << 63
_MOST_OBJECTS = 65_536


def decode_json(content: bytes, subject: str, issues: IssueLog) -> Any:
    """The value of `content`; what is not strict JSON (RFC 8259) is tried again leniently and noted.

    Raises ParseError when it is not JSON at all or nested too deeply to be a document.
    """
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise ParseError(f"{subject} is nested too deeply to be an image document") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        strict = str(error)
    try:
        value = json.loads(content.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError):
        raise ParseError(f"{subject} is not JSON: {strict}") from None
    issues.add("lenient-json", subject, f"it is not strict JSON ({strict}) and was read leniently")
    return value


def clean_text(text: str) -> str:
    r"""`text` without surrogates: undecodable bytes are written `\xNN`, so that it can always be encoded."""
    if text.isascii():
        return text
    return "".join(_escaped(char) if ord(char) in _SURROGATES else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


class Document:
    """A JSON object whose members are asked for by type.

    A member that is absent or null gives the empty value of the type; one of another type gives the same
    and an issue. Keys are found in any case, as the Go programs that write and run images find them; two
    keys that differ in case alone are noted, because programs then read different things.
    """

    def __init__(self, value: object, subject: str, issues: IssueLog) -> None:
        self.subject = subject
        self._issues = issues
        self._members: Mapping[str, Any] = {}
        if isinstance(value, dict):
            self._members = value
        elif value is not None:
            self._wrong("the document", "an object")
        self._spellings: dict[str, str] = {}
        for key in self._members:
            known = self._spellings.setdefault(key.casefold(), key)
            if known != key and self._members[known] != self._members[key]:
                issues.add(
                    "ambiguous-document",
                    subject,
                    f"the keys {clean_text(known)!r} and {clean_text(key)!r} say different things; "
                    "programs disagree on which one counts",
                )

    def __bool__(self) -> bool:
        return bool(self._members)

    def has(self, key: str) -> bool:
        """Whether there is a member `key`, even a null one."""
        return key in self._members or key.casefold() in self._spellings

    def text(self, key: str) -> str:
        """A string."""
        value = self._member(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return clean_text(value)
        self._wrong(key, "a string")
        return ""

    def number(self, key: str) -> int:
        """A whole number from 0 to 2^63-1."""
        value = self._member(key)
        if value is None:
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _INT64:
            return value
        self._wrong(key, "a size")
        return 0

    def flag(self, key: str) -> bool:
        """A truth value."""
        value = self._member(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong(key, "true or false")
        return False

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; a single string counts as a list of one, as in old Docker configurations."""
        value = self._member(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (clean_text(value),)
        if not isinstance(value, list):
            self._wrong(key, "a list of strings")
            return ()
        found = tuple(clean_text(item) for item in value if isinstance(item, str))
        if len(found) != len(value):
            self._wrong(f"an element of {key}", "a string")
        return found

    def keys(self, key: str) -> tuple[str, ...]:
        """The keys of an object that stands for a set (`ExposedPorts`, `Volumes`), sorted; a list will do."""
        value = self._member(key)
        if isinstance(value, dict):
            return tuple(sorted(clean_text(name) for name in value))
        return tuple(sorted(self.texts(key)))

    def mapping(self, key: str) -> dict[str, str]:
        """An object of strings, in key order."""
        value = self._member(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(key, "an object of strings")
            return {}
        found = {clean_text(name): clean_text(text) for name, text in value.items() if isinstance(text, str)}
        if len(found) != len(value):
            self._wrong(f"a value of {key}", "a string")
        return dict(sorted(found.items()))

    def child(self, key: str) -> Document:
        """An object; the empty one when it is absent."""
        value = self._member(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, "an object")
            value = None
        return Document(value, self.subject, self._issues)

    def children(self, key: str) -> tuple[Document, ...]:
        """A list of objects."""
        value = self._member(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(key, "a list of objects")
            return ()
        return documents(value, key, self.subject, self._issues)

    def _member(self, key: str) -> Any:
        if key in self._members:
            return self._members[key]
        spelling = self._spellings.get(key.casefold())
        return None if spelling is None else self._members[spelling]

    def _wrong(self, what: str, wanted: str) -> None:
        self._issues.add("malformed-document", self.subject, f"{what} is not {wanted} and was ignored")


def documents(values: list[Any], what: str, subject: str, issues: IssueLog) -> tuple[Document, ...]:
    """The objects among the first 65,536 `values`; what is left out becomes an issue."""
    if len(values) > _MOST_OBJECTS:
        issues.add(
            "limit", subject, f"{what} has {len(values)} elements; only the first {_MOST_OBJECTS} were read"
        )
        values = values[:_MOST_OBJECTS]
    found = tuple(Document(value, subject, issues) for value in values if isinstance(value, dict))
    if len(found) != len(values):
        issues.add("malformed-document", subject, f"an element of {what} is not an object and was ignored")
    return found

"""What libmagic says of a content: slow and thorough, for what somebody looks at."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from forensics.parsers.filetype import file_type
from forensics.printable import printable

_LOOKED_AT = 1 << 20
_SHOWN = 400


def describe(content: bytes | memoryview) -> str:
    """A sentence about `content` in the words of file(1), printable; our own without libmagic."""
    part = bytes(content[:_LOOKED_AT])
    magic = _libmagic()
    if magic is not None:
        try:
            return printable(str(magic.from_buffer(part)))[:_SHOWN]
        except Exception:  # noqa: BLE001 - python-magic raises its own error, ctypes others: none may reach a screen
            return file_type(part, len(content)).description
    return file_type(part, len(content)).description


@functools.cache
def _libmagic() -> Any | None:
    """Libmagic with its own database; None where neither the wheel nor the system has it."""
    with contextlib.suppress(ImportError):
        import pylibmagic  # noqa: F401 - importing it makes its library the one that magic finds
    try:
        import magic

        return magic.Magic()
    except (ImportError, OSError):
        return None

"""How the interface says things: signs and words first, a tone of the theme after."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from forensics.model.files import Change, FileKind, FileState
from forensics.model.findings import Finding, Severity
from forensics.model.sbom import FileStatus
from forensics.quantities import human_size
from forensics.tui.widgets.styled import Part

UNKNOWN = "…"
"""Stands where something is not known yet."""

NOTHING = "—"
"""Stands where something is known not to be there."""

CHANGE_SIGNS = {Change.ADDED: "+", Change.MODIFIED: "~", Change.DELETED: "-", Change.UNCHANGED: "="}

STATUS_WORDS = {
    FileStatus.DECLARED: "declared",
    FileStatus.PACKAGE: "package",
    FileStatus.ALTERED: "altered",
    FileStatus.UNDECLARED_PACKAGE: "undeclared",
    FileStatus.GENERATED: "generated",
    FileStatus.KNOWN_GOOD: "known good",
    FileStatus.UNOWNED: "unowned",
    FileStatus.MISSING: "missing",
}
NOTABLE_STATUSES = frozenset({FileStatus.ALTERED, FileStatus.UNDECLARED_PACKAGE, FileStatus.UNOWNED})
_STATUS_TONES = {
    FileStatus.ALTERED: "error",
    FileStatus.MISSING: "error",
    FileStatus.UNOWNED: "warning",
    FileStatus.UNDECLARED_PACKAGE: "warning",
}
_KIND_LETTERS = {
    FileKind.REGULAR: "-",
    FileKind.HARDLINK: "-",
    FileKind.DIRECTORY: "d",
    FileKind.SYMLINK: "l",
    FileKind.CHAR_DEVICE: "c",
    FileKind.BLOCK_DEVICE: "b",
    FileKind.FIFO: "p",
}


def size_text(size: int | None) -> str:
    """Bytes in at most five characters, for columns (`74.8M` is 74.8 MB); `…` when unknown."""
    if size is None:
        return UNKNOWN
    number, unit = human_size(size).split()
    return number + unit[0]


def size_words(size: int | None) -> str:
    """Bytes as the reports write them (`74.8 MB`); `…` when unknown."""
    return UNKNOWN if size is None else human_size(size)


def share_text(share: float, digits: int = 2) -> str:
    """A share of 1 in per cent, rounded down: what is not all never reads as 100 %."""
    steps = 10**digits
    return f"{math.floor(share * 100 * steps + 1e-6) / steps:.{digits}f} %"


def count_text(count: int | None, *, brief: bool = False) -> str:
    """A count in four characters (`3.1k`), `brief` in three (`3k`); nothing for 0, `…` when unknown."""
    if count is None:
        return UNKNOWN
    if count == 0:
        return ""
    if count < 1000:
        return str(count)
    unit, size = ("k", 1_000) if count < 999_500 else ("M", 1_000_000)
    value = count / size
    return f"{value:.0f}{unit}" if brief or value >= 9.95 else f"{value:.1f}{unit}"


def mode_text(mode: int, kind: FileKind) -> str:
    """The mode as `ls -l` writes it."""
    letters = list("rwxrwxrwx")
    for position in range(9):
        if not mode >> (8 - position) & 1:
            letters[position] = "-"
    for bit, position, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            letters[position] = letter if letters[position] == "x" else letter.upper()
    return _KIND_LETTERS.get(kind, "?") + "".join(letters)


def time_text(seconds: float) -> str:
    """A time of the image in UTC to the second; `—` for one no calendar has."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return NOTHING


SIGN_CELLS = 2
"""Cells that the sign of a severity takes where it stands in a column."""


def severity_part(severity: Severity, width: int = 0) -> Part:
    """Sign and word of a severity in its tone, padded to `width`; the words stand below one another."""
    sign = severity.sign.ljust(SIGN_CELLS)
    return (f"{sign} {severity.value}".ljust(width), severity.value)


def severity_counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity, worst first; none of a severity, no entry."""
    counts = dict.fromkeys(sorted(Severity, key=lambda severity: -severity.rank), 0)
    for finding in findings:
        counts[finding.severity] += 1
    return {severity: count for severity, count in counts.items() if count}


def worst_part(severity: Severity | None, count: int) -> Part:
    """The sign of the worst finding and how many there are, nothing without any."""
    if severity is None:
        return ""
    return (f"{severity.sign:<{SIGN_CELLS}} {count}", severity.value)


def change_part(change: Change) -> Part:
    """The mark of a change in its tone."""
    return (CHANGE_SIGNS[change], change.value)


def status_part(status: FileStatus | None) -> Part:
    """The word for a status, quiet unless it must be looked at; nothing when there is none."""
    if status is None:
        return ""
    return (STATUS_WORDS[status], _STATUS_TONES.get(status, "muted"))


def state_text(state: FileState | None, changed_by_layer: int | None) -> str:
    """`visible`, `overwritten by 4`, `deleted by 6`."""
    if state is None:
        return ""
    if state is FileState.VISIBLE or changed_by_layer is None:
        return state.value
    return f"{state.value} by {changed_by_layer}"


def instruction_text(created_by: str) -> str:
    """A build step as its author wrote it: without the shell and the builder's remarks around it."""
    text = " ".join(created_by.split())
    marker = "#(nop)"
    if marker in text:
        return text.split(marker, 1)[1].strip()
    for shell in ("/bin/sh -c ", "/bin/bash -c ", "RUN /bin/sh -c "):
        if text.startswith(shell):
            text = "RUN " + text[len(shell) :]
    return text.removesuffix("# buildkit").rstrip()

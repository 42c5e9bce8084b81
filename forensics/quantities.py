"""Counts and sizes as people read them, the same on the command line, in reports and on the screen."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB")


def human_size(size: int) -> str:
    """A number of bytes in at most four digits and a decimal unit: `512 B`, `3.5 MB`."""
    amount = float(size)
    for unit in _UNITS:
        if amount < 999.5 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return (
        f"{size} B" if unit == "B" else f"{amount:.1f} {unit}" if amount < 99.95 else f"{amount:.0f} {unit}"
    )


def counted(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2,000 files`: `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

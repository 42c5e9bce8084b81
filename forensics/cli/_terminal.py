"""What leaves the program: text for people, bytes for programs, nothing a terminal would obey."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from forensics.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_ROWS = 2000
_ANY_WIDTH = 1_000_000


def say(line: str) -> None:
    """One line on standard error."""
    print(printable(line), file=sys.stderr, flush=True)  # noqa: T201


def write_bytes(content: bytes) -> None:
    """Exactly these bytes on standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def write_text(text: str) -> None:
    """Text that is printable already, as UTF-8 whatever the locale says: others read it by that."""
    write_bytes(text.encode())


def write_lines(lines: Iterable[str]) -> None:
    """Printable lines as they come, a block of them at a time."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == _ROWS:
            write_text("\n".join(block) + "\n")
            block.clear()
    if block:
        write_text("\n".join(block) + "\n")


def write_json(rows: Iterable[object]) -> None:
    """A JSON array with an element a line, each a record with printable texts."""
    import msgspec

    encoder = msgspec.json.Encoder()
    write_text("[")
    comma = "\n"
    for row in rows:
        write_text(comma + encoder.encode(row).decode())
        comma = ",\n"
    write_text("\n]\n")


def terminal() -> Console:
    """Standard output as a person's terminal, in its width and with its colours."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


def write_table(table: Table) -> None:
    """A table in the terminal's width; to a pipe or a file in the width it needs, so that nothing is cut."""
    if sys.stdout.isatty():
        terminal().print(table)
        return
    from rich.console import Console

    file = io.StringIO()
    Console(file=file, color_system=None, force_terminal=False, width=_ANY_WIDTH).print(table)
    write_text("".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines()))


def silence_output() -> None:
    """After a broken pipe: whatever is still buffered goes nowhere, without a complaint at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)

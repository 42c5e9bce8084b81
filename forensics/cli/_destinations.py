"""Which reports are wanted, and where each one goes."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.cli._evidence import refuse_to_touch
from forensics.cli._terminal import terminal, write_text
from forensics.errors import ForensicsError, UsageError
from forensics.model.report import Report
from forensics.printable import printable
from forensics.quantities import counted
from forensics.reports import ReportFormat, reports

_STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Destination:
    """One report format and the file it goes to; None is standard output."""

    format: ReportFormat
    path: Path | None

    def write(self, report: Report) -> None:
        """Render the report there; a file appears whole or not at all."""
        if self.path is None:
            if sys.stdout.isatty():
                self.format.show(report, terminal())
            else:
                write_text(self.format.render(report))
            return
        _write_whole(self.path, self.format.render(report).encode())


def destinations(
    formats: str, outputs: Sequence[str], evidence: Sequence[str | Path] = ()
) -> tuple[Destination, ...]:
    """What `--format` and `--output` ask for.

    Without `--output` there is one format, on standard output. One FILE for several formats is a stem: each
    format adds its extension. Several are taken in the order of the formats; `-` is standard output. Raises
    UsageError for an unknown format, a count that does not fit, a folder that is not there, or a file that is
    evidence.
    """
    wanted = _formats(formats)
    names = _names(wanted, outputs)
    found = tuple(
        Destination(format_, None if name == _STANDARD_OUTPUT else _checked(Path(name), evidence))
        for format_, name in zip(wanted, names, strict=True)
    )
    if len(set(names)) < len(names):
        raise UsageError("two reports would go to the same place", "give each its own --output FILE")
    return found


def _formats(text: str) -> list[ReportFormat]:
    known = reports()
    wanted = [name.strip() for name in text.split(",")]
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"{printable(name) or 'nothing'} is no report format", f"choose from {', '.join(known)}"
            )
    if len(set(wanted)) < len(wanted):
        raise UsageError("a report format is named twice", "name each format once")
    return [known[name] for name in wanted]


def _names(wanted: Sequence[ReportFormat], outputs: Sequence[str]) -> list[str]:
    if not outputs and len(wanted) == 1:
        return [_STANDARD_OUTPUT]
    if not outputs:
        raise UsageError("several formats need a place to go", "add --output FILE; each adds its extension")
    if len(outputs) == len(wanted):
        return list(outputs)
    if len(outputs) == 1 and outputs[0] != _STANDARD_OUTPUT:
        return [f"{outputs[0]}{format_.extension}" for format_ in wanted]
    raise UsageError(
        f"{counted(len(wanted), 'format')} and {len(outputs)} --output do not fit",
        "give one --output for each format in their order, or a single one as the stem of all names",
    )


def _checked(path: Path, evidence: Sequence[str | Path]) -> Path:
    """The path, when a file can be written there; found out before the work and not after it."""
    shown = printable(str(path))
    if path.is_dir():
        raise UsageError(f"{shown} is a folder", "name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {printable(str(path.parent))}", "make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{shown} cannot be written", "choose a place you may write")
    refuse_to_touch(path, *evidence)
    return path


def _write_whole(path: Path, content: bytes) -> None:
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_bytes(content)  # a device or a pipe cannot be replaced
            return
        target = path.resolve()
        descriptor, unfinished = tempfile.mkstemp(prefix=f".{target.name[:200]}-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            Path(unfinished).replace(target)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ForensicsError(
            f"cannot write {printable(str(path))}: {error.strerror or error}", "choose another place"
        ) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

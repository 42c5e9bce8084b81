"""Opens a JSON report that was saved."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from forensics.errors import ForensicsError
from forensics.limits import DEFAULT, MIB, Limits
from forensics.model.report import SCHEMA, Report
from forensics.printable import printable
from forensics.reports._text import has_control_escape, has_unprintable, printable_record

_HEAD = re.compile(rb'\s*\{\s*"schema"\s*:\s*"forensics-report/')
_AGAIN = "make it again with: forensics scan IMAGE --format json --output FILE"


class _Head(msgspec.Struct):
    schema: str = ""


def is_saved_report(path: Path) -> bool:
    """Whether the file at `path` begins as a saved report does; false for what cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _HEAD.match(file.read(256)) is not None
    except (OSError, ValueError):
        return False


def load_report(path: Path, limits: Limits = DEFAULT) -> Report:
    """The report saved at `path`, every text in it safe to show.

    Raises ForensicsError when the file cannot be read, is larger than an SBOM may be
    (`limits.sbom_bytes`), is not a report, is of
    another schema, or is cut short. Keys this version does not know are passed over: later versions only add.
    """
    content = _read(path, limits.sbom_bytes)
    name = printable(str(path))
    try:
        report = msgspec.json.decode(content, type=Report)
        text = content.decode()
    except RecursionError:
        raise ForensicsError(f"{name} is not a report: it is nested too deeply", _AGAIN) from None
    except UnicodeDecodeError:
        raise ForensicsError(f"{name} is not a report: it is not UTF-8", _AGAIN) from None
    except msgspec.MsgspecError as error:
        raise _explain(name, content, error) from error
    if report.schema != SCHEMA:
        raise _other_schema(name, report.schema)
    if has_unprintable(text) or has_control_escape(text):
        report = printable_record(report)
    return report


def _read(path: Path, most: int) -> bytes:
    name = printable(str(path))
    try:
        if not path.is_file():
            raise ForensicsError(f"{name} is not a file", "name a report saved with --format json")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ForensicsError(f"cannot read {name}: {error.strerror}", "name a report you may read") from error
    if len(content) > most:
        raise ForensicsError(f"{name} is too large for a report: more than {most // MIB} MiB", _AGAIN)
    return content


def _explain(name: str, content: bytes, error: msgspec.MsgspecError) -> ForensicsError:
    """The error for content that is not a whole report of this schema."""
    if not isinstance(error, msgspec.ValidationError):
        if _HEAD.match(content) and "truncated" in str(error):
            return ForensicsError(f"{name} is cut short: the report does not end", _AGAIN)
        return ForensicsError(f"{name} is not a report: {printable(str(error))}", _AGAIN)
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
    except (ValueError, RecursionError):
        schema = ""
    if schema != SCHEMA:
        return _other_schema(name, schema)
    return ForensicsError(f"{name} does not follow {SCHEMA}: {printable(str(error))}", _AGAIN)


def _other_schema(name: str, schema: str) -> ForensicsError:
    if not schema:
        return ForensicsError(f"{name} is not a report: it names no schema", f"this version opens {SCHEMA}")
    return ForensicsError(
        f"{name} is a document of another kind: {printable(schema)}", f"this version opens {SCHEMA}"
    )

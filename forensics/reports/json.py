"""The JSON report: the public contract `forensics-report/1`, as `schema/report.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forensics.model.report import Report
from forensics.reports._format import ReportFormat
from forensics.reports._text import escape_json, printable_record


class JsonReport(ReportFormat):
    """One object; every key on a line, every element of a list on a line of its own.

    So two reports can be compared with `diff` and searched with `grep`, at the cost of few bytes.
    """

    id = "json"
    extension = ".json"

    def render(self, report: Report) -> str:
        """The report as UTF-8 JSON text, keys in the order of the contract."""
        try:
            text = _document(report)
        except UnicodeEncodeError:
            text = _document(printable_record(report))
        return escape_json(text)


def _document(report: Report) -> str:
    pieces: list[bytes] = []
    for name in report.__struct_fields__:
        pieces += (b",\n" if pieces else b"{", f'"{name}":'.encode())
        pieces += _value(getattr(report, name))
    return b"".join((*pieces, b"}\n")).decode()


def _value(value: object) -> Iterator[bytes]:
    """JSON of one top-level value, with the elements of a list on lines of their own."""
    encode = msgspec.json.Encoder().encode
    if not isinstance(value, tuple) or not value:
        yield encode(value)
        return
    between = b"[\n"
    for element in value:
        yield between
        yield encode(element)
        between = b",\n"
    yield b"\n]"


REPORT = JsonReport()

"""The JSON report: the public contract `forensics-report/1`, as `schema/report.schema.json` describes it."""

from __future__ import annotations

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
    members = (f'"{name}":{_value(getattr(report, name))}' for name in report.__struct_fields__)
    return "{" + ",\n".join(members) + "}\n"


def _value(value: object) -> str:
    """JSON of one top-level value, with the elements of a list on lines of their own."""
    if not isinstance(value, tuple) or not value:
        return msgspec.json.encode(value).decode()
    lines = msgspec.json.Encoder().encode_lines(value).rstrip(b"\n")
    return "[\n" + lines.decode().replace("\n", ",\n") + "\n]"


REPORT = JsonReport()

"""A JSON report that was saved, and perhaps changed by somebody else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from forensics.errors import ForensicsError
from forensics.model.report import SCHEMA, Report
from forensics.reports._saved import is_saved_report, load_report
from fuzz._promises import check_shown
from fuzz._target import Target
from fuzz._vary import vary_json

_RECORDS = "findings", "files", "packages", "layers", "issues"


@cache
def _descriptor() -> int:
    return os.memfd_create("report")


def run(data: bytes) -> None:
    """A report whose every text can be shown, or one sentence about why it is none."""
    descriptor = _descriptor()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, data, 0)
    path = Path(f"/proc/self/fd/{descriptor}")
    is_saved_report(path)
    try:
        report = load_report(path)
    except ForensicsError as error:
        assert error.message.isprintable()
        assert "\n" not in error.message
        return
    assert report.schema == SCHEMA
    check_shown(report)


def seeds() -> Iterator[bytes]:
    """A report with every record in it, as the program writes it."""
    report = msgspec.to_builtins(_filled(Report))
    report["schema"] = SCHEMA
    yield json.dumps(report).encode()
    yield json.dumps({"schema": "forensics-report/99"}).encode()
    yield b'{"schema": "' + SCHEMA.encode() + b'", "x": ' + b"[" * 3000


def _filled(kind: type) -> object:
    """A record of this type with something in every field."""
    return msgspec.convert(_value(msgspec.inspect.type_info(kind)), kind)


def _value(info: msgspec.inspect.Type) -> object:
    inspect = msgspec.inspect
    match info:
        case inspect.StructType():
            named = {field.encode_name: _value(field.type) for field in info.fields}
            return named | ({str(info.tag_field): info.tag} if info.tag_field else {})
        case inspect.UnionType():
            return _value(next(each for each in info.types if not isinstance(each, inspect.NoneType)))
        case inspect.VarTupleType() | inspect.ListType():
            return [_value(info.item_type)]
        case inspect.TupleType():
            return [_value(each) for each in info.item_types]
        case inspect.DictType():
            return {str(_value(info.key_type)): _value(info.value_type)}
        case inspect.EnumType():
            return next(iter(info.cls)).value
        case inspect.LiteralType():
            return info.values[0]
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return 1
        case _:
            return "x"


TARGET = Target(id="saved_report", run=run, seeds=seeds, vary=vary_json, longest=24 * 1024)

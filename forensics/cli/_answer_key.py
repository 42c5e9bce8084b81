"""Reads the answer key of a training image."""

from __future__ import annotations

from pathlib import Path

import msgspec

from forensics.errors import UsageError
from forensics.limits import DEFAULT, Limits
from forensics.model.findings import Severity
from forensics.printable import printable
from forensics.samples import Answer

SCHEMA = "forensics-answers/1"


class AnswerKey(msgspec.Struct, frozen=True, kw_only=True):
    """What must be found in a training image, and how severe anything else may be at most."""

    schema: str
    id: str
    title: str
    level: str
    ceiling: Severity
    answers: tuple[Answer, ...]


def read_answer_key(path: Path, limits: Limits = DEFAULT) -> AnswerKey:
    """The key in the file; UsageError when it is not one."""
    name = printable(str(path))
    hint = "forensics samples build DIR writes ID.answers.json beside each image"
    try:
        with path.open("rb") as file:
            content = file.read(limits.json_bytes)
        key = msgspec.json.decode(content, type=AnswerKey)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}", hint) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} is not an answer key: {printable(str(error))}", hint) from error
    if key.schema != SCHEMA:
        raise UsageError(f"{name} is not an answer key but {printable(key.schema)}", hint)
    return key

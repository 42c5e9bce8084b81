"""Lists of indicators (`indicators/*.toml`): digests, hosts, strings, paths, images, packages of a campaign.

Hosts and strings become YARA rules when the signatures are loaded; digests are looked up; paths, images and
packages travel with the rule for whoever sees such things. See docs/signatures.md for the format.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from forensics.errors import SignatureError
from forensics.examine._rule import ATTACK, ID, Rule
from forensics.model.findings import Category, Confidence, Severity

_DIGEST = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
_PACKAGE = re.compile(r"pkg:[a-z]+/[^\s@]+@\S+")
_GUARD = "not indicator_list"


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[indicator]]` table; what it leaves out, the top of the file says for all."""

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    explanation: str
    category: Category
    attack: tuple[str, ...]
    references: tuple[str, ...]
    alternatives: str = ""
    remediation: str
    files: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    needed: int = 1
    paths: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class IndicatorList(msgspec.Struct, frozen=True):
    """What one file gives: its rules, and the YARA text for those that have strings."""

    rules: tuple[Rule, ...]
    yara: str


def read_indicators(text: str, *, file: str, pack: str, namespace: str, guarded: bool) -> IndicatorList:
    """The indicators in `text`; SignatureError names `file` and what is wrong.

    `guarded` rules leave alone what is itself a list of indicators; the guard is the bundled pack's.
    """
    try:
        document = tomllib.loads(text)
        entries = [_entry(document, table) for table in document.get("indicator", [])]
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, TypeError, ValueError) as error:
        raise SignatureError(f"{file}: {error}", "see docs/signatures.md for the format") from error
    rules, parts = [], []
    for entry in entries:
        name = "indicator_" + re.sub(r"\W", "_", entry.id)
        body = _strings(entry)
        if body:
            guard = f" and {_GUARD}" if guarded else ""
            parts.append(
                f"rule {name} {{\n  strings:\n{body}  condition:\n    {entry.needed} of them{guard}\n}}\n"
            )
        common = {field: getattr(entry, field) for field in Rule.__struct_fields__ if hasattr(entry, field)}
        rules.append(Rule(**common, pack=pack, namespace=namespace, name=name if body else "", file=file))
    return IndicatorList(tuple(rules), "\n".join(parts))


def _entry(document: dict[str, Any], table: dict[str, Any]) -> _Entry:
    shared = {key: value for key, value in document.items() if key != "indicator"}
    entry = msgspec.convert({**shared, **table}, _Entry)
    _check("id", (entry.id,), ID)
    _check("attack", entry.attack, ATTACK)
    _check("files", entry.files, _DIGEST)
    _check("images", entry.images, _IMAGE)
    _check("packages", entry.packages, _PACKAGE)
    short = [each for each in (*entry.hosts, *entry.strings) if len(each) < 6]
    if short:
        raise ValueError(f"{entry.id}: {short[0]!r} is too short to mean anything")
    if not any((entry.files, entry.hosts, entry.strings, entry.paths, entry.images, entry.packages)):
        raise ValueError(f"{entry.id}: lists nothing")
    return entry


def _check(field: str, values: tuple[str, ...], form: re.Pattern[str]) -> None:
    for value in values:
        if not form.fullmatch(value):
            raise ValueError(f"{field}: {value!r} has not the form {form.pattern}")


def _strings(entry: _Entry) -> str:
    lines = [
        f'    $host{n} = "{_escaped(host)}" ascii wide nocase fullword\n'
        for n, host in enumerate(entry.hosts)
    ]
    lines += [f'    $text{n} = "{_escaped(text)}" ascii fullword\n' for n, text in enumerate(entry.strings)]
    return "".join(lines)


def _escaped(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise SignatureError(f"{text!r} is not printable ASCII", "indicators are written as plain text")
    return text.replace("\\", "\\\\").replace('"', '\\"')

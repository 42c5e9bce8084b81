"""Scripts, and text that a program reads as one: what they do and what they hide."""

from __future__ import annotations

import re
from collections.abc import Mapping

from forensics.examine._behaviours import observe
from forensics.examine._clues import behaviours_in, encodings_in
from forensics.examine._decoding import NEEDLES, Hidden, reveal
from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.model.facts import Decoded, MatchedString, RuleMatch, ScriptFacts
from forensics.model.issues import Issue
from forensics.parsers.filetype import TEXT_TYPES, file_type, shebang
from forensics.printable import printable

SHOWN_DECODED = 4_000
"""Characters of a decoded text that are kept."""

# What a page, a manual or a change log begins with: it speaks of commands, nothing runs it.
_PROSE = re.compile(
    rb"\s*(?:<!doctype|<html|<\?xml|\.\\\"|\.TH |\.Dd |'\\\"|%!PS|\\documentclass|\{\\rtf|@comment"
    rb"|\\input texinfo|\.\. [\w|:_-]|<(?:h[1-6]|p|div|svg|!--)\b"
    rb"|={3,}\n[^\n=]{3,100}\n={3,}\n|[^\n]{3,80}\n[=-]{3,}\s*\n"
    # A comment may begin a program too: it is a heading when prose, a list or another heading follows.
    rb"|# [^\n]{1,100}\n\s*\n(?:#{2,6} |!?\[|```|> |[*-] [a-z\[`]|`|[a-z][^\n=|;$]{0,60} [a-z]+[ \n,]))",
    re.IGNORECASE,
)
_HEAD = 16_384
_SECTIONS = ("[Unit]", "[Service]", "[Timer]", "[Socket]", "[Path]", "[Install]")
# Every expression is anchored to a line or a word and bounded: a text that fits none costs one pass.
_LANGUAGES = (
    ("python", r"^(?:import \w|from [\w.]{1,80} import |def \w{1,80}\(|class \w{1,80}[(:])"),
    ("javascript", (r"\brequire\(['\"]|^(?:const|let|var) \w{1,80} = |\bmodule\.exports\b"
                   r"|^import .{1,200} from ['\"]")),
    ("ruby", r"^require ['\"]|^[ \t]{0,40}def \w{1,80}$|^end$"),
    ("perl", r"^use strict;|^(?:my|our) [$@%]\w"),
    ("cron", r"^(?:@(?:reboot|hourly|daily)|(?:[\d*/,-]{1,20}[ \t]{1,8}){4}[\w*/,-]{1,20})[ \t]{1,8}\S"),
    ("sh", (r"^[ \t]{0,40}(?:if \[|for \w{1,40} in |export \w{1,80}=|fi$|done$|esac$|\w{1,80}=\$\()"
           r"|\|[ \t]?(?:ba)?sh\b|&& ")),
)  # fmt: skip
_BY_WORDS = tuple((name, re.compile(form.encode(), re.MULTILINE)) for name, form in _LANGUAGES)


class ScriptExaminer(Examiner):
    """Language, size, behaviours and decoded one-liners."""

    id = "script"

    def applies(self, type: str, size: int) -> bool:  # noqa: A002, ARG002
        """Scripts; and text without an interpreter line, of which only what does something is reported."""
        return type in TEXT_TYPES

    def examine(self, subject: Subject) -> Learnt | None:
        """What the first `limits.text_bytes` bytes do. Text that is prose, or does nothing, gives None.

        So does a compressed text that does not begin as a script: nothing runs it, and images have thousands.
        """
        if subject.type == "text" and subject.container == "compressed":
            return None
        text = bytes(subject.content[: subject.limits.text_bytes])
        first = shebang(text) if subject.type == "script" else None
        clues = subject.clues
        wanted = None if clues is None else behaviours_in(clues)
        if first is None and (wanted == {} or _PROSE.match(text[:512])):
            return None
        hidden = reveal(text, NEEDLES if clues is None else encodings_in(clues))
        behaviours, crowded = _behaviours(text, hidden, wanted)
        if first is None and not behaviours and not hidden:
            return None
        facts = ScriptFacts(
            language=first.language if first else _language(text),
            interpreter=printable(first.line) if first else "",
            lines=text.count(b"\n") + (not text.endswith(b"\n")),
            longest_line=max(map(len, text.split(b"\n"))),
            decoded=tuple(_decoded(each) for each in hidden),
            behaviours=behaviours,
        )
        matches = _matches(subject, text, hidden)
        return Learnt(value=facts, matches=matches, issues=_issues(subject, len(text), crowded))


def _language(text: bytes) -> str:
    """The language of a text without an interpreter line, by its words; `text` when none is telling."""
    head = text[:_HEAD]
    lines = (line.strip() for line in head.decode("latin-1").split("\n"))
    first = next((line for line in lines if line and line[0] not in "#;"), "")
    if first.startswith("<?php"):
        return "php"
    if first in _SECTIONS:
        return "systemd"
    if first.startswith(("{", "[")):
        return "json"
    return next((name for name, form in _BY_WORDS if form.search(head)), "text")


def _behaviours(
    text: bytes, hidden: tuple[Hidden, ...], wanted: Mapping[str, tuple[bytes, ...]] | None
) -> tuple[tuple[MatchedString, ...], tuple[str, ...]]:
    """What the text does and what its decoded parts do; the latter stand where the encoded part stands."""
    seen = observe(text, wanted)
    found = list(seen.behaviours)
    crowded = list(seen.crowded)
    for each in hidden:
        inner = observe(each.data)
        crowded += inner.crowded
        found += (
            MatchedString(match.identifier, each.offset, each.length, match.text)
            for match in inner.behaviours
        )
    found.sort(key=lambda match: (match.offset, match.identifier, match.text))
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(crowded))


def _decoded(hidden: Hidden) -> Decoded:
    kind = file_type(hidden.data)
    shown = (
        printable_text(hidden.data)
        if kind.id in TEXT_TYPES
        else f"({kind.description}, {len(hidden.data)} bytes)"
    )
    return Decoded(offset=hidden.offset, length=hidden.length, encoding=hidden.encoding, text=shown)


def printable_text(data: bytes) -> str:
    """Decoded text, line by line printable, of at most `SHOWN_DECODED` characters."""
    lines = data[:SHOWN_DECODED].decode("utf-8", "surrogateescape").split("\n")
    return "\n".join(printable(line.expandtabs(4).rstrip("\r")) for line in lines)[:SHOWN_DECODED]


def _matches(subject: Subject, text: bytes, hidden: tuple[Hidden, ...]) -> tuple[RuleMatch, ...]:
    """Signatures in what was decoded, pointing at the encoded bytes.

    Decoded text is scanned behind the script's own first line: rules that ask for an interpreter apply.
    """
    found: dict[str, list[MatchedString]] = {}
    lead = text[: text.find(b"\n") + 1] if text.startswith(b"#!") else b""
    for each in hidden:
        readable = file_type(each.data).id == "text"
        for match in subject.scanner.scan(lead + each.data if readable else each.data).matches:
            words = match.strings or (MatchedString("", 0, 0, "the decoded content"),)
            found.setdefault(match.rule_id, []).extend(
                MatchedString(f"{each.encoding}:{word.identifier}", each.offset, each.length, word.text)
                for word in words
                if word.offset >= len(lead) or not word.length
            )
    most = subject.limits.evidence_per_finding
    return tuple(
        RuleMatch(rule_id=rule, strings=tuple(strings[:most])) for rule, strings in sorted(found.items())
    )


def _issues(subject: Subject, read: int, crowded: tuple[str, ...]) -> tuple[Issue, ...]:
    issues = []
    if read < len(subject.content):
        message = f"only the first {read} bytes were read as a script; the signatures saw all"
        issues.append(subject.issue("limit", message))
    if crowded:
        message = f"too many places to look at them all for: {', '.join(crowded)}"
        issues.append(subject.issue("limit", message))
    return tuple(issues)


EXAMINER = ScriptExaminer()

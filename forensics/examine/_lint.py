"""What is wrong with signatures: missing meaning, doubled ids, strings that slow every scan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from forensics.examine._pack import Pack, SignatureFile
from forensics.examine._rule import ATTACK, ID, REQUIRED, Rule
from forensics.model.findings import Category, Confidence, Severity


class LintProblem(msgspec.Struct, frozen=True, order=True):
    """One problem: `file` with its pack, `line` from 1 (0: the whole file), `rule` its YARA name or empty.

    `level` is `error` for what the bundled pack may not have, else `warning`.
    """

    file: str
    line: int
    rule: str
    level: str
    message: str


class WrittenRule(msgspec.Struct, frozen=True):
    """A rule as its file has it."""

    pack: Pack
    file: SignatureFile
    name: str
    meta: Mapping[str, Any]


ATOM = 4
"""Bytes a string should have in a row: YARA looks for runs of up to this many to find candidates."""

_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/
      | (?P<text>\$\w*\s*=\s*"(?:[^"\\\n]|\\.)*")
      | (?P<regex>\$\w*\s*=\s*/(?:[^/\\\n]|\\.)+/[is]*)
      | (?P<hex>\$\w*\s*=\s*\{[^}]*\})
      | "(?:[^"\\\n]|\\.)*"
      | \brule\s+(?P<rule>\w+)""",
    re.VERBOSE | re.DOTALL,
)
# What stands for a choice of bytes, and what stands for one certain byte.
_REGEX_PART = re.compile(r"(?P<any>\\[bBdDsSwW]|\[\^?\]?(?:[^\]\\]|\\.)*\])|\\x[0-9A-Fa-f]{2}|\\.")
_CLOSED = {
    "severity": frozenset(Severity),
    "category": frozenset(Category),
    "confidence": frozenset(Confidence),
}
_WARNING = re.compile(r"(.+?)\((\d+)\): (.*)")


def lint(
    packs: Sequence[Pack], written: Iterable[WrittenRule], duplicates: Iterable[Rule], warnings: Iterable[str]
) -> tuple[LintProblem, ...]:
    """Every problem of the packs, in order of file and line; `warnings` are the compiler's."""
    problems: list[LintProblem] = []
    lines = {(pack.namespace(f), name): n for pack in packs for f in pack.files for name, n in f.rule_lines()}
    for rule in written:
        if rule.pack.bundled:
            line = lines.get((rule.pack.namespace(rule.file), rule.name), 0)
            where = rule.pack.label(rule.file)
            problems += (LintProblem(where, line, rule.name, "error", text) for text in _meaning(rule))
    for taken in duplicates:
        line = lines.get((taken.namespace, taken.name), 0)
        message = f"the id {taken.id} is taken by another rule"
        problems.append(LintProblem(f"{taken.pack}/{taken.file}", line, taken.name, "error", message))
    for pack in packs:
        for file in pack.files:
            if file.is_yara:
                problems += _slow_strings(pack, file)
    for warning in warnings:
        if found := _WARNING.fullmatch(warning):
            problems.append(LintProblem(found[1], int(found[2]), "", "warning", found[3]))
    return tuple(sorted(set(problems)))


def _meaning(rule: WrittenRule) -> Iterator[str]:
    meta = {key: str(value) for key, value in rule.meta.items()}
    for field in REQUIRED:
        if not meta.get(field, "").strip():
            yield f"meta lacks {field}"
    identifier = meta.get("id", "")
    folder = rule.file.label.partition("/")[0]
    if identifier and not ID.fullmatch(identifier):
        yield f"the id {identifier} has not the form tactic/behaviour"
    elif identifier and identifier.partition("/")[0] != folder:
        yield f"the id {identifier} is not of the folder {folder}"
    for field, words in _CLOSED.items():
        if field in meta and meta[field] not in words:
            yield f"{field} {meta[field]} is none of {', '.join(sorted(words))}"
    for technique in filter(None, re.split(r"[,\s]+", meta.get("attack", ""))):
        if not ATTACK.fullmatch(technique):
            yield f"attack {technique} is no ATT&CK technique id"
    for reference in meta.get("references", "").split():
        if not re.fullmatch(r"https://\S+\.\S+", reference):
            yield f"the reference {reference} is no https address"


def _slow_strings(pack: Pack, file: SignatureFile) -> Iterator[LintProblem]:
    """Strings without `ATOM` fixed bytes in a row: their candidates are everywhere in every file."""
    rule = ""
    for token in _TOKENS.finditer(file.text):
        if token["rule"]:
            rule = token["rule"]
            continue
        kind = token.lastgroup
        if kind not in _LONGEST:
            continue
        name, _, value = token[kind].partition("=")
        run = _LONGEST[kind](value.strip())
        if run < ATOM:
            line = file.text.count("\n", 0, token.start()) + 1
            message = f"{name.strip()} has only {run} fixed bytes in a row, {ATOM} are needed"
            yield LintProblem(pack.label(file), line, rule, "error" if pack.bundled else "warning", message)


def _longest_text(value: str) -> int:
    return len(re.sub(r"\\(x[0-9A-Fa-f]{2}|.)", "?", value[1:-1]))


def _longest_regex(value: str) -> int:
    """The length of the longest run that every match must hold; alternatives count by their shortest."""
    pattern = value[1 : value.rindex("/")]
    pattern = _REGEX_PART.sub(lambda part: "\0" if part["any"] else "x", pattern)
    while (inner := re.search(r"\(([^()]*)\)([*?]|\{0?,\d*\}|\{0\})?", pattern)) is not None:
        optional = bool(inner[2])
        longest = min(_longest_run(branch) for branch in inner[1].split("|"))
        pattern = (
            pattern[: inner.start()] + "\0" + ("x" * longest + "\0") * (not optional) + pattern[inner.end() :]
        )
    return min(_longest_run(branch) for branch in pattern.split("|"))


def _longest_run(branch: str) -> int:
    branch = re.sub(r"[^\0](?:[*?]|\{0?,\d*\})\??", "\0", branch)
    branch = re.sub(r"[+{][\d,}]*\??|[.^$]", "\0", branch)
    return max(map(len, branch.split("\0")))


def _longest_hex(value: str) -> int:
    runs = re.split(r"[^0-9A-Fa-f\s]\S*|\S*\?\S*|\[[^\]]*\]|[()|]", value[1:-1])
    return max(len("".join(run.split())) // 2 for run in runs)


_LONGEST = {"text": _longest_text, "regex": _longest_regex, "hex": _longest_hex}

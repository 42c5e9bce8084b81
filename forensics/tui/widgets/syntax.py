"""Colours for scripts and configuration, one line at a time.

The lines come from a hostile image, so every expression here is linear in the line: a lexer that tracks back
could be made to hold the whole screen by one line of a script. For the same reason nothing is carried from
line to line, which also lets a view start in the middle of a file of any size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LINE_BYTES = 4096
"""Bytes of a line that are looked at."""

Token = tuple[int, int, str]
"""(start, end, tone) in bytes of the line."""

_STRING: Final = rb"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
_SHELL_STRING: Final = rb"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?"
_NUMBER: Final = rb"\b(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?)\b"
_WORD: Final = rb"[A-Za-z_][A-Za-z_0-9]*"
_SIGIL: Final = rb"\$\{?[A-Za-z_0-9@*#?!]+\}?"
_ADDRESS: Final = re.compile(
    rb"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>|;)}\]]+"
    rb"|(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?(?![\w.])"
)


@dataclass(frozen=True)
class Grammar:
    """What a family of languages looks like within one line."""

    tokens: re.Pattern[bytes]
    keywords: frozenset[bytes]


def _grammar(keywords: str, *, comment: bytes, string: bytes = _STRING, variable: bytes = b"") -> Grammar:
    parts = [rb"(?P<comment>" + comment + rb")", rb"(?P<string>" + string + rb")"]
    if variable:
        parts.append(rb"(?P<variable>" + variable + rb")")
    parts += [rb"(?P<number>" + _NUMBER + rb")", rb"(?P<word>" + _WORD + rb")"]
    return Grammar(re.compile(b"|".join(parts)), frozenset(keywords.encode().split()))


_HASH: Final = rb"(?:(?<=\s)|^)#.*"
_GRAMMARS: Final = {
    "shell": _grammar(
        "if then else elif fi for while until do done case esac in function select time return exit "
        "break continue export local readonly declare unset set shift eval exec source trap alias cd "
        "echo printf read test true false",
        comment=_HASH,
        string=_SHELL_STRING,
        variable=_SIGIL,
    ),
    "python": _grammar(
        "and as assert async await break class continue def del elif else except finally for from "
        "global if import in is lambda nonlocal not or pass raise return try while with yield None True "
        "False self exec eval",
        comment=rb"#.*",
        variable=rb"@[A-Za-z_.]+",
    ),
    "perl": _grammar(
        "my our local sub use no package if elsif else unless while until for foreach do return last "
        "next eval require print die open close system exec qw",
        comment=_HASH,
        variable=rb"[$@%][A-Za-z_0-9]+",
    ),
    "ruby": _grammar(
        "def end class module if elsif else unless while until for do begin rescue ensure return yield "
        "require require_relative nil true false self then case when puts",
        comment=_HASH,
        variable=rb"[@$:][A-Za-z_]\w*",
    ),
    "php": _grammar(
        "function class public private protected static if else elseif while for foreach return echo "
        "print new use namespace include require include_once require_once eval true false null array",
        comment=rb"//.*|#.*",
        variable=rb"\$[A-Za-z_]\w*",
    ),
    "javascript": _grammar(
        "const let var function class extends return if else for while do switch case break continue "
        "new delete typeof instanceof in of try catch finally throw async await yield import export "
        "from default null undefined true false this require module eval",
        comment=rb"//.*|/\*.*",
        string=_STRING + rb"|`[^`]*`?",
    ),
    "lua": _grammar(
        "and break do else elseif end false for function goto if in local nil not or repeat return then "
        "true until while",
        comment=rb"--.*",
    ),
    "c": _grammar(
        "auto break case char const continue default do double else enum extern float for goto if int "
        "long register return short signed sizeof static struct switch typedef union unsigned void "
        "volatile while func package import type var defer go chan fn let mut pub impl use match",
        comment=rb"//.*|/\*.*",
    ),
    "json": _grammar("true false null", comment=rb"(?!)"),
    "configuration": _grammar(
        "true false yes no on off null",
        comment=rb"(?:(?<=\s)|^)[#;].*",
        variable=_SIGIL + rb"|^\s*[\w.-]+(?=\s*[:=])",
    ),
    "dockerfile": _grammar(
        "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL "
        "HEALTHCHECK SHELL",
        comment=_HASH,
        string=_SHELL_STRING,
        variable=_SIGIL,
    ),
    "markup": _grammar("", comment=rb"<!--.*", variable=rb"</?[A-Za-z][\w:.-]*"),
}

_LANGUAGES: Final = {
    **dict.fromkeys(("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", "fish", "shell"), "shell"),
    **dict.fromkeys(("awk", "make", "makefile", "expect", "tcl", "r"), "shell"),
    **dict.fromkeys(("python", "python2", "python3", "py", "pyi"), "python"),
    **dict.fromkeys(("perl", "pl", "pm"), "perl"),
    **dict.fromkeys(("ruby", "rb"), "ruby"),
    **dict.fromkeys(("php",), "php"),
    **dict.fromkeys(("javascript", "node", "nodejs", "js", "mjs", "cjs", "ts", "typescript"), "javascript"),
    **dict.fromkeys(("lua",), "lua"),
    **dict.fromkeys(("c", "h", "cc", "cpp", "go", "rs", "java"), "c"),
    **dict.fromkeys(("json", "jsonl", "map"), "json"),
    **dict.fromkeys(
        ("yaml", "yml", "toml", "ini", "conf", "cfg", "cnf", "service", "timer", "socket"), "configuration"
    ),
    **dict.fromkeys(("properties", "env", "list", "sources", "rules", "desktop"), "configuration"),
    **dict.fromkeys(("dockerfile", "containerfile"), "dockerfile"),
    **dict.fromkeys(("xml", "html", "htm", "svg", "xhtml", "plist"), "markup"),
}


def knows(language: str) -> bool:
    """Whether there are colours for `language`, an interpreter's or language's name or a file's suffix."""
    return language.lower() in _LANGUAGES


def language_of(path: str) -> str:
    """The language that a file's name suggests: its suffix, or the whole name; empty when it says nothing."""
    name = path.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2]
    for candidate in (suffix, name):
        if candidate in _LANGUAGES:
            return candidate
    return ""


def tokens(line: bytes, language: str) -> list[Token]:
    """The coloured parts of one line in order, not overlapping; addresses in any language, and in none."""
    line = line[:LINE_BYTES]
    found: list[Token] = []
    family = _LANGUAGES.get(language.lower())
    if family:
        grammar = _GRAMMARS[family]
        for match in grammar.tokens.finditer(line):
            kind = match.lastgroup or ""
            if kind == "word":
                if match.group() not in grammar.keywords:
                    continue
                kind = "keyword"
            if match.end() > match.start():
                found.append((match.start(), match.end(), kind))
    addresses = [(match.start(), match.end(), "address") for match in _ADDRESS.finditer(line)]
    return _overlaid(found, addresses)


def _overlaid(below: list[Token], above: list[Token]) -> list[Token]:
    """Both lists as one, where `above` covers parts of `below`."""
    if not above:
        return below
    result = list(above)
    for start, end, tone in below:
        for cover_start, cover_end, _ in above:
            if cover_end <= start or cover_start >= end:
                continue
            if start < cover_start:
                result.append((start, cover_start, tone))
            start = cover_end
        if start < end:
            result.append((start, end, tone))
    return sorted(result)

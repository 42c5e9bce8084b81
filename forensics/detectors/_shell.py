"""Splits shell text into pipelines, commands and words, without ever expanding or running anything.

The grammar is that of POSIX.1-2017, Shell Command Language (section 2), with the here-strings and process
substitutions of bash. Text that is no shell at all, or is cut off anywhere, still gives some reading.
"""

from __future__ import annotations

import re

import msgspec

SOURCE_LENGTH = 1024 * 1024
"""Characters of one text that are read. Commands are not counted: whoever hides one writes many before it."""
DEPTH = 8
"""Substitutions and groups within one another that are followed."""

_END_OF_WORD = frozenset(" \t\r\n;&|<>()")
_BLANKS = re.compile(r"(?:[ \t\r]|\\\r?\n)*+")
_NO_COMMAND = re.compile(r"(?:[ \t\r\n;]|\\\r?\n)*+")
"""What means nothing where a command may begin and no here-document was announced."""
_PLAIN = re.compile(r"[^ \t\r\n;&|<>()'\"\\$`]+")
"""Characters that stand for themselves and do not end a word."""
_SIMPLE = re.compile(r"[^ \t\r\n;&|<>()'\"\\$`{}0-9][^ \t\r\n;&|<>()'\"\\$`]*+(?=[ \t\r\n;&|<>()]|\Z)")
"""A word of nothing else, that nothing but a word begins like."""
_ENDS = "\n;|)"
"""What ends a command and begins nothing else."""
_NOT_COMMANDS = frozenset(
    {"!", "if", "then", "elif", "else", "while", "until", "do", "time", "coproc", "fi", "done", "esac", "}"}
)
_REDIRECTIONS = ("<<<", "<<-", "<<", "<&", "<>", "<(", ">(", ">>", ">&", ">|", "&>>", "&>", "<", ">")
_CONTROL = ("&&", "||", "|&", ";;", "|", "&", ";", "(", ")")


class Word(msgspec.Struct, frozen=True, gc=False):
    """One word with its quotes removed; substitutions stay as written in `text` and are parsed in `inner`.

    `begin` and `end` delimit it in the source. `process` marks a process substitution (`<(…)`).
    """

    text: str
    begin: int
    end: int
    inner: tuple[Script, ...] = ()
    process: bool = False


class Redirect(msgspec.Struct, gc=False):
    """One redirection; `body` is the text of a here-document, known once its lines were read."""

    operator: str
    target: Word
    body: str = ""


class Command(msgspec.Struct, frozen=True, gc=False):
    """One simple command, or a group of commands when `group` is set."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    begin: int
    end: int
    group: Script | None = None


class Pipeline(msgspec.Struct, frozen=True, gc=False):
    """Commands joined by pipes; `background` when it ends in a single `&`."""

    commands: tuple[Command, ...]
    background: bool = False


class Script(msgspec.Struct, frozen=True, gc=False):
    """Pipelines in the order in which they are written."""

    pipelines: tuple[Pipeline, ...] = ()


def parse(source: str) -> Script:
    """The first `SOURCE_LENGTH` characters of `source` as a script; never raises."""
    return _Parser(source[:SOURCE_LENGTH]).script("", 0)


class _Parts(msgspec.Struct, gc=False):
    """What a command consists of while it is read."""

    words: list[Word] = []
    redirects: list[Redirect] = []
    group: Script | None = None

    @property
    def empty(self) -> bool:
        return not self.words and self.group is None


class _Parser:
    """Reads one text from left to right; every character is looked at a bounded number of times."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self._announced: list[Redirect] = []

    def script(self, closer: str, depth: int) -> Script:
        """Pipelines up to `closer` (`)`, `}` or the end of the text), which is consumed."""
        pipelines: list[Pipeline] = []
        commands: list[Command] = []
        while True:
            if not commands and not self._announced:
                self.at = self._behind(_NO_COMMAND)
            command = self._command(depth)
            if command is not None:
                commands.append(command)
            operator = self._operator()
            if operator in ("|", "|&"):
                continue
            if commands:
                pipelines.append(Pipeline(tuple(commands), background=operator == "&"))
                commands = []
            if operator in ("", closer):
                return Script(tuple(pipelines))

    def _behind(self, form: re.Pattern[str]) -> int:
        """Where that ends which has this form and begins here; every form here may be empty."""
        found = form.match(self.source, self.at)
        return found.end() if found else self.at

    def _here(self, length: int = 1) -> str:
        return self.source[self.at : self.at + length]

    def _operator(self) -> str:
        """The operator that ended a command, consumed; empty at the end of the text."""
        self._skip_blanks()
        if self.at >= len(self.source):
            return ""
        if self.source[self.at] == "\n":
            self.at += 1
            self._read_bodies()
            return "\n"
        for operator in _CONTROL:
            if self.source.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        self.at += 1
        return "}"

    def _skip_blanks(self) -> None:
        source = self.source
        at = self.at = self._behind(_BLANKS)
        if source.startswith("#", at) and (at == 0 or source[at - 1] in _END_OF_WORD):
            end = source.find("\n", at)
            self.at = len(source) if end < 0 else end

    def _command(self, depth: int) -> Command | None:
        self._skip_blanks()
        begin = self.at
        parts = _Parts()
        source = self.source
        while self.at < len(source) and source[self.at] not in _ENDS and self._part(parts, depth):
            self._skip_blanks()
        if parts.empty and not parts.redirects:
            return None
        return Command(tuple(parts.words), tuple(parts.redirects), begin, self.at, parts.group)

    def _part(self, parts: _Parts, depth: int) -> bool:
        """Read one word, redirection or group into `parts`; false at an operator."""
        simple = _SIMPLE.match(self.source, self.at)
        if simple:
            if parts.words or simple[0] not in _NOT_COMMANDS:
                parts.words.append(Word(simple[0], self.at, simple.end()))
            self.at = simple.end()
        elif self._at_redirect():
            self._redirect(parts, depth)
        elif self._here(2) == "()" and len(parts.words) == 1:
            self.at += 2
            parts.words.clear()
        elif parts.empty and depth < DEPTH and self._opens_group():
            closer = ")" if self._here() == "(" else "}"
            self.at += 1
            parts.group = self.script(closer, depth + 1)
        elif self._here() in _END_OF_WORD or (not parts.words and self._closes_group()):
            return False
        else:
            word = self._word(depth)
            if parts.words or word.text not in _NOT_COMMANDS:
                parts.words.append(word)
        return True

    def _at_redirect(self) -> bool:
        here = self._here(2)
        return here[0] in "<>" or here == "&>" or (here[0] in "0123456789" and here[1:] in ("<", ">"))

    def _opens_group(self) -> bool:
        here = self._here(2)
        return here[0] == "(" or (here[0] == "{" and here[1:] in (" ", "\t", "\r", "\n"))

    def _closes_group(self) -> bool:
        here = self._here(2)
        return here[0] == "}" and (len(here) == 1 or here[1] in _END_OF_WORD)

    def _redirect(self, parts: _Parts, depth: int) -> None:
        begin = self.at
        if self._here() not in "<>&":
            self.at += 1
        operator = next(one for one in _REDIRECTIONS if self.source.startswith(one, self.at))
        self.at += len(operator)
        if operator in ("<(", ">("):
            parts.words.append(self._process(begin, depth))
            return
        self._skip_blanks()
        if operator == "<" and self._here(2) == "<(":
            begin, self.at = self.at, self.at + 2
            redirect = Redirect(operator, self._process(begin, depth))
        else:
            redirect = Redirect(operator, self._word(depth))
        parts.redirects.append(redirect)
        if operator in ("<<", "<<-"):
            self._announced.append(redirect)

    def _process(self, begin: int, depth: int) -> Word:
        inner = (self.script(")", depth + 1),) if depth < DEPTH else ()
        return Word(self.source[begin : self.at], begin, self.at, inner, process=True)

    def _read_bodies(self) -> None:
        """Read the here-documents that were announced on the line that just ended."""
        announced, self._announced = self._announced, []
        for redirect in announced:
            begin = self.at
            while self.at < len(self.source):
                line_begin = self.at
                end = self.source.find("\n", self.at)
                self.at = len(self.source) if end < 0 else end + 1
                line = self.source[line_begin : self.at].rstrip("\r\n")
                if (line.lstrip("\t") if redirect.operator == "<<-" else line) == redirect.target.text:
                    redirect.body = self.source[begin:line_begin]
                    break
            else:
                redirect.body = self.source[begin:]

    def _word(self, depth: int) -> Word:
        begin = self.at
        text: list[str] = []
        inner: list[Script] = []
        while self.at < len(self.source):
            plain = _PLAIN.match(self.source, self.at)
            if plain:
                text.append(plain.group())
                self.at = plain.end()
            elif self._here() in _END_OF_WORD:
                break
            else:
                self._piece(text, inner, depth)
        return Word("".join(text), begin, self.at, tuple(inner))

    def _piece(self, text: list[str], inner: list[Script], depth: int) -> None:
        """One quotation, substitution or character of a word."""
        here = self._here(2)
        if here[0] == "'":
            text.append(self._quoted(1, escapes=False))
        elif here == "$'":
            text.append(_unescaped(self._quoted(2, escapes=True)))
        elif here[0] == '"' or here == '$"':
            self.at += 2 if here == '$"' else 1
            while self.at < len(self.source) and self._here() != '"':
                self._unquoted_or_not(text, inner, depth, quoted=True)
            self.at = min(self.at + 1, len(self.source))
        else:
            self._unquoted_or_not(text, inner, depth, quoted=False)

    def _unquoted_or_not(self, text: list[str], inner: list[Script], depth: int, *, quoted: bool) -> None:
        """What means the same inside double quotes as outside them."""
        here = self._here(2)
        if here[0] == "\\":
            self.at += len(here)
            kept = here[1:].replace("\n", "")
            text.append("\\" + kept if quoted and kept and kept not in '$`"\\' else kept)
        elif here[0] == "`":
            self._backquoted(text, inner, depth)
        elif here == "$(":
            begin = self.at
            self.at += 2
            if depth < DEPTH:
                inner.append(self.script(")", depth + 1))
            text.append(self.source[begin : self.at])
        elif here == "${":
            end = self.source.find("}", self.at)
            end = len(self.source) if end < 0 else end + 1
            text.append(self.source[self.at : end])
            self.at = end
        else:
            text.append(here[0])
            self.at += 1

    def _quoted(self, opening: int, *, escapes: bool) -> str:
        begin = end = self.at + opening
        while end < len(self.source) and self.source[end] != "'":
            end += 2 if escapes and self.source[end] == "\\" else 1
        self.at = min(end + 1, len(self.source))
        return self.source[begin:end]

    def _backquoted(self, text: list[str], inner: list[Script], depth: int) -> None:
        begin = self.at
        end = begin + 1
        while end < len(self.source) and self.source[end] != "`":
            end += 2 if self.source[end] == "\\" else 1
        self.at = min(end + 1, len(self.source))
        if depth < DEPTH:
            inside = self.source[begin + 1 : end].replace("\\`", "`")
            inner.append(_Parser(inside).script("", depth + 1))
        text.append(self.source[begin : self.at])


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL)
_NAMED = dict(zip("ntrabfveE", "\n\t\r\a\b\f\v\x1b\x1b", strict=True))


def _unescaped(text: str) -> str:
    """The text of an ANSI-C quotation (`$'…'`)."""
    return _ESCAPE.sub(_escaped_character, text)


def _escaped_character(match: re.Match[str]) -> str:
    hexadecimal, unicode, octal, other = match.groups()
    if other:
        return _NAMED.get(other, other)
    return chr(int(octal, 8)) if octal else chr(int(hexadecimal or unicode, 16))

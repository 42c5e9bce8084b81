"""What shell text does when it runs: fetches and runs, decodes and runs, opens a remote shell, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forensics.detectors import _programs as programs
from forensics.detectors._places import is_hostile_start
from forensics.detectors._shell import DEPTH, SOURCE_LENGTH, Command, Pipeline, Redirect, Script, Word, parse

MOST = 64
"""Behaviours of one kind told of one text: many harmless ones do not stand for a worse one behind them."""


class Act(StrEnum):
    """One thing that shell text does, in a phrase for people."""

    DOWNLOAD_RUN = "hands a download to an interpreter"
    DOWNLOAD_THEN_RUN = "stores a download and runs it"
    DECODE_RUN = "decodes text and runs it"
    REMOTE_SHELL = "connects a shell to the network"
    HOSTILE_START = "starts a program from a temporary or hidden place"
    TRACES_WIPED = "removes the record of what was typed"
    FETCH = "fetches something from the network"
    BACKGROUND = "leaves a program running in the background"


FOREIGN_CODE = frozenset(
    {Act.DOWNLOAD_RUN, Act.DOWNLOAD_THEN_RUN, Act.DECODE_RUN, Act.REMOTE_SHELL, Act.HOSTILE_START}
)
"""Acts that run what does not stand in the text, or what nobody should run."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One act, where it is written (characters of the outermost text), and the addresses it names."""

    act: Act
    begin: int
    end: int
    text: str
    addresses: tuple[str, ...] = ()


def behaviours(source: str) -> tuple[Behaviour, ...]:
    """What `source`, read as shell text, does; in order of place, at most `MOST` of one act."""
    source = source[:SOURCE_LENGTH]
    reading = _Reading(source)
    reading.script(parse(source), None, 0)
    reading.whole_text()
    return tuple(sorted(reading.found, key=lambda one: (one.begin, one.act, one.end)))


def behaviours_of_arguments(arguments: Sequence[str]) -> tuple[Behaviour, ...]:
    """The same for a program that is started with an argument list and without a shell (`exec` form)."""
    if not arguments:
        return ()
    program, rest = programs.program_of(arguments)
    text = programs.shell_text(program, rest)
    if text:
        return behaviours(text)
    return behaviours(" ".join(_single_quoted(argument) for argument in arguments))


def _single_quoted(argument: str) -> str:
    return "'" + argument.replace("'", "'\\''") + "'"


_VARIABLE = re.compile(r"\$(?:\{(\w{1,64})\}|(\w{1,64}))")
_PURE = re.compile(r"\s*(?:\$\(.*\)|`.*`)\s*", re.DOTALL)
_WIPES = re.compile(
    r"\bhistory\s+-c|\bunset\s+HISTFILE|\bHISTFILE=(?:/dev/null|[\"']{2}|\s|$)|\bHISTSIZE=0\b"
    r"|(?:rm|shred|ln|truncate|>)[^\n;&|]{0,80}\.(?:bash|zsh|ash|sh)_history"
)
_VERIFIES = re.compile(
    r"\b(?:sha(?:1|256|384|512)sum|md5sum|shasum)\b[^\n;|]*(?:-c|--check)\b"
    r"|\bgpgv?\b[^\n;|]*(?:--verify|\.asc|\.sig)|\bcosign\s+verify|\bminisign\b"
)
_POWERSHELL = re.compile(
    r"\b(?:iex|invoke-expression)\b.{0,200}(?:downloadstring|\biwr\b|invoke-webrequest)",
    re.IGNORECASE | re.DOTALL,
)
_SOCKET = re.compile(r"socket|fsockopen", re.IGNORECASE)
_HANDS_OVER = re.compile(r"dup2|pty\.spawn|/bin/(?:ba)?sh|<&|proc_open")
_NESTED = 32 * 1024
"""Characters of a quoted script that are read in turn."""
_NETWORK_DEVICE = re.compile(r"/dev/(?:tcp|udp)/")


@dataclass(slots=True)
class _Reading:
    """Goes through one text, remembers simple variables and the files that downloads were stored in."""

    source: str
    found: list[Behaviour] = field(default_factory=list)
    told: dict[Act, set[tuple[int, int]]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    fetched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    decoded: set[str] = field(default_factory=set)
    socket_open: bool = False

    def whole_text(self) -> None:
        """What shows in the text as a whole rather than in one command."""
        for match in _WIPES.finditer(self.source):
            self._say(Act.TRACES_WIPED, match.span(), match.group())
        powershell = _POWERSHELL.search(self.source)
        if powershell is not None:
            self._say(Act.DOWNLOAD_RUN, powershell.span(), powershell.group())
        if _VERIFIES.search(self.source):
            self.found = [one for one in self.found if one.act is not Act.DOWNLOAD_THEN_RUN]

    def script(self, script: Script, outer: tuple[int, int] | None, depth: int) -> None:
        """Every pipeline of a script. `outer` is the place to report for text that was quoted or nested."""
        for pipeline in script.pipelines:
            self._pipeline(pipeline, outer, depth)

    def _pipeline(self, pipeline: Pipeline, outer: tuple[int, int] | None, depth: int) -> None:
        commands = [self._expanded(command) for command in pipeline.commands]
        place = outer or (pipeline.commands[0].begin, pipeline.commands[-1].end)
        if pipeline.background and programs.program_of(commands[0])[0] not in _SHORT_LIVED:
            self._say(Act.BACKGROUND, place)
        for command, words in zip(pipeline.commands, commands, strict=True):
            self._command(command, words, outer, depth)
        for at, (command, words) in enumerate(zip(pipeline.commands, commands, strict=True)):
            if at and self._runs_input(command, words):
                before = list(zip(pipeline.commands[:at], commands[:at], strict=True))
                self._handed_over(before, place)
            if (
                at
                and _is_connection(words)
                and any(programs.is_shell(one[0]) for one in commands[:at] if one)
            ):
                self._say(Act.REMOTE_SHELL, place)
        self._stored(pipeline, commands)

    def _handed_over(self, before: list[tuple[Command, tuple[str, ...]]], place: tuple[int, int]) -> None:
        if any(self._fetches(command, words) for command, words in before):
            self._say(Act.DOWNLOAD_RUN, place)
        if any(programs.decodes(*programs.program_of(words)) for _, words in before):
            self._say(Act.DECODE_RUN, place)
        for command, words in before:
            if programs.basename(words[0] if words else "") in ("echo", "printf"):
                self.script(parse(" ".join(words[1:])[:_NESTED]), place, DEPTH)
            for redirect in command.redirects:
                if redirect.body:
                    self.script(parse(redirect.body[:_NESTED]), place, DEPTH)
                    self._program(redirect.body[:_NESTED], place)

    def _command(
        self, command: Command, words: tuple[str, ...], outer: tuple[int, int] | None, depth: int
    ) -> None:
        place = outer or (command.begin, command.end)
        if command.group is not None and depth <= 2 * DEPTH:
            self.script(command.group, outer, depth + 1)
        self._remember(words)
        program, arguments = programs.program_of(words)
        self._substitutions(command, program, place)
        self._input(command, program, arguments, place, depth)
        code = programs.inline_code(program, arguments)
        if code and programs.runs_code(code):
            self._inline(code, place)
        text = programs.shell_text(program, arguments)
        if text and depth < DEPTH:
            self.script(parse(text[:_NESTED]), place, depth + 1)
        if command.group is None and programs.fetches(program, arguments):
            self._say(Act.FETCH, place)
        self._remote(command, program, arguments, place)
        self._starts(program, arguments, place)
        for word in command.words:
            for inner in word.inner if depth < DEPTH else ():
                self.script(inner, place, depth + 1)

    def _substitutions(self, command: Command, program: str, place: tuple[int, int]) -> None:
        """Output of a substitution that runs: as the command itself, or as the file that is interpreted."""
        words = _without_assignments(command.words)
        interprets = programs.is_interpreter(program) or program in (".", "source", "eval")
        for at, word in enumerate(words):
            if not word.inner or not (word.process if at else _PURE.fullmatch(word.text)):
                continue
            if at == 0 or interprets:
                self._output_runs(word.inner, place)

    def _input(
        self,
        command: Command,
        program: str,
        arguments: tuple[str, ...],
        place: tuple[int, int],
        depth: int,
    ) -> None:
        """What an interpreter is given through a redirection."""
        if not programs.runs_standard_input(program, arguments):
            return
        for redirect in command.redirects:
            if (redirect.operator == "<<<" and _PURE.fullmatch(redirect.target.text)) or (
                redirect.operator == "<" and redirect.target.process
            ):
                self._output_runs(redirect.target.inner, place)
            text = redirect.body or (redirect.target.text if redirect.operator == "<<<" else "")
            if not text or depth >= DEPTH:
                continue
            if programs.is_shell(program):
                self.script(parse(text[:_NESTED]), place, depth + 1)
            else:
                self._program(text[:_NESTED], place)

    def _output_runs(self, scripts: tuple[Script, ...], place: tuple[int, int]) -> None:
        for script in scripts:
            for command in _commands(script):
                words = self._expanded(command)
                if self._fetches(command, words):
                    self._say(Act.DOWNLOAD_RUN, place)
                if programs.decodes(*programs.program_of(words)):
                    self._say(Act.DECODE_RUN, place)

    def _inline(self, code: str, place: tuple[int, int]) -> None:
        if _SOCKET.search(code) and _HANDS_OVER.search(code):
            self._say(Act.REMOTE_SHELL, place)
        elif programs.code_fetches(code):
            self._say(Act.DOWNLOAD_RUN, place)
        if programs.code_decodes(code):
            self._say(Act.DECODE_RUN, place)

    def _program(self, code: str, place: tuple[int, int]) -> None:
        """A whole program of a scripting language that an interpreter is given."""
        if _SOCKET.search(code) and _HANDS_OVER.search(code) and programs.runs_code(code):
            self._say(Act.REMOTE_SHELL, place)
        elif programs.runs_fetched(code):
            self._say(Act.DOWNLOAD_RUN, place)
        if programs.runs_decoded(code):
            self._say(Act.DECODE_RUN, place)

    def _remote(
        self, command: Command, program: str, arguments: tuple[str, ...], place: tuple[int, int]
    ) -> None:
        name = programs.basename(program)
        device = any(_NETWORK_DEVICE.match(redirect.target.text) for redirect in command.redirects)
        if name == "exec" or (not program and device):
            self.socket_open = self.socket_open or device
        elif device and programs.is_interpreter(program):
            self._say(Act.REMOTE_SHELL, place)
        elif self.socket_open and (name == "read" or name.startswith("$") or programs.is_shell(program)):
            if any(redirect.operator.endswith("&") for redirect in command.redirects):
                self._say(Act.REMOTE_SHELL, place)
        elif (name in ("nc", "ncat", "netcat") and _starts_shell(arguments)) or (
            name == "socat" and any(re.search(r"(?i)\b(?:exec|system):", word) for word in arguments)
        ):
            self._say(Act.REMOTE_SHELL, place)

    def _starts(self, program: str, arguments: tuple[str, ...], place: tuple[int, int]) -> None:
        target = program
        if programs.is_interpreter(program) or program in (".", "source"):
            operands = [word for word in arguments if not word.startswith("-")]
            target = operands[0] if operands and not programs.shell_text(program, arguments) else program
        if target.startswith("/") and is_hostile_start(target) and target not in _NOT_A_PROGRAM:
            self._say(Act.HOSTILE_START, place)
        name = programs.basename(target)
        if name and name in self.fetched:
            self._say(Act.DOWNLOAD_THEN_RUN, place, more=self.fetched[name])
        elif name and name in self.decoded:
            self._say(Act.DECODE_RUN, place)

    def _stored(self, pipeline: Pipeline, commands: list[tuple[str, ...]]) -> None:
        """Note which files a pipeline writes what it fetched or decoded to."""
        pairs = list(zip(pipeline.commands, commands, strict=True))
        fetched = any(self._fetches(command, words) for command, words in pairs)
        decoded = any(programs.decodes(*programs.program_of(words)) for _, words in pairs)
        if not fetched and not decoded:
            return
        named = addresses = programs.addresses(" ".join(" ".join(words) for words in commands))
        for command, words in pairs:
            for name in _outputs(command, words, named):
                if fetched:
                    self.fetched[name] = addresses
                else:
                    self.decoded.add(name)

    def _runs_input(self, command: Command, words: tuple[str, ...]) -> bool:
        if command.group is not None:
            return any(self._runs_input(one, self._expanded(one)) for one in _commands(command.group))
        program, arguments = programs.program_of(words)
        if "xargs" in words[:2] and programs.shell_text(program, arguments):
            return True
        return programs.runs_standard_input(program, arguments)

    def _fetches(self, command: Command, words: tuple[str, ...]) -> bool:
        if command.group is not None:
            return any(self._fetches(one, self._expanded(one)) for one in _commands(command.group))
        if any(one.operator == "<" and _NETWORK_DEVICE.match(one.target.text) for one in command.redirects):
            return True
        inner = (one for word in command.words for script in word.inner for one in _commands(script))
        if any(self._fetches(one, self._expanded(one)) for one in inner):
            return programs.basename(words[0] if words else "") in ("echo", "printf", "cat")
        return programs.fetches(*programs.program_of(words))

    def _remember(self, words: Sequence[str]) -> None:
        for word in words:
            name, sign, value = word.partition("=")
            if name in ("export", "readonly", "local", "declare"):
                continue
            if not sign or not name.isidentifier():
                return
            if len(self.variables) < 256:
                self.variables[name] = value[:1024]

    def _expanded(self, command: Command) -> tuple[str, ...]:
        """The words of a command with the variables that are known put in."""
        words: list[str] = []
        for word in command.words:
            if "$" not in word.text:
                words.append(word.text)
                continue
            text = word.text.replace("${IFS}", " ").replace("$IFS", " ")
            text = _VARIABLE.sub(self._value, text)[:4096]
            words.extend(text.split() if not word.inner and " " in text and " " not in word.text else [text])
        return tuple(words)

    def _value(self, match: re.Match[str]) -> str:
        return self.variables.get(match.group(1) or match.group(2), match.group())

    def _say(self, act: Act, place: tuple[int, int], text: str = "", more: tuple[str, ...] = ()) -> None:
        told = self.told.setdefault(act, set())
        if place in told or len(told) >= MOST:
            return
        told.add(place)
        text = text or self.source[place[0] : place[1]]
        found = tuple(dict.fromkeys((*programs.addresses(text), *more)))
        self.found.append(Behaviour(act, place[0], place[1], text[:2000].strip(), found))


_SHORT_LIVED = frozenset({"", "sleep", "wait", "kill", "echo", "printf", "true", ":"})
_NOT_A_PROGRAM = frozenset(
    {"/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/proc/self/exe"}
)


def _commands(script: Script) -> Iterator[Command]:
    for pipeline in script.pipelines:
        yield from pipeline.commands


def _without_assignments(words: Sequence[Word]) -> Sequence[Word]:
    at = 0
    while at < len(words) and re.match(r"[A-Za-z_]\w*=", words[at].text):
        at += 1
    return words[at:]


def _is_connection(words: Sequence[str]) -> bool:
    program, arguments = programs.program_of(words)
    name = programs.basename(program)
    return name in ("nc", "ncat", "netcat", "telnet", "socat") or (
        name == "openssl" and "s_client" in arguments
    )


def _starts_shell(arguments: Sequence[str]) -> bool:
    runs = any(
        word in ("--exec", "--sh-exec", "--lua-exec")
        or (word.startswith("-") and not word.startswith("--") and ("e" in word or "c" in word))
        for word in arguments
    )
    return runs and any(programs.is_interpreter(word.split()[0]) for word in arguments if word.split())


def _outputs(command: Command, words: Sequence[str], named: Sequence[str]) -> Iterator[str]:
    """Names of the files that a fetching or decoding command writes."""
    for redirect in command.redirects:
        if _writes(redirect):
            yield from _name(redirect.target.text)
    program, arguments = programs.program_of(words)
    name = programs.basename(program)
    if name == "tee":
        yield from (one for word in arguments if not word.startswith("-") for one in _name(word))
    explicit = False
    for at, word in enumerate(arguments[:-1]):
        if word in ("-o", "--output", "-O", "--output-document", "-out") or re.fullmatch(
            r"-[a-zA-Z]+[oO]", word
        ):
            if name == "curl" and word.endswith("O"):
                continue
            explicit = True
            yield from _name(arguments[at + 1])
    keeps_name = any(re.fullmatch(r"-\w*O\w*|--remote-name", word) for word in arguments)
    if not explicit and (name.startswith("wget") or (name == "curl" and keeps_name)):
        yield from (one for address in named for one in _name(address.partition("?")[0]))


def _writes(redirect: Redirect) -> bool:
    return redirect.operator in (">", ">>", ">|", "&>")


def _name(path: str) -> Iterator[str]:
    name = programs.basename(path)
    if name and name != "-" and not path.startswith("/dev/"):
        yield name

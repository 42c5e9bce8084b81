"""Which program a command line really starts, and whether that program fetches, decodes or interprets."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHELLS = frozenset(
    {"sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "csh", "tcsh", "fish", "rbash"}
)
_LANGUAGE = re.compile(r"(python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|deno|bun|pwsh)[\d.]*")
_FETCHERS = frozenset(
    {
        "curl", "wget", "wget2", "fetch", "aria2c", "axel", "lwp-download", "lwp-request", "GET", "http",
        "https", "xh", "lynx", "w3m", "links", "elinks", "ftpget", "tftp", "ncftpget", "nc", "ncat",
        "netcat", "socat",
    }
)  # fmt: skip
_QUOTING = frozenset(
    {"echo", "printf", "cat", "tee", "sed", "grep", "awk", "git", "test", "[", "[[", "export"}
)
"""Programs to which an address is just text."""

# Programs that start another: the options that take a value, and how many operands come first.
_WRAPPERS: dict[str, tuple[frozenset[str], int]] = {
    "sudo": (frozenset({"-u", "-g", "-h", "-p", "-C", "-U"}), 0),
    "doas": (frozenset({"-u", "-C"}), 0),
    "env": (frozenset({"-u", "-C", "--unset", "--chdir"}), 0),
    "exec": (frozenset({"-a"}), 0),
    "nice": (frozenset({"-n"}), 0),
    "ionice": (frozenset({"-c", "-n", "-p"}), 0),
    "timeout": (frozenset({"-s", "-k", "--signal", "--kill-after"}), 1),
    "stdbuf": (frozenset({"-i", "-o", "-e"}), 0),
    "chroot": (frozenset(), 1),
    "su-exec": (frozenset(), 1),
    "gosu": (frozenset(), 1),
    "setpriv": (frozenset(), 0),
    "unshare": (frozenset(), 0),
    "xargs": (frozenset({"-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"}), 0),
    "catchsegv": (frozenset(), 0),
    "chrt": (frozenset(), 1),
    "taskset": (frozenset(), 1),
    "script": (frozenset(), 0),
    "watch": (frozenset({"-n"}), 0),
    **dict.fromkeys(
        ("nohup", "setsid", "command", "builtin", "busybox", "toybox", "eatmydata", "tini", "dumb-init"),
        (frozenset[str](), 0),
    ),
}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_ADDRESS = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>|;)]+", re.IGNORECASE)
_STANDARD_INPUT = frozenset({"-", "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"})
_ENCODED_BYTES = re.compile(r"(?:\\+(?:x[0-9a-fA-F]{2}|0?[0-7]{3})){4}")

_RUNS = re.compile(
    r"\b(?:exec|eval|system|popen|Popen|subprocess|spawn\w*|compile|Function|child_process|iex)\b"
)
_FETCHES = re.compile(
    r"urlopen|urlretrieve|requests\.(?:get|post)|http\.client|https?\.get|require\(\s*['\"]https?['\"]|\bfetch\s*\(|LWP|IO::Socket|Net::HTTP"
    r"|URI\.open|file_get_contents\s*\(\s*['\"]https?|DownloadString|Invoke-WebRequest|\biwr\b|socket\.socket",
    re.IGNORECASE,
)
_DECODES = re.compile(
    r"b64decode|b32decode|b85decode|a85decode|fromhex|unhexlify|zlib\.decompress|marshal\.loads|codecs\.decode"
    r"|decode_base64|base64_decode|gzinflate|str_rot13|Buffer\.from\([^)]*(?:base64|hex)|\batob\s*\(|FromBase64",
    re.IGNORECASE,
)
_RUNS_TEXT = re.compile(r"(?<![.\w])(?:exec|eval|Function|execfile)\s*\(|\bvm\.run\w*\(")
_RUNS_FETCHED = re.compile(
    r"\b(?:system|popen|Popen|run|call|check_call|check_output|exec\w*|spawn\w*)\s*\([^\n]{0,120}"
    r"(?:urlopen|requests\.get|https?\.get|file_get_contents\s*\(\s*['\"]https?)"
)
_READS_INPUT = re.compile(r"stdin|STDIN|\binput\s*\(|php://input|\$input|<>")


def program_of(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The path or name of the program that `words` start in the end, and its arguments.

    Assignments and programs that only start another (`sudo`, `env`, `nohup`, `timeout 5`, …) are passed over.
    """
    at = 0
    while at < len(words):
        if _ASSIGNMENT.match(words[at]):
            at += 1
            continue
        wrapper = _WRAPPERS.get(basename(words[at]))
        if wrapper is None:
            return words[at], tuple(words[at + 1 :])
        at = _behind(words, at + 1, *wrapper)
    return "", ()


def _behind(words: Sequence[str], at: int, valued: frozenset[str], operands: int) -> int:
    while at < len(words) and (words[at].startswith("-") or _ASSIGNMENT.match(words[at])):
        if words[at] == "--":
            at += 1
            break
        at += 2 if words[at] in valued else 1
    return at + operands


def basename(program: str) -> str:
    """The name of a program without its directory."""
    return program.rpartition("/")[2]


def is_shell(program: str) -> bool:
    """Whether the program is a command shell."""
    return basename(program) in SHELLS


def is_interpreter(program: str) -> bool:
    """Whether the program is a shell or runs a scripting language."""
    name = basename(program)
    return name in SHELLS or _LANGUAGE.fullmatch(name) is not None


def addresses(text: str) -> tuple[str, ...]:
    """Web and FTP addresses in `text`, in order, each once, at most 32."""
    return tuple(dict.fromkeys(_ADDRESS.findall(text)))[:32]


def fetches(program: str, arguments: Sequence[str]) -> bool:
    """Whether a command brings something from the network to its output or a file."""
    name = basename(program)
    if name in _FETCHERS:
        return "-l" not in arguments and "-z" not in arguments
    code = inline_code(program, arguments)
    if code:
        return _FETCHES.search(code) is not None
    return name not in _QUOTING and any(_ADDRESS.match(word) for word in arguments)


def decodes(program: str, arguments: Sequence[str]) -> bool:
    """Whether a command turns an encoding back into plain bytes on its output."""
    name = basename(program)
    short = "".join(word[1:] for word in arguments if word.startswith("-") and not word.startswith("--"))
    if name in ("base64", "base32", "basenc", "gbase64"):
        return "d" in short.lower() or "--decode" in arguments
    if name == "openssl":
        return "-d" in arguments
    if name == "xxd":
        return "r" in short
    if name in ("uudecode", "zcat", "gunzip", "xzcat", "bzcat", "zstdcat", "rev", "unxz", "bunzip2"):
        return True
    if name in ("gzip", "xz", "bzip2", "zstd"):
        return "d" in short or "--decompress" in arguments
    if name == "tr":
        return any(re.search(r"[A-Za-z]-[A-Za-z].*[A-Za-z]-[A-Za-z]", word) for word in arguments)
    if name in ("printf", "echo"):
        return any(_ENCODED_BYTES.search(word) for word in arguments)
    code = inline_code(program, arguments)
    return bool(code) and _DECODES.search(code) is not None


def inline_code(program: str, arguments: Sequence[str]) -> str:
    """The text given with `-c`, `-e` or `-r` to an interpreter that is not a shell, else nothing."""
    name = basename(program)
    if name in SHELLS or not _LANGUAGE.fullmatch(name):
        return ""
    for at, word in enumerate(arguments[:-1]):
        if word in ("-c", "-e", "-r", "--eval", "-E", "-ne", "-Command", "-command"):
            return arguments[at + 1]
    return ""


def shell_text(program: str, arguments: Sequence[str]) -> str:
    """The script given to a shell with `-c` (also within a cluster of options), or to `eval` or `su -c`."""
    name = basename(program)
    if name in ("eval", "trap"):
        return " ".join(arguments)
    if name not in SHELLS and name not in ("su", "runuser", "script"):
        return ""
    for at, word in enumerate(arguments):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return next((one for one in arguments[at + 1 :] if not one.startswith("-")), "")
        if not word.startswith(("-", "+")) and name in SHELLS:
            break
    return ""


def runs_code(code: str) -> bool:
    """Whether program text of any language runs text or commands that it was handed."""
    return _RUNS.search(code) is not None


def runs_fetched(code: str) -> bool:
    """Whether a whole program fetches something and runs text, or hands what it fetches to a command.

    Stricter than for the line that `-c` takes: a long program may fetch here and start a command there.
    """
    return code_fetches(code) and bool(_RUNS_TEXT.search(code) or _RUNS_FETCHED.search(code))


def runs_decoded(code: str) -> bool:
    """Whether a whole program decodes something and runs text."""
    return code_decodes(code) and _RUNS_TEXT.search(code) is not None


def code_fetches(code: str) -> bool:
    """Whether program text of any language brings something from the network."""
    return _FETCHES.search(code) is not None


def code_decodes(code: str) -> bool:
    """Whether program text of any language decodes something."""
    return _DECODES.search(code) is not None


def runs_standard_input(program: str, arguments: Sequence[str]) -> bool:
    """Whether a command runs as a program what it reads from its standard input."""
    name = basename(program)
    if name in (".", "source"):
        return bool(arguments) and arguments[0] in _STANDARD_INPUT
    if name in ("at", "batch", "crontab"):
        return name != "crontab" or "-" in arguments
    if name in SHELLS:
        return _shell_reads_input(arguments)
    if not _LANGUAGE.fullmatch(name):
        return False
    code = inline_code(program, arguments)
    if code:
        return runs_code(code) and _READS_INPUT.search(code) is not None
    operands = [word for word in arguments if not word.startswith("-") or word == "-"]
    if name.startswith("php") and "--" in arguments:
        operands = operands[: arguments.index("--")]
    return "-m" not in arguments and (not operands or operands[0] in _STANDARD_INPUT)


def _shell_reads_input(arguments: Sequence[str]) -> bool:
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word in _STANDARD_INPUT:
            return True
        if word == "--" or not word.startswith(("-", "+")):
            operand = arguments[at + 1 : at + 2] if word == "--" else (word,)
            return not operand or operand[0] in _STANDARD_INPUT
        if not word.startswith("--") and "c" in word:
            return False
        if not word.startswith("--") and "s" in word:
            return True
        at += 2 if word in ("-o", "-O", "+o", "+O", "--rcfile", "--init-file") else 1
    return True

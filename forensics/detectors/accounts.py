"""Accounts that give more than they should: further superusers, empty and built-in passwords.

Source: passwd(5), shadow(5), crypt(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_file,
    excerpt,
    in_effect,
    one_lower,
)
from forensics.detectors._places import basename, is_program_directory
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

SUPERUSER = Statement(
    rule_id="persistence/second-superuser",
    category=Category.PERSISTENCE,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="A second account is root",
    explanation=(
        "The account has the user number 0 and so every right of root, under a name nobody watches."
    ),
    alternatives=(
        "Some appliances have one. The name toor is a tradition of the BSD systems; no Linux distribution "
        "makes that account."
    ),
    remediation="Remove the account and find the build step that made it.",
    attack=("T1136.001", "T1098"),
)
EMPTY = Statement(
    rule_id="accounts/empty-password",
    category=Category.CONFIGURATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="An account has no password",
    explanation=(
        "Whoever asks for this account gets it: the password field is empty, which means that none is needed."
    ),
    alternatives="A minimal image in which nothing asks for passwords.",
    remediation="Lock the account (an exclamation mark or a star in the password field).",
    attack=("T1078.003",),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2019-5021",),
)
BUILT_IN = Statement(
    rule_id="accounts/built-in-password",
    category=Category.CONFIGURATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="An account's password is built into the image",
    explanation=(
        "The hash of a password is in the image. Everybody who can pull the image can guess it at leisure, "
        "and it works in every container."
    ),
    alternatives="A demonstration or test image with a well-known password.",
    remediation="Lock the account; give passwords at run time only, or use keys.",
    attack=("T1078.003", "T1552.001"),
)
SERVICE_LOGIN = Statement(
    rule_id="persistence/service-account-login",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A service account can log in with a password",
    explanation=(
        "An account that belongs to a service has a login shell and a password, so that somebody can log in"
        " under a name that nobody expects to see there."
    ),
    alternatives="A service that really logs in, such as a database account used for maintenance.",
    remediation="Lock the account and give it no shell; find the build step that changed it.",
    attack=("T1078.003", "T1136.001"),
)

_MANY_COMMANDS = 8
"""Paths from which one content is a program of many commands."""
_PASSWD_FIELDS = 4
"""Fields of passwd up to the group: the C library takes those behind them for empty when they are missing."""
_NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt", "null", "git-shell")
_TRADITION = "toor"
"""What the BSD systems call root with another shell."""
_DEFAULT_SHELL = "/bin/sh"
"""What an empty field means (passwd(5))."""
_NUMBER = re.compile(r"[ \t]*[+-]?(?P<digits>[0-9]*)")
_LOCKED = re.compile(r"[!*].*|x|\$?(?:NP|LK)\$?", re.IGNORECASE)
_HASH = re.compile(r"\$[0-9a-z]{1,8}\$.+|_[./0-9A-Za-z]{19}|[./0-9A-Za-z]{13}")
_ASKS_FOR_PASSWORDS = frozenset(
    {"su", "login", "sshd", "dropbear", "telnetd", "in.telnetd", "vsftpd", "proftpd", "rlogind", "agetty",
     "sudo"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of passwd or shadow, and where it stands."""

    text: str
    offset: int
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.fields[0]


class Accounts(Detector):
    """Reads /etc/passwd and /etc/shadow in every version.

    An empty password counts less where no program in the image asks for one.
    """

    id = "accounts"
    statements = (SUPERUSER, EMPTY, BUILT_IN, SERVICE_LOGIN)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each account of each version; a line that a later version repeats is told once."""
        for version, content in _newest_first(scene, "/etc/passwd"):
            for line in _new_lines(scene, version, content, _PASSWD_FIELDS):
                yield from _passwd(scene, version, line)
        for version, content in _newest_first(scene, "/etc/shadow"):
            shells = _shells(scene, version)
            for line in _new_lines(scene, version, content, 2):
                yield from _shadow(scene, version, line, shells)


def _newest_first(scene: Scene, path: str) -> list[tuple[FileVersion, FileVersion]]:
    return list(scene.files.read_at(path, f"{path}-"))[::-1]


def _new_lines(scene: Scene, version: FileVersion, content: FileVersion, least: int) -> Iterator[_Line]:
    """Lines of one version that the finished image does not also have."""
    shown: set[str] = set()
    if version.state is not FileState.VISIBLE:
        current = scene.view.resolve(version.path)
        if current is not None:
            shown = {line.text for line in _lines(scene.files.text(current), least)}
    for line in _lines(scene.files.text(content), least):
        if line.text not in shown:
            yield line


def _lines(text: str, least: int) -> Iterator[_Line]:
    offset = 0
    for line in text.split("\n"):
        fields = tuple(line.split(":", 9))
        if len(fields) >= least and fields[0] and not line.startswith(("#", "+", "-")):
            yield _Line(line, offset, fields)
        offset += len(line) + 1


def _passwd(scene: Scene, version: FileVersion, line: _Line) -> Iterator[Finding]:
    shell = _shell(line)
    if _user_number(line.fields[2]) == 0 and line.name != "root":
        yield _superuser(scene, version, line, can_log_in=_can_log_in(shell))
    password = line.fields[1]
    if password == "":
        yield _empty(scene, version, line, can_log_in=_can_log_in(shell))
    elif _HASH.fullmatch(password) and not _LOCKED.fullmatch(password):
        yield _say(scene, BUILT_IN, version, line, BUILT_IN.severity)


def _superuser(scene: Scene, version: FileVersion, line: _Line, *, can_log_in: bool) -> Finding:
    if line.name != _TRADITION:
        return _say(scene, SUPERUSER, version, line, SUPERUSER.severity)
    reason = "The name is a tradition of the BSD systems, which no Linux distribution has."
    if can_log_in:
        return _say(scene, SUPERUSER, version, line, Severity.HIGH, reason, Confidence.MEDIUM)
    reason += " The account has no login shell."
    return _say(scene, SUPERUSER, version, line, Severity.MEDIUM, reason, Confidence.MEDIUM)


def _user_number(field: str) -> int:
    """The user number as the C libraries read it, -1 for none.

    musl takes nothing for 0 and reads a number modulo 2**32, for which the last 32 digits are enough.
    """
    match = _NUMBER.fullmatch(field)
    return int(match["digits"][-32:] or "0") % 2**32 if match else -1


def _shell(line: _Line) -> str:
    """The login shell of a line of passwd."""
    return (line.fields[6].strip() if len(line.fields) > 6 else "") or _DEFAULT_SHELL


def _shadow(
    scene: Scene, version: FileVersion, line: _Line, shells: dict[str, tuple[int, str]]
) -> Iterator[Finding]:
    password = line.fields[1]
    number, shell = shells.get(line.name, (-1, ""))
    if password == "":
        yield _empty(scene, version, line, can_log_in=_can_log_in(shell) or not shells)
        return
    if _LOCKED.fullmatch(password) or not _HASH.fullmatch(password):
        return
    if 0 < number < 1000 and _can_log_in(shell):
        yield _say(scene, SERVICE_LOGIN, version, line, SERVICE_LOGIN.severity)
    elif number <= 0 or line.name == "root":
        yield _say(scene, BUILT_IN, version, line, BUILT_IN.severity)
    else:
        yield _say(scene, BUILT_IN, version, line, Severity.MEDIUM)


def _empty(scene: Scene, version: FileVersion, line: _Line, *, can_log_in: bool) -> Finding:
    if not can_log_in:
        return _say(scene, EMPTY, version, line, Severity.LOW, "The account has no login shell.")
    asking = _asking_program(scene)
    if not asking:
        reason = "No program in the finished image asks for passwords over the network or to change users."
        return _say(scene, EMPTY, version, line, Severity.LOW, reason)
    return _say(scene, EMPTY, version, line, EMPTY.severity, f"{asking} asks for passwords.")


def _asking_program(scene: Scene) -> str:
    """A program of the finished image that lets somebody in who knows a password.

    Programs that are many commands in one file (BusyBox) do not count: they offer all of them everywhere, and
    their su and login are not set-user-ID, so that they serve root only.
    """
    for version in (one for name in sorted(_ASKS_FOR_PASSWORDS) for one in scene.files.names.get(name, ())):
        if version.state is not FileState.VISIBLE or version.content is None:
            continue
        asks = basename(version.path) not in ("su", "login", "sudo") or version.entry.mode & 0o4000
        alone = len(scene.files.contents.get(version.sha256, ())) < _MANY_COMMANDS
        if asks and alone and (is_program_directory(version.path) or "/sbin/" in version.path):
            return version.path
    return ""


def _can_log_in(shell: str) -> bool:
    return bool(shell.strip()) and basename(shell.strip()) not in _NO_LOGIN


def _shells(scene: Scene, version: FileVersion) -> dict[str, tuple[int, str]]:
    """User number and shell of every account, from the passwd file that goes with this shadow file."""
    top = None if version.state is FileState.VISIBLE else version.layer
    passwd = scene.view.resolve("/etc/passwd", top)
    if passwd is None:
        return {}
    return {
        line.name: (_user_number(line.fields[2]), _shell(line))
        for line in _lines(scene.files.text(passwd), _PASSWD_FIELDS)
    }


def _say(
    scene: Scene,
    said: Statement,
    version: FileVersion,
    line: _Line,
    severity: Severity,
    reason: str = "",
    confidence: Confidence | None = None,
) -> Finding:
    severity = in_effect(version, severity)
    if version.path.endswith("-"):
        severity = one_lower(severity)
        reason = reason or "It is the backup that account tools keep."
    case = Circumstances(
        severity=severity,
        confidence=confidence,
        detail=line.name,
        distinct=line.name,
        reasons=(reason,) if reason else (),
    )
    return about_file(scene, said, version, [_masked(line)], case)


def _masked(line: _Line) -> Evidence:
    """The line without its password hash."""
    password = line.fields[1]
    text = line.text
    if len(password) > 4:
        text = f"{line.name}:{password[:4]}…:" + ":".join(line.fields[2:])
    return excerpt(text, line.offset, len(line.text))


DETECTOR = Accounts()

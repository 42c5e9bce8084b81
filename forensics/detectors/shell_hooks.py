"""Commands that run at every login or every shell. Source: bash(1) INVOCATION, zsh(1), sshd(8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._behaviour import FOREIGN_CODE, Act
from forensics.detectors._commands import BARE, Suspicion, suspicions
from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect
from forensics.detectors._places import is_program_directory, is_system, is_temporary
from forensics.detectors._programs import program_of
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

HOOK = Statement(
    rule_id="persistence/shell-hook",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A login or shell hook runs what it fetches, decodes or keeps hidden",
    explanation=(
        "Whenever somebody opens a shell in the container, this file runs something that is not in the "
        "image, that is encoded, or that lies where no program belongs."
    ),
    alternatives="A developer's convenience that updates itself.",
    remediation="Remove the lines and look at what they start and at the host they ask.",
    attack=("T1546.004",),
)
QUIET = Statement(
    rule_id="persistence/shell-hook-background",
    category=Category.PERSISTENCE,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title="A login or shell hook starts something in the background or uses the network",
    explanation=(
        "A hook of the shell does more than set up the shell: it starts a program that stays, or asks the "
        "network."
    ),
    alternatives="An agent (ssh-agent, gpg-agent) or a check for updates.",
    remediation="Read the lines and make sure that they are wanted.",
    attack=("T1546.004",),
)
TRAP = Statement(
    rule_id="persistence/shell-hook-trap",
    category=Category.CREDENTIAL_ACCESS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="A shell hook replaces a command that asks for passwords",
    explanation=(
        "An alias or function takes the place of su, sudo, ssh or passwd, which is how passwords are "
        "recorded."
    ),
    alternatives="A shorthand that adds options.",
    remediation="Read the definition; it must only add options to the real command.",
    attack=("T1056", "T1546.004"),
)

_FILES = (
    *(
        "/etc/profile",
        "/etc/bash.bashrc",
        "/etc/bashrc",
        "/etc/bash.bash_logout",
        "/etc/zshenv",
        "/etc/zprofile",
    ),
    *("/etc/csh.cshrc", "/etc/csh.login", "/etc/ssh/sshrc", "/etc/environment"),
)
_FOLDERS = (
    *(
        "/etc/profile.d",
        "/etc/zsh",
        "/etc/update-motd.d",
        "/etc/bashrc.d",
        "/etc/fish/conf.d",
        "/etc/X11/Xsession.d",
    ),
    "/etc/NetworkManager/dispatcher.d",
)
_HOME_FILE = re.compile(
    r"/(?:root|etc/skel|home/[^/]+|var/lib/[^/]+|var/www|srv|app|opt/[^/]+)/(?:\.bashrc|\.bash_profile|\.bash_login"
    r"|\.bash_logout|\.bash_aliases|\.profile|\.zshrc|\.zshenv|\.zprofile|\.zlogin|\.kshrc|\.cshrc|\.tcshrc|\.login"
    r"|\.ssh/rc|\.ssh/environment|\.config/fish/config\.fish|\.xprofile)"
)
_HOME_NAMES = frozenset({"rc", "environment", "config.fish"})
_PRELOADS = re.compile(
    r"^[ \t]*(?:export[ \t]+)?LD_(?:PRELOAD|AUDIT|LIBRARY_PATH)=(?P<value>[^\n#;]+)", re.MULTILINE
)
_REPLACES = re.compile(
    r"^[ \t]*(?:alias[ \t]+(?P<alias>su|sudo|ssh|passwd|scp|doas)=(?P<text>[^\n]+)"
    r"|(?:function[ \t]+)?(?P<name>su|sudo|ssh|passwd|scp|doas)[ \t]*\([ \t]*\)\s*\{"
    r"(?P<body>(?:\$\{[^}\n]*\}?|[^}\n]|\}(?![ \t]*(?:[;&|#\n]|\Z))|\n(?![ \t]*\}))*))",
    re.MULTILINE,
)
"""A function ends with a brace that stands at the end of a command or begins a line."""
_RECORDS = re.compile(
    r"\bread\s+-\w*s|\btee\b|>>|\bcurl\b|\bwget\b|/dev/tcp|\bnc\b|/tmp/|stty\s+-echo|\bscript\s+-"
)
_QUIET = frozenset({Act.BACKGROUND, Act.FETCH})


class ShellHooks(Detector):
    """Only what a hook does counts; that it exists says nothing."""

    id = "shell_hooks"
    statements = (HOOK, QUIET, TRAP)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding of each kind for a version of a hook."""
        for version, content in (*scene.files.read_at(*_FILES), *scene.files.readable(*_FOLDERS)):
            yield from self._judge(scene, version, content)
        for name, versions in scene.files.names.items():
            for version in versions if name.startswith(".") or name in _HOME_NAMES else ():
                if version.content is not None and _HOME_FILE.fullmatch(version.path):
                    yield from self._judge(scene, version, version)

    def _judge(self, scene: Scene, version: FileVersion, content: FileVersion) -> Iterator[Finding]:
        if scene.vouched(content):
            return
        text = scene.files.text(content)
        found = list(suspicions(text, acts=FOREIGN_CODE | _QUIET))
        hostile = [one.evidence() for one in found if _is_hostile(one)] + list(_odd_libraries(text))
        quiet = [one.evidence() for one in found if not _is_hostile(one)]
        if hostile:
            yield about_file(scene, HOOK, version, hostile, _case(version, HOOK))
        elif quiet:
            yield about_file(scene, QUIET, version, quiet, _case(version, QUIET))
        trapped = list(_replaced_commands(text))
        if trapped:
            yield about_file(scene, TRAP, version, trapped, _case(version, TRAP))


def _case(version: FileVersion, said: Statement) -> Circumstances:
    return Circumstances(severity=in_effect(version, said.severity))


def _is_hostile(one: Suspicion) -> bool:
    return one.act in FOREIGN_CODE or one.reason == BARE


def _odd_libraries(text: str) -> Iterator[Evidence]:
    for match in _PRELOADS.finditer(text):
        paths = [path.strip("\"' ") for path in match.group("value").split(":")]
        if any(is_temporary(f"{path}/x") or "/." in path for path in paths):
            yield excerpt(match.group(), match.start())


def _replaced_commands(text: str) -> Iterator[Evidence]:
    for match in _REPLACES.finditer(text):
        alias = match.group("text") or ""
        if _RECORDS.search(alias or match.group("body") or "") or _leads_astray(alias):
            yield excerpt(match.group()[:300], match.start(), len(match.group()))


def _leads_astray(alias: str) -> bool:
    """Whether the alias starts a program by its path, and from where packages put none."""
    program, _ = program_of(alias.strip().strip("\"'").split())
    if program.startswith(("~", "$HOME", "${HOME}")):
        return True
    return program.startswith("/") and not (is_system(program) or is_program_directory(program))


DETECTOR = ShellHooks()

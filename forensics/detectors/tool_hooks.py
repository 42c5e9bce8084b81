"""Commands that tools start because a setting says so: package managers, udev, ssh, git, desktops, editors.

Source: apt.conf(5), dpkg(1), udev(7), ssh_config(5), githooks(5), git-config(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._commands import suspicions
from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

HOOK = Statement(
    rule_id="persistence/tool-hook",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A setting makes a tool run what it fetches, decodes or keeps hidden",
    explanation=(
        "Whenever the tool is used, it also runs something that is not in the image, that is encoded, or "
        "that lies where no program belongs. Nobody who uses the tool sees it."
    ),
    alternatives="A developer's convenience; a mirror or proxy that is set up on first use.",
    remediation="Remove the setting and look at what it starts and at the host it asks.",
    attack=("T1546", "T1546.016"),
)

_QUOTED = r"\"(?P<command>(?:[^\"\\\n]|\\.)*)\"?"
"""A quotation; one that is not closed is taken up to the end of its line, so that no text is read twice."""
_WHOLE = re.compile(r"\A(?P<command>[\s\S]+)")
_APT_SECTION = re.compile(
    r"\b(?:Pre-Invoke|Post-Invoke(?:-Success)?|Pre-Install-Pkgs)\b[ \t\n:]*"
    r"(?P<body>\{(?:[^}\"]|\"(?:[^\"\\\n]|\\.)*\"?)*\}?|\"[^\n]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Files whose setting `command` some tool runs: regular expressions over the path and over the text.

    With `section`, commands are looked for in what its group `body` matches only.
    """

    paths: re.Pattern[str]
    command: re.Pattern[str]
    section: re.Pattern[str] | None = None


_PLACES = (
    _Place(re.compile(r"/etc/apt/apt\.conf(?:\.d/[^/]+)?"), re.compile(_QUOTED), _APT_SECTION),
    _Place(
        re.compile(r"/etc/dpkg/dpkg\.cfg(?:\.d/[^/]+)?"),
        re.compile(
            r"^[ \t]*(?:--)?(?:pre-invoke|post-invoke|status-logger)[= \t]+[\"']?(?P<command>[^\n]*[^\n\"'])",
            re.MULTILINE,
        ),
    ),
    _Place(re.compile(r"/(?:etc|lib|usr/lib)/apk/commit_hooks\.d/[^/]+"), _WHOLE),
    _Place(
        re.compile(r"/(?:etc|lib|usr/lib|run)/udev/rules\.d/[^/]+\.rules"),
        re.compile(rf"\b(?:RUN|PROGRAM|IMPORT)(?:\{{\w+\}})?[ \t]*[+:]?=[ \t]*{_QUOTED}"),
    ),
    _Place(
        re.compile(r"/etc/ssh/ssh_config(?:\.d/[^/]+)?|/(?:[^/]+/){1,4}\.ssh/config"),
        re.compile(
            r"^[ \t]*(?:ProxyCommand|LocalCommand|KnownHostsCommand)[ \t=]+(?P<command>[^\n]+)",
            re.MULTILINE | re.IGNORECASE,
        ),
    ),
    _Place(
        re.compile(r"/etc/gitconfig|/(?:[^/]+/){1,4}\.gitconfig|/.*/\.git/config"),
        re.compile(
            r"^[ \t]*(?:fsmonitor|sshCommand|pager|editor|helper|textconv|clean|smudge|process"
            r"|\w+[ \t]*=[ \t]*\"?!)[ \t]*=?[ \t]*[\"']?!?(?P<command>[^\n]+)",
            re.MULTILINE | re.IGNORECASE,
        ),
    ),
    _Place(
        re.compile(
            r"/.*/(?:\.git|\.githooks|\.husky)/(?:hooks/)?(?:pre|post|prepare|applypatch|commit)-[a-z-]+"
        ),
        _WHOLE,
    ),
    _Place(
        re.compile(r"/(?:etc/xdg|(?:[^/]+/){1,3}\.config)/autostart/[^/]+\.desktop"),
        re.compile(r"^Exec=(?P<command>[^\n]+)", re.MULTILINE),
    ),
    _Place(
        re.compile(r"/.*/(?:\.vscode/tasks|\.claude/settings(?:\.local)?)\.json"),
        re.compile(rf"\"command\"[ \t]*:[ \t]*{_QUOTED}"),
    ),
)
_ANY = re.compile("|".join(f"(?:{place.paths.pattern})" for place in _PLACES))


class ToolHooks(Detector):
    """Only what a command does counts; that there is one says nothing."""

    id = "tool_hooks"
    statements = (HOOK,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding a version of a file."""
        for version in scene.files:
            if not _ANY.fullmatch(version.path):
                continue
            for _, content in scene.files.with_content(version):
                if not scene.vouched(content):
                    yield from _judge(scene, version, content)


def _judge(scene: Scene, version: FileVersion, content: FileVersion) -> Iterator[Finding]:
    text = scene.files.text(content)
    evidence = [
        one.evidence()
        for place in _PLACES
        if place.paths.fullmatch(version.path)
        for command, offset in _commands(text, place)
        for one in suspicions(command, offset)
    ]
    if evidence:
        case = Circumstances(severity=in_effect(version, HOOK.severity))
        yield about_file(scene, HOOK, version, evidence, case)


def _commands(text: str, place: _Place) -> Iterator[tuple[str, int]]:
    bodies = [(text, 0)]
    if place.section is not None:
        bodies = [(found["body"], found.start("body")) for found in place.section.finditer(text)]
    for body, begin in bodies:
        for found in place.command.finditer(body):
            yield found["command"], begin + found.start("command")


DETECTOR = ToolHooks()

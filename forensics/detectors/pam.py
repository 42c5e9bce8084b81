"""Who is let in by PAM, and what is run while somebody logs in. Source: pam.conf(5), pam_exec(8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect, note
from forensics.detectors._places import basename, is_hostile_start
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

COMMAND = Statement(
    rule_id="persistence/pam-command",
    category=Category.CREDENTIAL_ACCESS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="A login rule runs a program",
    explanation=(
        "PAM starts the program whenever somebody logs in or proves who they are, with root's rights. With "
        "expose_authtok it is handed the password that was typed."
    ),
    alternatives="A notice of logins, or mounting a home folder at login.",
    remediation="Read the program. Where it was handed passwords, change them.",
    attack=("T1556.003",),
)
OPEN = Statement(
    rule_id="persistence/pam-open",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A login rule lets everybody in",
    explanation=(
        "pam_permit always says yes, and the rule makes that enough: no password is asked for, or any "
        "password is right."
    ),
    alternatives="A test image, or a service that checks its users elsewhere.",
    remediation="Restore the file from its package, or remove the rule.",
    attack=("T1556.003",),
)
MODULE = Statement(
    rule_id="persistence/pam-module",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A login rule loads a module that no package owns",
    explanation="The module sees every password that is typed, and decides who is let in.",
    alternatives="A module of a product for single sign-on that was not installed as a package.",
    remediation="Do not log in there. Examine the module, and change the passwords that it may have seen.",
    attack=("T1556.003", "T1574.006"),
)

_MOST_LINES = 500
_FOLDERS = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/local/etc/pam.d")
_RULE = re.compile(
    r"[ \t]*-?(?P<kind>auth|account|password|session)[ \t]+(?P<control>\[[^\]\n]*\]|\w+)[ \t]+"
    r"(?P<module>[^\s#]+\.so)\b(?P<arguments>[^\n#]*)",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"[ \t]*[\w.-]+(?=[ \t]+-?(?:auth|account|password|session)[ \t])", re.IGNORECASE)
_ENOUGH = re.compile(r"sufficient|\[.*\b(?:success|default)=done\b.*\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line: where it stands and what it says."""

    text: str
    offset: int
    kind: str
    control: str
    module: str
    arguments: tuple[str, ...]


class Pam(Detector):
    """Files that packages answer for are passed over; of the others every rule is read."""

    id = "pam"
    statements = (COMMAND, OPEN, MODULE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding of each kind for a line."""
        files = scene.files
        for version, content in files.readable(*_FOLDERS):
            yield from self._judge(scene, version, content, with_service=False)
        for version, content in files.read_at("/etc/pam.conf"):
            yield from self._judge(scene, version, content, with_service=True)

    def _judge(
        self, scene: Scene, version: FileVersion, content: FileVersion, *, with_service: bool
    ) -> Iterator[Finding]:
        if scene.vouched(content):
            return
        for rule in _rules(scene.files.text(content), with_service=with_service):
            name = basename(rule.module)
            if name == "pam_exec.so":
                yield _command(scene, version, rule)
            elif name == "pam_permit.so" and rule.kind == "auth" and _ENOUGH.fullmatch(rule.control):
                yield _tell(scene, OPEN, version, rule)
            yield from _module(scene, version, rule)


def _rules(text: str, *, with_service: bool) -> Iterator[_Rule]:
    offset = 0
    for number, line in enumerate(text.split("\n")):
        if number >= _MOST_LINES:
            return
        service = _SERVICE.match(line) if with_service else None
        match = _RULE.match(line, service.end() if service else 0)
        if match:
            arguments = tuple(match.group("arguments").split())
            kind, control, module = match.group("kind", "control", "module")
            yield _Rule(line[:300], offset, kind.lower(), control, module, arguments)
        offset += len(line) + 1


def _command(scene: Scene, version: FileVersion, rule: _Rule) -> Finding:
    started = next((word for word in rule.arguments if word.startswith("/")), "")
    target = scene.view.resolve(started) if started else None
    if "expose_authtok" in rule.arguments or is_hostile_start(started):
        return _tell(scene, COMMAND, version, rule)
    if target is not None and scene.vouched(target):
        reason = f"A package answers for {started}, and it is not handed the password."
        return _tell(scene, COMMAND, version, rule, Severity.LOW, reason)
    return _tell(scene, COMMAND, version, rule, Severity.MEDIUM, "It is not handed the password.")


def _module(scene: Scene, version: FileVersion, rule: _Rule) -> Iterator[Finding]:
    if rule.module.startswith("/"):
        found = scene.view.resolve(rule.module)
        candidates = [found] if found is not None else []
        if is_hostile_start(rule.module):
            yield _tell(scene, MODULE, version, rule, reason="It is loaded from where no program belongs.")
            return
    else:
        named = scene.files.names.get(basename(rule.module), ())
        candidates = [one for one in named if "/security/" in one.path and one.state is FileState.VISIBLE]
    for one in candidates:
        if scene.unowned(one):
            yield _tell(scene, MODULE, version, rule, reason=f"Nobody accounts for {one.path}.")
            return


def _tell(
    scene: Scene,
    said: Statement,
    version: FileVersion,
    rule: _Rule,
    severity: Severity | None = None,
    reason: str = "",
) -> Finding:
    case = Circumstances(
        severity=in_effect(version, severity or said.severity),
        reasons=(reason,) if reason else (),
        distinct=str(rule.offset),
    )
    return about_file(scene, said, version, [excerpt(rule.text, rule.offset), note(rule.module)], case)


DETECTOR = Pam()

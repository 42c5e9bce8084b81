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
    """Files that packages answer for are passed over; of the others every rule is read.

    Rules of one file about which the same is to be said are told together: a file can have very many.
    """

    id = "pam"
    statements = (COMMAND, OPEN, MODULE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for all the rules of a file that are bad in the same way."""
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
        modules = _Modules(scene)
        told: dict[_Judgement, list[_Rule]] = {}
        for rule in _rules(scene.files.text(content), with_service=with_service):
            for judgement in _judgements(scene, rule, modules):
                told.setdefault(judgement, []).append(rule)
        for judgement, rules in told.items():
            yield _tell(scene, judgement, version, rules)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What is to be said of a rule."""

    said: Statement
    severity: Severity
    reason: str = ""


class _Modules:
    """Modules by the name that rules give, each looked up once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._known: dict[str, str] = {}

    def reason(self, name: str) -> str:
        """Why the module is not to be trusted, empty for no reason."""
        if name not in self._known:
            self._known[name] = self._judged(name)
        return self._known[name]

    def _judged(self, name: str) -> str:
        if name.startswith("/"):
            if is_hostile_start(name):
                return "It is loaded from where no program belongs."
            found = self._scene.view.resolve(name)
            candidates = [found] if found is not None else []
        else:
            named = self._scene.files.names.get(basename(name), ())
            candidates = [one for one in named if "/security/" in one.path and _is_visible(one)]
        strange = next((one for one in candidates if self._scene.unowned(one)), None)
        return f"Nobody accounts for {strange.path}." if strange is not None else ""


def _rules(text: str, *, with_service: bool) -> Iterator[_Rule]:
    """Every rule; a backslash at the end of a line continues it (pam.conf(5))."""
    offset = 0
    for line in text.replace("\\\n", "  ").split("\n"):
        service = _SERVICE.match(line) if with_service else None
        match = _RULE.match(line, service.end() if service else 0)
        if match:
            arguments = tuple(match.group("arguments").split())
            kind, control, module = match.group("kind", "control", "module")
            yield _Rule(line[:300], offset, kind.lower(), control, module, arguments)
        offset += len(line) + 1


def _judgements(scene: Scene, rule: _Rule, modules: _Modules) -> Iterator[_Judgement]:
    name = basename(rule.module)
    if name == "pam_exec.so":
        yield _command(scene, rule)
    elif name == "pam_permit.so" and rule.kind == "auth" and _ENOUGH.fullmatch(rule.control):
        yield _Judgement(OPEN, OPEN.severity)
    strange = modules.reason(rule.module)
    if strange:
        yield _Judgement(MODULE, MODULE.severity, strange)


def _command(scene: Scene, rule: _Rule) -> _Judgement:
    started = next((word for word in rule.arguments if word.startswith("/")), "")
    target = scene.view.resolve(started) if started else None
    if "expose_authtok" in rule.arguments or is_hostile_start(started):
        return _Judgement(COMMAND, COMMAND.severity)
    if target is not None and scene.vouched(target):
        return _Judgement(
            COMMAND, Severity.LOW, "A package answers for it, and it is not handed the password."
        )
    return _Judgement(COMMAND, Severity.MEDIUM, "It is not handed the password.")


def _is_visible(version: FileVersion) -> bool:
    return version.state is FileState.VISIBLE


def _tell(scene: Scene, judgement: _Judgement, version: FileVersion, rules: list[_Rule]) -> Finding:
    case = Circumstances(
        severity=in_effect(version, judgement.severity),
        reasons=(judgement.reason,) if judgement.reason else (),
        distinct=f"{judgement.severity} {judgement.reason}",
    )
    evidence = [excerpt(rule.text, rule.offset) for rule in rules]
    if len(rules) == 1:
        evidence.append(note(rules[0].module))
    return about_file(scene, judgement.said, version, evidence, case)


DETECTOR = Pam()

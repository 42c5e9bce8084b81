"""Who may become root without a password. Source: sudoers(5), doas.conf(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_file,
    at_most,
    excerpt,
    in_effect,
    note,
)
from forensics.detectors._places import basename, is_hostile_start
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileKind, FileState, FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

NO_PASSWORD = Statement(
    rule_id="privilege/passwordless-sudo",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="Root's rights without a password",
    explanation="The rule lets an account run any command as root without being asked for a password.",
    alternatives="Usual in images for development, continuous integration and cloud machines.",
    remediation="Remove the rule from images that serve anybody, or name the commands that are needed.",
    attack=("T1548.003",),
)
EVERYBODY = Statement(
    rule_id="privilege/sudo-for-everybody",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Everybody or a service account is root without a password",
    explanation=(
        "The rule gives every account, or one that a network service runs under, all of root's rights "
        "without a password. One hole in that service is then a hole in everything."
    ),
    alternatives="A test image.",
    remediation="Remove the rule and find the build step that added it.",
    attack=("T1548.003",),
)
WRITABLE = Statement(
    rule_id="privilege/sudoers-writable",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Everybody may write the rules for root's rights",
    explanation="The file says who may become root, and anybody may change it.",
    alternatives="A careless chmod; sudo itself refuses files like this, doas does not always.",
    remediation="Set its mode to 0440.",
    attack=("T1548.003", "T1222.002"),
)

_SERVICES = frozenset(
    {
        "www-data", "nobody", "nginx", "apache", "httpd", "daemon", "mysql", "postgres", "redis",
        "tomcat", "bin", "sys", "mail", "games", "man", "lp", "news", "uucp", "proxy", "backup",
        "list", "irc", "sshd", "messagebus", "_apt", "ftp", "mongodb", "memcache", "rabbitmq",
        "elasticsearch", "node_exporter", "nfsnobody",
    }
)  # fmt: skip
_RULE = re.compile(r"^[ \t]*(?P<who>[^\s#=]+)[ \t]+(?P<rest>[^\s=#][^=\n]*=[^\n]*)", re.MULTILINE)
_ALL_COMMANDS = re.compile(r"NOPASSWD\s*:\s*(?:[A-Z]+\s*:\s*)*ALL\b")
_NOT_ASKED = re.compile(r"^[ \t]*Defaults(?:[:@>!]\S+)?[ \t][^\n]*!authenticate", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*[#@]include(?:dir)?[ \t]+(?P<path>/\S+)", re.MULTILINE)
_DOAS = re.compile(r"^[ \t]*permit\b(?P<options>[^\n#]*?)\bnopass\b(?P<rest>[^\n#]*)", re.MULTILINE)


class Sudoers(Detector):
    """Where neither sudo nor doas is installed, the rules do nothing and count as `low`."""

    id = "sudoers"
    statements = (NO_PASSWORD, EVERYBODY, WRITABLE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a rule."""
        rules = [*scene.files.read_at("/etc/sudoers", "/usr/local/etc/sudoers")]
        rules += scene.files.readable("/etc/sudoers.d", "/usr/local/etc/sudoers.d")
        for version, content in rules:
            text = scene.files.text(content)
            rules += [pair for pair in _included(scene, text) if pair not in rules and len(rules) < 1000]
            yield from self._judge(scene, version, content, _sudo_rules(text), "sudo")
        doas = [
            *scene.files.read_at("/etc/doas.conf", "/usr/local/etc/doas.conf"),
            *scene.files.readable("/etc/doas.d"),
        ]
        for version, content in doas:
            yield from self._judge(scene, version, content, _doas_rules(scene.files.text(content)), "doas")

    def _judge(
        self,
        scene: Scene,
        version: FileVersion,
        content: FileVersion,
        rules: Iterator[tuple[str, Evidence]],
        tool: str,
    ) -> Iterator[Finding]:
        installed = _is_installed(scene, tool)
        reasons = () if installed else (f"{tool} is not installed, so that nothing reads the rule.",)
        if content.entry.mode & 0o002:
            evidence = [note(f"mode {content.entry.mode:04o}")]
            yield about_file(scene, WRITABLE, version, evidence, _case(version, WRITABLE, reasons))
        if scene.vouched(content):
            return
        for who, evidence_of_rule in rules:
            said = EVERYBODY if who in ("ALL", "") or who in _SERVICES else NO_PASSWORD
            yield about_file(scene, said, version, [evidence_of_rule], _case(version, said, reasons, who))


def _case(version: FileVersion, said: Statement, reasons: tuple[str, ...], who: str = "") -> Circumstances:
    severity = in_effect(version, said.severity)
    if reasons:
        severity = at_most(severity, Severity.LOW)
    return Circumstances(severity=severity, reasons=reasons, detail=who, distinct=who)


def _sudo_rules(text: str) -> Iterator[tuple[str, Evidence]]:
    joined = text.replace("\\\n", "  ")
    for match in _RULE.finditer(joined):
        who = match.group("who").replace("\\", "").strip('"')
        if who.startswith("Defaults") or who.endswith("_Alias"):
            continue
        if _ALL_COMMANDS.search(match.group("rest")):
            for one in dict.fromkeys(who.split(",")):
                yield one, excerpt(match.group().strip(), match.start(), len(match.group()))
    for match in list(_NOT_ASKED.finditer(joined))[:20]:
        yield "everybody with a rule", excerpt(match.group().strip(), match.start(), len(match.group()))


def _doas_rules(text: str) -> Iterator[tuple[str, Evidence]]:
    for match in list(_DOAS.finditer(text))[:200]:
        words = match.group("rest").split()
        if "cmd" not in words:
            who = next((word for word in words if word not in ("keepenv", "persist")), "")
            yield who, excerpt(match.group().strip(), match.start(), len(match.group()))


def _included(scene: Scene, text: str) -> Iterator[tuple[FileVersion, FileVersion]]:
    for match in list(_INCLUDE.finditer(text))[:16]:
        path = match.group("path").rstrip("/")
        if path != "/etc/sudoers.d" and (path.startswith("/etc/") or is_hostile_start(f"{path}/x")):
            yield from scene.files.read_at(path)
            yield from scene.files.readable(path)


def _is_installed(scene: Scene, tool: str) -> bool:
    return any(
        basename(version.path) == tool
        and version.state is FileState.VISIBLE
        and version.entry.kind is not FileKind.DIRECTORY
        for folder in ("/usr/bin", "/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
        for version in scene.files.at(f"{folder}/{tool}")
    )


DETECTOR = Sudoers()

"""SSH: keys that may log in, host keys that everybody shares, and settings that open the door.

Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT, sshd_config(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect, note, shown
from forensics.detectors._places import basename, is_documentation, is_hostile_start
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

AUTHORIZED = Statement(
    rule_id="persistence/authorized-keys",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="An SSH key may log in",
    explanation=(
        "The image carries the public key of somebody who may log in without a password. Whoever holds the "
        "private half can enter every container that runs an SSH server from this image."
    ),
    alternatives=(
        "An image made for SSH access in a closed environment, such as a build agent or a test target."
    ),
    remediation=(
        "Find out whose key it is. Keys belong into a secret that is mounted at run time, never into the "
        "image."
    ),
    attack=("T1098.004",),
)
HOST_KEY = Statement(
    rule_id="secret/ssh-host-key",
    category=Category.SECRET,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="Private SSH host key in a layer",
    explanation=(
        "Every container from this image answers with the same host key, and everybody who can pull the "
        "image has its private half, so that connections can be intercepted unnoticed."
    ),
    alternatives="Installing the SSH server made the keys during the build; no container may ever run it.",
    remediation=(
        "Remove the keys in the same build step and let the container make its own at the first start."
    ),
    attack=("T1552.004",),
)
COMMAND = Statement(
    rule_id="persistence/sshd-command",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="The SSH server asks a program which keys may log in",
    explanation=(
        "A program decides at each login which keys or principals are accepted, so that one file is a "
        "master key."
    ),
    alternatives="Logins through a directory service (sssd, LDAP, EC2 Instance Connect).",
    remediation="Look at the program that is named and at who owns it.",
    attack=("T1098.004", "T1556"),
)
OPEN_DOOR = Statement(
    rule_id="persistence/sshd-open",
    category=Category.CONFIGURATION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="The SSH server accepts what it should not",
    explanation="The setting lets root or accounts without a password log in over the network.",
    alternatives="A development or test image.",
    remediation="Set it back to its default.",
    attack=("T1021.004",),
)

_KEY = re.compile(
    r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-(?:ssh|ecdsa)-\S+|ssh-\S+-cert-\S+)\s+(?P<key>AAAA[0-9A-Za-z+/=]{16,})(?P<note>[^\n]*)"
)
_SETTING = re.compile(r"^[ \t]*(?P<name>[A-Za-z]+)[ \t=]+(?P<value>[^\s#][^\n]*)", re.MULTILINE)
_KEY_FILES = ("authorized_keys", "authorized_keys2")


class SshKeys(Detector):
    """Looks at key files anywhere, at those a server's configuration names, and at that configuration."""

    id = "ssh_keys"
    statements = (AUTHORIZED, HOST_KEY, COMMAND, OPEN_DOOR)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a file of keys, a host key, a setting."""
        key_files: list[tuple[str, str]] = []
        for version, content in (
            *scene.files.read_at("/etc/ssh/sshd_config"),
            *scene.files.readable("/etc/ssh/sshd_config.d"),
        ):
            if not scene.vouched(content):
                text = scene.files.text(content)
                key_files += _named_key_files(text)
                yield from _settings(scene, version, text)
        for name, versions in scene.files.names.items():
            for version in versions if name in _KEY_FILES or _may_be_named(name, key_files) else ():
                if name in _KEY_FILES or _is_named(version.path, key_files):
                    yield from _authorized(scene, version)
        for version in scene.files.below("/etc/ssh"):
            if version.path.startswith("/etc/ssh/ssh_host_") and version.path.endswith("_key"):
                yield from _host_key(scene, version)


def _authorized(scene: Scene, version: FileVersion) -> Iterator[Finding]:
    if version.content is None:
        return
    keys = list(_KEY.finditer(scene.files.text(version)))
    if not keys or scene.vouched(version):
        return
    if is_documentation(version.path) and basename(version.path) not in _KEY_FILES:
        return
    evidence = [_key(match) for match in keys]
    severity = AUTHORIZED.severity
    reasons: tuple[str, ...] = ()
    if "/test" in version.path or "/example" in version.path or "/node_modules/" in version.path:
        severity, reasons = Severity.LOW, ("It lies among tests or examples, where no server looks.",)
    case = Circumstances(
        severity=in_effect(version, severity),
        reasons=reasons,
        detail=f"{len(keys)} keys" if len(keys) > 1 else "",
    )
    yield about_file(scene, AUTHORIZED, version, evidence, case)


def _key(match: re.Match[str]) -> Evidence:
    key, comment = match.group("key"), match.group("note").strip()
    kind = match.group().split()[0]
    whole = excerpt(match.group(), match.start())
    return replace(whole, text=shown(f"{kind} {key[:12]}…{key[-12:]} {comment}"))


def _host_key(scene: Scene, version: FileVersion) -> Iterator[Finding]:
    if "PRIVATE KEY" in scene.files.head(version, 64):
        yield about_file(scene, HOST_KEY, version, [excerpt(scene.files.head(version, 40), 0)])


def _may_be_named(name: str, key_files: list[tuple[str, str]]) -> bool:
    return any(behind.endswith(name) or name.endswith(behind) for _, behind in key_files)


def _is_named(path: str, key_files: list[tuple[str, str]]) -> bool:
    return any(path.startswith(before) and path.endswith(behind) for before, behind in key_files)


def _named_key_files(text: str) -> Iterator[tuple[str, str]]:
    """How the paths that `AuthorizedKeysFile` names begin and end; `%h` and `%u` stand for anything."""
    for match in _SETTING.finditer(text):
        if match.group("name").lower() != "authorizedkeysfile":
            continue
        for path in match.group("value").split()[:16]:
            parts = re.split(r"%[hud]", path if path.startswith(("/", "%h")) else f"%h/{path}")
            if len(parts[-1]) > 3 or len(parts[0]) > 5:
                yield (parts[0] if len(parts) > 1 else parts[-1]), parts[-1]


def _settings(scene: Scene, version: FileVersion, text: str) -> Iterator[Finding]:
    for match in _SETTING.finditer(text):
        name, value = match.group("name").lower(), match.group("value").strip()
        said, reason = None, ""
        if name in ("authorizedkeyscommand", "authorizedprincipalscommand") and value.lower() != "none":
            said = COMMAND
            target = scene.view.resolve(value.split()[0])
            if target is not None and scene.vouched(target):
                reason = "A package answers for the program it names."
        elif (name, value.lower()) in (("permitrootlogin", "yes"), ("permitemptypasswords", "yes")):
            said = OPEN_DOOR
        elif name == "authorizedkeysfile" and any(
            is_hostile_start(one) for one in value.split() if one.startswith("/")
        ):
            said = COMMAND
        if said is None:
            continue
        severity = Severity.LOW if reason else in_effect(version, said.severity)
        case = Circumstances(severity=severity, distinct=match.group(), reasons=(reason,) if reason else ())
        evidence = [excerpt(match.group(), match.start())]
        if reason:
            evidence.append(note(reason))
        yield about_file(scene, said, version, evidence, case)


DETECTOR = SshKeys()

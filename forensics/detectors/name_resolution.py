"""Names that the image itself leads somewhere, past the name service. Source: hosts(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._addresses import Bare, bare
from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

_ALTERNATIVES = (
    "Docker and Kubernetes lay a file of their own over this one while a container runs, so that it counts "
    "in other runtimes, in chroots and virtual machines only."
)
REDIRECTED = Statement(
    rule_id="trust/redirected-host",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Names of the public network are led to a fixed address",
    explanation=(
        "Whoever asks for one of these names gets what is at the address in this file, whoever the name "
        "belongs to: updates, packages and logins can be answered by somebody else."
    ),
    alternatives=f"A way around a name service that is blocked or slow; a test. {_ALTERNATIVES}",
    remediation="Remove the lines, and find out what is at the address.",
    attack=("T1565.001", "T1557"),
)
BLOCKED = Statement(
    rule_id="trust/blocked-host",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Names of the public network are led to nowhere",
    explanation=(
        "Nothing in the container reaches these names any more. Malware cuts off updates and security "
        "vendors like this, and miners cut off the pools of their rivals."
    ),
    alternatives=f"A list against advertisements and trackers. {_ALTERNATIVES}",
    remediation="Remove the lines, and look for what gains from them.",
    attack=("T1562.001", "T1565.001"),
)

_VITAL = frozenset(
    {
        # where systems and programs are updated from
        "debian.org", "ubuntu.com", "canonical.com", "alpinelinux.org", "archlinux.org", "centos.org",
        "fedoraproject.org", "redhat.com", "rockylinux.org", "almalinux.org", "opensuse.org", "suse.com",
        "kali.org", "wolfi.dev", "chainguard.dev", "windowsupdate.com", "update.microsoft.com",
        "packages.microsoft.com", "nodesource.com",
        # registries of images, packages and sources
        "docker.io", "docker.com", "gcr.io", "ghcr.io", "quay.io", "k8s.io", "mcr.microsoft.com", "pkg.dev",
        "public.ecr.aws", "github.com", "githubusercontent.com", "github.io", "gitlab.com", "bitbucket.org",
        "pypi.org", "pythonhosted.org", "npmjs.org", "npmjs.com", "yarnpkg.com", "rubygems.org", "crates.io",
        "golang.org", "go.dev", "packagist.org", "maven.org", "maven.apache.org", "nuget.org",
        "letsencrypt.org", "sigstore.dev",
        # who warns
        "clamav.net", "virustotal.com", "crowdstrike.com", "cloudsink.net", "sentinelone.net", "sophos.com",
        "trendmicro.com", "kaspersky.com", "eset.com", "mcafee.com", "trellix.com", "symantec.com",
        "bitdefender.com", "malwarebytes.com", "falco.org", "aquasec.com", "sysdig.com", "snyk.io",
        "wazuh.com", "aegis.aliyun.com", "aegis.aliyuncs.com", "yd.tencentyun.com", "yundun.com",
    }
)  # fmt: skip
"""Ends of names on which the safety of a system depends."""
_POOL = re.compile(
    r"xmr|monero|minergate|hashvault|nanopool|nicehash|2miners|herominers|unmineable|f2pool|antpool|c3pool"
    r"|(?:^|[.-])(?:crypto-?pool|dwarfpool|mine|miner|mining|pool|stratum)[0-9]*(?=[.-])"
)
_NO_POOL = re.compile(r"(?:^|\.)(?:ntp\.org|nist\.gov)$")
_OWN = re.compile(
    r"(?:^|\.)(?:local|localdomain|localhost|localdomain[46]|internal|intranet|private|corp|home|lan|home\.arpa|test"
    r"|example|invalid|example\.(?:com|net|org)|onion)$"
)
_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z](?:[a-z0-9-]{0,62})", re.IGNORECASE
)
_LIST = 50
"""Names from which a file that leads names to nowhere is a list that somebody publishes."""


@dataclass(frozen=True, slots=True)
class _Pin:
    """One public name and where it is led."""

    name: str
    nowhere: bool
    evidence: Evidence


class NameResolution(Detector):
    """Only public names count: those of the container, of its network and of a company are its own affair."""

    id = "name_resolution"
    statements = (REDIRECTED, BLOCKED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding of each kind for a version of the file, the names that matter first."""
        for version, content in scene.files.read_at("/etc/hosts"):
            if scene.vouched(content):
                continue
            pins = list(_pins(scene.files.text(content)))
            yield from _redirected(scene, version, [pin for pin in pins if not pin.nowhere])
            yield from _blocked(scene, version, [pin for pin in pins if pin.nowhere])


def _redirected(scene: Scene, version: FileVersion, pins: list[_Pin]) -> Iterator[Finding]:
    vital = [pin for pin in pins if _is_vital(pin.name)]
    if vital:
        reason = f"{vital[0].name} is one on which updates or the origin of programs depend."
        yield _tell(scene, REDIRECTED, version, _first(vital, pins), REDIRECTED.severity, reason)
    elif pins:
        yield _tell(scene, REDIRECTED, version, pins, Severity.MEDIUM)


def _blocked(scene: Scene, version: FileVersion, pins: list[_Pin]) -> Iterator[Finding]:
    vital = [pin for pin in pins if _is_vital(pin.name)]
    pools = [pin for pin in pins if _POOL.search(pin.name) and not _NO_POOL.search(pin.name)]
    published = len(pins) >= _LIST
    if vital:
        reason = f"{vital[0].name} is one on which updates or warnings depend."
        yield _tell(scene, BLOCKED, version, _first(vital, pins), BLOCKED.severity, reason)
    elif pools and not published:
        reason = f"{pools[0].name} is a mining pool by its name."
        yield _tell(scene, BLOCKED, version, _first(pools, pins), BLOCKED.severity, reason)
    elif pins:
        reason = f"There are {len(pins)} names, as on lists against advertisements." if published else ""
        yield _tell(scene, BLOCKED, version, _first(pools, pins), Severity.LOW, reason)


def _first(before: list[_Pin], pins: list[_Pin]) -> list[_Pin]:
    chosen = set(before)
    return [*before, *(pin for pin in pins if pin not in chosen)]


def _tell(
    scene: Scene,
    said: Statement,
    version: FileVersion,
    pins: list[_Pin],
    severity: Severity,
    reason: str = "",
) -> Finding:
    case = Circumstances(
        severity=in_effect(version, severity),
        detail=pins[0].name,
        reasons=(reason,) if reason else (),
    )
    return about_file(scene, said, version, list(dict.fromkeys(pin.evidence for pin in pins)), case)


def _pins(text: str) -> Iterator[_Pin]:
    """Every public name of every line; names end at a number sign."""
    offset = 0
    for line in text.split("\n"):
        address, *names = line.partition("#")[0].split() or [""]
        where = bare(address) if names and _is_address(address) else Bare.NOT
        if where is not Bare.NOT:
            evidence = excerpt(line[:300], offset, len(line))
            for name in names:
                if _is_public(name):
                    yield _Pin(name.rstrip(".").lower(), where is Bare.HERE, evidence)
        offset += len(line) + 1


def _is_address(text: str) -> bool:
    return ":" in text or text[:1].isdigit()


def _is_public(name: str) -> bool:
    plain = name.rstrip(".").lower()
    return _NAME.fullmatch(plain) is not None and not _OWN.search(plain)


def _is_vital(name: str) -> bool:
    labels = name.split(".")
    return any(".".join(labels[at:]) in _VITAL for at in range(len(labels)))


DETECTOR = NameResolution()

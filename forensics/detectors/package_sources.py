"""Where package managers fetch from, and whether they check what they get.

Source: sources.list(5), apt.conf(5), apk-repositories(5), dnf.conf(5), npmrc(5), and the configuration of pip
and gem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.detectors._addresses import Bare, bare, host_of
from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_file,
    about_image,
    at_most,
    excerpt,
    in_effect,
    note,
)
from forensics.detectors._places import basename, is_test_data
from forensics.detectors._scene import Detector, Scene
from forensics.detectors._source_settings import (
    Setting,
    apk,
    apt_conf,
    apt_list,
    apt_stanzas,
    gem,
    npm,
    pip,
    yum,
)
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

SOURCE = Statement(
    rule_id="trust/package-source",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Packages come from a bare address, or are not checked",
    explanation=(
        "Whatever is installed or updated in the container comes from where these settings say. A number "
        "instead of a name says nothing about whose it is, and without signatures or certificates anybody on "
        "the way can put something else in."
    ),
    alternatives="A mirror or proxy inside a company; a repository made for one build and forgotten.",
    remediation="Name the source, use HTTPS, install its key or certificate, and look at what was installed.",
    attack=("T1195.002", "T1553.004"),
)

_PLACES: tuple[tuple[re.Pattern[str], Callable[[str], Iterator[Setting]]], ...] = (
    (re.compile(r"/etc/apt/sources\.list(?:\.d/[^/]+\.list)?"), apt_list),
    (re.compile(r"/etc/apt/sources\.list\.d/[^/]+\.sources"), apt_stanzas),
    (re.compile(r"/etc/apt/apt\.conf(?:\.d/[^/]+)?"), apt_conf),
    (re.compile(r"/etc/apk/(?:repositories(?:\.d/[^/]+)?|config)"), apk),
    (re.compile(r"/etc/(?:yum\.repos\.d|zypp/repos\.d)/[^/]+\.repo|/etc/yum\.conf|/etc/dnf/dnf\.conf"), yum),
    (re.compile(r"/(?:.*/)?pip\.conf"), pip),
    (
        re.compile(r"/(?!.*/node_modules/)(?:.*/)?\.?npmrc|/(?!.*/node_modules/)(?:.*/)?\.yarnrc(?:\.yml)?"),
        npm,
    ),
    (re.compile(r"/etc/gemrc|/(?:.*/)?\.gemrc"), gem),
)
_FOLDERS = ("/etc/apt/", "/etc/apk/", "/etc/yum", "/etc/dnf/", "/etc/zypp/")
_NAMES = frozenset({"pip.conf", "npmrc", ".npmrc", ".yarnrc", ".yarnrc.yml", "gemrc", ".gemrc"})
_LOGIN = re.compile(r"(?<=//)[^/@\s]+@")
_VARIABLES: dict[str, tuple[str, Callable[[str], Iterator[Setting]]]] = {
    "PIP_INDEX_URL": ("index-url=", pip),
    "PIP_EXTRA_INDEX_URL": ("extra-index-url=", pip),
    "PIP_FIND_LINKS": ("find-links=", pip),
    "PIP_TRUSTED_HOST": ("trusted-host=", pip),
    "UV_INDEX_URL": ("index-url=", pip),
    "UV_DEFAULT_INDEX": ("index-url=", pip),
    "NPM_CONFIG_REGISTRY": ("registry=", npm),
    "NPM_CONFIG_STRICT_SSL": ("strict-ssl=", npm),
    "YARN_REGISTRY": ("registry=", npm),
}
"""Variables that say the same as a line of a settings file."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A setting that is told, with how bad it is and why."""

    setting: Setting
    severity: Severity
    why: str


class PackageSources(Detector):
    """Settings of packages are passed over; named sources whose content is checked are silent."""

    id = "package_sources"
    statements = (SOURCE,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding for a version of a settings file, and one for each variable."""
        for version in scene.files:
            read = _reader(version.path)
            if read is None:
                continue
            for _, content in scene.files.with_content(version):
                if not scene.vouched(content):
                    yield from _of_file(scene, version, list(_weighed(read(scene.files.text(content)))))
        for line in scene.image.config.env:
            yield from _of_variable(scene, line)


def _reader(path: str) -> Callable[[str], Iterator[Setting]] | None:
    if basename(path) not in _NAMES and not path.startswith(_FOLDERS):
        return None
    return next((read for place, read in _PLACES if place.fullmatch(path)), None)


def _of_file(scene: Scene, version: FileVersion, told: list[_Weighed]) -> Iterator[Finding]:
    if told:
        told.sort(key=lambda one: -one.severity.rank)
        evidence = [_excerpt(one.setting) for one in told]
        severity = in_effect(version, told[0].severity)
        if is_test_data(version.path):
            severity = at_most(severity, Severity.LOW)
        yield about_file(scene, SOURCE, version, evidence, _case(told, severity))


def _excerpt(setting: Setting) -> Evidence:
    """The setting without what somebody logs in with."""
    return excerpt(_without_login(setting.text), setting.offset, len(setting.text))


def _without_login(text: str) -> str:
    return _LOGIN.sub("(login)@", text)


def _of_variable(scene: Scene, line: str) -> Iterator[Finding]:
    name, _, value = line.partition("=")
    setting, read = _VARIABLES.get(name.upper(), ("", pip))
    told = list(_weighed(read(setting + " ".join(value.split())))) if setting else []
    if told:
        yield about_image(
            scene, SOURCE, [note(_without_login(line), "config")], _case(told, told[0].severity, name)
        )


def _case(told: list[_Weighed], severity: Severity, name: str = "") -> Circumstances:
    reasons = tuple(dict.fromkeys(one.why for one in told))[:4]
    return Circumstances(severity=severity, reasons=reasons, detail=name, distinct=name)


def _weighed(settings: Iterator[Setting]) -> Iterator[_Weighed]:
    """What is to be told of the settings of one file.

    A setting without an address that switches a check off holds for every source of its file.
    """
    found = list(settings)
    everywhere = any(one.unchecked and not one.addresses for one in found)
    for one in found:
        leads = [bare(host_of(address)) for address in one.addresses]
        unchecked = one.unchecked or (everywhere and bool(one.addresses))
        outside = Bare.PUBLIC in leads or Bare.ODD in leads
        if outside and unchecked:
            why = "A source is a bare address of the public network, and what comes from it is not checked."
            yield _Weighed(one, Severity.HIGH, why)
        elif outside:
            yield _Weighed(one, Severity.MEDIUM, "A source is a bare address of the public network.")
        elif one.unchecked and one.mild:
            yield _Weighed(one, Severity.LOW, one.unchecked)
        elif one.unchecked and not (leads and all(lead is Bare.HERE for lead in leads)):
            yield _Weighed(one, Severity.MEDIUM, one.unchecked)
        elif Bare.PRIVATE in leads:
            yield _Weighed(one, Severity.LOW, "A source is a bare address of a private network.")


DETECTOR = PackageSources()

"""Where package managers fetch from, and what they do not check."""

from __future__ import annotations

import pytest

from forensics.detectors.package_sources import DETECTOR
from tests.scenes import config, debian, dpkg, judge, said

RULE = "trust/package-source"
LIST, STANZAS, CONF = "/etc/apt/sources.list", "/etc/apt/sources.list.d/x.sources", "/etc/apt/apt.conf.d/9x"
APK, YUM, PIP, NPM, GEM = (
    "/etc/apk/repositories", "/etc/yum.repos.d/x.repo", "/etc/pip.conf", "/root/.npmrc", "/root/.gemrc",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text", "severity"),
    [
        (LIST, "deb [trusted=yes] http://203.0.113.9/debian x main", "high"),
        (LIST, "deb [ arch=amd64 trusted=yes ] https://a.somebody.io/debian x main", "medium"),
        (LIST, "deb [allow-insecure=yes] https://a.somebody.io/debian x main", "medium"),
        (LIST, "deb-src [signed-by=/k.gpg] http://203.0.113.9/debian x main", "medium"),
        (LIST, "deb http://10.1.2.3/debian x main", "low"),
        (LIST, "deb [trusted=yes] http://10.1.2.3/debian x main", "medium"),
        (LIST, "deb http://3405803785/debian x main", "medium"),
        (LIST, "deb http://[2001:db8::9]/debian x main", "medium"),
        ("/etc/apt/sources.list.d/a.list", "deb http://u:p@203.0.113.9:8080/ ./", "medium"),
        (STANZAS, "Types: deb\nURIs: http://203.0.113.9/debian\nSuites: x\nTrusted: yes", "high"),
        (STANZAS, "Types: deb\nURIs:\n http://deb.debian.org/\n http://203.0.113.9/\nSuites: x", "medium"),
        (STANZAS, "URIs: https://a.somebody.io\nEnabled: yes\n# note\nAllow-Insecure: true", "medium"),
        (CONF, 'Acquire::AllowInsecureRepositories "true";', "medium"),
        (CONF, 'APT { Get { AllowUnauthenticated "1"; }; };', "medium"),
        (CONF, 'Acquire::https::Verify-Peer "false";', "medium"),
        (CONF, 'Acquire::https::a.somebody.io::Verify-Host\n  "no";', "medium"),
        (CONF, 'Acquire::http::Proxy "http://203.0.113.9:3142/";', "medium"),
        (CONF, 'Acquire::http::Proxy "http://10.0.0.9:3142/";', "low"),
        (CONF, 'Acquire::http::Proxy "http://203.0.113.9/"; APT::Get::AllowUnauthenticated yes;', "high"),
        (APK, "https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n@x http://203.0.113.9/alpine", "medium"),
        ("/etc/apk/config", "--allow-untrusted", "medium"),
        (YUM, "[x]\nname=x\nbaseurl=http://203.0.113.9/x\ngpgcheck=0", "high"),
        (YUM, "[x]\nbaseurl=https://a.somebody.io\n  http://203.0.113.9/x\ngpgcheck=1", "medium"),
        (YUM, "[x]\nbaseurl = http://a.somebody.io/x\ngpgcheck = no", "medium"),
        (YUM, "[x]\nbaseurl=https://a.somebody.io/x\ngpgcheck=0", "low"),
        (YUM, "[x]\nbaseurl=https://a.somebody.io/x\nsslverify=0", "medium"),
        ("/etc/dnf/dnf.conf", "[main]\ngpgcheck=0", "medium"),
        (PIP, "[global]\nindex-url = http://203.0.113.9/simple", "high"),
        (PIP, "[global]\nindex-url = https://203.0.113.9/simple", "medium"),
        (
            PIP,
            "[global]\nextra_index_url =\n    https://pypi.org/simple\n    http://203.0.113.9/simple",
            "high",
        ),
        (PIP, "[install]\ntrusted-host = a.somebody.io", "medium"),
        (PIP, "[global]\nindex-url = https://a.somebody.io/simple\ntrusted-host =\n    203.0.113.9", "high"),
        ("/home/a/.config/pip/pip.conf", "[global]\nindex-url=http://10.1.2.3/simple", "medium"),
        (NPM, "registry=http://203.0.113.9:4873/", "high"),
        (NPM, "@corp:registry = https://203.0.113.9/", "medium"),
        (NPM, "strict-ssl = false", "medium"),
        (NPM, "registry=https://203.0.113.9/\nstrict-ssl=false", "high"),
        ("/root/.yarnrc", 'registry "http://203.0.113.9/"\n', "high"),
        ("/app/.yarnrc.yml", 'enableStrictSsl: false\nnpmRegistryServer: "https://a.somebody.io"', "medium"),
        (GEM, ":sources:\n- https://rubygems.org\n- http://203.0.113.9/", "high"),
        (GEM, ":ssl_verify_mode: 0", "medium"),
        ("/opt/x/tests/pip.conf", "[global]\nindex-url = http://203.0.113.9/simple", "low"),
    ],
)
def test_doubtful_sources(path: str, text: str, severity: str) -> None:
    (found,) = judge(DETECTOR, debian(), {path: text.encode()})
    assert said([found]) == [(RULE, severity, path)]
    place = found.evidence[0]
    assert place.offset is not None
    assert place.length is not None
    line = text[place.offset : place.offset + place.length]
    assert line.split()[:1] == place.text.split()[:1]
    assert "u:p" not in place.text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            LIST,
            "deb http://deb.debian.org/debian bookworm main\ndeb [signed-by=/k] https://a.somebody.io x y",
        ),
        (LIST, "# deb [trusted=yes] http://203.0.113.9/debian x main"),
        (LIST, "deb [trusted=yes] file:/srv/repo ./\ndeb [trusted=no] https://a.somebody.io x main"),
        (LIST, "deb [trusted=yes] http://127.0.0.1:8080/ ./"),
        (STANZAS, "Types: deb\nURIs: http://203.0.113.9/debian\nEnabled: no\nTrusted: yes"),
        (STANZAS, "URIs: http://deb.debian.org/debian\nSigned-By:\n -----BEGIN PGP\n .\n Trusted: yes"),
        (STANZAS, "Trusted: yes\n\nURIs: http://deb.debian.org/debian"),
        (CONF, '// Acquire::AllowInsecureRepositories "true";\n/* APT::Get::AllowUnauthenticated "1"; */'),
        (CONF, 'Acquire::AllowInsecureRepositories "false"; Acquire::Check-Valid-Until "false";'),
        (CONF, 'Acquire::http::Proxy "http://proxy.corp:3128"; Acquire::http::Proxy::a.io "DIRECT";'),
        (APK, "http://dl-cdn.alpinelinux.org/alpine/v3.20/main\n/media/cdrom/apks\n"),
        (YUM, "[x]\nbaseurl=http://203.0.113.9/x\ngpgcheck=0\nenabled=0"),
        (
            YUM,
            "[x]\nmirrorlist=https://mirrors.a.io/?x\ngpgcheck=1\nrepo_gpgcheck=0\n[y]\nbaseurl=file:///y\ngpgcheck=0",
        ),
        (PIP, "[global]\nextra-index-url=https://www.piwheels.org/simple\nno-cache-dir = true"),
        (PIP, "[global]\nindex-url = http://localhost:3141/root\ntrusted-host = localhost 127.0.0.1"),
        (
            NPM,
            "registry=https://registry.npmjs.org/\nstrict-ssl=true\n; registry=http://203.0.113.9/\n//a.io/:_authToken=x",
        ),
        ("/app/node_modules/x/.npmrc", "registry=http://203.0.113.9/"),
        (GEM, "gem: --no-document\n:sources:\n- https://rubygems.org"),
        ("/etc/apt/preferences.d/x", "Pin: origin 203.0.113.9"),
    ],
)
def test_ordinary_sources(path: str, text: str) -> None:
    assert judge(DETECTOR, debian(), {path: text.encode()}) == []


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("PIP_INDEX_URL=http://203.0.113.9/simple", "high"),
        ("PIP_INDEX_URL=https://u:p@203.0.113.9/simple", "medium"),
        ("PIP_TRUSTED_HOST=a.somebody.io", "medium"),
        ("npm_config_registry=http://203.0.113.9/", "high"),
        ("NPM_CONFIG_STRICT_SSL=false", "medium"),
        ("PIP_INDEX_URL=https://pypi.org/simple", None),
        ("INDEX_URL=http://203.0.113.9/simple", None),
    ],
)
def test_variables(line: str, severity: str | None) -> None:
    found = judge(DETECTOR, debian(), config=config(env=(line,)))
    assert said(found) == ([(RULE, severity, None)] if severity else [])
    assert not [one for one in found if "u:p" in one.evidence[0].text]


def test_hidden_versions_and_owned_files() -> None:
    text = b"deb [trusted=yes] http://203.0.113.9/debian x main\n"
    assert said(judge(DETECTOR, debian(), {LIST: text}, {LIST: None})) == [(RULE, "medium", LIST)]
    assert judge(DETECTOR, {LIST: text, **dpkg({"x": {LIST: text}})}) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["[", "a=", "/*", " ", "Proxy ", "\n \n", "deb [", "a:\n ", "]", "@:", "[a]\n"]
)
@pytest.mark.parametrize("path", [LIST, STANZAS, CONF, APK, YUM, PIP, NPM, GEM])
def test_hostile_text_is_read_in_linear_time(path: str, unit: str) -> None:
    assert judge(DETECTOR, {path: (unit * (200_000 // len(unit))).encode()}) == []

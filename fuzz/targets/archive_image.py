"""A whole archive in this process: opened, its layers indexed and overlaid, its packages and SBOMs read."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from functools import cache

import msgspec

from forensics.detectors import Needs, Scene, detect
from forensics.errors import ForensicsError
from forensics.inventory import catalog
from forensics.layers import ImageView, index_layer
from forensics.limits import KIB, MIB, Limits
from forensics.sbom import discover
from forensics.sources import open_image
from forensics.spool import Spool
from fuzz._promises import check_issues, is_absolute
from fuzz._target import Target
from fuzz._vary import mend_tar
from fuzz.targets.document import configuration

_LIMITS = Limits(
    members=200, header_bytes=4 * KIB, layer_bytes=2 * MIB, ratio_free_bytes=256 * KIB, json_bytes=64 * KIB,
    sbom_bytes=64 * KIB, database_bytes=64 * KIB, scan_bytes=256 * KIB, manifests=20,
)  # fmt: skip


@cache
def _descriptor() -> int:
    return os.memfd_create("archive")


def run(data: bytes) -> None:
    """It opens or says why not; what is in it has absolute paths, and every loss can be written down."""
    descriptor = _descriptor()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, data, 0)
    try:
        _look(f"/proc/self/fd/{descriptor}")
    except ForensicsError as error:
        assert error.message.isprintable()
        assert error.hint.isprintable()


def _look(path: str) -> None:
    with Spool() as spool, open_image(path, spool=spool, image=0, limits=_LIMITS) as opened:
        image = opened.image
        check_issues(image.issues)
        msgspec.json.encode((image.config, image.tags, image.created))
        layers = [index_layer(layer, spool.new_file(), limits=_LIMITS) for layer in image.layers[:6]]
        view = ImageView(layers, _LIMITS)
        check_issues(view.issues)
        for version in view.all_versions():
            assert is_absolute(version.path), version
            assert len(view.read(version, 0, 4096)) <= 4096
        inventory = catalog(view, _LIMITS)
        check_issues(inventory.issues)
        check_issues(discover(view, image.attachments, _LIMITS)[1])
        for needs in (Needs.CONFIG, Needs.LAYERS):
            for finding in detect(Scene(image=image, rules={}, view=view, inventory=inventory), needs):
                assert finding.title.isprintable()
                assert all(one.text.isprintable() for one in finding.evidence)


def _tar(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as writer:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            writer.addfile(info, io.BytesIO(content))
    return made.getvalue()


def seeds() -> Iterator[bytes]:
    """An archive as docker save writes it, compressed and not."""
    status = b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    layer = _tar({"etc/os-release": b"ID=debian\n", "var/lib/dpkg/status": status, "a/.wh.b": b""})
    manifest = [{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l.tar", "l.tar"]}]
    members = {
        "manifest.json": json.dumps(manifest).encode(),
        "c.json": json.dumps(configuration()).encode(),
        "l.tar": layer,
    }
    yield _tar(members)
    yield _tar({**members, "l.tar": gzip.compress(layer, mtime=0)})
    yield gzip.compress(_tar(members), mtime=0)


TARGET = Target(id="archive_image", run=run, seeds=seeds, harvest=("tar",), vary=mend_tar, longest=48 * KIB)

"""One whole layer: decompressed where it is, indexed, packed for its way to the program, unpacked there."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator

from forensics.layers import index_layer, pack_index, unpack_index
from forensics.limits import KIB, Limits
from forensics.model.files import FileKind
from forensics.model.image import LayerSource
from fuzz._memory import in_memory
from fuzz._promises import check_issues, is_absolute
from fuzz._target import Target
from fuzz._vary import mend_tar
from fuzz.targets import tar

_LIMITS = Limits(
    members=64, header_bytes=4096, name_bytes=300, path_depth=12, layer_bytes=512 * KIB, scan_bytes=64 * KIB
)


def run(data: bytes) -> None:
    """Paths are absolute, contents are hashed as they are, and the index survives its way."""
    with in_memory(data) as blob, in_memory() as spool:
        index = index_layer(LayerSource(index=0, name="x", blob=blob), spool.fd, limits=_LIMITS)
        assert unpack_index(pack_index(index), index.blob.fd) == index
        check_issues(index.issues)
        assert index.digest == "sha256:" + hashlib.sha256(data).hexdigest()
        for entry in index.entries:
            assert is_absolute(entry.path), entry.path
            assert entry.path.count("/") <= _LIMITS.path_depth
            assert 0 <= entry.mode <= 0o7777
            if entry.kind is FileKind.REGULAR and entry.size and not entry.segments:
                assert len(entry.sha256) == 64
            elif entry.kind is not FileKind.REGULAR and entry.kind is not FileKind.OTHER:
                assert not entry.sha256


def seeds() -> Iterator[bytes]:
    """Tars, plain and compressed, with whiteouts and names that climb."""
    for one in tar.seeds():
        yield one
        yield gzip.compress(one, mtime=0)
    for name in ("a/.wh.b", "a/.wh..wh..opq", ".wh..wh.aufs", "../../x", "/.wh..", "a//b/./c/../d", "."):
        yield tar.pax({"path": name}, b"x")


TARGET = Target(id="layer", run=run, seeds=seeds, harvest=("tar", "compressed"), vary=mend_tar)

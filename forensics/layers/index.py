"""One layer from compressed bytes to a verified, hashed index of its members; runs in a worker process."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forensics.cancellation import Cancellation
from forensics.digests import is_digest
from forensics.errors import ForensicsError
from forensics.layers._entries import EntryReader
from forensics.layers._issue_log import IssueLog
from forensics.layers.hidden import hidden_by_compression, hidden_in_tar
from forensics.limits import DEFAULT, Limits
from forensics.model.files import Entry, HiddenBytes, LayerIndex
from forensics.model.image import Blob, LayerSource
from forensics.parsers.compression import Decompressed, decompress, detect_compression
from forensics.parsers.hashing import HashingThread
from forensics.parsers.tar import BLOCK, is_tar_header

Progress = Callable[[int, int], None]
_Contents = tuple[tuple[Entry, ...], tuple[HiddenBytes, ...]]


def index_layer(
    source: LayerSource,
    spool_fd: int,
    *,
    limits: Limits = DEFAULT,
    on_progress: Progress | None = None,
    cancel: Cancellation | None = None,
) -> LayerIndex:
    """Verify, decompress where needed, and index one layer.

    A layer that is stored uncompressed stays where it is; any other is decompressed to the start of
    `spool_fd`. Compression is what the bytes say, never the media type. `on_progress` gets bytes of the
    stored blob and their total. Raises Cancelled, and ForensicsError when the spool cannot be written;
    everything else becomes an issue of the index.
    """
    return _LayerIndexing(source, spool_fd, limits, on_progress, cancel).run()


class _LayerIndexing:
    """The work on one layer."""

    def __init__(
        self,
        source: LayerSource,
        spool_fd: int,
        limits: Limits,
        on_progress: Progress | None,
        cancel: Cancellation | None,
    ) -> None:
        self._source = source
        self._spool_fd = spool_fd
        self._limits = limits
        self._on_progress = on_progress
        self._cancel = cancel
        self._log = IssueLog(source.index)
        self._digest_algorithm = _algorithm(source.digest)
        self._diff_id_algorithm = _algorithm(source.diff_id)

    def run(self) -> LayerIndex:
        """The index; see `index_layer`."""
        source = self._source
        if source.blob is None:
            self._log.add("layer-missing", "the archive does not hold this layer")
            return LayerIndex(index=source.index, blob=Blob(self._spool_fd, 0, 0), issues=self._log.issues())
        blob = self._present(source.blob)
        return self._decompressed(blob) if self._is_compressed(blob) else self._in_place(blob)

    def _is_compressed(self, blob: Blob) -> bool:
        """Whether the layer is compressed, as container runtimes see it.

        A tar may begin with a name that looks like compression, or be made to be both. All runtimes look for
        gzip and zstd first, but containerd takes for a tar whatever is neither.
        """
        head = os.pread(blob.fd, min(BLOCK, blob.size), blob.offset)
        compression = detect_compression(head)
        if compression and is_tar_header(head):
            message = f"its first bytes are those of {compression} and those of a tar: programs may differ"
            self._log.add("ambiguous-layer", message)
            return compression in {"gzip", "zstd"}
        return bool(compression)

    def _present(self, blob: Blob) -> Blob:
        """The part of the blob that its file really holds."""
        held = max(0, min(blob.size, os.fstat(blob.fd).st_size - blob.offset))
        if held < blob.size:
            self._log.add("truncated", "the archive ends within this layer", lost=blob.size - held)
        return Blob(blob.fd, blob.offset, held)

    def _decompressed(self, blob: Blob) -> LayerIndex:
        found = self._decompress(blob)
        tar, diff_id = Blob(self._spool_fd, 0, found.size), found.digest
        with _mapped(tar) as view:
            contents = self._contents(
                view, lambda done: self._tell(blob.size, done / max(found.size, 1) / 2 + 0.5)
            )
            if self._diff_id_algorithm != "sha256":
                computed = hashlib.new(self._diff_id_algorithm, view)
                diff_id = f"{self._diff_id_algorithm}:{computed.hexdigest()}"
        digests = found.compressed_digest, diff_id
        return self._finished(blob, tar, contents, digests, found.compression, self._beside(blob, found))

    def _beside(self, blob: Blob, found: Decompressed) -> tuple[HiddenBytes, ...]:
        """What the compression hides, copied behind the tar in the spool."""
        try:
            return hidden_by_compression(
                self._source.index, blob, found.hidden, self._spool_fd, _page(found.size)
            )
        except OSError as error:
            raise ForensicsError(
                f"{error.strerror} while writing what stands beside compressed data",
                "set FORENSICS_TMPDIR to a folder with room for the uncompressed image",
            ) from error

    def _decompress(self, blob: Blob) -> Decompressed:
        if os.fstat(self._spool_fd).st_size:  # ext4 writes all of a file to the disk that was ever emptied
            os.ftruncate(self._spool_fd, 0)
        os.lseek(self._spool_fd, 0, os.SEEK_SET)
        found = decompress(
            blob,
            self._spool_fd,
            limits=self._limits,
            cancel=self._cancel,
            on_progress=lambda done, total: self._tell(total, done / max(total, 1) / 2),
            algorithm=self._digest_algorithm,
        )
        if found.code:
            self._log.add(found.code, found.error, lost=found.lost)
        if found.left_out:
            message = "notes in headers of compressed data, in too many places to look at all"
            self._log.add("limit", message, lost=found.left_out)
        return found

    def _in_place(self, blob: Blob) -> LayerIndex:
        if not blob.size:
            self._log.add("empty-layer", "the layer holds no bytes, not even the end mark of a tar")
        algorithms = tuple(dict.fromkeys((self._digest_algorithm, self._diff_id_algorithm)))
        with _mapped(blob) as view, HashingThread(algorithms) as hashing:
            hashed = 0

            def advance(done: int) -> None:
                nonlocal hashed
                for stream in range(len(algorithms)):
                    hashing.add(stream, view[hashed:done])
                hashed = max(hashed, done)
                self._tell(blob.size, done / max(blob.size, 1))

            contents = self._contents(view, advance)
            digests = dict(zip(algorithms, hashing.digests(), strict=True))
        pair = digests[self._digest_algorithm], digests[self._diff_id_algorithm]
        return self._finished(blob, blob, contents, pair, "")

    def _contents(self, view: memoryview, advance: Callable[[int], None]) -> _Contents:
        reader = EntryReader(view, self._limits, self._log)
        entries = tuple(reader.read(self._cancel, advance)) if len(view) else ()
        advance(len(view))
        return entries, hidden_in_tar(self._source.index, view, reader.hidden, self._cancel)

    def _tell(self, total: int, share: float) -> None:
        if self._on_progress is not None:
            self._on_progress(min(total, int(total * share)), total)

    def _finished(
        self,
        blob: Blob,
        tar: Blob,
        contents: _Contents,
        digests: tuple[str, str],
        compression: str,
        beside: tuple[HiddenBytes, ...] = (),
    ) -> LayerIndex:
        source, (entries, hidden), (digest, diff_id) = self._source, contents, digests
        room = sum(one.content.size for one in beside)
        return LayerIndex(
            index=source.index,
            blob=tar,
            digest=digest,
            diff_id=diff_id,
            digest_agrees=self._agrees("digest", source.digest, digest),
            diff_id_agrees=self._agrees("diff-id", source.diff_id, diff_id),
            compression=compression,
            compressed_size=blob.size,
            size=tar.size,
            entries=entries,
            hidden=(*hidden, *beside),
            behind=Blob(tar.fd, _page(tar.size), room) if room else None,
            issues=self._log.issues(),
        )

    def _agrees(self, what: str, declared: str, computed: str) -> bool | None:
        if not declared:
            return None
        if declared == computed:
            return True
        if is_digest(declared):
            self._log.add(f"{what}-mismatch", f"declared as {declared}, but the bytes are {computed}")
        else:
            self._log.add(f"{what}-unknown", "it is declared with a digest of no known form")
        return False


def _page(size: int) -> int:
    """The next boundary from which a file can be mapped."""
    return -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY


def _algorithm(declared: str) -> str:
    """The algorithm to compute: that of the declared digest where it is one we know."""
    return declared.partition(":")[0] if is_digest(declared) else "sha256"


@contextmanager
def _mapped(blob: Blob) -> Iterator[memoryview]:
    """The bytes of `blob`, mapped read-only."""
    if not blob.size:
        yield memoryview(b"")
        return
    lead = blob.offset % mmap.ALLOCATIONGRANULARITY
    start, length = blob.offset - lead, lead + blob.size
    with (
        mmap.mmap(blob.fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=start) as mapped,
        memoryview(mapped) as whole,
        whole[lead:] as view,
    ):
        yield view

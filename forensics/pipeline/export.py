"""Evidence export: chosen file versions copied out under their digests, with a manifest.

No name from the image ever becomes a name on this machine: a file is called after the SHA-256 of the bytes
that were written, can be read by its owner only, and can never be executed. What it was called, and where it
lay, stands in the manifest.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from forensics.cancellation import Cancellation
from forensics.errors import ForensicsError
from forensics.layers import ImageView
from forensics.limits import MIB
from forensics.model.files import FileVersion
from forensics.printable import exact_base64, printable

SCHEMA = "forensics-export/1"
MANIFEST = "manifest.json"
_CHUNK = 4 * MIB


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One exported file version and where its bytes are.

    `file` is the name within the folder, empty for what has no bytes (links, directories, devices). `sha256`
    is the digest of what was written; `expected_sha256` that of the layer index, only where they differ.
    `complete` is false when the layer ended before the file did, or its holes are too large to write.
    """

    path: str
    path_base64: str | None
    layer: int
    state: str
    changed_by_layer: int | None
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: float
    link: str
    file: str = ""
    sha256: str = ""
    expected_sha256: str = ""
    complete: bool = True


class ExportManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that lies in an export folder. `image` says where it came from: reference and digests."""

    schema: str = SCHEMA
    image: dict[str, str] = {}
    files: tuple[ExportedFile, ...] = ()


def export_versions(
    view: ImageView,
    versions: Iterable[FileVersion],
    folder: Path,
    *,
    image: dict[str, str] | None = None,
    cancel: Cancellation | None = None,
) -> ExportManifest:
    """Copy the versions' bytes into `folder` and write its `manifest.json`, which is also returned.

    The folder is made when it is not there. A manifest of an earlier export of the same image is extended;
    files stand in the order of layer and path. Raises ForensicsError when the folder cannot be written or
    already holds the export of another image, and `Cancelled` when `cancel` was set; no half-written file is
    left behind.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = _earlier(folder / MANIFEST, image or {})
        for version in versions:
            row = _export(view, version, folder, cancel)
            rows[_place(row)] = row
        manifest = ExportManifest(image=image or {}, files=tuple(rows[place] for place in sorted(rows)))
        _write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    except OSError as error:
        raise ForensicsError(
            f"cannot export to {printable(str(folder))}: {error.strerror or error}",
            "choose another folder, one that you may write",
        ) from error
    return manifest


def _place(row: ExportedFile) -> tuple[int, str, str, str]:
    return (row.layer, row.path, row.path_base64 or "", row.file)


def _earlier(manifest: Path, image: dict[str, str]) -> dict[tuple[int, str, str, str], ExportedFile]:
    """The rows an earlier export left; ForensicsError when they are not about this image."""
    try:
        found = msgspec.json.decode(manifest.read_bytes(), type=ExportManifest)
    except FileNotFoundError:
        return {}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = ExportManifest(schema="")
    if found.schema != SCHEMA or found.image != image:
        raise ForensicsError(
            f"{printable(str(manifest))} belongs to something else", "choose an empty folder for this image"
        )
    return {_place(row): row for row in found.files}


def _export(view: ImageView, version: FileVersion, folder: Path, cancel: Cancellation | None) -> ExportedFile:
    entry = version.entry
    row = ExportedFile(
        path=printable(version.path),
        path_base64=exact_base64(version.path),
        layer=version.layer,
        state=str(version.state),
        changed_by_layer=version.changed_by_layer,
        kind=str(entry.kind),
        size=version.content.size if version.content else entry.size,
        mode=f"{entry.mode:04o}",
        uid=entry.uid,
        gid=entry.gid,
        mtime=entry.mtime,
        link=printable(entry.link),
    )
    if version.content is None:
        return row
    written, size = _copy(view, version, folder, cancel)
    return msgspec.structs.replace(
        row,
        file=written,
        sha256=written,
        expected_sha256=version.sha256 if version.sha256 != written else "",
        complete=size == version.content.size,
    )


def _copy(
    view: ImageView, version: FileVersion, folder: Path, cancel: Cancellation | None
) -> tuple[str, int]:
    """Write one content under its digest; (digest in hex, bytes written)."""
    digest = hashlib.sha256()
    size = view.readable_size(version)
    descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as copy:
            while copy.tell() < size:
                if cancel is not None:
                    cancel.check()
                piece = view.read(version, copy.tell(), min(_CHUNK, size - copy.tell()))
                if not piece:
                    break
                digest.update(piece)
                copy.write(piece)
            written = copy.tell()
        Path(unfinished).replace(folder / digest.hexdigest())
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return digest.hexdigest(), written


def _write(path: Path, content: bytes) -> None:
    descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as manifest:
            manifest.write(content)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise

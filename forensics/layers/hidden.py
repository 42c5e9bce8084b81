"""Runs of a layer that no file stands for, as contents that can be examined and read like files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence

from forensics.cancellation import Cancellation
from forensics.layers._names import absolute
from forensics.limits import MIB
from forensics.model.files import (
    Change,
    Content,
    Entry,
    FileKind,
    FileState,
    FileVersion,
    HiddenBytes,
    Segment,
    behind_layer,
    beside_layers,
)
from forensics.model.image import Blob, Leftover
from forensics.parsers.compression import SHORT_NOTE, HiddenRun
from forensics.parsers.tar import TarRun, text

HEAD_BYTES = 64
"""First bytes that are kept of each."""

BESIDE = -1
"""The layer of a version that stands for bytes of the archive and of no layer."""
_SCATTERED = frozenset({"padding", "header", "note"})
"""Kinds with room for a few bytes at many places: all of one kind are read as one."""
_ALONE = 256
_STEP = 4 * MIB


def hidden_in_tar(
    layer: int, view: memoryview, runs: Sequence[TarRun], cancel: Cancellation | None
) -> tuple[HiddenBytes, ...]:
    """One for each run, in order of their place; those with little room, and too many of a kind, together."""
    kinds: dict[str, list[TarRun]] = {}
    for run in runs:
        kinds.setdefault(run.kind, []).append(run)
    found = []
    for kind, of_kind in kinds.items():
        alone = 0 if kind in _SCATTERED else _ALONE
        found += [_in_tar(layer, view, [run], cancel) for run in of_kind[:alone]]
        if of_kind[alone:]:
            found.append(_in_tar(layer, view, of_kind[alone:], cancel))
    return tuple(sorted(found, key=lambda one: one.offset))


def _in_tar(layer: int, view: memoryview, runs: Sequence[TarRun], cancel: Cancellation | None) -> HiddenBytes:
    hashed, size, head = hashlib.sha256(), 0, b""
    segments = []
    for run in runs:
        for start in range(run.offset, run.offset + run.size, _STEP):
            if cancel is not None:
                cancel.check()
            hashed.update(view[start : min(start + _STEP, run.offset + run.size)])
        head += bytes(view[run.offset : run.offset + min(run.size, HEAD_BYTES - len(head))])
        segments.append(Segment(size, run.offset, run.size))
        size += run.size
    first = runs[0]
    several = tuple(segments) if len(segments) > 1 else ()
    return HiddenBytes(
        layer=layer,
        kind=first.kind,
        offset=first.offset,
        content=Content(layer, first.offset, size, several, hashed.hexdigest()),
        name=f"!slack@{first.offset:#x}",
        head=head,
        member=absolute(text(first.name))[0] if first.name else "",
    )


def hidden_by_compression(
    layer: int, blob: Blob, runs: Sequence[HiddenRun], spool_fd: int, start: int
) -> tuple[HiddenBytes, ...]:
    """Copies the runs of the stored `blob` to `spool_fd`, from `start` on, where they are read from then.

    Short notes are read as one, and so are those of a kind that are too many. Raises OSError when that cannot
    be written.
    """
    found, position = [], 0
    for group in _together(runs):
        hashed, head, size = hashlib.sha256(), b"", 0
        places = []
        for run in group:
            held = 0
            while piece := os.pread(blob.fd, min(_STEP, run.size - held), blob.offset + run.offset + held):
                hashed.update(piece)
                head += piece[: HEAD_BYTES - len(head)]
                written = 0
                while written < len(piece):
                    written += os.pwrite(spool_fd, piece[written:], start + position + size + written)
                size += len(piece)
                held += len(piece)
            if held:
                places.append((run.offset, held))
        if not size:
            continue
        kind, offset = group[0].kind, places[0][0]
        place = "compression-header" if kind == "chunk-index" else kind
        found.append(
            HiddenBytes(
                layer=layer,
                kind=kind,
                offset=offset,
                content=Content(behind_layer(layer), position, size, (), hashed.hexdigest()),
                name=f"!{place}@{offset:#x}",
                head=head,
                places=tuple(places) if len(places) > 1 else (),
            )
        )
        position += size
    return tuple(found)


def _together(runs: Sequence[HiddenRun]) -> list[list[HiddenRun]]:
    """The runs that are read as one content each, in order of their first places."""
    kinds: dict[str, list[HiddenRun]] = {}
    short: list[HiddenRun] = []
    for run in runs:
        is_note = run.kind == "compression-header" and run.size <= SHORT_NOTE
        (short if is_note else kinds.setdefault(run.kind, [])).append(run)
    groups = [short]
    for of_kind in kinds.values():
        groups += [[run] for run in of_kind[:_ALONE]]
        groups.append(of_kind[_ALONE:])
    return sorted((group for group in groups if group), key=lambda group: group[0].offset)


def hidden_beside(leftovers: Sequence[Leftover]) -> tuple[HiddenBytes, ...]:
    """What the archive holds beside its images, as contents."""
    return tuple(
        HiddenBytes(
            layer=None,
            kind=one.kind,
            offset=one.offset,
            content=Content(beside_layers(number), 0, one.blob.size, (), one.sha256),
            name=f"!archive/{one.name}",
            head=one.head,
            member=one.member,
            places=one.runs,
        )
        for number, one in enumerate(leftovers)
    )


def hidden_versions(hidden: tuple[HiddenBytes, ...]) -> Iterator[FileVersion]:
    """One version for each; its key is that of no file, because its header offset is negative."""
    for number, one in enumerate(hidden):
        content = one.content
        entry = Entry(
            path=one.path,
            kind=FileKind.REGULAR,
            size=content.size,
            header_offset=-1 - number,
            data_offset=content.data_offset,
            stored=content.size,
            segments=content.segments,
            sha256=content.sha256,
        )
        yield FileVersion(
            path=one.path,
            layer=BESIDE if one.layer is None else one.layer,
            entry=entry,
            state=FileState.VISIBLE,
            change=Change.ADDED,
            content=content,
        )

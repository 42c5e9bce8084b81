"""A file version with everything the store knows of it, as the viewers want it."""

from __future__ import annotations

from collections.abc import Callable

from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.members import MemberListing
from forensics.parsers.filetype import HEAD_BYTES, file_type
from forensics.parsers.member_names import SEPARATOR
from forensics.printable import printable
from forensics.tui.store import Key, Store
from forensics.tui.viewers import ViewedFile
from forensics.tui.words import instruction_text


def viewed_file(store: Store, version: FileVersion) -> ViewedFile:
    """What is known of a version now; while not all layers are read, it is the only one of its path."""
    files = store.files
    versions = (files.of_path(version.path) if files else ()) or (version,)

    def read_version(key: Key) -> Callable[[int, int], bytes] | None:
        other = files.by_key(key) if files else None
        return store.reader(other) if other else None

    return ViewedFile(
        path=printable(version.path),
        row=store.row_of(version),
        facts=store.facts_of(version) or _of_bytes(store, version),
        findings=store.findings_of(version),
        versions=tuple(store.row_of(each) for each in versions),
        instructions={layer.index: instruction_text(layer.created_by) for layer in store.image_layers},
        read=store.reader(version),
        read_version=read_version,
        list_members=_lister(store, version),
    )


def _of_bytes(store: Store, version: FileVersion) -> FileFacts | None:
    """What the first bytes say of a member that told nothing, of which nothing is kept; None for a file."""
    read = store.reader(version)
    if read is None or version.content is None or store.outer_of(version) is None:
        return None
    kind = file_type(read(0, HEAD_BYTES), version.content.size)
    return FileFacts(
        sha256=version.sha256, size=version.content.size, type=kind.id, description=kind.description
    )


def _lister(store: Store, version: FileVersion) -> Callable[[], MemberListing] | None:
    """Lists the members of an archive; None where its bytes are not at hand."""
    members, outer = store.members, store.outer_of(version) or version
    if members is None:
        return None
    inner = version.path[len(outer.path) + len(SEPARATOR) :]
    return lambda: members.listing(outer, inner)

"""A file version with everything the store knows of it, as the viewers want it."""

from __future__ import annotations

from collections.abc import Callable

from forensics.model.files import FileVersion
from forensics.printable import printable
from forensics.tui.store import Key, Store
from forensics.tui.viewers import ViewedFile
from forensics.tui.words import instruction_text


def viewed_file(store: Store, version: FileVersion) -> ViewedFile:
    """What is known of a version now; while not all layers are read, it is the only one of its path."""
    files = store.files
    versions = files.of_path(version.path) if files else (version,)

    def read_version(key: Key) -> Callable[[int, int], bytes] | None:
        other = files.by_key(key) if files else None
        return store.reader(other) if other else None

    return ViewedFile(
        path=printable(version.path),
        row=store.row_of(version),
        facts=store.facts_of(version),
        findings=store.findings_of(version),
        versions=tuple(store.row_of(each) for each in versions),
        instructions={layer.index: instruction_text(layer.created_by) for layer in store.image_layers},
        read=store.reader(version),
        read_version=read_version,
    )

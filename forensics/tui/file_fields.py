"""What the file tree can be filtered by."""

from __future__ import annotations

from forensics.model.files import FileVersion
from forensics.model.findings import Severity
from forensics.printable import printable
from forensics.tui.queries import SIZE, Field, size_in_bytes
from forensics.tui.store import Key, Store


def file_fields(store: Store) -> dict[str, Field[FileVersion]]:
    """The fields, reading from what the store knows now."""
    worst = _worst_findings(store)
    return {
        "path": Field(lambda version: printable(version.path)),
        "name": Field(lambda version: printable(version.path.rpartition("/")[2])),
        "status": Field(lambda version: store.status_of(version) or ""),
        "owner": Field(lambda version: _claimed_by(store, version)),
        "type": Field(store.type_of),
        "kind": Field(lambda version: version.entry.kind.value),
        "state": Field(lambda version: version.state.value),
        "layer": Field(lambda version: str(version.layer), lambda version: version.layer, float),
        "mode": Field(lambda version: f"{version.entry.mode:04o}"),
        "setuid": Field(lambda version: "yes" if version.entry.mode & 0o6000 else "no"),
        "uid": Field(lambda version: str(version.entry.uid), lambda version: version.entry.uid, float),
        "link": Field(lambda version: printable(version.entry.link)),
        "sha256": Field(lambda version: version.sha256),
        "size": Field(
            lambda version: str(version.entry.size), lambda version: version.entry.size, size_in_bytes, SIZE
        ),
        "finding": Field(
            lambda version: worst[version.key].value if version.key in worst else "none",
            lambda version: worst[version.key].rank if version.key in worst else -1,
            lambda text: Severity(text.lower()).rank,
            " ".join(Severity),
        ),
    }


def file_words(version: FileVersion) -> str:
    """What a word in the filter is looked for in: the path."""
    return version.path if version.path.isprintable() else printable(version.path)


def _claimed_by(store: Store, version: FileVersion) -> str:
    found = store.verdicts.get(version.key)
    return found.claimed_by if found else ""


def _worst_findings(store: Store) -> dict[Key, Severity]:
    worst: dict[Key, Severity] = {}
    if store.files is None:
        return worst
    for finding in reversed(store.findings.ordered):
        version = store.files.of_finding(finding)
        if version is not None:
            worst[version.key] = finding.severity
    return worst

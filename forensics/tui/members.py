"""Members of archives on the screen: which one a finding speaks of, and what is known of it."""

from __future__ import annotations

from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.parsers.member_names import SEPARATOR
from forensics.tui.file_index import exact_path


def inner_name(finding: Finding, outer: FileVersion) -> str:
    """The name, within the file `outer`, of the member a finding speaks of; empty when of the file itself."""
    path = exact_path(finding.path, finding.path_base64) or ""
    start = outer.path + SEPARATOR
    return path[len(start) :] if path.startswith(start) and path != outer.path else ""


def place_of(finding: Finding) -> tuple[str | None, int | None, str | None]:
    """What tells the member that a finding speaks of from every other: printable path, layer, digest."""
    return (finding.path, finding.layer, finding.sha256)


def inner_of(version: FileVersion, outer: FileVersion, name: str) -> str:
    """The name, within `outer`, of the member `name` of `version`, which is `outer` or lies in it."""
    return f"{version.path}{SEPARATOR}{name}"[len(outer.path) + len(SEPARATOR) :]


def facts_within(outer: FileFacts | None, sha256: str) -> FileFacts | None:
    """What the archives in a file keep of the member with this digest."""
    waiting = [outer.archive] if outer is not None and outer.archive is not None else []
    while waiting:
        for member in waiting.pop().notable:
            if member.facts.sha256 == sha256:
                return member.facts
            if member.facts.archive is not None:
                waiting.append(member.facts.archive)
    return None

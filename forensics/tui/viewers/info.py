"""What is known of a file: its identity, who claims it, its versions, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.files import FileKind, FileState
from forensics.model.report import ReportFile
from forensics.model.sbom import FileStatus
from forensics.tui.viewers._findings import finding_items
from forensics.tui.viewers._sheet import OtherVersion, Place, Sheet
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.widgets import Blank, Fact, Heading, Item, Paragraph, Part
from forensics.tui.words import (
    NOTHING,
    UNKNOWN,
    mode_text,
    severity_part,
    size_words,
    state_text,
    status_part,
    time_text,
)

MEANINGS = {
    FileStatus.DECLARED: "a declared SBOM names this path with this digest",
    FileStatus.PACKAGE: "a package owns it and the digest agrees",
    FileStatus.ALTERED: "somebody claims it, but with other bytes",
    FileStatus.UNDECLARED_PACKAGE: "a package owns it that the declared SBOM leaves out",
    FileStatus.GENERATED: "a by-product that a rule explains",
    FileStatus.KNOWN_GOOD: "the bytes are in a baseline of known-good content",
    FileStatus.UNOWNED: "no SBOM and no package database claims it",
    FileStatus.MISSING: "claimed, but not there",
}

RANDOM = 7.2
"""Bits a byte from which a content is as random as compressed or encrypted data."""


class InfoViewer(Viewer):
    """Everything the analysis knows of one version of a file, the worst in front."""

    id = "info"
    title = "Info"

    def priority(self, file: ViewedFile) -> int:
        """Always in front."""
        return 90 if file.row.path or file.path else 1

    def make(self, file: ViewedFile) -> Sheet:
        """The sheet."""
        return Sheet(info_items(file))


def info_items(file: ViewedFile) -> list[Item]:
    """The lines of the sheet."""
    items: list[Item] = [*_headline(file), *_identity(file), Blank()]
    if file.findings:
        items += [Heading(f"Findings · {len(file.findings)}"), Blank()]
        for finding in file.findings:
            items += finding_items(finding)
    items += _matches(file)
    if len(file.versions) > 1:
        items += [Heading(f"Versions · {len(file.versions)}"), *_versions(file), Blank()]
    return [*items, *_limits(file)]


def _headline(file: ViewedFile) -> Iterator[Item]:
    facts = file.facts
    words = [facts.description if facts and facts.description else file.type or file.row.kind]
    if file.has_bytes:
        words.append(size_words(file.size))
    words.append(mode_text(file.row.mode, FileKind(file.row.kind)))
    yield Paragraph(((" · ".join(words), "strong"),))
    if file.findings:
        worst = max(file.findings, key=lambda finding: finding.severity.rank)
        others = f"  and {len(file.findings) - 1} more" if len(file.findings) > 1 else ""
        yield Paragraph((severity_part(worst.severity), "  ", worst.title, (others, "muted")))
    yield Blank()


def _identity(file: ViewedFile) -> Iterator[Item]:
    row, facts = file.row, file.facts
    yield from _standing(row)
    if row.kind in (FileKind.SYMLINK, FileKind.HARDLINK) and row.link:
        yield Fact("leads to", row.link)
    if file.has_bytes:
        yield Fact("size", f"{file.size:,} bytes", copy=str(file.size))
        yield Fact("sha256", row.sha256 or (facts.sha256 if facts else "") or UNKNOWN)
    if facts:
        for name, digest in (("sha1", facts.sha1), ("md5", facts.md5)):
            if digest:
                yield Fact(name, digest)
        if facts.entropy is not None:
            random = "  as random as compressed or encrypted data" if facts.entropy >= RANDOM else ""
            yield Fact("entropy", (f"{facts.entropy:.2f} of 8 bits a byte", (random, "warning")))
    yield Fact("mode", _mode(row))
    yield Fact("owner", f"{row.uid}:{row.gid}")
    yield Fact("changed at", f"{time_text(row.mtime)} UTC", copy=str(row.mtime))
    yield Fact("layer", str(row.layer))
    if instruction := file.instructions.get(row.layer, ""):
        yield Fact("made by", instruction)
    yield Fact("state", _state(file))
    if row.path_base64:
        yield Fact("exact path", (row.path_base64, (" (base64)", "muted")), copy=row.path_base64)


def _standing(row: ReportFile) -> Iterator[Item]:
    """Status, what it means, and who claims the file."""
    if not row.status:
        return
    status = FileStatus(row.status)
    yield Fact("status", (status_part(status), (f"  {MEANINGS[status]}", "muted")))
    if row.claimed_by or status is FileStatus.UNOWNED:
        yield Fact("claimed by", row.claimed_by or NOTHING)
    if row.rule:
        yield Fact("rule", row.rule)


def _mode(row: ReportFile) -> tuple[Part, ...]:
    powers = [name for bit, name in ((0o4000, "set-user-ID"), (0o2000, "set-group-ID")) if row.mode & bit]
    told = f"  {', '.join(powers)}" if powers and row.kind == FileKind.REGULAR else ""
    return (f"{row.mode:04o} {mode_text(row.mode, FileKind(row.kind))}", (told, "warning"))


def _state(file: ViewedFile) -> tuple[Part, ...]:
    row = file.row
    text = state_text(FileState(row.state), row.changed_by_layer)
    tone = "" if row.state == FileState.VISIBLE else "warning"
    by = "" if row.changed_by_layer is None else file.instructions.get(row.changed_by_layer, "")
    return ((text, tone), (f"  {by}" if by else "", "muted"))


def _matches(file: ViewedFile) -> Iterator[Item]:
    """Signatures that matched where no finding speaks of them, and secrets."""
    facts = file.facts
    if not facts:
        return
    told = {finding.rule_id for finding in file.findings}
    quiet = [match for match in facts.matches if match.rule_id not in told]
    if quiet:
        yield Heading("Signatures that matched and lead to no finding of their own")
        for match in quiet:
            yield Paragraph(((match.rule_id, "strong"),))
            for string in match.strings:
                where = ((f"0x{string.offset:08x}  ", "accent"), string.text)
                yield Paragraph(where, indent=2, payload=Place(string.offset, string.length))
        yield Blank()


def _versions(file: ViewedFile) -> Iterator[Item]:
    for number, row in enumerate(file.versions, 1):
        state = state_text(FileState(row.state), row.changed_by_layer)
        here = row.key == file.row.key
        words = f"v{number}  layer {row.layer}  {row.kind}  {size_words(row.size)}  {state}"
        shown: tuple[Part, ...] = (
            (words, "strong" if here else ""),
            ("  shown here" if here else "", "muted"),
        )
        yield Paragraph(shown, indent=2, payload=None if here else OtherVersion(row.key))


def _limits(file: ViewedFile) -> Iterator[Item]:
    """What was not examined."""
    facts = file.facts
    if not facts or not (facts.issues or facts.lost_bytes):
        return
    yield Heading("Not examined")
    if facts.lost_bytes:
        yield Paragraph(((f"{facts.lost_bytes:,} bytes of this file were not looked at", "warning"),))
    for issue in facts.issues:
        yield Paragraph(((f"{issue.code}  ", "warning"), issue.message), indent=2)


VIEWER = InfoViewer()

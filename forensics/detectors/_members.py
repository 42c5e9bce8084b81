"""Members of archives as versions of files: what judges by facts judges them like any file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from forensics.model.facts import ArchiveFacts, FileFacts
from forensics.model.files import Content, FileVersion
from forensics.parsers.member_names import SEPARATOR, single_name


def with_members(facts: Mapping[str, FileFacts]) -> Mapping[str, FileFacts]:
    """`facts` and those of the notable members of archives; what is known of a file itself comes first."""
    nested: dict[str, FileFacts] = {}
    waiting = [one.archive for one in facts.values() if one.archive is not None]
    while waiting:
        for member in waiting.pop().notable:
            nested.setdefault(member.facts.sha256, member.facts)
            if member.facts.archive is not None:
                waiting.append(member.facts.archive)
    return {**nested, **facts} if nested else facts


def members_of(
    contents: Mapping[str, Sequence[FileVersion]], facts: Mapping[str, FileFacts]
) -> Iterator[FileVersion]:
    """The notable members in every version of every archive among `contents`, `outer!/inner` by path.

    Each has the key of its outer file, so that whoever answers for that answers for what is in it; and its
    own content, mode and facts. `view` cannot read them.
    """
    for sha256, versions in contents.items():
        known = facts.get(sha256)
        if known is not None and known.archive is not None:
            for version in versions:
                yield from _below(version, known.archive)


def _below(outer: FileVersion, archive: ArchiveFacts) -> Iterator[FileVersion]:
    offset = outer.content.data_offset if outer.content else 0
    for member in archive.notable:
        name = member.name.decode("utf-8", "surrogateescape") or single_name(outer.path)
        mode = outer.entry.mode if member.mode is None else member.mode
        version = replace(
            outer,
            path=f"{outer.path}{SEPARATOR}{name}",
            entry=outer.entry if mode == outer.entry.mode else replace(outer.entry, mode=mode),
            content=Content(outer.layer, offset, member.facts.size, (), member.facts.sha256),
        )
        yield version
        if member.facts.archive is not None:
            yield from _below(version, member.facts.archive)

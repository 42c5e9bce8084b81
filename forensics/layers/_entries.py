"""Members of a layer's tar as entries: paths normalised, whiteouts recognised, contents hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from forensics.cancellation import Cancellation
from forensics.layers._issue_log import IssueLog
from forensics.layers._names import Meaning, absolute, meaning, spelt_otherwise
from forensics.limits import MIB, Limits
from forensics.model.files import Entry, FileKind
from forensics.parsers.tar import Member, TarRun, TarWalk, text

_STEP = 4 * MIB
_HOLES_OF_A_LAYER = 8
"""How often `scan_bytes` of holes are hashed in one layer: holes cost time, but nothing in the archive."""
_ZEROS = bytes(64 * 1024)
_EMPTY = hashlib.sha256().hexdigest()
_KINDS = {Meaning.WHITEOUT: FileKind.WHITEOUT, Meaning.OPAQUE: FileKind.OPAQUE}


class EntryReader:
    """Reads the entries of the tar in `view`; what is odd or lost goes to the log.

    `hidden` are afterwards the runs that no entry stands for.
    """

    def __init__(self, view: memoryview, limits: Limits, log: IssueLog) -> None:
        self._view = view
        self._limits = limits
        self._log = log
        self.hidden: list[TarRun] = []
        self._special: list[tuple[str, Member]] = []
        self._linked: set[str] = set()
        self._holes = _HOLES_OF_A_LAYER * limits.scan_bytes
        self._cancel: Cancellation | None = None

    def read(self, cancel: Cancellation | None, advance: Callable[[int], None]) -> Iterator[Entry]:
        """Every entry, in archive order. `advance` hears now and then how far the work is, in bytes."""
        self._cancel = cancel
        walk = TarWalk(self._view, self._limits)
        told = 0
        for member in walk:
            yield self._entry(member)
            if walk.end - told >= _STEP:
                told = walk.end
                advance(told)
                if cancel is not None:
                    cancel.check()
        for note in walk.notes:
            path = absolute(text(note.name))[0] if note.name else ""
            self._log.add(note.code, note.message, path=path, lost=note.lost)
        left_out = walk.slack.left_out
        for path, member in self._special:
            if path not in self._linked:
                self._hide(walk, member)
        if lost := walk.slack.left_out - left_out:
            self._log.add("limit", "data of too many members that are no files is not looked at", lost=lost)
        self.hidden = walk.slack.runs

    def _hide(self, walk: TarWalk, member: Member) -> None:
        """Take the data of a member that is no file for hidden."""
        places = [(run.data_offset, run.size) for run in member.segments]
        for offset, size in places or [(member.data_offset, member.stored)]:
            walk.slack.look(self._view, "marker", offset, offset + size, member.name)

    def _entry(self, member: Member) -> Entry:
        name, kind = text(member.name), member.kind
        path, climbs = absolute(name)
        raw_name = "" if name == path[1:] or not spelt_otherwise(name, path) else name
        if climbs:
            self._log.add("unsafe-name", "the name climbs out of the root: it is kept inside", path=path)
        if len(path) > self._limits.path_depth:
            path = self._bounded(path)
        link, sha256 = "", ""
        if "/.wh." in path:
            path, kind, raw_name = self._marker(path, name, member)
        elif path == "/" and kind is not FileKind.DIRECTORY:
            message = "a member that is no folder has the name of the root: it is left out"
            self._log.add("unsafe-name", message, path=path)
            kind = FileKind.OTHER
        if kind is FileKind.SYMLINK:
            link = text(member.link)
        elif kind is FileKind.HARDLINK:
            link = self._hard_link(member, path)
        elif member.kind is FileKind.REGULAR and (kind is FileKind.REGULAR or kind is FileKind.OTHER):
            sha256 = self._sha256(member, path)
        if kind is not member.kind and member.stored:
            self._special.append((path, member))
        return Entry(
            path=path,
            kind=kind,
            size=member.size,
            mode=member.mode,
            uid=member.uid,
            gid=member.gid,
            user=member.user,
            group=member.group,
            mtime=member.mtime,
            link=link,
            header_offset=member.header_offset,
            data_offset=member.data_offset,
            stored=member.stored,
            segments=member.segments,
            xattrs=member.xattrs,
            device=member.device,
            raw_name=raw_name,
            sha256=sha256,
        )

    def _bounded(self, path: str) -> str:
        most = self._limits.path_depth
        components = path.split("/", most + 1)
        if len(components) <= most + 1:
            return path
        cut = "/".join(components[: most + 1])
        message = f"the name has more than {most} components: the rest is cut"
        self._log.add("limit", message, path=cut, lost=len(path) - len(cut))
        return cut

    def _marker(self, path: str, name: str, member: Member) -> tuple[str, FileKind, str]:
        """Path, kind and raw name of a member in whose name a component begins with `.wh.`."""
        means, about = meaning(path)
        if means is Meaning.FILE:
            return path, member.kind, name if spelt_otherwise(name, path) else ""
        if means is Meaning.NOTHING:
            self._log.add("bad-whiteout", "a whiteout that names nothing is not obeyed", path=path)
        elif means is not Meaning.AUFS and member.stored:
            self._log.add("hidden-data", "a whiteout carries data", path=about)
        kind = _KINDS.get(means, FileKind.OTHER)
        return about, kind, name if kind is not FileKind.OTHER or spelt_otherwise(name, path) else ""

    def _hard_link(self, member: Member, path: str) -> str:
        target, climbs = absolute(text(member.link))
        if climbs:
            self._log.add(
                "unsafe-name", "the link target climbs out of the root: it is kept inside", path=path
            )
        self._linked.add(target)
        return target

    def _sha256(self, member: Member, path: str) -> str:
        """The hex digest of what can be read of a regular file, holes as zeros."""
        if not member.size:
            return _EMPTY
        start = member.data_offset
        if member.segments:
            return self._sparse_sha256(member, path)
        if member.stored <= _STEP:
            return hashlib.sha256(self._view[start : start + member.stored]).hexdigest()
        hashed = hashlib.sha256()
        self._feed(hashed, start, member.stored)
        return hashed.hexdigest()

    def _feed(self, hashed: hashlib._Hash, start: int, size: int) -> int:
        """Hash a run of the tar; how many bytes of it are there."""
        end = min(start + size, len(self._view))
        for position in range(start, end, _STEP):
            if self._cancel is not None:
                self._cancel.check()
            hashed.update(self._view[position : min(position + _STEP, end)])
        return max(0, end - start)

    def _sparse_sha256(self, member: Member, path: str) -> str:
        holes = member.size - sum(segment.size for segment in member.segments)
        if holes > self._limits.scan_bytes or holes > self._holes:
            message = "a sparse file with too large holes is not hashed"
            self._log.add("limit", message, path=path, lost=member.stored)
            return ""
        self._holes -= holes
        hashed = hashlib.sha256()
        position = 0
        for segment in member.segments:
            self._feed_zeros(hashed, segment.logical_offset - position)
            present = self._feed(hashed, segment.data_offset, segment.size)
            position = segment.logical_offset + present
            if present < segment.size:
                return hashed.hexdigest()
        self._feed_zeros(hashed, member.size - position)
        return hashed.hexdigest()

    def _feed_zeros(self, hashed: hashlib._Hash, size: int) -> None:
        while size > 0:
            hashed.update(_ZEROS[:size])
            size -= len(_ZEROS)

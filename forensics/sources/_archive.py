"""An archive as evidence: the members of the outer tar by name, their content where it lies."""

from __future__ import annotations

import mmap
import os
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from forensics.cancellation import Cancellation
from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.files import FileKind, Segment
from forensics.model.image import Blob
from forensics.parsers.tar import BLOCK, Member, TarNote, TarRun, TarWalk, is_tar_header, text
from forensics.printable import printable
from forensics.sources._evidence import Evidence, Stored, blob_pieces
from forensics.sources._issues import IssueLog
from forensics.spool import Spool

_KEPT = frozenset({FileKind.REGULAR, FileKind.SYMLINK, FileKind.HARDLINK})
_NESTED = re.compile(r"[^/]+/(?:manifest|index)\.json")
_OF_AN_IMAGE = re.compile(
    r"blobs/sha\d+(?:/.*)?|(?:.*/)?layer\.tar|(?:sha256:)?[0-9a-f]{64}(?:\.json|\.tar|\.tar\.gz|/.*)?"
    r"|manifest\.json|index\.json|oci-layout|repositories"
)
"""Names of members that archives of images have and file systems have not."""
_BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "a program"),
    (b"QFI\xfb", "a disk image of a virtual machine"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"hsqs", "a squashfs file system"),
    (b"!<arch>\n", "a Debian package or ar archive"),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one member's content lies in the archive, or what it links to."""

    kind: FileKind
    offset: int
    size: int
    link: str
    segments: tuple[Segment, ...]


class ArchiveEvidence(Evidence):
    """A tar whose bytes lie in `blob`, uncompressed. Nothing is unpacked and no name reaches a file system.

    Where several members have one name, the last one counts, as it would after unpacking. Links among
    the members are followed, `limits.link_hops` at most and never out of the archive. `damage` says what is
    wrong with the compressed data that the tar came from, as the rest of a sentence about the archive.
    """

    def __init__(
        self,
        path: str,
        descriptor: int,
        blob: Blob,
        issues: IssueLog,
        *,
        spool: Spool,
        limits: Limits,
        cancel: Cancellation,
        damage: str = "",
    ) -> None:
        super().__init__(path, issues)
        self.blob = blob
        self._descriptor = descriptor
        self._spool = spool
        self._limits = limits
        self._cancel = cancel
        self._walked = False
        self._places: dict[str, list[_Place]] = {}
        self._found: dict[str, Blob | None] = {}
        self._members = 0
        self._damage = damage
        self._early_end = ""
        self._cut: tuple[int, int] | None = None
        self._cut_name: str | None = None
        self._like_an_image = False
        self._outside: list[tuple[str, _Place]] = []
        self._runs: list[TarRun] = []
        self.behind: tuple[Stored, ...] = ()

    @property
    def received(self) -> Blob:
        """The archive as it arrived, compressed or not."""
        return Blob(self._descriptor, 0, os.fstat(self._descriptor).st_size)

    @property
    def is_tar(self) -> bool:
        """Whether the bytes begin like a tar: with a header or, in an empty one, with its end mark."""
        head = os.pread(self.blob.fd, min(BLOCK, self.blob.size), self.blob.offset)
        return is_tar_header(head) or head == bytes(BLOCK)

    def _index(self) -> dict[str, list[_Place]]:
        """The members by name, found by one walk over the headers."""
        if not self._walked:
            self._walked = True
            if self.is_tar:
                self._map()
        return self._places

    def _map(self) -> None:
        page = self.blob.offset - self.blob.offset % mmap.ALLOCATIONGRANULARITY
        behind = self.blob.offset + self.blob.size - page
        with mmap.mmap(self.blob.fd, behind, prot=mmap.PROT_READ, offset=page) as mapped:
            mapped.madvise(mmap.MADV_RANDOM)
            with memoryview(mapped)[self.blob.offset - page :] as view:
                self._walk(TarWalk(view, self._limits))

    def _walk(self, walk: TarWalk) -> None:
        for member in walk:
            self._cancel.check()
            self._add(member)
            if self._members >= self._limits.archive_members:
                message = f"only its first {self._members} members were looked at (limit archive_members)"
                self.issues.add("limit", "archive", message, self.blob.size - walk.end)
                break
        self._runs = walk.slack.runs
        for note in walk.notes:
            subject = f"archive:{text(note.name)}" if note.name else "archive"
            self.issues.add(note.code, subject, note.message, note.lost)
            self._note_early_end(note)

    def _note_early_end(self, note: TarNote) -> None:
        end = f"ends early, at byte {self.blob.size:,}"
        if note.code == "no-end-mark":
            self._early_end = self._early_end or end
        elif note.code == "truncated":
            within = printable(text(note.name)) if note.name else "the header of a member"
            self._early_end = f"{end} within {within}"
        elif note.code == "bad-header":
            self._early_end = f"is damaged at byte {note.offset:,}, where a header should be"

    def _add(self, member: Member) -> None:
        self._members += 1
        name = _normal(text(member.name))
        if name is None:
            if member.kind is not FileKind.DIRECTORY:
                self.issues.add("unsafe-name", "archive", f"a member is called {text(member.name)!r}")
            if member.kind is FileKind.REGULAR:
                self._outside.append((text(member.name), self._place(member)))
            return
        self._like_an_image = self._like_an_image or bool(_OF_AN_IMAGE.fullmatch(name))
        if member.kind in _KEPT:
            if member.stored < member.size and not member.segments:
                self._cut = self.blob.offset + member.data_offset, member.size - member.stored
                self._cut_name = name
            self._places.setdefault(name, []).append(self._place(member))

    def _place(self, member: Member) -> _Place:
        return _Place(
            member.kind,
            self.blob.offset + member.data_offset,
            member.size if member.segments else member.stored,
            text(member.link),
            tuple(member.segments),
        )

    def unneeded(self, needed: Collection[str]) -> Iterator[Stored]:
        """Regular members; holes of sparse ones are left out."""
        known = {blob.offset for name in needed if (blob := self.find(name)) and blob.fd == self.blob.fd}
        known |= {place.offset for name in needed for place in self._index().get(name, ())[-1:]}
        named = ((name, place) for name, places in self._index().items() for place in places)
        last = {name: places[-1] for name, places in self._index().items()}
        for name, place in sorted((*named, *self._outside), key=lambda one: one[1].offset):
            if place.kind is FileKind.REGULAR and place.offset not in known:
                size = sum(run.size for run in place.segments) if place.segments else place.size
                blob = Blob(self.blob.fd, place.offset, size)
                yield Stored(name, blob, place.offset - self.blob.offset, place is not last.get(name))

    def stray(self) -> tuple[tuple[TarRun, ...], tuple[Blob, ...]]:
        """What the tar holds beside its members, and what follows the compressed data that it came from."""
        self._index()
        beside = [TarRun(one.name, one.offset, one.blob.size) for one in self.behind]
        blobs = [Blob(self.blob.fd, self.blob.offset + run.offset, run.size) for run in self._runs]
        return (*self._runs, *beside), (*blobs, *(one.blob for one in self.behind))

    def joined(self, blobs: Sequence[Blob]) -> Blob:
        """These bytes one behind the other, in the spool where they are several."""
        if len(blobs) == 1:
            return blobs[0]
        target, size = self._spool.new_file(), 0
        for blob in blobs:
            for piece in blob_pieces(blob):
                os.pwrite(target, piece, size)
                size += len(piece)
        return Blob(target, 0, size)

    def find(self, name: str) -> Blob | None:
        """The content of the member `name`, links followed."""
        if name not in self._found:
            self._found[name] = self._resolve(name)
        return self._found[name]

    def _resolve(self, name: str) -> Blob | None:
        here = _normal(name)
        places = self._index()
        for _ in range(self._limits.link_hops):
            if here is None or here not in places:
                return None
            versions = places[here]
            place = versions[-1]
            if len(versions) > 1:
                self.issues.add(
                    "duplicate-member",
                    here,
                    f"the archive holds {len(versions)} members of this name; the last one counts here, "
                    "others may read the first",
                )
            if place.kind is FileKind.REGULAR:
                return self._content(here, place)
            folder = posixpath.dirname(here) if place.kind is FileKind.SYMLINK else ""
            here = _joined(folder, place.link)
            if here is None:
                self.issues.add("link-refused", name, f"it links out of the archive, to {place.link!r}")
        self.issues.add("link-refused", name, f"more than {self._limits.link_hops} links lead nowhere")
        return None

    def _content(self, name: str, place: _Place) -> Blob | None:
        if not place.segments:
            return Blob(self.blob.fd, place.offset, place.size)
        if place.size > self._limits.layer_bytes:
            self.issues.add(
                "limit", name, f"it is sparse and would have {place.size:,} bytes", lost_bytes=place.size
            )
            return None
        return self._expanded(place)

    def _expanded(self, place: _Place) -> Blob:
        """A sparse member written out into the spool, holes and all."""
        target = self._spool.new_file()
        os.ftruncate(target, place.size)
        for segment in place.segments:
            done = 0
            while done < segment.size:
                source = self.blob.offset + segment.data_offset + done
                piece = os.pread(self.blob.fd, min(1 << 20, segment.size - done), source)
                if not piece:
                    break
                os.pwrite(target, piece, segment.logical_offset + done)
                done += len(piece)
        return Blob(target, 0, place.size)

    def missing(self, blob: Blob) -> int:
        """How many bytes of a member lie behind the end of the archive: only of the last one, if at all."""
        self._index()
        if self._cut is None or (blob.fd, blob.offset) != (self.blob.fd, self._cut[0]):
            return 0
        return self._cut[1]

    @property
    def early_end(self) -> str:
        """How the archive ends before its end, or how the data are damaged that it was compressed to."""
        self._index()
        if not self._early_end:
            return f"is not whole ({self._damage})" if self._damage else ""
        return f"{self._early_end} ({self._damage})" if self._damage else self._early_end

    def lacks(self, name: str, kind: str) -> ImageNotOpened:
        """Why a forced reading fails; what is cut, no archive, or an old one, is called that instead."""
        places = self._index()
        if self.is_tar and self.early_end and name not in places:
            return self._cut_short(name)
        if not self._members or "repositories" in places:
            return self.refusal()
        return super().lacks(name, kind)

    def refusal(self) -> ImageNotOpened:
        """Why this is no image that can be opened, and what to do."""
        if not self.blob.size:
            return ImageNotOpened(f"{self.path} is empty", "check that it was copied completely")
        if not self.is_tar:
            return ImageNotOpened(
                f"{self.path} is {self._beginning()}, not an image archive",
                "make one with docker save -o image.tar NAME, or skopeo copy … docker-archive:image.tar",
            )
        places = self._index()
        if self.early_end and (not places.keys() & {"index.json", "manifest.json"} - {self._cut_name}):
            return self._cut_short("manifest.json or index.json")
        if not self._members:
            return ImageNotOpened(f"{self.path} is an empty archive: it holds no image", "check its origin")
        if "repositories" in places:
            return ImageNotOpened(
                f"{self.path} was made by a Docker older than 1.10: it has no manifest.json",
                "load it with a Docker of that time and save it again with a newer one",
            )
        if places.keys() & {"index.json", "oci-layout"}:
            return ImageNotOpened(
                f"{self.path} is an OCI layout without an image: its index.json lists no manifest of one",
                "copy the image again, for example with skopeo copy … oci-archive:image.tar",
            )
        nested = sorted(name.partition("/")[0] for name in places if _NESTED.fullmatch(name))
        if nested:
            return ImageNotOpened(
                f"{self.path} holds an image, but in its folder {printable(nested[0])}",
                "unpack it and pack what is in the folder: tar -cf image.tar -C FOLDER .",
            )
        return ImageNotOpened(
            f"{self.path} is a tar archive without manifest.json and index.json: it holds no image",
            f"if it is a layer or the files of a container, open it as one layer with rootfs:{self.path}",
        )

    def _cut_short(self, wanted: str) -> ImageNotOpened:
        """The refusal of an archive that is not all there; `wanted` is what was not found in the rest."""
        hint = "check that it was copied completely, and copy or save it again"
        if "(limit " in self._damage:
            hint = "it may be made to fill disks; forensics scan --limit NAME=VALUE raises the limit"
        if not self._like_an_image:
            hint += (
                f"; if it is a layer or the files of a container, open what is there with rootfs:{self.path}"
            )
        return ImageNotOpened(
            f"{self.path} {self.early_end}: it holds no whole {wanted}, which would list the images",
            hint,
        )

    def _beginning(self) -> str:
        head = os.pread(self.blob.fd, 512, self.blob.offset)
        for magic, kind in _BEGINNINGS:
            if head.startswith(magic):
                return kind
        readable = sum(byte in b"\t\n\r" or byte >= 0x20 for byte in head)
        return "a text file" if readable == len(head) else "a file of an unknown kind"

    def close(self) -> None:
        """Close the file; what lies in the spool is the spool's."""
        os.close(self._descriptor)


def _normal(name: str) -> str | None:
    """A member's name without `.`, empty components and a leading slash; None when it climbs."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if ".." in parts or not parts else "/".join(parts)


def _joined(folder: str, link: str) -> str | None:
    """Where a link leads within the archive; None when it leads out of it."""
    if link.startswith("/"):
        return None
    parts = folder.split("/") if folder else []
    for part in link.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None

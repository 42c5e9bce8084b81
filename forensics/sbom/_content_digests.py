"""Digests of contents, from the facts where they were examined, from the bytes where they were not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from forensics.layers import ImageView
from forensics.model.facts import FileFacts
from forensics.model.files import FileKind, FileVersion
from forensics.model.issues import Issue
from forensics.printable import printable


class ContentDigests:
    """Compares what lies in the image with claimed digests."""

    def __init__(self, view: ImageView, facts: Mapping[str, FileFacts]) -> None:
        self._view = view
        self._facts = facts
        self._computed: dict[tuple[str, str], str] = {}
        self._ends = {layer.index: layer.blob.size for layer in view.image_layers}
        self._unverified: list[Issue] = []
        self._not_in_facts = 0

    def agrees(self, version: FileVersion, claimed: str) -> bool:
        """Whether `algorithm:hex` is the digest of the version's content, or of a symbolic link's target."""
        algorithm, _, digest = claimed.partition(":")
        if version.entry.kind is FileKind.SYMLINK:
            return self.of_target(version, algorithm) == digest
        if self._of_content(version, algorithm) == digest:
            return True
        self._note_incomplete(version)
        return False

    @staticmethod
    def of_target(version: FileVersion, algorithm: str) -> str:
        """The digest of a symbolic link's target as text."""
        target = version.entry.link.encode("utf-8", "surrogateescape")
        return hashlib.new(algorithm, target, usedforsecurity=False).hexdigest()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Contents that could not be compared as a whole, and how many the examination left to be hashed."""
        found = sorted(self._unverified)
        if self._not_in_facts:
            found.append(
                Issue(
                    stage="sbom",
                    code="not-examined",
                    subject="digests",
                    message=f"{self._not_in_facts} contents had not been examined and were hashed again",
                )
            )
        return tuple(found)

    def _of_content(self, version: FileVersion, algorithm: str) -> str:
        if algorithm == "sha256" and version.sha256:
            return version.sha256
        facts = self._facts.get(version.sha256)
        known = getattr(facts, algorithm, "") if facts else ""
        return str(known) or self._compute(version, algorithm)

    def _compute(self, version: FileVersion, algorithm: str) -> str:
        """The digest over the bytes themselves: no claim is believed for want of an examination."""
        if version.content is None or _has_vast_holes(version):
            return ""
        key = (version.sha256 or repr(version.key), algorithm)
        if key not in self._computed:
            digest = hashlib.new(algorithm, usedforsecurity=False)
            for piece in self._view.pieces(version):
                digest.update(piece)
            self._computed[key] = digest.hexdigest()
            self._not_in_facts += 1
        return self._computed[key]

    def _note_incomplete(self, version: FileVersion) -> None:
        """Say that a difference may come from what is not there to be hashed, not from a change."""
        content = version.content
        message, lost = "the content is not all there, so it cannot have the digest that is claimed", 0
        if content is not None and _has_vast_holes(version):
            message = "its holes are too large for it to be hashed, so no digest can be compared"
            lost = sum(segment.size for segment in content.segments)
        elif content is not None:
            missing = content.data_offset + content.size - self._ends.get(content.layer, 0)
            if content.segments or missing <= 0:
                return
            lost = missing
        subject = f"layer {version.layer}:{printable(version.path)}"
        self._unverified.append(
            Issue(stage="sbom", code="not-verified", subject=subject, message=message, lost_bytes=lost)
        )


def _has_vast_holes(version: FileVersion) -> bool:
    """Whether it is a sparse file that nobody hashed: its size is a claim that no stored bytes stand for."""
    return version.content is not None and bool(version.content.segments) and not version.sha256

"""Opens what `docker save` writes, and what podman, skopeo, kaniko, jib and bazel write like it."""

from __future__ import annotations

from typing import ClassVar

from forensics.errors import ImageNotOpened
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence, FolderEvidence
from forensics.sources._opening import Opening, Source
from forensics.sources._saved_images import MANIFEST_NAME, SavedImages


class DockerArchiveSource(Source):
    """A tar with `manifest.json`, a list of images (Docker image specification v1.2)."""

    id: ClassVar[str] = "docker_archive"
    schemes: ClassVar[tuple[str, ...]] = ("docker-archive",)

    def recognises(self, evidence: Evidence) -> bool:
        """Whether it is an archive whose `manifest.json` is a list."""
        if isinstance(evidence, FolderEvidence):
            return False
        return evidence.head(MANIFEST_NAME, 64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")

    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """The images of `manifest.json`, then those which only an OCI layout beside it knows."""
        evidence = opening.evidence
        if isinstance(evidence, FolderEvidence):
            raise ImageNotOpened(
                f"{evidence.path} is a folder", f"let its content tell what it is: {evidence.path}"
            )
        candidates = SavedImages(opening, self.id).candidates()
        if not candidates:
            raise ImageNotOpened(
                f"{evidence.path} has a manifest.json that lists no image",
                "check that it was saved completely",
            )
        return candidates


SOURCE = DockerArchiveSource()

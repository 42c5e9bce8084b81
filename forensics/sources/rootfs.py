"""Opens an unpacked root filesystem: a folder, or when it is forced the tar of one (`docker export`)."""

from __future__ import annotations

from typing import ClassVar

from forensics.errors import ImageNotOpened
from forensics.model.image import Blob, Image, LayerSource, Platform
from forensics.sources._archive import ArchiveEvidence
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence, FolderEvidence
from forensics.sources._opening import Opening, Source
from forensics.sources._packing import FolderPacking

_SIGNS = frozenset({"etc", "usr"})


class RootFilesystemSource(Source):
    """A root filesystem becomes an image of one layer, without a manifest, a configuration or a history.

    A folder counts as one when it holds `etc` or `usr`; any folder, and a tar of files, is accepted when the
    scheme `rootfs:` says so. A folder is packed into one tar in the spool and is never written to.
    """

    id: ClassVar[str] = "rootfs"
    schemes: ClassVar[tuple[str, ...]] = ("rootfs",)

    def recognises(self, evidence: Evidence) -> bool:
        """Whether it is a folder with the signs of a root filesystem."""
        return isinstance(evidence, FolderEvidence) and bool(_SIGNS & evidence.names())

    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """The one image."""
        evidence = opening.evidence
        if isinstance(evidence, ArchiveEvidence) and not evidence.is_tar:
            raise evidence.refusal()
        return (
            Candidate(tags=(), platform=Platform(), layers=1, digest="", load=lambda: self._load(opening)),
        )

    def _load(self, opening: Opening) -> Image:
        layer = LayerSource(index=0, name=opening.evidence.path, blob=_layer(opening))
        return Image(
            source=self.id,
            reference=opening.reference.text,
            layers=(layer,),
            issues=opening.issues.collected(),
        )


def _layer(opening: Opening) -> Blob:
    evidence = opening.evidence
    if isinstance(evidence, ArchiveEvidence):
        return evidence.blob
    if not isinstance(evidence, FolderEvidence):
        raise ImageNotOpened(f"{evidence.path} is no root filesystem", "give a folder or a tar of files")
    packing = FolderPacking(
        evidence.descriptor,
        opening.spool.new_file(),
        opening.issues,
        limits=opening.limits,
        cancel=opening.cancel,
        on_progress=opening.on_progress,
    )
    return packing.run()


SOURCE = RootFilesystemSource()

"""Opens an OCI layout, as a folder or as a tar."""

from __future__ import annotations

from typing import ClassVar

from forensics.errors import ImageNotOpened
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence, FolderEvidence
from forensics.sources._layout import INDEX_NAME, Layout
from forensics.sources._oci_image import candidates_of
from forensics.sources._opening import Opening, Source


class OciLayoutSource(Source):
    """OCI image layout (image-spec, image-layout.md): `index.json`, and content by digest under `blobs/`.

    A missing `oci-layout` file is forgiven: it says nothing that is needed.
    """

    id: ClassVar[str] = "oci_layout"
    schemes: ClassVar[tuple[str, ...]] = ("oci-archive", "oci-dir")

    def recognises(self, evidence: Evidence) -> bool:
        """Whether there is an `index.json`."""
        return evidence.find(INDEX_NAME) is not None

    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """Every image that the index leads to and of which something is there."""
        evidence = opening.evidence
        _check_scheme(opening.reference.scheme, evidence)
        if not self.recognises(evidence):
            raise evidence.lacks(INDEX_NAME, "OCI layout")
        layout = Layout(evidence, opening.limits, opening.cancel)
        candidates = candidates_of(layout, self.id, opening.reference.text)
        if candidates:
            return candidates
        cut = f": the archive {evidence.early_end}" if evidence.early_end else ""
        if layout.absent:
            raise ImageNotOpened(
                f"{evidence.path} lists {len(layout.absent)} manifests and holds none of them{cut}",
                "copy the image again, with all its content",
            )
        if layout.manifests:
            count = len(layout.manifests)
            raise ImageNotOpened(
                f"{evidence.path} holds {count} manifests, none of an image that is there{cut}",
                "it holds artifacts (signatures, charts, SBOMs), or an image without its content",
            )
        raise evidence.refusal()


def _check_scheme(scheme: str, evidence: Evidence) -> None:
    """A forced scheme says folder or archive; the other one is refused with the right word."""
    is_folder = isinstance(evidence, FolderEvidence)
    if scheme == "oci-dir" and not is_folder:
        raise ImageNotOpened(f"{evidence.path} is no folder", f"open it with oci-archive:{evidence.path}")
    if scheme == "oci-archive" and is_folder:
        raise ImageNotOpened(f"{evidence.path} is a folder", f"open it with oci-dir:{evidence.path}")


SOURCE = OciLayoutSource()

"""Opens an image of a registry: lists platforms from the index alone, and fetches the chosen one entirely."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from forensics.errors import ImageNotOpened
from forensics.model.image import Image, Platform
from forensics.printable import printable
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence
from forensics.sources._layout import Layout
from forensics.sources._oci_image import load_image
from forensics.sources._opening import Opening, Source
from forensics.sources._store_evidence import StoreEvidence

if TYPE_CHECKING:
    from forensics.registry import RegistryName
    from forensics.store import StoredImage


class RegistrySource(Source):
    """OCI distribution-spec 1.1. The library for it is imported when an image is asked for."""

    id: ClassVar[str] = "registry"
    schemes: ClassVar[tuple[str, ...]] = ("registry",)
    remote: ClassVar[bool] = True

    def recognises(self, evidence: Evidence) -> bool:  # noqa: ARG002 - no bytes are of this kind
        """Never: only its scheme leads here."""
        return False

    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """The image under the name, or one for each platform of the index under it.

        Without a network, what the store holds under the digest in the name.
        """
        from forensics.registry import RegistryClient, parse_name
        from forensics.sources._registry_image import RegistryImage

        name = parse_name(opening.reference.name)
        if opening.access.offline:
            return _stored_candidates(opening, name)
        client = RegistryClient(name, access=opening.access, limits=opening.limits, cancel=opening.cancel)
        evidence = StoreEvidence(
            printable(opening.reference.text), opening.issues, opening.spool, end=client.close
        )
        opening.adopt(evidence)
        return RegistryImage(opening, name, client, evidence).candidates()


def _stored_candidates(opening: Opening, name: RegistryName) -> tuple[Candidate, ...]:
    """What the store holds under the digest of `name`, one for each platform that was pulled."""
    found: dict[str, StoredImage] = {}
    for image in opening.store.images() if name.digest else ():
        record = image.acquisition
        if record.source != RegistrySource.id or not record.resolved.startswith(f"{name.full}@"):
            continue
        if name.digest in {record.manifest_digest, record.resolved.rpartition("@")[2]}:
            found.setdefault(record.manifest_digest, image)
    if found:
        return tuple(_stored_candidate(opening, image) for image in found.values())
    shown = printable(str(name))
    if name.digest:
        raise ImageNotOpened(
            f"{shown} is not in the store, and no network may be used", "pull it once without --offline"
        )
    raise ImageNotOpened(
        f"{shown} cannot be asked for without a network: --offline refuses any",
        "what was pulled before opens by its digest: registry:NAME@sha256:…, see forensics store list",
    )


def _stored_candidate(opening: Opening, image: StoredImage) -> Candidate:
    record = image.acquisition
    parts = record.platform.split("/")
    platform = Platform(os=parts[0], architecture="".join(parts[1:2]), variant="".join(parts[2:3]))
    return Candidate(
        tags=record.tags,
        platform=platform,
        layers=None,
        digest=record.manifest_digest,
        load=lambda: _load_stored(opening, image),
    )


def _load_stored(opening: Opening, stored: StoredImage) -> Image:
    """An image as it was pulled before, without asking anybody."""
    record = stored.acquisition
    evidence = StoreEvidence(printable(opening.reference.text), opening.issues, opening.spool)
    opening.adopt(evidence)
    opening.store.remember(record, stored.index)
    for content in record.contents:
        blob = opening.store.find(content.digest)
        if blob is not None:
            evidence.add(content.digest, blob)
    evidence.set_index(stored.index)
    opening.issues.extend(record.issues)
    layout = Layout(evidence, opening.limits, opening.cancel)
    for manifest in layout.images():
        if manifest.digest == record.manifest_digest:
            image = load_image(layout, manifest, RegistrySource.id, opening.reference.text)
            note = f"opened from the store, as it was pulled at {record.acquired}; no network was used"
            opening.acquisition = msgspec.structs.replace(record, notes=(*record.notes, note))
            return image
    raise ImageNotOpened(
        f"the store does not hold all of {printable(record.resolved)} any more",
        "pull it again without --offline",
    )


SOURCE = RegistrySource()

"""The documents that travel beside an image: attestations, attached SBOMs, signatures.

Carriage: BuildKit attestation manifests (annotation `vnd.docker.reference.digest`), OCI 1.1 referrers
(`subject`), and the tags `sha256-<hex>[.sbom|.att|.sig]` of cosign and of the referrers fallback (OCI
distribution-spec).
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.image import Attachment, Blob, Descriptor
from forensics.sources._evidence import blob_pieces
from forensics.sources._layout import FALLBACK_TAG, Layout, Manifest, digest_like

_PREDICATE_KEYS = ("in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType")


def attachments_of(layout: Layout, image: Manifest) -> tuple[Attachment, ...]:
    """What speaks about `image`, or about an index above it, in the order of the layout.

    A document that is announced and not there becomes an issue.
    """
    about = {image.digest, *image.parents}
    found: dict[str, Attachment] = {}
    for manifest in layout.manifests:
        if manifest.is_image:
            continue
        how = _relation(manifest, about)
        if how:
            for attachment in _documents(layout, manifest, how):
                found.setdefault(attachment.name, attachment)
    return tuple(found.values())


def _relation(manifest: Manifest, about: set[str]) -> str:
    if manifest.subject in about:
        return "attestation" if manifest.is_attestation else "referrer"
    for tag in manifest.tags:
        match = FALLBACK_TAG.fullmatch(tag)
        if match and f"{match[1]}:{match[2]}" in about:
            return "referrer"
    return ""


def _documents(layout: Layout, manifest: Manifest, how: str) -> Iterator[Attachment]:
    for layer in manifest.layers:
        blob = layout.blob(layer.digest)
        name = f"{how} {layer.digest}"
        if blob is None:
            layout.issues.add(
                "attachment-absent", name, "it is announced, yet the archive does not hold it", layer.size
            )
            continue
        _verify(layout, layer, blob, name)
        annotations = {**manifest.annotations, **layer.annotations}
        yield Attachment(
            name=name,
            media_type=layer.media_type or manifest.artifact_type,
            blob=blob,
            digest=layer.digest,
            predicate_type=next((annotations[key] for key in _PREDICATE_KEYS if annotations.get(key)), ""),
            annotations=annotations,
        )


def _verify(layout: Layout, layer: Descriptor, blob: Blob, name: str) -> None:
    if blob.size > layout.limits.sbom_bytes:
        layout.issues.add("limit", name, f"it has {blob.size} bytes and its digest was not verified")
        return
    if digest_like(layer.digest, blob_pieces(blob)) != layer.digest:
        layout.issues.add("digest-mismatch", name, f"its bytes do not have the digest {layer.digest}")

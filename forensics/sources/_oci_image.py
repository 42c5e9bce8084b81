"""Makes an `Image` of one manifest of an OCI layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forensics.errors import ParseError
from forensics.model.image import Descriptor, Image, ImageConfig, Platform
from forensics.sources import _media_types
from forensics.sources._attachments import attachments_of
from forensics.sources._choice import Candidate
from forensics.sources._config import read_config
from forensics.sources._document import Document, decode_json
from forensics.sources._evidence import read_blob
from forensics.sources._history import FoundLayer, layer_sources
from forensics.sources._issues import IssueLog
from forensics.sources._layout import Layout, Manifest, blob_name, digest_like
from forensics.sources._leftovers import leftovers

_BASE_DIGEST = "org.opencontainers.image.base.digest"


def candidates_of(layout: Layout, source: str, reference: str) -> tuple[Candidate, ...]:
    """One candidate for each image of the layout, in its order; the same manifest listed twice is one."""
    return tuple(candidate_of(layout, manifest, source, reference) for manifest in layout.images())


def candidate_of(layout: Layout, manifest: Manifest, source: str, reference: str) -> Candidate:
    """One image of the layout; a platform that the index does not tell is read from the configuration."""
    platform = manifest.platform
    if not platform.architecture:
        platform = _platform_inside(layout, manifest)
    return Candidate(
        tags=manifest.names,
        platform=platform,
        layers=len(manifest.layers),
        digest=manifest.digest,
        load=lambda: load_image(layout, manifest, source, reference),
    )


def _platform_inside(layout: Layout, manifest: Manifest) -> Platform:
    """The platform by the configuration; what is wrong with it is said once the image is chosen."""
    blob = layout.blob(manifest.config.digest)
    if blob is None or blob.size > layout.limits.json_bytes:
        return manifest.platform
    return parse_config(read_blob(blob), IssueLog()).platform


def load_image(layout: Layout, manifest: Manifest, source: str, reference: str) -> Image:
    """Everything about one image but the bytes of its layers; what disagrees becomes an issue."""
    config = config_of(layout, manifest)
    found = find_layers(layout, manifest)
    base = base_layers(layout, manifest, config.labels)
    layers = layer_sources(found, config, base, layout.issues)
    attachments = attachments_of(layout, manifest)
    note_absent(layout)
    return Image(
        source=source,
        reference=reference,
        manifest_digest=manifest_digest(layout, manifest),
        config_digest=config_digest(layout, manifest),
        platform=_platform(layout, manifest, config),
        tags=manifest.names,
        created=config.created,
        config=config,
        layers=layers,
        attachments=attachments,
        leftovers=leftovers(layout.evidence, layout.names_needed, layout.limits, layout.cancel),
        issues=layout.issues.collected(),
    )


def config_of(layout: Layout, manifest: Manifest) -> ImageConfig:
    """The configuration; an empty one, with an issue, when it is not there or cannot be read."""
    subject = "image configuration"
    content = layout.content(manifest.config, subject)
    if content is None:
        if layout.blob(manifest.config.digest) is None:
            layout.issues.add(
                "config-absent",
                subject,
                f"the archive does not hold {manifest.config.digest or 'it'}",
                manifest.config.size,
            )
        return ImageConfig()
    return parse_config(content, layout.issues)


def parse_config(content: bytes, issues: IssueLog) -> ImageConfig:
    """A configuration out of its bytes, with an issue when they are no JSON."""
    subject = "image configuration"
    try:
        return read_config(Document(decode_json(content, subject, issues), subject, issues))
    except ParseError as error:
        issues.add("not-parsed", subject, error.message, lost_bytes=len(content))
        return ImageConfig()


def manifest_digest(layout: Layout, manifest: Manifest) -> str:
    """The digest computed over the manifest's bytes."""
    content = layout.evidence.read(blob_name(manifest.digest), layout.limits.json_bytes)
    return "" if content is None else digest_like(manifest.digest, (content,))


def config_digest(layout: Layout, manifest: Manifest) -> str:
    """The digest computed over the configuration's bytes, empty when it is not there."""
    if layout.blob(manifest.config.digest) is None:
        return ""
    content = layout.evidence.read(blob_name(manifest.config.digest), layout.limits.json_bytes)
    return "" if content is None else digest_like(manifest.config.digest, (content,))


def find_layers(layout: Layout, manifest: Manifest) -> tuple[FoundLayer, ...]:
    """The layers that the manifest names, those that are not there without bytes and with an issue."""
    return tuple(_find_layer(layout, index, layer) for index, layer in enumerate(manifest.layers))


def _find_layer(layout: Layout, index: int, layer: Descriptor) -> FoundLayer:
    subject = f"layer {index}"
    if not _media_types.is_layer(layer.media_type):
        layout.issues.add(
            "unknown-media-type",
            subject,
            f"its media type {layer.media_type} is not one that runtimes unpack",
        )
    blob = layout.blob(layer.digest)
    if blob is None:
        why = (
            "may only be fetched from elsewhere" if "foreign" in layer.media_type else "is not in the archive"
        )
        layout.issues.add("layer-absent", subject, f"{layer.digest or 'it'} {why}", max(1, layer.size))
    else:
        layout.compare_layer(index, layer, blob)
    return FoundLayer(layer.digest or "(no digest)", blob, layer.digest, layer.media_type)


def _platform(layout: Layout, manifest: Manifest, config: ImageConfig) -> Platform:
    outer, inner = manifest.platform, config.platform
    if (
        outer.architecture
        and inner.architecture
        and (outer.os, outer.architecture) != (inner.os, inner.architecture)
    ):
        layout.issues.add(
            "documents-disagree",
            "image configuration",
            f"the index says {outer}, the configuration {inner}",
        )
    return outer if outer.architecture else inner


def base_layers(layout: Layout, manifest: Manifest, labels: Mapping[str, str]) -> int | None:
    """How many layers the base image has, where the image names it and the layout holds it too.

    The name is the annotation or label `org.opencontainers.image.base.digest` (OCI image-spec,
    annotations.md), of the manifest, of an index above it, or of the configuration.
    """
    places: list[Mapping[str, str]] = [manifest.annotations]
    places += [layout.index_annotations.get(parent, {}) for parent in manifest.parents]
    places.append(labels)
    for place in places:
        base = place.get(_BASE_DIGEST, "")
        for other in layout.manifests if base else ():
            if base == other.digest or base in other.parents:
                shared = _common_prefix(other.layers, manifest.layers)
                if 0 < len(other.layers) == shared:
                    return shared
    return None


def _common_prefix(base: Sequence[Descriptor], layers: Sequence[Descriptor]) -> int:
    count = 0
    for lower, layer in zip(base, layers, strict=False):
        if lower.digest != layer.digest:
            break
        count += 1
    return count


def note_absent(layout: Layout) -> None:
    """One issue for all the manifests that an index lists and the archive does not hold."""
    absent = [item for item in layout.absent if not item.is_attestation]
    if absent:
        shown = ", ".join(f"{item.platform} {item.digest[:19]}" for item in absent[:8])
        more = f" and {len(absent) - 8} more" if len(absent) > 8 else ""
        layout.issues.add(
            "platform-absent",
            "index",
            f"{len(absent)} of the images listed are not in the archive: {shown}{more}",
        )
    attestations = len(layout.absent) - len(absent)
    if attestations:
        layout.issues.add(
            "attestation-absent", "index", f"{attestations} attestations listed are not in the archive"
        )

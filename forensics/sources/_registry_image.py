"""One image of a registry: which ones a name leads to, and everything that belongs to the chosen one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from forensics import __version__
from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.acquisition import Acquisition
from forensics.model.image import Descriptor, Image, Platform
from forensics.printable import printable
from forensics.registry import RegistryClient, RegistryName
from forensics.sources._choice import Candidate
from forensics.sources._evidence import read_blob
from forensics.sources._issues import IssueLog
from forensics.sources._layout import Layout
from forensics.sources._oci_image import load_image, parse_config
from forensics.sources._opening import Opening
from forensics.sources._pull import Pull, Wanted
from forensics.sources._pulled_documents import Listed, PulledDocument
from forensics.sources._referrers import Referrers
from forensics.sources._store_evidence import StoreEvidence

_REF_NAME = "org.opencontainers.image.ref.name"
_INDEX = "application/vnd.oci.image.index.v1+json"
_SOURCE = "registry"
_MOST_LOOKED = 128
"""Documents below an index that are read to list platforms; each and its configuration stay open."""
_TIMES = 4
"""All of them together may have so many times the bytes of one."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An image that the name leads to, with the indexes above it, the nearest last."""

    descriptor: Descriptor
    platform: Platform
    above: tuple[PulledDocument, ...]


class RegistryImage:
    """What a name leads to, from listing to loading; `client` is closed when the chosen image is loaded."""

    def __init__(
        self, opening: Opening, name: RegistryName, client: RegistryClient, evidence: StoreEvidence
    ) -> None:
        self._opening = opening
        self._name = name
        self._client = client
        self._evidence = evidence
        self._pull = Pull(opening, client, evidence)
        self._visits = 0
        self._looked = 0
        self._bytes = 0

    def candidates(self) -> tuple[Candidate, ...]:
        """The images, in the order of the index. Reads indexes, and a configuration where nothing else
        tells the platform. Raises ImageNotOpened when there are none.
        """
        root = self._pull.document(self._name.wanted, "manifest", ask=True)
        if not root.is_index:
            return (self._single(root),)
        found: dict[str, _Found] = {}
        for one in self._below(root, ()):
            found.setdefault(one.descriptor.digest, one)
        if not found:
            raise ImageNotOpened(
                f"{self._shown} is an index without an image", "it lists artifacts, or nothing at all"
            )
        return tuple(self._candidate(one) for one in found.values())

    @property
    def _shown(self) -> str:
        return printable(str(self._name))

    @property
    def _limits(self) -> Limits:
        return self._opening.limits

    def _tags(self) -> tuple[str, ...]:
        return (self._name.tag,) if self._name.tag else ()

    def _single(self, document: PulledDocument) -> Candidate:
        descriptor = _descriptor_of(document)
        found = _Found(descriptor, self._platform_inside(document), ())
        return Candidate(
            tags=self._tags(),
            platform=found.platform,
            layers=sum(1 for _ in document.parts()),
            digest=document.digest,
            load=lambda: self._load(found),
        )

    def _candidate(self, found: _Found) -> Candidate:
        return Candidate(
            tags=self._tags(),
            platform=found.platform,
            layers=None,
            digest=found.descriptor.digest,
            load=lambda: self._load(found),
        )

    def _below(self, index: PulledDocument, above: tuple[PulledDocument, ...]) -> Iterator[_Found]:
        above = (*above, index)
        for listed in index.listed():
            self._visits += 1
            if self._visits > self._limits.manifests or len(above) >= self._limits.index_depth:
                return
            if not listed.may_be_an_image:
                continue
            nested = self._nested(listed, above)
            if nested is not None:
                yield from self._below(nested, above)
            else:
                yield _Found(listed.descriptor, self._platform(listed), above)

    def _nested(self, listed: Listed, above: tuple[PulledDocument, ...]) -> PulledDocument | None:
        digest = listed.descriptor.digest
        if not listed.is_index or any(one.digest == digest for one in above):
            return None
        return self._looked_at(listed)

    def _looked_at(self, listed: Listed) -> PulledDocument | None:
        """A document below an index, while listing may go on; else None, and an issue."""
        if self._looked >= _MOST_LOOKED or self._bytes > _TIMES * self._limits.json_bytes:
            self._opening.issues.add(
                "limit",
                "index",
                f"only {self._looked} documents below it were read to list platforms",
            )
            return None
        self._looked += 1
        descriptor = listed.descriptor
        document = self._pull.document(descriptor.digest, "manifest", descriptor.media_type)
        self._bytes += len(document.content)
        return document

    def _platform(self, listed: Listed) -> Platform:
        """The platform by the index, else by the configuration."""
        if listed.platform.architecture:
            return listed.platform
        document = self._looked_at(listed)
        return Platform() if document is None else self._platform_inside(document)

    def _platform_inside(self, document: PulledDocument) -> Platform:
        blob = self._pull.small(self._wanted_config(document))
        if blob is None or blob.size > self._limits.json_bytes:
            return Platform()
        self._bytes += blob.size
        return parse_config(read_blob(blob), IssueLog()).platform

    def _wanted_config(self, document: PulledDocument) -> Wanted:
        return Wanted(document.config, "config", "image configuration", self._limits.json_bytes)

    # -- the chosen one ---------------------------------------------------------------------------------

    def _load(self, found: _Found) -> Image:
        manifest = self._pull.document(found.descriptor.digest, "manifest", found.descriptor.media_type)
        if manifest.is_index:
            raise ImageNotOpened(
                f"{self._shown} lists {manifest.digest} as an image, and it is an index", "its writer erred"
            )
        parts = list(manifest.parts())
        wanted = [self._wanted_config(manifest)]
        wanted += [
            Wanted(part.descriptor, "layer", f"layer {number}", self._limits.layer_bytes, part.urls)
            for number, part in enumerate(parts[: self._limits.layers])
        ]
        attached = Referrers(self._opening, self._client, self._pull)
        attached.attestations(found.descriptor.digest, found.above)
        attached.referring_to((manifest.digest, *(one.digest for one in reversed(found.above))))
        self._pull.all([*wanted, *attached.wanted])
        self._client.close()
        index = self._index(found, manifest, attached.entries)
        self._evidence.set_index(index)
        image = self._read(manifest)
        self._opening.acquisition = self._record(found, image)
        self._opening.store.remember(self._opening.acquisition, index)
        return image

    def _index(self, found: _Found, manifest: PulledDocument, attached: list[dict[str, Any]]) -> bytes:
        """The bytes of `index.json`: the image first, under its tag, so that every reader finds it by that.

        The index above it has no name here: programs that look for one image by its tag would find several.
        """
        annotations = dict(found.descriptor.annotations)
        if self._name.tag:
            annotations[_REF_NAME] = self._name.tag
        entry: dict[str, Any] = {
            "mediaType": manifest.media_type,
            "digest": manifest.digest,
            "size": len(manifest.content),
        }
        if annotations:
            entry["annotations"] = annotations
        platform = {key: value for key, value in msgspec.structs.asdict(found.platform).items() if value}
        if found.above and platform:
            entry["platform"] = platform
        entries = [entry]
        if found.above:
            top = found.above[0]
            entries.append({"mediaType": top.media_type, "digest": top.digest, "size": len(top.content)})
        value = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [*entries, *attached]}
        return msgspec.json.encode(value)

    def _read(self, manifest: PulledDocument) -> Image:
        layout = Layout(self._evidence, self._limits, self._opening.cancel)
        for one in layout.images():
            if one.digest == manifest.digest:
                return load_image(layout, one, _SOURCE, self._opening.reference.text)
        missing = self._pull.pulled.not_acquired
        if missing:
            reason = next(iter(missing.values())).reason
            raise ImageNotOpened(
                f"nothing of {self._shown} could be fetched: {reason}", "push it again, or ask a mirror"
            )
        raise ImageNotOpened(
            f"{self._shown} is no image but an artifact of the type {manifest.kind}",
            "signatures, charts and SBOMs cannot be opened by themselves",
        )

    def _record(self, found: _Found, image: Image) -> Acquisition:
        pulled = self._pull.pulled
        top = found.above[0].digest if found.above else found.descriptor.digest
        for host in sorted(self._client.mirrors_used):
            self._pull.note(f"the mirror {host} was asked first, and gave some of it or all")
        return Acquisition(
            version=__version__,
            source=_SOURCE,
            reference=self._opening.reference.text,
            resolved=f"{self._name.full}@{top}",
            acquired=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            manifest_digest=image.manifest_digest,
            platform=printable(str(image.platform)),
            tags=tuple(map(printable, image.tags)),
            contents=tuple(pulled.contents.values()),
            not_acquired=tuple(pulled.not_acquired.values()),
            notes=tuple(pulled.notes),
            issues=image.issues,
        )


def _descriptor_of(document: PulledDocument) -> Descriptor:
    return Descriptor(media_type=document.media_type, digest=document.digest, size=len(document.content))

"""The images of a docker-save archive: its `manifest.json`, and the OCI layout that may lie beside it.

Docker writes an OCI layout into the same archive since version 25. Where that describes the same layers,
digests, media types and attachments are taken from it. Where the two disagree `manifest.json` counts, because
that is what gets loaded, and the disagreement becomes an issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from forensics.digests import is_digest, sha256_digest
from forensics.errors import ImageNotOpened, ParseError
from forensics.model.image import Descriptor, Image, ImageConfig
from forensics.sources._attachments import attachments_of
from forensics.sources._choice import Candidate, familiar
from forensics.sources._document import Document, decode_json, documents
from forensics.sources._history import FoundLayer, layer_sources
from forensics.sources._issues import IssueLog
from forensics.sources._layout import (
    INDEX_NAME,
    Layout,
    Manifest,
    blob_name,
    digest_like,
    note_incomplete,
    read_descriptor,
)
from forensics.sources._leftovers import leftovers
from forensics.sources._oci_image import (
    base_layers,
    candidate_of,
    find_layers,
    manifest_digest,
    note_absent,
    parse_config,
)
from forensics.sources._opening import Opening

MANIFEST_NAME = "manifest.json"
REPOSITORIES_NAME = "repositories"
_LEGACY_ID = re.compile(r"[0-9a-f]{64}")
_BLOB_NAME = re.compile(r"blobs/(sha256|sha384|sha512)/([0-9a-f]+)")
_CONFIG_NAME = re.compile(r"(?:sha256:)?([0-9a-f]{64})(?:\.json)?")
_LAYER_NAME = re.compile(r"([0-9a-f]{64})\.tar\.gz")


@dataclass(frozen=True, slots=True)
class _Listed:
    """One element of `manifest.json`. `described` are descriptors of its layers by diff_id, if it has any."""

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]
    described: dict[str, Descriptor]


class SavedImages:
    """All images of one archive, each of which can be loaded."""

    def __init__(self, opening: Opening, source: str) -> None:
        self._source = source
        self._reference = opening.reference.text
        self._evidence = opening.evidence
        self._limits = opening.limits
        self._issues = opening.issues
        self._listed = self._read_manifest()
        self._layout = Layout(self._evidence, opening.limits, opening.cancel)

    def candidates(self) -> tuple[Candidate, ...]:
        """The images in the order of `manifest.json`, then the layout's own ones."""
        known = {self._config_digest(entry) for entry in self._listed}
        others = [manifest for manifest in self._layout.images() if manifest.config.digest not in known]
        if others and self._listed:
            self._issues.add(
                "documents-disagree",
                INDEX_NAME,
                f"it leads to {len(others)} images that {MANIFEST_NAME} does not list",
            )
        theirs = {manifest.config.digest for manifest in self._layout.images()}
        unlisted = [digest for digest in known if digest and digest not in theirs]
        if theirs and unlisted:
            self._issues.add(
                "documents-disagree",
                MANIFEST_NAME,
                f"it lists {len(unlisted)} images that {INDEX_NAME} does not lead to",
            )
        self._compare_tags()
        listed = [self._candidate(entry) for entry in self._listed]
        listed += [candidate_of(self._layout, manifest, self._source, self._reference) for manifest in others]
        return tuple(listed)

    def _compare_tags(self) -> None:
        """An issue for each name that stands for two images, in one document or in two."""
        images: dict[str, _Listed] = {}
        for entry in self._listed:
            for tag in entry.tags:
                known = images.setdefault(familiar(tag), entry)
                if known is not entry:
                    self._issues.add(
                        "ambiguous-tag",
                        MANIFEST_NAME,
                        f"{tag} stands for two images, {known.config} and {entry.config}",
                    )
        for name, tops in self._repositories().items():
            for tag, top in tops.items():
                listed = images.get(familiar(f"{name}:{tag}"))
                last = listed.layers[-1].partition("/layer.tar")[0] if listed and listed.layers else ""
                if listed is None or (_LEGACY_ID.fullmatch(last) and last != top):
                    self._issues.add(
                        "ambiguous-tag",
                        REPOSITORIES_NAME,
                        f"it gives {name}:{tag} to layer {top[:19]}, {MANIFEST_NAME} to {last or 'none'}",
                    )

    def _repositories(self) -> dict[str, dict[str, str]]:
        """What the document for versions of Docker before 1.10 says: the top layer of each tag of a name."""
        content = self._evidence.read(REPOSITORIES_NAME, self._limits.json_bytes)
        if not content:
            return {}
        try:
            value = {"names": decode_json(content, REPOSITORIES_NAME, self._issues)}
        except ParseError:
            return {}
        told = Document(value, REPOSITORIES_NAME, self._issues)
        return {name: told.child("names").mapping(name) for name in told.keys("names")}

    def _read_manifest(self) -> tuple[_Listed, ...]:
        content = self._evidence.read(MANIFEST_NAME, self._limits.json_bytes)
        if content is None:
            raise self._evidence.lacks(MANIFEST_NAME, "docker-save archive")
        try:
            value = decode_json(content, MANIFEST_NAME, self._issues)
        except ParseError as error:
            early_end = self._evidence.early_end
            why = f"the archive {early_end}, and so " if early_end else ""
            raise ImageNotOpened(
                f"{self._evidence.path}: {why}{error.message}", "check that it was copied completely"
            ) from error
        if not isinstance(value, list):
            raise ImageNotOpened(
                f"{self._evidence.path} has a manifest.json that is no list of images",
                "an OCI layout is opened with oci-archive:PATH",
            )
        if len(value) > self._limits.manifests:
            self._issues.add(
                "limit", MANIFEST_NAME, f"only the first {self._limits.manifests} of {len(value)} were read"
            )
        entries = documents(value[: self._limits.manifests], "the list", MANIFEST_NAME, self._issues)
        return _merged(_read_entry(entry) for entry in entries)

    def _candidate(self, entry: _Listed) -> Candidate:
        content = self._config_content(entry)
        config = ImageConfig() if content is None else parse_config(content, IssueLog())
        return Candidate(
            tags=entry.tags,
            platform=config.platform,
            layers=len(entry.layers),
            digest=self._config_digest(entry),
            load=lambda: self._load(entry),
        )

    def _config_content(self, entry: _Listed) -> bytes | None:
        return self._evidence.read(entry.config, self._limits.json_bytes) if entry.config else None

    def _config_digest(self, entry: _Listed) -> str:
        content = self._config_content(entry)
        return "" if content is None else sha256_digest(content)

    def _load(self, entry: _Listed) -> Image:
        config = self._config(entry)
        digest = self._config_digest(entry)
        found = [self._find_layer(index, name, entry, config) for index, name in enumerate(entry.layers)]
        twin = next((one for one in self._layout.images() if digest and one.config.digest == digest), None)
        agrees = twin is not None and self._agrees(twin, found)
        if twin is not None and agrees:
            found = list(find_layers(self._layout, twin))
        base = base_layers(self._layout, twin, config.labels) if twin and agrees else None
        absent = self._absent_bytes(twin) if twin and not agrees else 0
        layers = layer_sources(found, config, base, self._issues, absent)
        attachments = attachments_of(self._layout, twin) if twin else ()
        note_absent(self._layout)
        return Image(
            source=self._source,
            reference=self._reference,
            manifest_digest=manifest_digest(self._layout, twin) if twin and agrees else "",
            config_digest=digest,
            platform=config.platform,
            tags=self._tags(entry, twin),
            created=config.created,
            config=config,
            layers=layers,
            attachments=attachments,
            leftovers=leftovers(self._evidence, self._names_needed(), self._limits, self._layout.cancel),
            issues=self._issues.collected(),
        )

    def _names_needed(self) -> Iterator[str]:
        """Where everything is kept that `manifest.json` and the layout lead to, for all images."""
        for entry in self._listed:
            yield from (entry.config, *entry.layers)
            for described in entry.described.values():
                if is_digest(described.digest):
                    yield blob_name(described.digest)
        yield from self._layout.names_needed

    def _config(self, entry: _Listed) -> ImageConfig:
        subject = "image configuration"
        content = self._config_content(entry)
        if content is None:
            self._issues.add("config-absent", subject, f"the archive does not hold {entry.config or 'one'}")
            return ImageConfig()
        declared = _declared_digest(entry.config, _CONFIG_NAME)
        computed = digest_like(declared, (content,)) if declared else ""
        if computed != declared:
            self._issues.add(
                "digest-mismatch", subject, f"its digest is {computed}, the archive calls it {entry.config}"
            )
        return parse_config(content, self._issues)

    def _find_layer(self, index: int, name: str, entry: _Listed, config: ImageConfig) -> FoundLayer:
        blob = self._evidence.find(name)
        diff_id = config.diff_ids[index] if index < len(config.diff_ids) else ""
        described = entry.described.get(diff_id, Descriptor())
        if blob is None:
            self._issues.add(
                "layer-absent", f"layer {index}", f"the archive does not hold {name}", max(1, described.size)
            )
        elif missing := self._evidence.missing(blob):
            note_incomplete(self._evidence, index, blob, missing)
        declared = _declared_digest(name, _LAYER_NAME) or described.digest
        return FoundLayer(name, blob, declared if is_digest(declared) else "", described.media_type)

    def _agrees(self, twin: Manifest, found: list[FoundLayer]) -> bool:
        """Whether the layout's manifest of the same configuration has the very same layers, all there."""
        theirs = [self._layout.blob(layer.digest) for layer in twin.layers]
        if theirs == [layer.blob for layer in found] and None not in theirs:
            return True
        self._issues.add(
            "documents-disagree",
            MANIFEST_NAME,
            f"it names {len(found)} layers ({_there(found)} of them in the archive), manifest {twin.digest} "
            f"names {len(theirs)} ({sum(blob is not None for blob in theirs)} in the archive) for the same "
            f"configuration; {MANIFEST_NAME} counts here",
        )
        return False

    def _absent_bytes(self, twin: Manifest) -> int:
        """The size of the layers that the layout's manifest of the same configuration names in vain."""
        return sum(layer.size for layer in twin.layers if self._layout.blob(layer.digest) is None)

    def _tags(self, entry: _Listed, twin: Manifest | None) -> tuple[str, ...]:
        theirs = twin.names if twin else ()
        if not entry.tags:
            return theirs
        own_names = {familiar(tag) for tag in entry.tags}
        own_names |= {name.rpartition(":")[2] for name in own_names}
        strangers = [tag for tag in theirs if familiar(tag) not in own_names]
        if strangers:
            self._issues.add(
                "documents-disagree",
                INDEX_NAME,
                f"it calls the image {', '.join(strangers)}, {MANIFEST_NAME} {', '.join(entry.tags)}",
            )
        return entry.tags


def _read_entry(entry: Document) -> _Listed:
    described = entry.child("LayerSources")
    return _Listed(
        config=entry.text("Config"),
        tags=entry.texts("RepoTags"),
        layers=entry.texts("Layers"),
        described={
            diff_id: read_descriptor(described.child(diff_id)) for diff_id in entry.keys("LayerSources")
        },
    )


def _merged(entries: Iterable[_Listed]) -> tuple[_Listed, ...]:
    """Entries of the same configuration and layers are one image with several names."""
    images: dict[tuple[str, tuple[str, ...]], _Listed] = {}
    for entry in entries:
        known = images.get((entry.config, entry.layers))
        tags = entry.tags if known is None else tuple(dict.fromkeys((*known.tags, *entry.tags)))
        images[entry.config, entry.layers] = replace(entry, tags=tags)
    return tuple(images.values())


def _declared_digest(name: str, hashed: re.Pattern[str]) -> str:
    """The digest that a member's name claims, by the layout's way of naming or by `hashed`; empty if none."""
    blob = _BLOB_NAME.fullmatch(name)
    if blob and is_digest(f"{blob[1]}:{blob[2]}"):
        return f"{blob[1]}:{blob[2]}"
    match = hashed.fullmatch(name)
    return f"sha256:{match[1]}" if match else ""


def _there(found: list[FoundLayer]) -> int:
    return sum(layer.blob is not None for layer in found)

"""What an archive or layout holds and no image of it needs: unreferenced blobs, hidden members, stray bytes.

What writers of archives leave beside the images is known by its content: the `VERSION` and `json` of layers
that Docker wrote until version 24, and the blobs with the same documents that it writes since.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from forensics.cancellation import Cancellation
from forensics.limits import Limits
from forensics.model.image import Blob, Leftover
from forensics.parsers.tar import TarRun, text
from forensics.sources._evidence import Evidence, Stored, blob_pieces, read_blob

_KNOWN = frozenset({"manifest.json", "index.json", "repositories", "oci-layout"})
_OF_LAYOUTS = _KNOWN - {"manifest.json"} | {"acquisition.json"}
_VERSION = re.compile(r"[0-9a-f]{64}/VERSION")
_LEGACY_KEYS = frozenset(
    {"id", "parent", "comment", "created", "container", "container_config", "docker_version", "author"}
    | {"config", "architecture", "variant", "os", "os.version", "Size", "throwaway", "layer_id", "parent_id"}
)
_LEGACY_NAME = re.compile(r"[0-9a-f]{64}/json|blobs/sha256/[0-9a-f]{64}")
_LEGACY_BYTES = 64 << 10
_DOCUMENT_BYTES = 1 << 20
_MOST = 256
_HEAD_BYTES = 64
_OF_COMPRESSION = frozenset({"behind-compression", "compression-header", "chunk-index"})
_SCATTERED = frozenset({"padding", "header", "note"})


def leftovers(
    evidence: Evidence, needed: Iterable[str], limits: Limits, cancel: Cancellation
) -> tuple[Leftover, ...]:
    """Everything but what `needed`, the names that the documents of all images lead to, stands for.

    At most 256 contents; an issue tells of more. Kinds beside those of a tar's runs: `unreferenced`,
    `untagged` (of a complete image that the index does not list), `described` (a manifest of nothing but what
    other documents lead to), `unaccounted` (the archive is cut, and with
    it maybe what refers to the content), `shadowed` (a member that a later one of its name replaces).
    """
    known = _KNOWN if evidence.find("manifest.json") else _OF_LAYOUTS
    rest = [one for one in evidence.unneeded(frozenset(needed)) if _is_left(one, known)]
    untagged = _untagged(evidence, rest, limits)
    found: list[Leftover] = []
    for one in rest:
        if len(found) >= _MOST:
            break
        kind = "shadowed" if one.shadowed else untagged.get(_place(one.blob), "unreferenced")
        if kind == "unreferenced" and evidence.early_end:
            kind = "unaccounted"
        sha256, head = _hashed((one.blob,), cancel)
        if not (one.shadowed and _same_as_last(evidence, one.name, sha256, cancel)):
            found.append(
                Leftover(kind=kind, name=one.name, offset=one.offset, blob=one.blob, sha256=sha256, head=head)
            )
    found += _strays(evidence, cancel)
    if len(found) > _MOST or len(rest) > _MOST:
        lost = sum(one.blob.size for one in rest[_MOST:]) + sum(one.blob.size for one in found[_MOST:])
        evidence.issues.add("limit", "archive", "it holds more that no image needs than is examined", lost)
    return tuple(found[:_MOST])


def _place(blob: Blob) -> tuple[int, int]:
    return blob.fd, blob.offset


def _is_left(one: Stored, known: frozenset[str]) -> bool:
    if not one.blob.size:
        return False
    if one.name in known and not one.shadowed:
        return False
    if _VERSION.fullmatch(one.name) and one.blob.size <= 4:
        return read_blob(one.blob).strip() != b"1.0"
    return not (_LEGACY_NAME.fullmatch(one.name) and not one.shadowed and _is_legacy(one.blob))


def _is_legacy(blob: Blob) -> bool:
    """Whether this is what Docker writes about one layer for versions of it before 1.10."""
    value = _json(blob, _LEGACY_BYTES)
    if not isinstance(value, dict) or not value.keys() <= _LEGACY_KEYS:
        return False
    settings = (value.get(key) for key in ("config", "container_config"))
    return (
        isinstance(value.get("id"), str)
        and re.fullmatch(r"[0-9a-f]{64}", value["id"]) is not None
        and all(one is None or isinstance(one, dict) for one in settings)
    )


def _json(blob: Blob, most: int) -> object:
    if blob.size > most or os.pread(blob.fd, 1, blob.offset) != b"{":
        return None
    try:
        return json.loads(read_blob(blob))
    except (ValueError, RecursionError):
        return None


def _untagged(evidence: Evidence, rest: Sequence[Stored], limits: Limits) -> dict[tuple[int, int], str]:
    """The places of complete images among what is left: their manifests, configurations and layers."""
    found: dict[tuple[int, int], str] = {}
    left = {_place(one.blob) for one in rest}
    room = limits.json_bytes
    for one in rest:
        value = _json(one.blob, min(room, _DOCUMENT_BYTES)) if one.name.startswith("blobs/") else None
        if not isinstance(value, dict):
            continue
        room -= one.blob.size
        parts = [value.get("config"), *_list(value.get("layers")), *_list(value.get("manifests"))]
        names = [_blob_name(part) for part in parts if part is not None]
        blobs = [evidence.find(name) if name else None for name in names]
        if names and None not in blobs:
            places = [_place(blob) for blob in blobs if blob is not None]
            kind = "untagged" if left.intersection(places) else "described"
            found = {**dict.fromkeys(places, "untagged"), **found, _place(one.blob): kind}
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _blob_name(part: object) -> str:
    digest = part.get("digest") if isinstance(part, dict) else None
    matched = re.fullmatch(r"(sha256|sha384|sha512):([0-9a-f]{64,128})", digest) if digest else None
    return f"blobs/{matched[1]}/{matched[2]}" if matched else ""


def _same_as_last(evidence: Evidence, name: str, sha256: str, cancel: Cancellation) -> bool:
    last = evidence.find(name)
    return last is not None and _hashed((last,), cancel)[0] == sha256


def _hashed(blobs: Sequence[Blob], cancel: Cancellation) -> tuple[str, bytes]:
    """The digest and the first bytes of these, one behind the other."""
    hashed, head = hashlib.sha256(), b""
    for blob in blobs:
        for piece in blob_pieces(blob):
            cancel.check()
            hashed.update(piece)
            head += piece[: _HEAD_BYTES - len(head)]
    return hashed.hexdigest(), head


def _strays(evidence: Evidence, cancel: Cancellation) -> Iterator[Leftover]:
    """Bytes of the archive itself that belong to no member; those with little room together."""
    runs, blobs = evidence.stray()
    kinds: dict[str, list[tuple[TarRun, Blob]]] = {}
    for run, blob in zip(runs, blobs, strict=True):
        kinds.setdefault(run.kind, []).append((run, blob))
    for kind, members in kinds.items():
        alone = 0 if kind in _SCATTERED else _MOST
        groups = [[one] for one in members[:alone]] + ([members[alone:]] if members[alone:] else [])
        for group in groups:
            first = group[0][0]
            several = tuple((run.offset, run.size) for run, _ in group) if len(group) > 1 else ()
            whole = evidence.joined([blob for _, blob in group])
            sha256, head = _hashed((whole,), cancel)
            place = kind if kind in _OF_COMPRESSION else "slack"
            yield Leftover(
                kind=kind,
                name=f"!{place}@{first.offset:#x}",
                offset=first.offset,
                blob=whole,
                sha256=sha256,
                head=head,
                member=text(first.name),
                runs=several,
            )

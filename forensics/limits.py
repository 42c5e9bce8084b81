"""Every bound on hostile input, in one place, with its unit."""

from __future__ import annotations

import msgspec

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds a person can raise. Reaching one becomes an `Issue` that names the bytes lost."""

    layer_bytes: int = 64 * GIB
    """Uncompressed bytes of one layer or of a compressed archive."""
    compression_ratio: int = 2000
    """Uncompressed bytes per compressed byte, once more than `ratio_free_bytes` came out."""
    ratio_free_bytes: int = 256 * MIB
    """Uncompressed bytes below which the ratio is not looked at."""
    members: int = 4_000_000
    """Members of one tar."""
    name_bytes: int = 64 * KIB
    """Bytes of one member name or link target."""
    path_depth: int = 4096
    """Components of one path."""
    header_bytes: int = 8 * MIB
    """Bytes of extended headers (pax records, GNU long names) in front of one member."""
    link_hops: int = 40
    """Symbolic links followed for one path, as Linux does."""
    json_bytes: int = 16 * MIB
    """Bytes of one manifest, index or configuration document."""
    sbom_bytes: int = 512 * MIB
    """Bytes of one declared SBOM."""
    database_bytes: int = 256 * MIB
    """Bytes of one package database file."""
    index_depth: int = 8
    """Nested image indexes."""
    manifests: int = 4096
    """Manifests visited in one archive."""
    scan_bytes: int = 512 * MIB
    """Bytes of one file given to the signatures; what lies beyond is reported."""
    text_bytes: int = 4 * MIB
    """Bytes of one script or text read by the script examiner."""
    settings_bytes: int = 1 * MIB
    """Bytes of one settings file or start script read by the detectors, who ask what it sets."""
    strings_shown: int = 100_000
    """Strings listed for one file."""
    evidence_per_finding: int = 32
    """Pieces of evidence kept with one finding."""
    match_seconds: int = 30
    """Wall seconds the signatures may take over one file."""
    file_seconds: int = 60
    """Wall seconds one file may hold a worker before the worker is replaced."""
    store_bytes: int = 32 * GIB
    """Bytes of all pulled images in the store together; the longest unused make room."""


DEFAULT = Limits()

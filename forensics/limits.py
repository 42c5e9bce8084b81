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
    compression_ratio: int = 200
    """Uncompressed bytes per compressed byte, once more than `ratio_free_bytes` came out."""
    ratio_free_bytes: int = 2 * GIB
    """Uncompressed bytes below which the ratio is not looked at."""
    members: int = 400_000
    """Members of one tar, and of all layers of one image together; each takes about 2 KB of memory."""
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
    archive_members: int = 200_000
    """Members looked at of the tar that an image is saved in."""
    layers: int = 400
    """Layers of one image; each holds two files open."""
    image_bytes: int = 256 * GIB
    """Uncompressed bytes of all layers of one image, from the base up; what lies above is not read."""
    worker_bytes: int = 4 * GIB
    """Bytes of memory one worker may hold; the layers it maps do not count."""
    run_seconds: int = 4 * 60 * 60
    """Wall seconds of one analysis; what was not examined by then stays so, and the findings are judged."""
    nested_depth: int = 8
    """Archives within archives that are opened below one file."""
    nested_members: int = 100_000
    """Members of archives examined below one file, and compressed streams in a row."""
    nested_bytes: int = 512 * MIB
    """Bytes of members of archives examined below one file."""
    nested_held_bytes: int = 256 * MIB
    """Unpacked bytes of archives held at one time while one file is examined."""
    nested_ratio: int = 400
    """Unpacked bytes per packed byte in an archive, once more than `nested_ratio_free_bytes` came out."""
    nested_ratio_free_bytes: int = 64 * MIB
    """Unpacked bytes below which the ratio in an archive is not looked at."""
    nested_seconds: int = 50
    """Wall seconds after which no further members are opened below one file, before it loses its worker."""
    nested_kept: int = 64
    """Members of one archive whose facts are kept because they tell something."""
    referrers: int = 256
    """Attestations, signatures and SBOMs attached to one image that are fetched from a registry."""


DEFAULT = Limits()

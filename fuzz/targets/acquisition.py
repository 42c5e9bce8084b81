"""The record beside an acquired image, and the layout that it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from forensics.errors import ForensicsError
from forensics.limits import Limits
from forensics.model.acquisition import SCHEMA, AcquiredContent, Acquisition, NotAcquired
from forensics.model.image import Blob
from forensics.model.issues import Issue
from forensics.sources._acquired import RECORD_NAME, read_record
from fuzz._memory import in_memory
from fuzz._promises import check_issues
from fuzz._target import Target
from fuzz._vary import vary_json
from fuzz.targets.layout import MemoryEvidence

_LIMITS = Limits(json_bytes=64 * 1024, name_bytes=300)


def run(data: bytes) -> None:
    """It is a record of this schema, or an issue says why it is none."""
    with in_memory(data) as blob:
        evidence = MemoryEvidence({RECORD_NAME: blob, "index.json": Blob(blob.fd, 0, 0)})
        record = read_record(evidence, _LIMITS)
        issues = evidence.issues.collected()
        check_issues(issues)
        if record is None:
            assert issues
        else:
            assert record.schema == SCHEMA
            msgspec.json.encode(record)


def seeds() -> Iterator[bytes]:
    """A record with something in every field, one of another schema, one that nests without end."""
    digest = "sha256:" + "ab" * 32
    record = Acquisition(
        source="registry",
        reference="registry:a.invalid/b:1",
        resolved=f"a.invalid/b@{digest}",
        acquired="2024-01-01T00:00:00Z",
        manifest_digest=digest,
        platform="linux/amd64",
        tags=("a.invalid/b:1",),
        contents=(AcquiredContent(digest=digest, size=5, media_type="x", role="layer", verified=True),),
        not_acquired=(NotAcquired(digest=digest, size=7, reason="foreign"),),
        notes=("a note",),
        issues=(Issue(stage="source", code="limit", subject="x", message="y", lost_bytes=3),),
        archive=digest,
    )
    yield msgspec.json.encode(record)
    yield json.dumps({"schema": "forensics-acquisition/9"}).encode()
    yield b'{"later": ' + b"[" * 3000


TARGET = Target(
    id="acquisition", run=run, allowed=(ForensicsError,), seeds=seeds, vary=vary_json, longest=8192
)

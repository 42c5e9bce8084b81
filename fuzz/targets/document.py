"""Manifests, indexes and configurations, whatever they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from forensics.errors import ParseError
from forensics.sources._config import read_config
from forensics.sources._document import Document, decode_json
from forensics.sources._issues import IssueLog
from fuzz._promises import check_issues
from fuzz._target import Target
from fuzz._vary import vary_json

_KEYS = ("config", "layers", "manifests", "mediaType", "size", "digest", "annotations", "Env", "created", "x")


def run(data: bytes) -> None:
    """Every value has the type that was asked for and can be written down; what was left out is an issue."""
    issues = IssueLog()
    document = Document(decode_json(data, "x", issues), "x", issues)
    for one in (document, document.child("config"), *document.children("layers")[:4]):
        for key in _KEYS:
            found = (one.text(key), one.texts(key), one.keys(key), one.mapping(key), one.flag(key))
            msgspec.json.encode(found)
            assert 0 <= one.number(key) < 1 << 63
            one.has(key)
    msgspec.json.encode(read_config(document))
    check_issues(issues.collected())


def configuration() -> dict[str, object]:
    """A configuration with everything in it."""
    run_with = {
        "User": "0", "Env": ["PATH=/bin"], "Entrypoint": ["/x"], "Cmd": "y", "Shell": ["sh"],
        "Labels": {"a": "b"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "StopSignal": "9",
        "WorkingDir": "/", "Healthcheck": {"Test": ["CMD", "x"]}, "OnBuild": ["RUN x"],
    }  # fmt: skip
    return {
        "architecture": "amd64", "os": "linux", "variant": "v8", "created": "2024-01-01T00:00:00Z",
        "author": "x", "config": run_with, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]},
        "history": [{"created_by": "CMD x", "empty_layer": True}, {"created_by": "COPY a b", "comment": "c"}],
    }  # fmt: skip


def seeds() -> Iterator[bytes]:
    """A configuration, keys in another case, bytes that are not UTF-8, and what is hardly JSON."""
    yield json.dumps(configuration()).encode()
    yield b'\xef\xbb\xbf{"Config": {"env": 1}, "config": {"Env": ["\xff=\\udc80"]}, "layers": [1, {}]}'
    yield b'{"size": 99999999999999999999, "digest": NaN, "created": Infinity}'
    yield b"[" * 3000


TARGET = Target(
    id="document",
    run=run,
    allowed=(ParseError,),
    seeds=seeds,
    harvest=("json",),
    vary=vary_json,
    longest=16384,
)

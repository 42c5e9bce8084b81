"""A small registry of the tests' own, which misbehaves as it is told and keeps what it was asked."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.image_archives import OCI_INDEX, OCI_MANIFEST, OciBlobs


@dataclass
class Reply:
    """What is sent. A `body` of several pieces is sent piece by piece, each after `pause` is asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | list[bytes] = b""
    pause: Callable[[], object] = lambda: None
    length: int | None = None


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Rule = Callable[[Asked], "Reply | None"]


class Double:
    """Serves `blobs`, `tags` and `referrers` of any repository; `rules` come first."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.blobs: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.referrers: dict[str, list[dict[str, Any]]] | None = None
        self.rules: list[Rule] = []
        self.asked: list[Asked] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
                double.asked.append(asked)
                self._send(double.reply(asked))

            do_HEAD = do_GET  # noqa: N815 - the library's name
            do_POST = do_GET  # noqa: N815 - the library's name

            def _send(self, reply: Reply) -> None:
                pieces = [reply.body] if isinstance(reply.body, bytes) else reply.body
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                total = sum(map(len, pieces)) if reply.length is None else reply.length
                self.send_header("Content-Length", str(total))
                self.end_headers()
                for piece in pieces if self.command != "HEAD" else ():
                    reply.pause()
                    self.wfile.write(piece)
                    self.wfile.flush()
                if reply.length is not None:
                    self.close_connection = True

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def take(self, blobs: OciBlobs, **tags: dict[str, Any]) -> None:
        """Hold these blobs, and manifests under tags."""
        self.blobs |= blobs.blobs
        for tag, descriptor in tags.items():
            self.tag(tag, descriptor)

    def tag(self, tag: str, descriptor: dict[str, Any]) -> None:
        """Let a tag mean this manifest."""
        self.tags[tag] = descriptor["digest"]
        self.types[descriptor["digest"]] = descriptor["mediaType"]

    def reply(self, asked: Asked) -> Reply:
        """The first reply of a rule, else what a registry says."""
        for rule in self.rules:
            if (reply := rule(asked)) is not None:
                return reply
        return self.plain(asked)

    def plain(self, asked: Asked) -> Reply:
        """What a registry says."""
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs|referrers)/([^/?]+)", asked.path)
        if not found:
            return Reply(404)
        kind, wanted = found[2], found[3]
        if kind == "referrers":
            if self.referrers is None:
                return Reply(404)
            value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self.referrers.get(wanted, [])}
            return Reply(headers={"Content-Type": OCI_INDEX}, body=json.dumps(value).encode())
        digest = self.tags.get(wanted, wanted) if kind == "manifests" else wanted
        content = self.blobs.get(digest)
        if content is None:
            return Reply(404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
        headers = {"Docker-Content-Digest": digest}
        if kind == "manifests":
            headers["Content-Type"] = self.types.get(digest, OCI_MANIFEST)
        ranged = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        if ranged and kind == "blobs":
            start = int(ranged[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return Reply(206, headers, content[start:])
        return Reply(200, headers, content)

    def paths(self, part: str) -> list[str]:
        """The requested paths that hold `part`, in their order."""
        return [asked.path for asked in self.asked if part in asked.path]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def double(context: ssl.SSLContext | None = None) -> Iterator[Double]:
    """A double that is closed at the end."""
    server = Double(context)
    try:
        yield server
    finally:
        server.close()

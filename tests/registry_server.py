"""A real registry on loopback with TLS and passwords, filled by skopeo, and proxies that stand before it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.access import Access

USER, PASSWORD = "analyst", "correct horse"
_CONFIGURATION = """\
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ROOT}, cache: {}}
http: {addr: "127.0.0.1:PORT", secret: none, tls: {certificate: CERT, key: KEY}}
auth: {htpasswd: {realm: tests, path: PASSWORDS}}
"""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Certificates:
    """An authority of the tests' own, a server certificate of it for loopback, and one for a client."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def server_context(self, *, asks_for_certificate: bool = False) -> ssl.SSLContext:
        """How a server of a test speaks TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        if asks_for_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


def make_certificates(openssl: str, folder: Path) -> Certificates:
    """Certificates that are good for a day."""

    def run(*words: str | Path) -> None:
        subprocess.run([openssl, *map(str, words)], check=True, capture_output=True, timeout=60)

    ca, ca_key = folder / "ca.crt", folder / "ca.pem"
    elliptic = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    authority = ("-subj", "/CN=tests", "-addext", "keyUsage=critical,keyCertSign", "-days", "1")
    run("req", "-x509", *elliptic, "-keyout", ca_key, "-out", ca, *authority)
    for name in ("server", "client"):
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1\n")
        run(
            "req",
            "-new",
            *elliptic,
            "-keyout",
            folder / f"{name}-key.pem",
            "-out",
            request,
            "-subj",
            f"/CN={name}",
        )
        signing = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-extfile", extensions, "-days", "1")
        run("x509", "-req", "-in", request, *signing, "-out", folder / f"{name}.pem")
    return Certificates(
        ca, folder / "server.pem", folder / "server-key.pem", folder / "client.pem", folder / "client-key.pem"
    )


class Registry:
    """The program `docker-registry`; it can be stopped and started again on the same port."""

    def __init__(
        self, program: str, skopeo: str, htpasswd: str, folder: Path, certificates: Certificates
    ) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.certificates = certificates
        self.storage = folder / "storage"
        self._program = program
        self._skopeo = skopeo
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        passwords = folder / "htpasswd"
        made = subprocess.run([htpasswd, "-Bbn", USER, PASSWORD], check=True, capture_output=True, timeout=60)
        passwords.write_bytes(made.stdout)
        values = {
            "ROOT": self.storage,
            "PORT": self.port,
            "CERT": certificates.server,
            "KEY": certificates.server_key,
            "PASSWORDS": passwords,
        }
        text = _CONFIGURATION
        for word, value in values.items():
            text = text.replace(word, str(value))
        self._configuration = folder / "config.yml"
        self._configuration.write_text(text)
        self.trust = folder / "trust"
        self.trust.mkdir()
        shutil.copy(certificates.ca, self.trust / "ca.crt")

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            [self._program, "serve", str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("docker-registry did not start")

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def push(self, source: str, name: str, *options: str) -> str:
        """Copy an image there; the digest of the manifest under the name."""
        common = ["--insecure-policy"]
        target = ["--dest-cert-dir", str(self.trust), "--dest-creds", f"{USER}:{PASSWORD}"]
        subprocess.run(
            [self._skopeo, *common, "copy", "-q", *options, *target, source, f"docker://{self.host}/{name}"],
            check=True,
            timeout=120,
        )
        return self.digest(name)

    def put_manifest(self, name: str, content: bytes, media_type: str) -> None:
        """Put a manifest as it is under a name with a tag; everything it names must be there."""
        repository, _, tag = name.partition(":")
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"https://{self.host}/v2/{repository}/manifests/{tag}",
            data=content,
            headers={"Authorization": f"Basic {pair}", "Content-Type": media_type},
            method="PUT",
        )
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            assert answer.status == 201

    def digest(self, name: str) -> str:
        """What skopeo says the digest of the manifest is."""
        options = ["--cert-dir", str(self.trust), "--creds", f"{USER}:{PASSWORD}", "--raw"]
        raw = subprocess.run(
            [self._skopeo, "inspect", *options, f"docker://{self.host}/{name}"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return "sha256:" + hashlib.sha256(raw.stdout).hexdigest()

    def blob_path(self, digest: str) -> Path:
        """Where it keeps a blob."""
        encoded = digest.partition(":")[2]
        return self.storage / "docker/registry/v2/blobs/sha256" / encoded[:2] / encoded / "data"

    def access(self, folder: Path, *hosts: str, password: str = PASSWORD) -> Access:
        """How to reach it, or others with the same password, by a file of credentials."""
        return access_to(folder, *(hosts or (self.host,)), ca=self.certificates.ca, password=password)


def access_to(folder: Path, *hosts: str, ca: Path, password: str = PASSWORD) -> Access:
    """Credentials for some hosts in a file."""
    pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path = folder / "auth.json"
    path.write_text(json.dumps({"auths": {host: {"auth": pair} for host in hosts}}))
    return Access(authfile=path, ca_file=ca)


@pytest.fixture(scope="session")
def certificates(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tool("openssl"), tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def registry(
    tool: Callable[[str], str], certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    server = Registry(tool("docker-registry"), tool("skopeo"), tool("htpasswd"), folder, certificates)
    server.start()
    yield server
    server.kill()


class Gate:
    """A TCP proxy in front of a port: lets so many bytes of the answers through and then holds or cuts.

    `reached` is set when that many have passed; `open()` lets everything through from then on.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.host = f"127.0.0.1:{self.port}"
        self.reached = threading.Event()
        self._opened = threading.Event()
        self._opened.set()
        self._guard = threading.Lock()
        self._left = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close_after(self, count: int) -> None:
        """Let `count` bytes of answers through from now on, then none."""
        with self._guard:
            self._left = count
        self.reached.clear()
        self._opened.clear()

    def open(self) -> None:
        """Let everything through."""
        self._opened.set()

    def cut(self) -> None:
        """Break every connection there is."""
        with self._guard:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                client.close()
                continue
            with self._guard:
                self._sockets += [client, server]
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(4096):
                while counted and piece and not self._opened.is_set():
                    with self._guard:
                        part = piece[: self._left]
                        self._left -= len(part)
                    target.sendall(part)
                    piece = piece[len(part) :]
                    if piece:
                        self.reached.set()
                        self._opened.wait(0.05)
                        if source.fileno() < 0:
                            return
                target.sendall(piece)
        except OSError:
            pass
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

"""Real engines for tests, each with folders of its own: `dockerd`, and podman's compatible service."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 60


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class RunningEngine:
    """An engine that answers. `folder` is where it keeps everything, `tcp` a second address if it has one."""

    name: str
    folder: Path
    tcp: str = ""

    @property
    def path(self) -> Path:
        return self.folder / "engine.sock"

    @property
    def host(self) -> str:
        """What DOCKER_HOST is set to."""
        return f"unix://{self.path}"

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request by nothing but the standard library; the answer must be a good one."""
        with contextlib.closing(_SocketConnection(self.path)) as connection:
            headers = {"Content-Type": "application/x-tar"} if body else {}
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            return content

    def load(self, archive: bytes) -> None:
        """What `docker load` does."""
        self.ask("POST", "/v1.41/images/load", archive)

    def tag(self, name: str, repository: str, tag: str) -> None:
        self.ask("POST", f"/v1.41/images/{name}/tag?repo={repository}&tag={tag}")

    def identity(self, name: str) -> str:
        return str(json.loads(self.ask("GET", f"/v1.41/images/{name}/json"))["Id"])

    def save(self, name: str, target: Path) -> Path:
        """What `docker save` writes."""
        target.write_bytes(self.ask("GET", f"/v1.41/images/{name}/get"))
        return target


@contextlib.contextmanager
def docker_daemon(dockerd: str, *options: str, tcp: str = "") -> Iterator[RunningEngine]:
    """A Docker daemon that keeps images and starts no network; needs root."""
    with _folder() as folder:
        command = [
            dockerd,
            "--storage-driver=vfs",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            f"--data-root={folder / 'data'}",
            f"--exec-root={folder / 'exec'}",
            f"--pidfile={folder / 'pid'}",
            f"--host=unix://{folder / 'engine.sock'}",
            *options,
        ]
        with _started(command, RunningEngine("docker", folder, tcp)) as engine:
            yield engine


@contextlib.contextmanager
def podman_service(podman: str) -> Iterator[RunningEngine]:
    """Podman's service over a socket, with storage of its own."""
    with _folder() as folder:
        storage = [
            "--root",
            str(folder / "root"),
            "--runroot",
            str(folder / "run"),
            "--storage-driver",
            "vfs",
        ]
        command = [podman, *storage, "system", "service", "--time=0", f"unix://{folder / 'engine.sock'}"]
        with _started(command, RunningEngine("podman", folder)) as engine:
            yield engine


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A short path: that of a socket may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="engine-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            _unmount(Path(folder))


def _unmount(folder: Path) -> None:
    for line in reversed(Path("/proc/self/mounts").read_text("utf-8").splitlines()):
        place = line.split(" ")[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], capture_output=True)


@contextlib.contextmanager
def _started(command: Sequence[str], engine: RunningEngine) -> Iterator[RunningEngine]:
    with (engine.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_for(engine, process)
            yield engine
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(engine: RunningEngine, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
            engine.ask("GET", "/_ping")
            return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{engine.name} did not start: {(engine.folder / 'log').read_text()[-2000:]}")
        time.sleep(0.05)

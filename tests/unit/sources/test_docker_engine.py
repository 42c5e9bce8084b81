"""What an engine does that no real one can be made to do at will, played by a stub behind a real socket."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.errors import Cancelled, ChoiceNeeded, ImageNotOpened
from forensics.limits import DEFAULT, Limits
from forensics.model.image import Image
from forensics.sources import _engine, open_image
from forensics.sources._engine_client import proxies_for
from forensics.spool import Spool
from forensics.store import Store
from tests.image_archives import as_json, config_of, digest, docker_save

CONFIG = config_of([b"layer"])
ARCHIVE = docker_save([b"layer"], config=CONFIG)
VERSION = {"Version": "99.1", "ApiVersion": "1.41", "Components": [{"Name": "Engine"}]}
IMAGE = {"Id": digest(CONFIG), "RepoTags": ["app:1"], "RepoDigests": [], "Size": len(ARCHIVE)}
ERROR = {"message": "disk \x1b[2J on fire"}
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(value: object, status: int = 200) -> Answer:
    """Answers with JSON."""
    return sends(as_json(value), status)


def sends(content: bytes, status: int = 200, length: int | None = None) -> Answer:
    """Answers with bytes, and announces `length` of them."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.end_headers()
        request.wfile.write(content)

    return answer


def chunks(*pieces: bytes, whole: bool = True) -> Answer:
    """Answers piece by piece, as engines send archives; not `whole`: without the end of the response."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for piece in pieces:
            request.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if whole:
            request.wfile.write(b"0\r\n\r\n")
        request.close_connection = True

    return answer


class Stub:
    """An engine of one image whose answers a test may replace; `asked` are the paths it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {
            "/version": says(VERSION),
            "/images/.+/json": says(IMAGE),
            "/images/json.*": says([IMAGE]),
            "/images/.+/get": chunks(ARCHIVE[:1000], ARCHIVE[1000:]),
        }

    def find(self, path: str) -> Answer:
        self.asked.append(path)
        plain = re.sub(r"^/v[0-9.]+", "", path)
        for pattern, answer in self.answers.items():
            if re.fullmatch(pattern, plain):
                return answer
        return says({"message": "page not found"}, 404)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    one = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(BrokenPipeError):
                one.find(self.path)(self)

        def log_message(self, *arguments: Any) -> None:
            pass

        def address_string(self) -> str:
            return "socket"

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with tempfile.TemporaryDirectory(prefix="stub-", dir="/tmp") as folder:
        server = Server(f"{folder}/engine.sock", Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/engine.sock")
        monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "store"))
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def image_of(
    reference: str = "docker:app:1",
    *,
    limits: Limits = DEFAULT,
    access: Access | None = None,
    cancel: Cancellation | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Image:
    with (
        Spool() as spool,
        open_image(
            reference,
            spool=spool,
            limits=limits,
            access=access or Access(),
            cancel=cancel,
            on_progress=on_progress,
        ) as opened,
    ):
        return opened.image


def refusal(reference: str = "docker:app:1", **more: Any) -> ImageNotOpened:
    """The error of an opening that fails: one printable line and a hint."""
    with pytest.raises(ImageNotOpened) as raised:
        image_of(reference, **more)
    assert raised.value.message.isprintable()
    assert raised.value.hint.isprintable()
    assert raised.value.hint
    return raised.value


def nothing_kept() -> bool:
    """Whether the store holds no content and no part of one."""
    with Store(most_bytes=1 << 40) as store:
        return store.used_bytes() == 0 and store.images() == ()


def test_an_image_is_asked_for_once_by_its_tag(stub: Stub) -> None:
    image = image_of()
    assert image.source == "docker_engine"
    assert image.reference == "docker:app:1"
    assert image.config_digest == digest(CONFIG)
    assert image.tags == ("app:1",)
    assert image.issues == ()
    assert [path for path in stub.asked if path.endswith("/get")] == ["/v1.41/images/app:1/get"]


def test_progress_tells_the_bytes_and_never_more_than_the_total(stub: Stub) -> None:
    stub.answers["/images/.+/json"] = says({**IMAGE, "Size": 1500})
    told: list[tuple[int, int]] = []
    image_of(on_progress=lambda done, total: told.append((done, total)))
    assert told[0][1] == 1500
    assert told[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert all(done <= total for done, total in told)


def test_a_stream_that_breaks_half_way_is_no_image(stub: Stub) -> None:
    stub.answers["/images/.+/get"] = chunks(ARCHIVE[:3000], whole=False)
    error = refusal()
    assert "Docker Engine 99.1 broke off after 3,000 bytes" in error.message
    assert "incomplete" in error.hint
    assert nothing_kept()


def test_fewer_bytes_than_announced_are_no_image(stub: Stub) -> None:
    def short(request: BaseHTTPRequestHandler) -> None:
        sends(ARCHIVE[:3000], length=len(ARCHIVE))(request)
        request.close_connection = True

    stub.answers["/images/.+/get"] = short
    assert "broke off after" in refusal().message
    assert nothing_kept()


def test_an_error_in_the_place_of_the_rest_of_the_archive_is_told(stub: Stub) -> None:
    message = as_json({"errorDetail": ERROR, "error": ERROR["message"]}) + b"\r\n"
    stub.answers["/images/.+/get"] = chunks(ARCHIVE[:2048], message)
    done = f"{2048 + len(message):,}"
    assert rf"broke off after {done} bytes of the image: disk \x1b[2J on fire" in refusal().message
    assert nothing_kept()


def test_a_file_that_ends_like_such_an_error_is_none(stub: Stub) -> None:
    layer = as_json({"errorDetail": ERROR, "error": ERROR["message"]})
    config = config_of([layer])
    stub.answers["/images/.+/json"] = says({**IMAGE, "Id": digest(config)})
    stub.answers["/images/.+/get"] = chunks(docker_save([layer], config=config))
    assert image_of().config_digest == digest(config)


def test_an_archive_that_ends_early_is_called_that(stub: Stub) -> None:
    stub.answers["/images/.+/get"] = chunks(ARCHIVE[:1024])
    assert "for app:1 is an archive that ends early, at byte 1,024" in refusal().message


def test_what_is_no_archive_is_called_that(stub: Stub) -> None:
    for content in (b"<html>hello</html>", b""):
        stub.answers["/images/.+/get"] = sends(content)
        assert "sent for app:1 is no docker-save archive" in refusal().message


def test_a_refusal_before_the_archive_is_in_the_words_of_the_engine(stub: Stub) -> None:
    stub.answers["/images/.+/get"] = says({"message": "no space\nleft \x9bon device."}, 500)
    assert refusal().message == r"Docker Engine 99.1 refuses app:1: no space left \x9bon device"
    assert nothing_kept()


def test_an_error_of_the_engine_is_not_taken_for_an_unknown_name(stub: Stub) -> None:
    stub.answers["/images/.+/json"] = says({"message": "database is locked"}, 500)
    assert refusal().message == "Docker Engine 99.1 refuses app:1: database is locked"


def test_another_image_than_the_engine_named_is_an_issue(stub: Stub) -> None:
    stub.answers["/images/.+/json"] = says({**IMAGE, "Id": digest(b"another")})
    (issue,) = image_of().issues
    assert issue.code == "digest-mismatch"
    assert digest(b"another") in issue.message


@pytest.mark.parametrize("told", [{}, [], {"Id": 7}, {"Id": "../../etc/passwd"}, {"Id": "sha256:zz"}])
def test_an_image_without_an_id_is_not_opened(stub: Stub, told: object) -> None:
    stub.answers["/images/.+/json"] = says(told)
    assert "without a usable id" in refusal().message


def test_odd_members_of_an_answer_are_passed_over(stub: Stub) -> None:
    odd = {"RepoTags": [7, "app:1", "<none>:<none>"], "RepoDigests": None, "Size": "much"}
    stub.answers["/images/.+/json"] = says({**IMAGE, **odd})
    stub.answers["/version"] = says({"ApiVersion": "1.41", "Components": "none", "Version": None})
    assert image_of().tags == ("app:1",)


def test_an_engine_that_is_too_old(stub: Stub) -> None:
    stub.answers["/version"] = says({**VERSION, "ApiVersion": "1.20"})
    error = refusal()
    assert "is too old" in error.message
    assert "docker save" in error.hint


def test_a_newer_engine_is_asked_in_its_own_version(stub: Stub) -> None:
    stub.answers["/version"] = says({**VERSION, "ApiVersion": "1.99", "MinAPIVersion": "1.90"})
    image_of()
    assert "/v1.99/images/app:1/get" in stub.asked


@pytest.mark.parametrize(
    "answer",
    [
        says({"hello": 1}),
        says(["x"]),
        says("x"),
        says({"ApiVersion": "x"}),
        sends(b"<html>"),
    ],
)
def test_what_is_no_engine(stub: Stub, answer: Answer) -> None:
    stub.answers["/version"] = answer
    assert "is no Docker Engine" in refusal().message


def test_more_bytes_than_an_archive_may_have(stub: Stub) -> None:
    error = refusal(limits=Limits(layer_bytes=2000))
    assert "more than 2,000 bytes" in error.message
    assert "layer_bytes" in error.hint
    assert nothing_kept()


def test_the_wait_for_an_engine_can_be_ended(stub: Stub) -> None:
    """Docker writes the whole archive to its disk before it sends the first byte."""
    cancel, released = Cancellation(), threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        cancel.cancel()
        released.wait(30)

    stub.answers["/images/.+/get"] = hang
    began = time.monotonic()
    with pytest.raises(Cancelled):
        image_of(cancel=cancel)
    assert time.monotonic() - began < 5
    released.set()
    assert nothing_kept()


def test_an_ambiguous_short_id_lists_what_it_fits(stub: Stub) -> None:
    twins = [{**IMAGE, "Id": f"sha256:ab{digit * 62}", "RepoTags": None} for digit in "01"]
    stub.answers["/images/.+/json"] = says({"message": "No such image: ab:latest"}, 404)
    stub.answers["/images/json.*"] = says(twins)
    with pytest.raises(ChoiceNeeded) as raised:
        image_of("docker:ab")
    assert raised.value.choices == ("ab0000000000  (no tag)", "ab1111111111  (no tag)")
    assert "has no image abc" in refusal("docker:abc").message


def test_a_name_that_looks_like_an_id_is_a_name_first(stub: Stub) -> None:
    named = {**IMAGE, "RepoTags": [f"{digest(CONFIG)[7:11]}:latest"]}
    stub.answers["/images/.+/json"] = says(named)
    image_of(f"docker:{digest(CONFIG)[7:11]}")
    assert stub.asked[-1] == f"/v1.41/images/{digest(CONFIG)[7:11]}:latest/get"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///nowhere/engine.sock", "there is no engine at unix:///nowhere/engine.sock"),
        ("unix:///etc/passwd", "no engine listens at unix:///etc/passwd"),
        ("tcp://127.0.0.1:1", "no engine listens at tcp://127.0.0.1:1"),
        ("127.0.0.1:1", "no engine listens at 127.0.0.1:1"),
        ("tcp://127.0.0.1", "port is required"),
        ("ssh://root@host", "not reached over SSH, as ssh://host asks"),
        ("fd://3", "fd://3 is no address"),
        ("npipe:////./pipe/engine", "is no address"),
        ("tcp://me:hun/ter2@127.0.0.1:1", "tcp://127.0.0.1:1"),
        ("me:hunter2@127.0.0.1:1", "127.0.0.1:1 cannot be asked"),
        ("tcp://me:hunter2@127.0.0.1", "127.0.0.1 cannot be asked"),
        ("fd://me:hunter2@3", "fd://3 is no address"),
        ("ssh://me:hunter2@host", "as ssh://host asks"),
        ("unix:///\x1b[2J", r"there is no engine at unix:///\x1b[2J"),
    ],
)
def test_no_engine_is_told_in_one_line(host: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    error = refusal()
    assert said in error.message
    assert "ter2" not in error.message + error.hint


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "127.0.0.1:1", "https://host.invalid:1", "http://x:1"])
def test_offline_refuses_an_engine_behind_a_network(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert "which --offline refuses" in refusal(access=Access(offline=True)).message


def test_offline_allows_a_socket(stub: Stub) -> None:
    assert image_of(access=Access(offline=True)).tags == ("app:1",)


def test_the_current_context_of_docker_is_followed(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    host = os.environ["DOCKER_HOST"]
    monkeypatch.delenv("DOCKER_HOST")
    context(tmp_path, "mine", host)
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "mine"}))
    assert image_of().tags == ("app:1",)
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    assert refusal().message == "there is no Docker context other"
    context(tmp_path, "other", "ssh://far.invalid")
    assert "ssh://far.invalid" in refusal().message
    monkeypatch.setenv("DOCKER_HOST", host)
    assert image_of().tags == ("app:1",)


def context(folder: Path, name: str, host: str) -> None:
    """A context as `docker context create` writes it: in a folder named after the digest of its name."""
    place = folder / "contexts" / "meta" / digest(name.encode())[7:]
    place.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (place / "meta.json").write_text(json.dumps(meta))


def test_a_damaged_context_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    (tmp_path / "config.json").write_text("{}")
    context(tmp_path, "mine", "unix:///x")
    (meta,) = tmp_path.rglob("meta.json")
    meta.write_text("{")
    assert "the Docker context mine cannot be read" in refusal().message


def test_the_program_starts_without_the_client() -> None:
    program = "import sys, forensics.sources as s; s.sources(); print('docker' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


# engines that mean harm


@pytest.fixture
def over_tcp(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The stub behind a port, its address in DOCKER_HOST; the list holds the headers of every question."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(str(self.headers))
            with contextlib.suppress(BrokenPipeError):
                stub.find(self.path)(self)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_engine_cannot_send_a_question_to_another_host(
    stub: Stub, over_tcp: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_bytes(as_json({"HttpHeaders": {"X-Secret": "top secret"}}))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def elsewhere(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", f"http://localhost:{other.getsockname()[1]}/")
            request.end_headers()

        for path in ("/images/.+/get", "/images/.+/json", "/version"):
            before, stub.answers[path] = stub.answers[path], elsewhere
            assert "not followed" in refusal().message
            stub.answers[path] = before
        other.settimeout(0.01)
        with pytest.raises(TimeoutError):
            other.accept()
    assert all("top secret" in headers for headers in over_tcp), "the engine itself gets what Docker sends it"


def test_netrc_and_proxies_are_not_for_an_engine_of_this_machine(
    stub: Stub, over_tcp: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert image_of().tags == ("app:1",)
    assert over_tcp
    assert not any("Authorization" in headers for headers in over_tcp)


def test_proxies_are_those_of_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:2")
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3")
    assert proxies_for("http://engine:2375/v1.41/version") == {"http": "http://proxy:1"}
    assert proxies_for("https://engine:2376/version") == {"https": "http://proxy:2"}
    for url in ("http+docker://localhost/x", "http://localhost:1/", "http://127.0.0.2:1/", "http://[::1]:1/"):
        assert proxies_for(url) == {}
    monkeypatch.setenv("NO_PROXY", "engine")
    assert proxies_for("http://engine:2375/version") == {}


@pytest.mark.parametrize("path", ["/version", "/images/.+/json", "/images/json.*"])
def test_an_answer_has_a_bound(stub: Stub, path: str) -> None:
    stub.answers["/images/.+/json"] = says(ERROR, 404)
    stub.answers[path] = chunks(b'{"Id":"', *[b"a" * 5000] * 20, b'"}')
    error = refusal(limits=Limits(json_bytes=50_000))
    assert "more than 50,000 bytes" in error.message


def test_a_refusal_has_a_bound(stub: Stub) -> None:
    stub.answers["/images/.+/get"] = sends(b"x" * 60_000, 500)
    assert "more than 50,000 bytes" in refusal(limits=Limits(json_bytes=50_000)).message


def test_an_answer_in_a_compression_is_not_unpacked(stub: Stub) -> None:
    def packed(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        request.close_connection = True

    stub.answers["/images/.+/get"] = packed
    assert "compression" in refusal().message


@pytest.mark.parametrize("path", ["/version", "/images/.+/json", "/images/json.*"])
def test_every_wait_for_an_engine_can_be_ended(stub: Stub, path: str) -> None:
    """An engine may send a byte now and then, for ever."""
    cancel, released = Cancellation(), threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        cancel.cancel()
        while not released.wait(0.05):
            request.wfile.write(b" ")

    stub.answers["/images/.+/json"] = says(ERROR, 404)
    stub.answers[path] = drip
    began = time.monotonic()
    with pytest.raises(Cancelled):
        image_of(cancel=cancel)
    assert time.monotonic() - began < 5
    released.set()


def test_an_answer_that_never_ends_is_given_up(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not released.wait(0.05):
            request.wfile.write(b" ")

    monkeypatch.setattr(_engine, "_WHOLE_ANSWER_SECONDS", 0.3)
    stub.answers["/images/.+/json"] = drip
    assert "does not answer" in refusal().message
    released.set()


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (None, "has no image nothing"),
        ([None, 3, [], {}, {"Id": 5}, {"Id": "sha256:x"}], "has no image nothing"),
        ({"a": 1}, "no list of images"),
        ("text", "no list of images"),
    ],
)
def test_an_odd_list_of_images_is_one_line(stub: Stub, listed: object, said: str) -> None:
    stub.answers["/images/.+/json"] = says({"message": "no such image"}, 404)
    stub.answers["/images/json.*"] = says(listed)
    assert said in refusal("docker:nothing").message


def test_odd_entries_beside_an_image_are_passed_over(stub: Stub) -> None:
    stub.answers["/images/.+/json"] = says({"message": "no such image"}, 404)
    stub.answers["/images/json.*"] = says([None, {"Id": 1}, IMAGE])
    assert image_of(f"docker:{digest(CONFIG)[7:20]}").tags == ("app:1",)


def test_an_answer_that_is_nested_too_deeply_is_one_line(stub: Stub) -> None:
    stub.answers["/images/.+/json"] = sends(b"[" * 200_000)
    assert "no Docker Engine" in refusal().message

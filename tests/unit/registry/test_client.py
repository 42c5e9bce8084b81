"""Requests to a registry that misbehaves: over plain HTTP on loopback, with little patience."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.digests import sha256_digest
from forensics.errors import Cancelled, UsageError
from forensics.limits import DEFAULT, Limits
from forensics.registry import (
    Delivery,
    Denied,
    NotThere,
    Patience,
    RegistryClient,
    RegistryError,
    SentWrongBytes,
    parse_name,
)
from forensics.registry.addresses import host_of, proxy_for
from forensics.registry.errors import ConnectionLost
from forensics.registry.mirrors import VARIABLE
from forensics.registry.tries import seconds_to_wait
from tests.image_archives import OciBlobs
from tests.registry_double import Asked, Double, Reply, double

QUICK = Patience(tries=3, first_pause=0.05, most_pause=2, connect=2, silence=0.5, document=2, slowest=4096)
PLAIN = Access(plain_http=True)
BYTES = bytes(range(256)) * 40


class Memory:
    """A sink."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = bytearray(content)

    @property
    def offset(self) -> int:
        return len(self.content)

    def write(self, data: bytes) -> None:
        self.content += data

    def restart(self) -> None:
        self.content.clear()

    def finish(self) -> None:
        if self.content != BYTES:
            self.content.clear()
            raise SentWrongBytes("other bytes")


@pytest.fixture
def server():
    with double() as server:
        server.blobs[sha256_digest(BYTES)] = BYTES
        blobs = OciBlobs()
        server.take(blobs, v1=blobs.image([b""]))
        yield server


def client(
    server: Double,
    *,
    access: Access = PLAIN,
    limits: Limits = DEFAULT,
    patience: Patience = QUICK,
    cancel: Cancellation | None = None,
    name: str = "team/app",
    environment: dict[str, str] | None = None,
) -> RegistryClient:
    return RegistryClient(
        parse_name(f"{server.host}/{name}"),
        access=access,
        limits=limits,
        cancel=cancel or Cancellation(),
        patience=patience,
        environment=environment or {},
    )


def credentials(tmp_path: Path, *hosts: str, **entry: str) -> Access:
    path = tmp_path / "auth.json"
    found = entry or {"username": "me", "password": "secret"}
    path.write_text(json.dumps({"auths": dict.fromkeys(hosts, found)}))
    return replace(PLAIN, authfile=path)


def fetch(asking: RegistryClient, sink: Memory, size: int = len(BYTES)) -> Delivery:
    delivery = Delivery()
    asking.blob(sha256_digest(BYTES), size, sink, delivery)
    return delivery


# -- manifests -----------------------------------------------------------------------------------------------


def test_a_manifest_by_tag_and_by_digest(server):
    with client(server) as asking:
        by_tag = asking.manifest("v1")
        assert sha256_digest(by_tag.content) == by_tag.digest == server.tags["v1"]
        assert asking.manifest(by_tag.digest) == by_tag
    assert "application/vnd.docker.distribution.manifest.list.v2+json" in server.asked[0].headers["Accept"]


def test_what_is_not_there(server):
    with (
        client(server) as asking,
        pytest.raises(NotThere, match=r"knows no image team/app:no \(manifest unknown\)"),
    ):
        asking.manifest("no")
    assert len(server.asked) == 1


def test_a_manifest_with_another_digest_is_refused(server):
    server.rules.append(lambda asked: Reply(body=b"{}") if "/manifests/" in asked.path else None)
    with client(server) as asking, pytest.raises(SentWrongBytes):
        asking.manifest(server.tags["v1"])


def test_a_manifest_without_end_is_ended(server):
    server.rules.append(lambda asked: Reply(body=[b" " * 1000] * 1000))
    with (
        client(server, limits=Limits(json_bytes=5000)) as asking,
        pytest.raises(RegistryError, match="more than 5,000"),
    ):
        asking.manifest("v1")


def test_error_texts_are_printable(server):
    text = json.dumps({"errors": [{"message": "\x1b[2J\u202e" + "x" * 5000}]}).encode()
    server.rules.append(lambda asked: Reply(404, body=text))
    with client(server) as asking, pytest.raises(NotThere) as raised:
        asking.manifest("v1")
    assert raised.value.message.isprintable()
    assert len(raised.value.message) < 400


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"errors":[]}', b"<html>", b"[" * 6000, b'{"errors":[{"message":5}]}']
)
def test_errors_without_a_text(server, body):
    server.rules.append(lambda asked: Reply(418, body=body))
    with client(server) as asking, pytest.raises(RegistryError, match=r"answered with 418$"):
        asking.manifest("v1")


# -- who has to wait -----------------------------------------------------------------------------------------


def test_a_busy_server_is_asked_again_when_it_says_so(server):
    replies = [Reply(429, {"Retry-After": "1"}), Reply(503)]
    server.rules.append(lambda asked: replies.pop(0) if replies else None)
    begin = time.monotonic()
    with client(server) as asking:
        asking.manifest("v1")
    assert len(server.asked) == 3
    assert 1.0 <= time.monotonic() - begin < 5


@pytest.mark.parametrize("status", [429, 500, 503])
def test_tries_are_bounded(server, status):
    server.rules.append(lambda asked: Reply(status))
    with client(server) as asking, pytest.raises(ConnectionLost):
        asking.manifest("v1")
    assert len(server.asked) == QUICK.tries


def test_nobody_waits_for_an_hour(server):
    server.rules.append(lambda asked: Reply(429, {"Retry-After": "3600"}))
    with client(server) as asking, pytest.raises(RegistryError, match="3600 s"):
        asking.manifest("v1")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("-7", None),
        ("x", None),
        ("9" * 40, None),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("Thu, 99 Jan 1970 00:00:01 GMT", None),
    ],
)
def test_when_to_come_back(header, seconds):
    assert seconds_to_wait(header, now=10.0) == seconds


def test_a_server_that_never_answered_is_not_asked_twice():
    with double() as server:
        pass
    begin = time.monotonic()
    with (
        client(server, patience=Patience(first_pause=30)) as asking,
        pytest.raises(RegistryError, match="refused"),
    ):
        asking.manifest("v1")
    assert time.monotonic() - begin < 5


def test_waiting_ends_when_it_is_cancelled(server):
    server.rules.append(lambda asked: Reply(503))
    cancel = Cancellation()
    threading.Timer(0.3, cancel.cancel).start()
    begin = time.monotonic()
    with (
        client(server, cancel=cancel, patience=replace(QUICK, first_pause=60, most_pause=60)) as asking,
        pytest.raises(Cancelled),
    ):
        asking.manifest("v1")
    assert time.monotonic() - begin < 2


def test_tries_of_other_threads_end_when_the_client_is_closed(server):
    server.rules.append(lambda asked: Reply(503))
    begin = time.monotonic()
    asking = client(server, patience=replace(QUICK, first_pause=60, most_pause=60))
    threading.Timer(0.3, asking.close).start()
    with pytest.raises(Cancelled):
        asking.manifest("v1")
    with pytest.raises(Cancelled):
        asking.manifest("v1")
    assert time.monotonic() - begin < 2


# -- blobs ---------------------------------------------------------------------------------------------------


def test_a_blob(server):
    sink = Memory()
    with client(server) as asking:
        delivery = fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert delivery == Delivery(fetched=len(BYTES))


def test_a_blob_goes_on_where_an_earlier_attempt_stopped(server):
    sink = Memory(BYTES[:1000])
    with client(server) as asking:
        delivery = fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert delivery == Delivery(fetched=len(BYTES) - 1000, kept=1000)
    assert server.asked[-1].headers["Range"] == "bytes=1000-"


def test_a_server_that_cannot_go_on_sends_all_of_it_and_that_is_counted(server):
    server.rules.append(lambda asked: Reply(body=BYTES))
    sink = Memory(b"x" * 1000)
    with client(server) as asking:
        delivery = fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert delivery == Delivery(fetched=len(BYTES), again=1000, kept=1000)


def test_a_wrong_range_is_not_taken_for_the_rest(server):
    def wrong(asked: Asked) -> Reply | None:
        if "Range" not in asked.headers:
            return None
        return Reply(206, {"Content-Range": f"bytes 0-{len(BYTES) - 1}/{len(BYTES)}"}, BYTES)

    server.rules.append(wrong)
    sink = Memory(BYTES[:1000])
    with client(server) as asking:
        fetch(asking, sink)
    assert bytes(sink.content) == BYTES


def test_a_connection_that_breaks_goes_on(server):
    breaks = [4000, 3000]

    def breaking(asked: Asked) -> Reply | None:
        if not breaks:
            return None
        reply = server.plain(asked)
        body = bytes(reply.body)  # type: ignore[arg-type]
        return replace(reply, body=body[: breaks.pop(0)], length=len(body))

    server.rules.append(breaking)
    sink = Memory()
    with client(server) as asking:
        delivery = fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert delivery == Delivery(fetched=len(BYTES), breaks=2)
    assert [asked.headers.get("Range") for asked in server.asked] == [None, "bytes=4000-", "bytes=7000-"]


def test_more_bytes_than_announced_are_not_taken(server):
    server.rules.append(lambda asked: Reply(body=[BYTES] * 50))
    sink = Memory()
    with client(server) as asking, pytest.raises(SentWrongBytes, match="more than"):
        fetch(asking, sink)
    assert len(sink.content) <= len(BYTES)
    assert len(server.asked) == 1


def test_fewer_bytes_than_announced_are_told_at_once(server):
    server.rules.append(lambda asked: Reply(body=BYTES[:-1]))
    with client(server) as asking, pytest.raises(SentWrongBytes, match="10,239 bytes"):
        fetch(asking, Memory())
    assert len(server.asked) == 1


@pytest.mark.parametrize("pause", [0.05, 30.0])
def test_a_server_that_is_slow_on_purpose_is_ended(server, pause):
    hold = threading.Event()
    server.rules.append(lambda asked: Reply(body=[b"x"] * len(BYTES), pause=lambda: hold.wait(pause)))
    begin = time.monotonic()
    with client(server, patience=replace(QUICK, tries=1)) as asking, pytest.raises(ConnectionLost):
        fetch(asking, Memory())
    hold.set()
    assert time.monotonic() - begin < 5


def test_headers_that_never_end_are_ended():
    import socket

    def drip(listener: socket.socket) -> None:
        connection = listener.accept()[0]
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                connection.sendall(b"X: y\r\n"[:1])
                time.sleep(0.05)
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        name = parse_name(f"127.0.0.1:{listener.getsockname()[1]}/a")
        begin = time.monotonic()
        asking = RegistryClient(
            name,
            access=PLAIN,
            limits=DEFAULT,
            cancel=Cancellation(),
            patience=replace(QUICK, tries=1),
            environment={},
        )
        with asking, pytest.raises(ConnectionLost):
            asking.manifest("v1")
    assert time.monotonic() - begin < 5


def test_a_download_ends_when_it_is_cancelled(server):
    hold, cancel = threading.Event(), Cancellation()
    server.rules.append(lambda asked: Reply(body=[b"x"] * 100, pause=lambda: hold.wait(30)))
    threading.Timer(0.3, cancel.cancel).start()
    begin = time.monotonic()
    with (
        client(server, cancel=cancel, patience=replace(QUICK, silence=60)) as asking,
        pytest.raises(Cancelled),
    ):
        fetch(asking, Memory())
    hold.set()
    assert time.monotonic() - begin < 3


def test_compressed_answers_are_taken_as_they_are(server):
    server.rules.append(lambda asked: Reply(headers={"Content-Encoding": "gzip"}, body=BYTES))
    sink = Memory()
    with client(server) as asking:
        fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


# -- credentials ---------------------------------------------------------------------------------------------


def basic(asked: Asked) -> Reply | None:
    if asked.headers.get("Authorization") == "Basic bWU6c2VjcmV0":
        return None
    return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})


def test_basic_credentials_are_shown_when_they_are_asked_for(server, tmp_path):
    server.rules.append(basic)
    with client(server, access=credentials(tmp_path, server.host)) as asking:
        asking.manifest("v1")
        asking.manifest("v1")
    shown = [asked.headers.get("Authorization") for asked in server.asked]
    assert shown == [None, "Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0"]


def test_nothing_is_shown_to_who_does_not_ask(server, tmp_path):
    with client(server, access=credentials(tmp_path, server.host)) as asking:
        asking.manifest("v1")
    assert "Authorization" not in server.asked[0].headers


def test_wrong_credentials_are_tried_once(server, tmp_path):
    server.rules.append(basic)
    access = credentials(tmp_path, server.host, username="me", password="wrong")
    with (
        client(server, access=access) as asking,
        pytest.raises(Denied, match="does not accept the credentials"),
    ):
        asking.manifest("v1")
    assert len(server.asked) == 2


def test_credentials_of_another_registry_are_not_shown(server, tmp_path):
    server.rules.append(basic)
    access = credentials(tmp_path, "127.0.0.1", "docker.io")
    with client(server, access=access) as asking, pytest.raises(Denied, match="there are none"):
        asking.manifest("v1")
    assert all("Authorization" not in asked.headers for asked in server.asked)


def test_netrc_is_not_read(server, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text(
        "machine 127.0.0.1 login me password secret\ndefault login a password b\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.rules.append(basic)
    with client(server) as asking, pytest.raises(Denied):
        asking.manifest("v1")
    assert all("Authorization" not in asked.headers for asked in server.asked)


def test_a_failing_helper_is_told_with_the_refusal(server, tmp_path):
    server.rules.append(basic)
    path = tmp_path / "auth.json"
    path.write_text('{"credsStore": "not-installed-here"}')
    with (
        client(server, access=replace(PLAIN, authfile=path)) as asking,
        pytest.raises(Denied, match="not installed"),
    ):
        asking.manifest("v1")


class Tokens:
    """A token server within the double, and the rule that asks for its tokens."""

    def __init__(self, server: Double, realm: str | None = None) -> None:
        self.realm = realm if realm is not None else f"http://{server.host}/token"
        self.given: list[Asked] = []
        self.valid = ""
        self.lasts = 300
        self.scope = "repository:team/app:pull,push"
        server.rules += [self.give, self.ask]

    def give(self, asked: Asked) -> Reply | None:
        if not asked.path.startswith("/token"):
            return None
        self.given.append(asked)
        self.valid = f"t{len(self.given)}"
        value = {"token": self.valid, "expires_in": self.lasts}
        return Reply(body=json.dumps(value).encode())

    def ask(self, asked: Asked) -> Reply | None:
        if asked.headers.get("Authorization") == f"Bearer {self.valid}":
            return None
        challenge = f'Bearer realm="{self.realm}",service="reg",scope="{self.scope}"'
        return Reply(401, {"WWW-Authenticate": challenge})


def test_an_anonymous_token_is_used_again(server):
    tokens = Tokens(server)
    with client(server) as asking:
        asking.manifest("v1")
        asking.manifest("v1")
    assert [asked.path for asked in tokens.given] == [
        "/token?scope=repository%3Ateam%2Fapp%3Apull&service=reg"
    ]


def test_a_token_for_credentials_asks_for_no_more_than_reading(server, tmp_path):
    tokens = Tokens(server)
    with client(server, access=credentials(tmp_path, server.host)) as asking:
        asking.manifest("v1")
    assert "push" not in tokens.given[0].path
    assert "account=me" in tokens.given[0].path
    assert tokens.given[0].headers["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "Basic bWU6c2VjcmV0" not in [
        asked.headers.get("Authorization") for asked in server.asked if asked not in tokens.given
    ]


def test_a_token_that_is_not_accepted_any_more_is_renewed(server):
    tokens = Tokens(server)
    with client(server) as asking:
        asking.manifest("v1")
        tokens.valid = "another"
        asking.manifest("v1")
    assert len(tokens.given) == 2


def test_an_identity_token_is_exchanged(server, tmp_path):
    tokens = Tokens(server)
    access = credentials(tmp_path, server.host, identitytoken="id+/=")
    with client(server, access=access) as asking:
        asking.manifest("v1")
    assert tokens.given[0].method == "POST"
    assert b"grant_type=refresh_token" in tokens.given[0].body
    assert b"refresh_token=id%2B%2F%3D" in tokens.given[0].body


def test_tokens_that_never_help_end(server):
    tokens = Tokens(server)
    server.rules[1] = lambda asked: Reply(401, {"WWW-Authenticate": f'Bearer realm="{tokens.realm}"'})
    with client(server) as asking, pytest.raises(Denied, match="without credentials"):
        asking.manifest("v1")
    assert len(tokens.given) == 2


@pytest.mark.parametrize(
    "realm",
    [
        "http://{other}/token",
        "ftp://{own}/token",
        "//{own}/token",
        "",
        "http://me@{own}/token",
        "http://[/token",
    ],
)
def test_a_token_server_elsewhere_without_tls_gets_nothing(server, tmp_path, realm):
    with double() as other:
        Tokens(server, realm.format(other=f"localhost:{other.port}", own=server.host))
        server.rules[:] = server.rules[1:]
        with (
            client(server, access=credentials(tmp_path, server.host)) as asking,
            pytest.raises(RegistryError),
        ):
            asking.manifest("v1")
        assert other.asked == []
    assert all("Authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"token":"a\\r\\nX: y"}', b'{"token":5}', b"[" * 6000])
def test_what_is_no_token(server, body):
    Tokens(server)
    server.rules.insert(0, lambda asked: Reply(body=body) if asked.path.startswith("/token") else None)
    with client(server) as asking, pytest.raises(RegistryError):
        asking.manifest("v1")


def test_a_token_server_redirects_nobody(server, tmp_path):
    with double() as other:
        Tokens(server)
        target = f"http://{other.host}/token"
        server.rules.insert(
            0, lambda asked: Reply(302, {"Location": target}) if asked.path.startswith("/token") else None
        )
        with (
            client(server, access=credentials(tmp_path, server.host)) as asking,
            pytest.raises(RegistryError),
        ):
            asking.manifest("v1")
        assert other.asked == []


# -- redirects -----------------------------------------------------------------------------------------------


def redirecting(server: Double, target: str) -> None:
    server.rules += [
        basic,
        lambda asked: Reply(307, {"Location": target}) if "/blobs/" in asked.path else None,
    ]


def test_a_redirect_to_another_port_carries_no_credentials(server, tmp_path):
    with double() as other:
        other.rules.append(lambda asked: Reply(body=BYTES))
        redirecting(server, f"http://{other.host}/elsewhere?signature=1")
        sink = Memory()
        with client(server, access=credentials(tmp_path, server.host, other.host)) as asking:
            fetch(asking, sink)
        assert bytes(sink.content) == BYTES
        assert other.paths("/elsewhere?signature=1")
        assert all("Authorization" not in asked.headers for asked in other.asked)
    assert any("Authorization" in asked.headers for asked in server.asked)


def test_a_redirect_within_the_registry_keeps_them(server, tmp_path):
    redirecting(server, "/v2/other/x")
    server.rules.insert(1, lambda asked: Reply(body=BYTES) if asked.path == "/v2/other/x" else None)
    sink = Memory()
    with client(server, access=credentials(tmp_path, server.host)) as asking:
        fetch(asking, sink)
    assert bytes(sink.content) == BYTES


def test_a_challenge_behind_a_redirect_is_not_answered(server, tmp_path):
    with double() as other:
        other.rules.append(basic)
        redirecting(server, f"http://{other.host}/x")
        with (
            client(server, access=credentials(tmp_path, server.host, other.host)) as asking,
            pytest.raises(Denied),
        ):
            fetch(asking, Memory())
        assert all("Authorization" not in asked.headers for asked in other.asked)


@pytest.mark.parametrize(
    "location", ["", "http://", "ftp://x/y", "javascript:x", "http://[x/", "http://h:99999999/"]
)
def test_redirects_to_nowhere(server, location):
    server.rules.append(lambda asked: Reply(302, {"Location": location}))
    with client(server) as asking, pytest.raises(RegistryError) as raised:
        asking.manifest("v1")
    assert raised.value.message.isprintable()


def test_redirects_without_end_are_ended(server):
    server.rules.append(lambda asked: Reply(302, {"Location": asked.path + "x"}))
    with client(server) as asking, pytest.raises(RegistryError, match="more than 5 times"):
        asking.manifest("v1")


# -- referrers and mirrors -----------------------------------------------------------------------------------


def test_pages_of_referrers_are_followed_on_the_same_server_alone(server):
    def paged(asked: Asked) -> Reply | None:
        page = re.search(r"page=(\d)", asked.path)
        number = int(page[1]) if page else 0
        if "/referrers/" not in asked.path:
            return None
        further = f"/v2/team/app/referrers/x?page={number + 1}" if number < 2 else "http://localhost:1/evil"
        return Reply(headers={"Link": f'<{further}>; rel="next"'}, body=b"%d" % number)

    server.rules.append(paged)
    with client(server) as asking:
        assert asking.referrers(server.tags["v1"]) == (b"0", b"1", b"2")


def test_a_mirror_is_asked_first_and_passed_over_when_it_fails(server, tmp_path):
    with double() as mirror:
        value = {VARIABLE: f"{server.host}={mirror.host}/hub"}
        with client(server, environment=value) as asking:
            asking.manifest("v1")
            assert asking.mirrors_used == set()
            mirror.blobs, mirror.tags, mirror.types = server.blobs, server.tags, server.types
            asking.manifest("v1")
            assert asking.mirrors_used == {mirror.host}
        assert set(mirror.paths("/")) == {"/v2/hub/team/app/manifests/v1"}
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"z" * len(BYTES), b"<html>please log in</html>", BYTES + b"more"])
def test_a_mirror_with_other_bytes_hides_nothing_that_the_registry_has(server, body):
    with double() as mirror:
        mirror.rules.append(lambda asked: Reply(body=body))
        sink = Memory()
        with client(server, environment={VARIABLE: f"{server.host}={mirror.host}"}) as asking:
            fetch(asking, sink)
            assert asking.mirrors_used == set()
    assert bytes(sink.content) == BYTES
    assert [asked.headers.get("Range") for asked in server.asked] == [None]


def test_what_a_mirror_broke_off_is_not_gone_on_with_elsewhere(server):
    with double() as mirror:
        mirror.rules.append(
            lambda asked: (
                Reply(403) if "Range" in asked.headers else Reply(body=b"z" * 5000, length=len(BYTES))
            )
        )
        sink = Memory()
        with client(server, environment={VARIABLE: f"{server.host}={mirror.host}"}) as asking:
            fetch(asking, sink)
    assert bytes(sink.content) == BYTES
    assert [asked.headers.get("Range") for asked in server.asked] == [None]


def test_the_digest_decides_and_not_the_announced_size(server):
    for size in (len(BYTES) - 1, len(BYTES) + 1):
        sink = Memory()
        with client(server) as asking:
            asking.blob(sha256_digest(BYTES), size, sink, Delivery(), most=1 << 20)
        assert bytes(sink.content) == BYTES


def test_whether_something_is_there_is_asked_without_fetching_it(server):
    with client(server) as asking:
        assert asking.has("blobs", sha256_digest(BYTES))
        assert asking.has("manifests", server.tags["v1"])
        assert not asking.has("blobs", sha256_digest(b"nothing"))
        server.rules.append(lambda asked: Reply(307, {"Location": "http://127.0.0.1:1/"}))
        assert asking.has("blobs", sha256_digest(BYTES))
    assert {asked.method for asked in server.asked} == {"HEAD"}


def test_a_mirror_gets_no_credentials_of_the_registry(server, tmp_path):
    with double() as mirror:
        mirror.rules.append(basic)
        value = {VARIABLE: f"{server.host}={mirror.host}"}
        with client(server, access=credentials(tmp_path, server.host), environment=value) as asking:
            asking.manifest("v1")
        assert mirror.asked
        assert all("Authorization" not in asked.headers for asked in mirror.asked)


# -- proxies and certificates --------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://a.example/", ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://a.example/", "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, "https://a.example/", "http://p:3128"),
        (
            {"https_proxy": "http://small", "HTTPS_PROXY": "http://large"},
            "https://a.example/",
            "http://small",
        ),
        ({"HTTPS_PROXY": "http://p"}, "http://a.example/", ""),
        ({"ALL_PROXY": "http://p"}, "http://a.example/", "http://p"),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "b.example,.a.example"}, "https://x.a.example/", ""),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "a.example:5000"}, "https://a.example:5000/", ""),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, "https://a.example/", ""),
        ({"HTTPS_PROXY": "http://p"}, "https://127.0.0.1:5000/", ""),
        ({"HTTPS_PROXY": "http://p"}, "https://localhost/", ""),
    ],
)
def test_which_proxy_is_asked(environment, variables, url, proxy):
    for name, value in variables.items():
        environment.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_of_another_kind_is_told(environment):
    environment.setenv("ALL_PROXY", "socks5://p")
    with pytest.raises(UsageError):
        proxy_for("https://a.example/")


def test_a_proxy_carries_requests(environment, server):
    environment.setenv("HTTP_PROXY", f"http://proxy:pass@{server.host}")
    asking = RegistryClient(
        parse_name("registry.invalid/team/app"),
        access=PLAIN,
        limits=DEFAULT,
        cancel=Cancellation(),
        patience=QUICK,
        environment={},
    )
    server.rules.append(lambda asked: Reply(404))
    with asking, pytest.raises(NotThere, match=r"registry\.invalid"):
        asking.manifest("v1")
    assert server.asked[0].path == "http://registry.invalid/v2/team/app/manifests/v1"
    assert server.asked[0].headers["proxy-authorization"] == "Basic cHJveHk6cGFzcw=="


def test_a_registry_without_tls_is_refused_with_a_hint(server):
    with (
        client(server, access=Access()) as asking,
        pytest.raises(RegistryError, match="does not speak TLS") as raised,
    ):
        asking.manifest("v1")
    assert "--plain-http" in raised.value.hint
    assert server.asked == []


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
def test_certificates_that_are_none(server, tmp_path, content):
    path = tmp_path / "x.pem"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.pem"):
        client(server, access=Access(ca_file=path))
    with pytest.raises(UsageError, match=r"x\.pem"):
        client(server, access=Access(client_cert=path))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/secret?token=x", "a.example"),
        ("https://me:secret@a.example:444/", "a.example:444"),
        ("nonsense", "an address that is none"),
        ("http://[x", "an address that is none"),
    ],
)
def test_of_an_address_only_the_host_is_shown(url, shown):
    assert host_of(url) == shown

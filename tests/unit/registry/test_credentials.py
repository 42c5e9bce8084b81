from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.registry import parse_name
from forensics.registry.credentials import CredentialFiles, Credentials

HUB = parse_name("alpine")
HOST = parse_name("reg.example:5000/team/app")


def entry(user: str = "me", password: str = "pass:word") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def home(tmp_path):
    """A home folder, the environment that leads there, and a way to write files of it."""
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def write(path: str, value: object) -> str:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(target)

    return environment, write


def helper(write, name: str, script: str) -> None:
    path = write(f"docker-credential-{name}", f"#!/bin/sh\n{script}\n")
    Path(path).chmod(0o755)


@pytest.mark.parametrize(
    "key",
    ["reg.example:5000", "https://reg.example:5000", "https://reg.example:5000/v2/", "REG.example:5000"],
)
def test_a_registry_is_found_under_every_spelling(home, key):
    environment, write = home
    write(".docker/config.json", {"auths": {"other": entry("no"), key: entry()}})
    assert CredentialFiles(None, environment).find(HOST) == Credentials("me", "pass:word")


@pytest.mark.parametrize(
    "key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"]
)
def test_docker_hub_is_found_under_its_names(home, key):
    environment, write = home
    write(".docker/config.json", {"auths": {key: entry()}})
    assert CredentialFiles(None, environment).find(HUB).user == "me"


def test_another_port_or_a_longer_name_is_another_registry(home):
    environment, write = home
    write(
        ".docker/config.json",
        {"auths": {key: entry() for key in ("reg.example", "x.reg.example:5000", "reg.example:50000")}},
    )
    assert not CredentialFiles(None, environment).find(HOST)


def test_the_most_particular_namespace_counts(home):
    environment, write = home
    keys = {
        "reg.example:5000": entry("host"),
        "reg.example:5000/team": entry("team"),
        "reg.example:5000/tea": entry("no"),
    }
    write(".config/containers/auth.json", {"auths": keys})
    assert CredentialFiles(None, environment).find(HOST).user == "team"


def test_the_order_of_the_files(home, tmp_path):
    environment, write = home
    write(".config/containers/auth.json", {"auths": {HOST.host: entry("config")}})
    assert CredentialFiles(None, environment).find(HOST).user == "config"
    write("run/containers/auth.json", {"auths": {HOST.host: entry("run")}})
    environment["XDG_RUNTIME_DIR"] = str(tmp_path / "run")
    assert CredentialFiles(None, environment).find(HOST).user == "run"
    write(".docker/config.json", {"auths": {}})
    assert CredentialFiles(None, environment).find(HOST).user == "run"
    write("docker/config.json", {"auths": {HOST.host: entry("docker")}})
    environment["DOCKER_CONFIG"] = str(tmp_path / "docker")
    assert CredentialFiles(None, environment).find(HOST).user == "docker"
    environment["REGISTRY_AUTH_FILE"] = write("named.json", {"auths": {HOST.host: entry("named")}})
    assert CredentialFiles(None, environment).find(HOST).user == "named"
    given = write("given.json", {})
    assert not CredentialFiles(given, environment).find(HOST)


def test_tokens_in_a_file(home):
    environment, write = home
    write(".docker/config.json", {"auths": {HOST.host: {**entry(), "identitytoken": "abc"}}})
    assert CredentialFiles(None, environment).find(HOST).identity_token == "abc"
    write(".docker/config.json", {"auths": {HOST.host: {"registrytoken": "abc"}}})
    assert CredentialFiles(None, environment).find(HOST).bearer == "abc"


def test_a_helper_is_asked_by_the_name_of_the_registry(home):
    environment, write = home
    helper(
        write,
        "mine",
        'test "$1" = get || exit 9; read -r s; printf \'{"Username":"u","Secret":"%s"}\' "$s"',
    )
    write(".docker/config.json", {"credHelpers": {HOST.host: "mine"}, "auths": {HOST.host: entry("no")}})
    assert CredentialFiles(None, environment).find(HOST) == Credentials("u", HOST.host)
    write(".docker/config.json", {"credsStore": "mine"})
    assert CredentialFiles(None, environment).find(HUB).password == "https://index.docker.io/v1/"


def test_an_identity_token_of_a_helper(home):
    environment, write = home
    helper(write, "mine", """printf '{"Username":"<token>","Secret":"abc"}'""")
    write(".docker/config.json", {"credsStore": "mine"})
    assert CredentialFiles(None, environment).find(HOST) == Credentials(identity_token="abc")


def test_a_store_without_the_registry_leaves_it_to_the_file(home):
    environment, write = home
    helper(write, "mine", "echo credentials not found in native keychain; exit 1")
    write(".docker/config.json", {"credsStore": "mine", "auths": {HOST.host: entry()}})
    files = CredentialFiles(None, environment)
    assert files.find(HOST).user == "me"
    assert files.troubles == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'locked \x1b[2J' >&2; exit 3", "locked"),
        ("echo nonsense", "did not answer as credential helpers do"),
        ("exec sleep 20", "did not answer within"),
        (None, "is not installed"),
    ],
)
def test_a_helper_that_fails_is_told(home, monkeypatch, script, said):
    environment, write = home
    monkeypatch.setattr("forensics.registry.credentials._HELPER_SECONDS", 0.3)
    if script is not None:
        helper(write, "mine", script)
    write(".docker/config.json", {"credsStore": "mine"})
    files = CredentialFiles(None, environment)
    assert not files.find(HOST)
    assert said in files.troubles[0]
    assert files.troubles[0].isprintable()


def test_a_helper_is_no_path(home, tmp_path):
    environment, write = home
    write(".docker/config.json", {"credsStore": "../../bin/x"})
    files = CredentialFiles(None, environment)
    assert not files.find(HOST)
    assert "no name of a program" in files.troubles[0]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"auths": 1}',
        '{"auths": {"reg.example:5000": {"auth": "!"}}}',
        '{"auths": {"reg.example:5000": {"auth": "/w=="}}}',
        pytest.param("[" * 100_000, id="deep"),
        pytest.param(" " * (1 << 20) + "{}", id="large"),
    ],
)
def test_a_broken_file_is_told(home, content):
    environment, write = home
    path = write("broken.json", content)
    with pytest.raises(UsageError) as raised:
        CredentialFiles(path, environment).find(HOST)
    assert path in raised.value.message


def test_nothing_shows_credentials():
    assert "secret" not in repr(Credentials("me", "secret", "secret", "secret"))
    assert Credentials("me", "pä").basic == "Basic bWU6cMOk"

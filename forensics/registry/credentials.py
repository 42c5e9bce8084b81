"""Finds credentials for a registry in a person's own configuration: Docker's, or that of containers.

Formats: Docker CLI, `config.json` ("Credential stores", "Credential helper protocol"); containers'
`auth.json` (containers-auth.json(5)).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from forensics.errors import UsageError
from forensics.printable import printable
from forensics.registry.names import DOCKER_HUB, RegistryName

_Value = TypeVar("_Value")
_MOST_BYTES = 1 << 20
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_SECONDS = 30.0
_HUB_KEY = "https://index.docker.io/v1/"
_IDENTITY_USER = "<token>"
_NOT_FOUND = "credentials not found in native keychain"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What to show to one registry; never shown, logged or stored by this program.

    Either user and password, or an identity token that is exchanged for others, or a bearer token as it is.
    """

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.user or self.identity_token or self.bearer)

    @property
    def basic(self) -> str:
        """The value of an `Authorization` header (RFC 7617, in UTF-8)."""
        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")


class _Entry(msgspec.Struct):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


class _Configuration(msgspec.Struct):
    auths: dict[str, _Entry | None] | None = None
    cred_helpers: dict[str, str] | None = msgspec.field(name="credHelpers", default=None)
    creds_store: str | None = msgspec.field(name="credsStore", default=None)


class _Answer(msgspec.Struct):
    user: str = msgspec.field(name="Username", default="")
    secret: str = msgspec.field(name="Secret", default="")


class CredentialFiles:
    """Looks credentials up, in the first file that has some for a registry.

    The files: `authfile` alone where one was given, else the one that REGISTRY_AUTH_FILE names alone; else
    `config.json` in DOCKER_CONFIG or `~/.docker`, then containers' `auth.json` in XDG_RUNTIME_DIR and in
    XDG_CONFIG_HOME or `~/.config`. `troubles` tells, for the person, which credential helpers failed.
    """

    def __init__(self, authfile: Path | None, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._authfile = authfile
        self.troubles: list[str] = []

    def find(self, name: RegistryName) -> Credentials:
        """Those for the registry of `name`, empty ones where there are none.

        Raises UsageError when a file cannot be read or is not what it should be.
        """
        for path in self._files():
            found = self._of_file(path, name)
            if found:
                return found
        return Credentials()

    def _files(self) -> Iterator[Path]:
        named = self._authfile or self._environment.get("REGISTRY_AUTH_FILE")
        if named:
            yield Path(named)
            return
        home = Path(self._environment.get("HOME") or "/nonexistent")
        docker = Path(self._environment.get("DOCKER_CONFIG") or home / ".docker")
        settings = Path(self._environment.get("XDG_CONFIG_HOME") or home / ".config")
        runtime = self._environment.get("XDG_RUNTIME_DIR")
        places = [docker / "config.json", settings / "containers" / "auth.json"]
        if runtime:
            places.insert(1, Path(runtime) / "containers" / "auth.json")
        yield from (place for place in places if place.is_file())

    def _of_file(self, path: Path, name: RegistryName) -> Credentials:
        configuration = _read(path)
        keys = list(_keys(name))
        helpers = _by_address(configuration.cred_helpers or {})
        for key in keys:
            if helper := helpers.get(_address(key)):
                return self._ask(helper, _server(name))
        stored = configuration.creds_store
        if stored and (found := self._ask(stored, _server(name))):
            return found
        entries = _by_address(configuration.auths or {})
        for key in keys:
            if (entry := entries.get(_address(key))) and (found := _of_entry(entry, path)):
                return found
        return Credentials()

    def _ask(self, helper: str, server: str) -> Credentials:
        """Run `docker-credential-HELPER get`; what goes wrong becomes a trouble, and no credentials."""
        program = f"docker-credential-{helper}"
        if not _HELPER_NAME.fullmatch(helper):
            self.troubles.append(f"the credential helper {printable(helper)} has no name of a program")
            return Credentials()
        try:
            done = subprocess.run(  # noqa: S603 - a program that the person's own configuration names
                [program, "get"],
                input=server.encode(),
                capture_output=True,
                timeout=_HELPER_SECONDS,
                check=False,
                env=dict(self._environment),
            )
        except FileNotFoundError:
            self.troubles.append(f"{program} is not installed")
            return Credentials()
        except subprocess.TimeoutExpired:
            self.troubles.append(f"{program} did not answer within {_HELPER_SECONDS:.0f} s")
            return Credentials()
        except OSError as error:
            self.troubles.append(f"{program} cannot be run: {error.strerror}")
            return Credentials()
        if done.returncode:
            said = printable((done.stdout or done.stderr)[:200].strip())
            if _NOT_FOUND not in said:
                self.troubles.append(f"{program} failed: {said or done.returncode}")
            return Credentials()
        try:
            answer = msgspec.json.decode(done.stdout[:_MOST_BYTES], type=_Answer)
        except msgspec.MsgspecError:
            self.troubles.append(f"{program} did not answer as credential helpers do")
            return Credentials()
        if answer.user == _IDENTITY_USER:
            return Credentials(identity_token=answer.secret)
        return Credentials(answer.user, answer.secret)


def _read(path: Path) -> _Configuration:
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"the credentials in {shown} cannot be read: {error.strerror}",
            "check the file or name another with --authfile",
        ) from error
    if not content.strip():
        return _Configuration()
    try:
        if len(content) > _MOST_BYTES:
            raise msgspec.DecodeError
        return msgspec.json.decode(content, type=_Configuration)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{shown} is not a file of credentials as Docker writes it",
            "correct it or name another with --authfile",
        ) from error


def _server(name: RegistryName) -> str:
    """How credential helpers know the registry."""
    return _HUB_KEY if name.host == DOCKER_HUB else name.host


def _keys(name: RegistryName) -> Iterator[str]:
    """Under what the registry may stand, the most particular first."""
    parts = name.repository.split("/")
    for count in range(len(parts), 0, -1):
        yield f"{name.host}/{'/'.join(parts[:count])}"
    if name.host == DOCKER_HUB:
        yield from (_HUB_KEY, "index.docker.io", "registry-1.docker.io")
    yield name.host


def _address(key: str) -> str:
    """A key without the scheme and the version path that old ones have."""
    bare = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.removesuffix("/v1").removesuffix("/v2").lower()


def _by_address(entries: Mapping[str, _Value]) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for key, value in entries.items():
        found.setdefault(_address(key), value)
    return found


def _of_entry(entry: _Entry, path: Path) -> Credentials:
    user, password = entry.username, entry.password
    if entry.auth:
        try:
            text = base64.b64decode(entry.auth, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise UsageError(
                f"{printable(str(path))} holds credentials that are not in base64",
                "log in again: docker login HOST",
            ) from error
        user, _, password = text.rstrip("\0").partition(":")
    if entry.registrytoken:
        return Credentials(bearer=entry.registrytoken)
    if entry.identitytoken:
        return Credentials(identity_token=entry.identitytoken)
    return Credentials(user, password)

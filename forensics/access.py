"""What a person says about reaching an image over a network or a socket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Access:
    """How registries may be reached.

    `plain_http` allows HTTP without TLS, `offline` refuses any network. `authfile` is read instead of
    Docker's own configuration. `ca_file` holds certificates to trust instead of the system's;
    `client_cert` with `client_key` are shown to a registry that asks for them; all three are PEM files.
    """

    plain_http: bool = False
    offline: bool = False
    authfile: Path | None = None
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


DEFAULT_ACCESS = Access()

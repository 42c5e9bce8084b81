"""What can go wrong between this program and a registry, each a sentence and a hint."""

from __future__ import annotations

from forensics.errors import ImageNotOpened


class RegistryError(ImageNotOpened):
    """A registry could not be reached, or answered in a way that cannot be used."""


class ConnectionLost(RegistryError):
    """No answer, or not all of it: worth another try.

    `got` counts the bytes of the body that came; `after` is what the server says about when to try again
    (RFC 9110, section 10.2.3), None where it says nothing.
    """

    def __init__(self, message: str, hint: str = "", *, got: int = 0, after: str | None = None) -> None:
        super().__init__(message, hint)
        self.got = got
        self.after = after


class NotThere(RegistryError):
    """The registry does not know the repository, manifest or blob (404)."""


class Denied(RegistryError):
    """The registry wants other credentials, or none of ours (401, 403)."""


class SentWrongBytes(RegistryError):
    """A content with another digest or size than the one that was asked for. Nothing of it is used."""

"""What was received of an image, from where and when: the record beside an acquired image."""

from __future__ import annotations

import msgspec

from forensics.model.issues import Issue

SCHEMA = "forensics-acquisition/1"


class AcquiredContent(msgspec.Struct, frozen=True, kw_only=True):
    """One content that was received. `size` is in bytes.

    `role` is index, manifest, config, layer, referrer or archive. `verified` says whether its bytes were held
    against a digest that the source had declared; where none was, `digest` is computed and nothing more.
    """

    digest: str
    size: int
    media_type: str = ""
    role: str = ""
    verified: bool = False


class NotAcquired(msgspec.Struct, frozen=True, kw_only=True):
    """One content that the image names and that was not received, and why. `size` is what was declared."""

    digest: str
    media_type: str = ""
    size: int = 0
    reason: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which of several images was chosen, in the words of the command line; empty where nothing was."""

    platform: str = ""
    tag: str = ""
    image: int | None = None


class Acquisition(msgspec.Struct, frozen=True, kw_only=True):
    """One acquisition.

    `source` is the plugin id that received the image, `reference` what the person gave, `resolved` what it
    was found to mean (a name with a digest). `acquired` is an RFC 3339 time in UTC. `archive` is the digest
    of the archive as it was received, empty where manifests, configuration and layers are what was received.
    `issues` are what the source met then: what a folder could not give, for example, no copy can show.
    """

    schema: str = SCHEMA
    tool: str = "image-forensics"
    version: str = ""
    source: str = ""
    reference: str = ""
    resolved: str = ""
    acquired: str = ""
    manifest_digest: str = ""
    platform: str = ""
    tags: tuple[str, ...] = ()
    contents: tuple[AcquiredContent, ...] = ()
    not_acquired: tuple[NotAcquired, ...] = ()
    notes: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    archive: str = ""
    choice: Choice = Choice()

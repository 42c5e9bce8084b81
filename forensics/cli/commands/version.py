"""`forensics version`: what this is and what it works with."""

from __future__ import annotations

import platform

import click
import msgspec

from forensics import __version__
from forensics.cli._terminal import write_lines, write_text
from forensics.model.report import SignatureState

_PACKAGES = {"yara-python": "yara", "isal": "isal", "zstandard": "zstandard", "textual": "textual"}


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """The program, what it works with, and the signatures that travel with it."""

    version: str
    python: str
    engines: dict[str, str]
    signatures: SignatureState


@click.command("version", short_help="Show the versions and the digest of the signatures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def version(*, as_json: bool) -> None:
    """Show the version, those of the engines, and the digest of the signatures."""
    versions = _versions()
    if as_json:
        write_text(msgspec.json.format(msgspec.json.encode(versions), indent=2).decode() + "\n")
        return
    write_lines(
        [
            f"forensics   {versions.version}",
            f"python      {versions.python}",
            *(f"{name:<11} {version}" for name, version in versions.engines.items()),
            f"signatures  {versions.signatures.digest} ({versions.signatures.rules} rules)",
        ]
    )


def _versions() -> Versions:
    from forensics.examine import load_signatures

    return Versions(
        version=__version__,
        python=platform.python_version(),
        engines=_engines(),
        signatures=load_signatures().state,
    )


def _engines() -> dict[str, str]:
    """Version by engine; libmagic's is asked of the library that would be used."""
    from importlib import metadata

    import magic

    found = {name: metadata.version(package) for package, name in _PACKAGES.items()}
    number = int(magic.version())  # type: ignore[no-untyped-call]
    return found | {"libmagic": f"{number // 100}.{number % 100:02d}"}


COMMAND = version

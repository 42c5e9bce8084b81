"""The arguments that several commands share, and the `Options` they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from forensics.cli._limits import LimitChoice, limits_of, show_limits
from forensics.errors import UsageError

Command = Callable[..., Any]


class ImageReference(click.ParamType[str]):
    """An image reference; completed as a file name."""

    name = "image"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Let the shell complete a file name."""
        return [CompletionItem(incomplete, type="file")]


IMAGE = ImageReference()
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)

_LIMIT = click.option(
    "--limit",
    "limit",
    type=LimitChoice(),
    multiple=True,
    is_eager=True,
    callback=show_limits,
    metavar="NAME=VALUE",
    help="Another bound on hostile input, such as layer_bytes=128GiB; `help` lists them.",
)
_CHOICE = (
    click.option("--platform", metavar="OS/ARCH[/VARIANT]", help="The platform, where there are several."),
    click.option("--tag", metavar="TAG", help="The image with this tag, where there are several."),
    click.option(
        "--image",
        "number",
        type=click.IntRange(min=0),
        metavar="N",
        help="The image with this number in the list, from 0, where there are several.",
    ),
    click.option(
        "--jobs", type=click.IntRange(1, 256), metavar="N", help="Worker processes; by default one a core."
    ),
    _LIMIT,
)
_ACCESS = (
    click.option("--plain-http", is_flag=True, help="Reach the registry without TLS."),
    click.option("--offline", is_flag=True, help="Refuse any network."),
    click.option(
        "--authfile", type=_FILE, metavar="FILE", help="Credentials, in the form of Docker's config.json."
    ),
    click.option(
        "--ca-file", type=_FILE, metavar="FILE", help="PEM certificates to trust instead of the system's."
    ),
    click.option(
        "--client-cert", type=_FILE, metavar="FILE", help="A PEM certificate to show to the registry."
    ),
    click.option("--client-key", type=_FILE, metavar="FILE", help="The PEM key of --client-cert."),
)
_ANALYSIS = (
    click.option(
        "--sbom", type=_FILE, multiple=True, metavar="FILE", help="A declared SBOM, CycloneDX or SPDX JSON."
    ),
    click.option(
        "--rules", type=_PATH, multiple=True, metavar="PATH", help="Further YARA rules: a file or a folder."
    ),
    click.option(
        "--no-cache", "cache", flag_value=False, default=True, help="Examine again what was examined before."
    ),
)


def image_argument(function: Command) -> Command:
    """Adds the argument IMAGE as `reference`."""
    return click.argument("reference", metavar="IMAGE", type=IMAGE)(function)


def image_options(function: Command) -> Command:
    """Adds the options that choose an image; the function gets them as `options`."""
    return _gathered(function, _CHOICE + _ACCESS)


def analysis_options(function: Command) -> Command:
    """Adds the options of a whole analysis; the function gets them as `options`."""
    return _gathered(function, _CHOICE + _ACCESS + _ANALYSIS)


def limit_option(function: Command) -> Command:
    """Adds `--limit` to a command that opens no image, as `limits`."""

    @functools.wraps(function)
    def gather(*, limit: tuple[str, ...], **others: Any) -> Any:
        return function(limits=limits_of(limit), **others)

    return _LIMIT(gather)


def layer_option(help_text: str) -> Callable[[Command], Command]:
    """Adds `--layer N` as `layer`."""
    return click.option("--layer", type=click.IntRange(min=0), metavar="N", help=help_text)


def _gathered(function: Command, declarations: tuple[Callable[[Command], Command], ...]) -> Command:
    @functools.wraps(function)
    def gather(
        *,
        platform: str | None,
        tag: str | None,
        number: int | None,
        jobs: int | None,
        limit: tuple[str, ...],
        plain_http: bool,
        offline: bool,
        authfile: Path | None,
        ca_file: Path | None,
        client_cert: Path | None,
        client_key: Path | None,
        sbom: tuple[Path, ...] = (),
        rules: tuple[Path, ...] = (),
        cache: bool = True,
        **others: Any,
    ) -> Any:
        from forensics.access import Access
        from forensics.pipeline import Options

        if client_key and not client_cert:
            raise UsageError("--client-key goes with --client-cert", "give the certificate too")
        options = Options(
            platform=platform,
            tag=tag,
            image=number,
            sbom=sbom,
            rules=rules,
            jobs=jobs,
            cache=cache,
            limits=limits_of(limit),
            access=Access(plain_http, offline, authfile, ca_file, client_cert, client_key),
        )
        return function(options=options, **others)

    command: Command = gather
    for declare in reversed(declarations):
        command = declare(command)
    return command

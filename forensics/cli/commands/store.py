"""`forensics store`: the images that were received from registries and engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from forensics.cli._terminal import say, write_json, write_lines, write_table
from forensics.errors import UsageError
from forensics.printable import printable
from forensics.quantities import counted, human_size

if TYPE_CHECKING:
    from forensics.store import Store, StoredImage

_SIZE = re.compile(r"(\d{1,15})([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType[int]):
    """A number of bytes, with K, M, G or T behind it for powers of 1024."""

    name = "size"

    def convert(
        self,
        value: int | str,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002 - click's signature
    ) -> int:
        """The number; raises UsageError when it is none."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value.strip())
        if not found:
            raise UsageError(f"{printable(value)} is no size", "write bytes, or for example 500M or 8G")
        return int(found[1]) * _UNITS[found[2].upper()]


@click.group("store")
def store() -> None:
    """List, bound and find the local store of images that were pulled."""


@store.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one element a line.")
def list_images(*, as_json: bool) -> None:
    """List the images in the store, the last used first."""
    from forensics.store import look_at, store_folder

    found = look_at(store_folder())
    for path in found.unreadable:
        say(f"note: {path} is no record that can be read, and was passed over")
    images = found.images
    if as_json:
        write_json(map(_row, images))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("reference", "platform", "digest", "size", "acquired", "used"):
        table.add_column(
            heading, no_wrap=heading != "reference", justify="right" if heading == "size" else "left"
        )
    for row in map(_row, images):
        cells = (row["reference"], row["platform"], str(row["digest"])[:19], human_size(int(row["size"])))
        table.add_row(*(Text(str(cell)) for cell in (*cells, row["acquired"], row["used"])))
    write_table(table)
    say(f"{counted(len(images), 'image')}, {human_size(found.used_bytes)} in {found.folder}")


@store.command("prune")
@click.option(
    "--to",
    "most",
    type=Size(),
    default=None,
    metavar="SIZE",
    help="Keep at most this much, the last used first; without it as much as the store may hold.",
)
@click.option("--all", "everything", is_flag=True, help="Remove everything that is not in use.")
def prune(*, most: int | None, everything: bool) -> None:
    """Remove pulled images, the longest unused first; what another process uses at the moment stays."""
    if everything and most is not None:
        raise UsageError("--all keeps nothing, and --to says how much is kept", "give one of them")
    with _opened() as opened:
        pruned = opened.prune(0 if everything else most)
    kept = f", {human_size(pruned.kept)} are left" if pruned.kept else ""
    held = f" ({human_size(pruned.held)} in use)" if pruned.held else ""
    removed = f"{counted(pruned.images, 'image')} and {counted(pruned.contents, 'content')} removed"
    write_lines([f"{removed}, {human_size(pruned.freed)} freed{kept}{held}"])


@store.command("path")
def path() -> None:
    """Print the folder of the store, whether it is there or not."""
    from forensics.store import store_folder

    write_lines([printable(str(store_folder()))])


def _opened() -> Store:
    from forensics.limits import DEFAULT
    from forensics.store import Store

    return Store(most_bytes=DEFAULT.store_bytes)


def _row(image: StoredImage) -> dict[str, str | int]:
    from datetime import UTC, datetime

    record = image.acquisition
    return {
        "reference": printable(record.reference),
        "source": printable(record.source),
        "platform": printable(record.platform),
        "digest": printable(record.manifest_digest or record.archive),
        "size": image.size,
        "contents": len(image.digests),
        "acquired": printable(record.acquired),
        "used": datetime.fromtimestamp(image.used, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


COMMAND = store

"""`forensics cat`: one file's bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from forensics.cli._parameters import image_argument, image_options, layer_option
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import say, write_bytes, write_lines
from forensics.errors import UsageError
from forensics.limits import MIB
from forensics.printable import printable
from forensics.quantities import counted, human_size

if TYPE_CHECKING:
    from forensics.cli._image_files import ImageFiles
    from forensics.layers import ImageView
    from forensics.model.files import FileVersion
    from forensics.pipeline import Options, Session

_TERMINAL_BYTES = 16 * MIB
_HEX_COLUMNS = 16
_NOT_EXAMINED = 4


@click.command("cat")
@image_argument
@click.argument("path")
@layer_option("The version that this layer holds.")
@click.option("--hex", "as_hex", is_flag=True, help="Offset, bytes and text, sixteen bytes a line.")
@click.option("--force", is_flag=True, help="Raw bytes also to a terminal.")
@image_options
def cat(
    *,
    reference: str,
    options: Options,
    path: str,
    layer: int | None,
    as_hex: bool,
    force: bool,
) -> int:
    """Write the bytes of the file PATH in IMAGE to standard output.

    Symbolic links are followed within the image. PATH!/NAME is the member NAME of the archive PATH, also
    where archives lie in one another. A terminal gets text only, unless --force is given.
    """
    from forensics.cli._image_files import ImageFiles
    from forensics.pipeline import Session

    with Session(reference, options) as session:
        with progress() as listen:
            view = session.index(listen)
        say_what_was_passed_over(session.open())
        version, problem = _wanted(session, ImageFiles(view, layer), path)
        written = 0
        if as_hex:
            write_lines(_hex_lines(view.pieces(version)))
            written = sum(map(len, view.pieces(version)))
        else:
            if sys.stdout.isatty() and not force:
                _refuse_control_characters(view, version)
            for piece in view.pieces(version):
                write_bytes(piece)
                written += len(piece)
        size = version.content.size if version.content else 0
        if written < size:
            missing = counted(size - written, "byte")
            if written == view.readable_size(version):
                say(f"note: {missing} left out: its holes are too large to write")
            else:
                say(f"note: the layer ends {missing} before the file does")
            return _NOT_EXAMINED
        if problem:
            say(f"note: {problem}")
            return _NOT_EXAMINED
    return 0


def _wanted(session: Session, files: ImageFiles, path: str) -> tuple[FileVersion, str]:
    """The file, or the member of an archive, that a path means, and what is wrong with its bytes."""
    found = files.member(path)
    return session.members.read(*found) if found else (files.file(path), "")


def _refuse_control_characters(view: ImageView, version: FileVersion) -> None:
    """Raise UsageError when a terminal would obey or hide something in the content."""
    hint = "use --hex, send it to a file or a pipe, or add --force"
    name = printable(version.path)
    if version.content and version.content.size > _TERMINAL_BYTES:
        raise UsageError(f"{name} is too long for a terminal: {human_size(version.content.size)}", hint)
    try:
        text = b"".join(view.pieces(version)).decode()
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not text", hint) from None
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise UsageError(f"{name} holds characters that a terminal would obey or hide", hint)


def _hex_lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Lines as `hexdump -C` writes them; a piece is a multiple of a line."""
    offset = 0
    for piece in pieces:
        for start in range(0, len(piece), _HEX_COLUMNS):
            line = piece[start : start + _HEX_COLUMNS]
            left, right = line[:8].hex(" "), line[8:].hex(" ")
            text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in line)
            yield f"{offset + start:08x}  {left:<23}  {right:<23}  |{text}|"
        offset += len(piece)
    yield f"{offset:08x}"


COMMAND = cat

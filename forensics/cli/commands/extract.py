"""`forensics extract`: evidence export with a manifest of hashes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli._evidence import refuse_to_touch
from forensics.cli._parameters import image_argument, image_options, layer_option
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import say
from forensics.errors import UsageError
from forensics.printable import printable
from forensics.quantities import counted

if TYPE_CHECKING:
    from forensics.cli._image_files import ImageFiles
    from forensics.layers import ImageView
    from forensics.model.files import FileVersion
    from forensics.model.image import Image
    from forensics.pipeline import Options, Session

_NOT_EXAMINED = 4


@click.command("extract", short_help="Copy files out as evidence, with a manifest of hashes.")
@image_argument
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A new or empty folder, or one that an earlier export of the same image made.",
)
@layer_option("The versions that this layer holds.")
@click.option("--all-versions", is_flag=True, help="Overwritten and deleted versions too.")
@image_options
def extract(
    *,
    reference: str,
    options: Options,
    paths: tuple[str, ...],
    folder: Path,
    layer: int | None,
    all_versions: bool,
) -> int:
    """Copy files out of IMAGE as evidence: each PATH and everything below it, or PATH!/NAME of an archive.

    Every content is a file named after its SHA-256, readable by you alone and not executable; manifest.json
    says which path, layer, state and mode it had. No name from the image becomes a name on this machine.
    """
    from forensics.cli._image_files import ImageFiles
    from forensics.pipeline import Session
    from forensics.pipeline.export import MANIFEST, export_versions

    _check_folder(folder, MANIFEST)
    refuse_to_touch(folder, reference)
    with Session(reference, options) as session:
        with progress() as listen:
            view = session.index(listen)
        say_what_was_passed_over(session.open())
        files = ImageFiles(view, layer, all_versions=all_versions)
        versions, problems = _chosen(session, files, paths)
        facts = _about(session.open(), view)
        manifest = export_versions(view, versions, folder, image=facts, cancel=session.cancel)
    chosen = {(version.layer, printable(version.path)) for version in versions}
    rows = [row for row in manifest.files if (row.layer, row.path) in chosen]
    for row in rows:
        if row.expected_sha256 or not row.complete:
            say(f"note: layer {row.layer}:{row.path} is not what the layer's index says, see {MANIFEST}")
    for problem in problems:
        say(f"note: {problem}")
    count = sum(1 for row in rows if row.file)
    of_all = f"{count:,} of {counted(len(rows), 'entry', 'entries')}"
    say(f"{of_all} {'has' if count == 1 else 'have'} content, see {printable(str(folder / MANIFEST))}")
    return _NOT_EXAMINED if problems or any(not row.complete for row in rows) else 0


def _check_folder(folder: Path, manifest: str) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / manifest).is_file():
        raise UsageError(
            f"{printable(str(folder))} is not empty and no export of this program", "choose a new folder"
        )
    if folder.is_symlink() and not folder.exists():
        raise UsageError(f"{printable(str(folder))} is a link to nowhere", "choose a new folder")


def _chosen(
    session: Session, files: ImageFiles, paths: tuple[str, ...]
) -> tuple[list[FileVersion], list[str]]:
    """Every version and every member of an archive that some path means, once; what members lack."""
    found: dict[tuple[int, int], FileVersion] = {}
    members: dict[str, FileVersion] = {}
    problems = []
    for path in paths:
        place = files.member(path)
        if place is not None:
            version, problem = session.members.read(*place)
            members[version.path] = version
            problems += [f"{printable(version.path)}: {problem}"] if problem else []
            continue
        versions = files.below(path)
        if not versions:
            raise files.nothing_at(path)
        found.update((version.key, version) for version in versions)
    return [*found.values(), *members.values()], problems


def _about(image: Image, view: ImageView) -> dict[str, str]:
    """Where the files came from, for the manifest."""
    about = {
        "reference": printable(image.reference),
        "manifest_digest": image.manifest_digest,
        "config_digest": image.config_digest,
    }
    return about | {f"layer_{index.index}_diff_id": index.diff_id for index in view.image_layers}


COMMAND = extract

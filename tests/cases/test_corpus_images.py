"""Every archive of the corpus against its row in INDEX.md, whose numbers another program counted."""

from __future__ import annotations

import json
import os
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forensics.errors import ChoiceNeeded, ImageNotOpened
from forensics.layers import index_layer
from forensics.model.files import FileKind, LayerIndex
from forensics.model.image import Image
from forensics.sources import open_image
from forensics.spool import Spool

pytestmark = pytest.mark.corpus

REGCLIENT = "regclient__testrepo.ocilayout.tar"
TAR_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TWICE = "stereoscope__valid_oci_dir.ocilayout.tar"
SPECIAL = frozenset({REGCLIENT, TWICE})


@dataclass(frozen=True)
class Counts:
    """What a row says about one image; `regular` counts whiteouts and opaque markers too."""

    layers: int
    diff_ids: int
    agreeing: int
    regular: int
    symlinks: int
    hardlinks: int


@dataclass(frozen=True)
class Row:
    """One row of INDEX.md."""

    file: str
    kind: str
    platforms: tuple[str, ...]
    compressions: frozenset[str]
    images: tuple[Counts, ...]
    whiteouts: int
    opaques: int


def numbers(cell: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, part.split("/"))) for part in re.findall(r"\d+(?:/\d+)+", cell)]


def rows_of(index: Path) -> list[Row]:
    rows = []
    for line in index.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "file" or cells[0].startswith("-"):
            continue
        file, _, _, _, kind, platform, layers, compression, files, hidden, _ = cells
        images = tuple(
            Counts(*one, *other) for one, other in zip(numbers(layers), numbers(files), strict=True)
        )
        whiteouts, opaques = numbers(hidden)[0] if images else (0, 0)
        platforms = tuple(re.findall(r"\blinux/\w+", platform))
        rows.append(
            Row(file, kind, platforms, frozenset(compression.split(", ")), images, whiteouts, opaques)
        )
    return rows


def corpus_rows() -> list[Row]:
    named = os.environ.get("FORENSICS_CORPUS")
    index = Path(named or "nowhere") / "images" / "INDEX.md"
    return rows_of(index) if index.is_file() else []


ROWS = {row.file: row for row in corpus_rows()}


def opened_images(path: Path, spool: Spool) -> list[tuple[Image, list[LayerIndex]]]:
    """Every image of the archive, through the choice where there are several."""
    choices: list[int | None] = [None]
    try:
        open_image(str(path), spool=spool).close()
    except ChoiceNeeded as choice:
        choices = list(range(len(choice.choices)))
    found = []
    for chosen in choices:
        with open_image(str(path), spool=spool, image=chosen) as one:
            found.append((one.image, [index_layer(layer, spool.new_file()) for layer in one.image.layers]))
    return found


def counted(image: Image, layers: list[LayerIndex]) -> Counts:
    kinds = [entry.kind for layer in layers for entry in layer.entries]
    return Counts(
        layers=len(layers),
        diff_ids=len(image.config.diff_ids),
        agreeing=sum(layer.diff_id_agrees is True for layer in layers),
        regular=sum(kind in (FileKind.REGULAR, FileKind.WHITEOUT, FileKind.OPAQUE) for kind in kinds),
        symlinks=kinds.count(FileKind.SYMLINK),
        hardlinks=kinds.count(FileKind.HARDLINK),
    )


def hidden(images: list[tuple[Image, list[LayerIndex]]]) -> tuple[int, int]:
    kinds = [entry.kind for _, layers in images for layer in layers for entry in layer.entries]
    return kinds.count(FileKind.WHITEOUT), kinds.count(FileKind.OPAQUE)


def test_every_archive_has_a_row_and_every_row_an_archive(corpus: Path):
    archives = {path.name for path in (corpus / "images").iterdir()} - {"INDEX.md"}
    assert archives == set(ROWS)
    assert len(archives) >= 60


@pytest.mark.parametrize("file", sorted(file for file, row in ROWS.items() if not row.images))
def test_negatives_are_refused_with_one_clear_line(corpus: Path, tmp_path: Path, file: str):
    with Spool(tmp_path) as spool, pytest.raises(ImageNotOpened) as raised:
        open_image(str(corpus / "images" / file), spool=spool)
    assert raised.value.exit_code == 3
    assert raised.value.message
    assert raised.value.hint
    assert "\n" not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    "file", sorted(file for file, row in ROWS.items() if row.images and file not in SPECIAL)
)
def test_the_numbers_are_those_of_the_row(corpus: Path, tmp_path: Path, file: str):
    row = ROWS[file]
    with Spool(tmp_path) as spool:
        images = opened_images(corpus / "images" / file, spool)
    assert [counted(image, layers) for image, layers in images] == list(row.images)
    assert hidden(images) == (row.whiteouts, row.opaques)
    shown = {"": "raw", "gzip": "gz", "zstd": "zst"}
    assert {shown[layer.compression] for _, layers in images for layer in layers} == row.compressions
    platforms = [f"{image.platform.os}/{image.platform.architecture}" for image, _ in images]
    assert set(platforms) == set(row.platforms)


EDGES = sorted(
    path.name for path in (Path(os.environ.get("FORENSICS_CORPUS", "nowhere")) / "edge-layers").glob("*.tar*")
)


@pytest.mark.parametrize("file", EDGES)
def test_tars_that_are_no_images_open_as_one_layer_when_forced(corpus: Path, tmp_path: Path, file: str):
    path = corpus / "edge-layers" / file
    with Spool(tmp_path) as spool:
        with pytest.raises(ImageNotOpened) as raised:
            open_image(str(path), spool=spool)
        assert f"rootfs:{path}" in raised.value.hint
        with open_image(f"rootfs:{path}", spool=spool) as one:
            (layer,) = one.image.layers
            index = index_layer(layer, spool.new_file())
    with tarfile.open(path, errors="surrogateescape") as archive:
        expected = archive.getmembers()
    assert [entry.header_offset for entry in index.entries] == [member.offset for member in expected]
    assert [entry.mode for entry in index.entries] == [member.mode & 0o7777 for member in expected]


def document(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    content = archive.extractfile(name)
    assert content is not None
    value = json.load(content)
    assert isinstance(value, dict)
    return value


def blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def test_a_manifest_listed_twice_is_one_image(corpus: Path, tmp_path: Path):
    """The row counts the image twice because `index.json` lists one and the same manifest under two names."""
    row, path = ROWS[TWICE], corpus / "images" / TWICE
    with tarfile.open(path) as archive:
        listed = [item["digest"] for item in document(archive, "index.json")["manifests"]]
    assert len(listed) == len(row.images) == 2
    assert len(set(listed)) == len(set(row.images)) == 1
    with Spool(tmp_path) as spool:
        ((image, layers),) = opened_images(path, spool)
    assert image.manifest_digest == listed[0]
    assert image.tags == ("latest", "1.0")
    assert counted(image, layers) == row.images[0]


def test_nested_indexes_artifacts_and_a_loop(corpus: Path, tmp_path: Path):
    """The row says `1/1/1 … 48`: 48 manifests were visited, artifacts and repeated ones among them.

    The images among them are found here with tarfile and json alone: an image configuration, and layers that
    are tars. Each of them must be offered once, and every layer of each must agree with its diff_id.
    """
    path = corpus / "images" / REGCLIENT
    expected: dict[str, list[str]] = {}
    visits = indexes = 0
    with tarfile.open(path) as archive:
        waiting = list(document(archive, "index.json")["manifests"])
        while waiting:
            item = waiting.pop(0)
            value = document(archive, blob(item["digest"]))
            if "manifests" in value:
                indexes += 1
                waiting = value["manifests"] + waiting
                continue
            visits += 1
            types = {layer["mediaType"] for layer in value["layers"]}
            if value["config"]["mediaType"].endswith("image.config.v1+json") and types == {TAR_GZIP}:
                config = document(archive, blob(value["config"]["digest"]))
                expected.setdefault(item["digest"], config["rootfs"]["diff_ids"])
    with Spool(tmp_path) as spool:
        images = opened_images(path, spool)
    assert (visits, indexes) == (48, 16)
    assert [image.manifest_digest for image, _ in images] == list(expected)
    for image, layers in images:
        assert [layer.diff_id for layer in layers] == expected[image.manifest_digest]
        found = counted(image, layers)
        assert found.layers == found.diff_ids == found.agreeing
    assert counted(*images[0]) == ROWS[REGCLIENT].images[0]

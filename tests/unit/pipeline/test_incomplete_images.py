"""What the document says of an image that is not all there: never that nearly everything was examined."""

from __future__ import annotations

import errno
import gzip
import json
import random
from pathlib import Path

import pytest

from forensics.cli.commands.scan import exit_code
from forensics.limits import Limits
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.reports import reports
from forensics.sources._evidence import open_quietly
from tests.image_archives import OCI_MANIFEST, OciBlobs, as_json, config_of, docker_save, tar_of
from tests.scenes import File, dpkg, elf, layer_tar

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
NOISE = random.Random(2)
FILES = [(f"usr/share/noise/{number:03}", NOISE.randbytes(20_000)) for number in range(50)]


def analysis(reference: Path | str, limits: Limits | None = None) -> Report:
    options = Options(jobs=1, cache=False) if limits is None else Options(jobs=1, cache=False, limits=limits)
    with Session(str(reference), options) as session:
        return session.analyze()


def share(report: Report) -> float:
    return report.coverage.examined_bytes / report.coverage.bytes


def text(report: Report) -> str:
    return reports()["table"].render(report)


def gzipped_layout(folder: Path, *layers: bytes, kept: int | None = None) -> Path:
    """An OCI layout of gzip layers; of the first one only `kept` bytes are there."""
    blobs = OciBlobs()
    config = blobs.add(config_of(layers), CONFIG)
    packed = [gzip.compress(layer, mtime=0) for layer in layers]
    descriptors = [blobs.add(content, GZIP) for content in packed]
    manifest = blobs.add(as_json({"config": config, "layers": descriptors}), OCI_MANIFEST)
    blobs.write(folder, [manifest])
    if kept is not None:
        blob = folder / "blobs" / descriptors[0]["digest"].replace(":", "/")
        blob.write_bytes(packed[0][:kept])
    return folder


def test_a_layer_cut_in_its_middle_reads_as_half_examined(tmp_path: Path) -> None:
    whole = len(gzip.compress(tar_of(FILES), mtime=0))
    report = analysis(gzipped_layout(tmp_path / "cut", tar_of(FILES), kept=400_000))
    coverage = report.coverage
    assert coverage.bytes >= coverage.examined_bytes + whole - 400_000
    assert 0.3 < share(report) < 0.45
    assert sum(issue.lost_bytes for issue in coverage.issues if issue.stage == "source") == whole - 400_000
    assert exit_code(report, None) == 4
    shown = text(report)
    assert "of at least 1.0 MB (at most 3" in shown
    assert "Not all of the image was examined: not all of layer 0 is there or could be read." in shown
    assert any(reason.startswith("not all of the image was examined") for reason in report.verdict.reasons)


def test_a_whole_image_says_nothing_of_the_kind(tmp_path: Path) -> None:
    report = analysis(gzipped_layout(tmp_path / "whole", tar_of(FILES)))
    assert report.coverage.bytes == report.coverage.examined_bytes == 50 * 20_000
    assert report.verdict.reasons == ()
    assert report.verdict.level == "clean"
    assert exit_code(report, None) == 0
    assert "examined 50 of 50 files, 1.0 MB of 1.0 MB\n" in text(report)
    assert "Not all" not in text(report)


def test_layers_that_the_configuration_alone_knows_are_not_examined(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    layer, other = tar_of(FILES[:1]), tar_of(FILES[1:2])
    path.write_bytes(docker_save([layer], config=config_of([layer, other, other])))
    report = analysis(path)
    assert share(report) < 1
    assert exit_code(report, None) == 4
    shown = text(report)
    assert "examined 1 of at least 1 file, 20.0 kB of at least 20.0 kB (how much is missing is not" in shown
    assert "%" not in shown[shown.index("Coverage") :]
    assert report.verdict.reasons[-1] == (
        "not all of the image was examined: 2 layers are not in the archive; how much is missing is not known"
    )
    assert "Not all of the image was examined: 2 layers are not in the archive." in text(report)


def test_an_absent_layer_counts_with_the_size_of_its_descriptor(tmp_path: Path) -> None:
    folder = gzipped_layout(tmp_path / "layout", tar_of(FILES), tar_of(FILES[:1]))
    blob = max((folder / "blobs/sha256").iterdir(), key=lambda each: each.stat().st_size)
    size = blob.stat().st_size
    blob.unlink()
    report = analysis(folder)
    assert report.coverage.bytes == 20_000 + size
    assert report.coverage.examined_bytes == 20_000
    assert "not all of layer 0 is there" in text(report)


def test_unreadable_files_and_folders_count_among_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "etc/closed").mkdir(parents=True)
    for name, content in {"passwd": b"root", "shadow": b"secret", "group": b"", "closed/x": b"x"}.items():
        (root / "etc" / name).write_bytes(content)

    def refusing(name: str | bytes | Path, flags: int = 0, folder: int | None = None) -> int:
        if name in (b"shadow", b"closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_quietly(name, flags, folder)

    monkeypatch.setattr("forensics.sources._packing.open_quietly", refusing)
    report = analysis(root)
    coverage = report.coverage
    assert (coverage.files, coverage.examined_files) == (4, 2)
    assert (coverage.bytes, coverage.examined_bytes) == (4 + 6 + 1, 4)
    assert exit_code(report, None) == 4
    assert "examined 2 of at least 4 files" in text(report)
    assert report.verdict.level == "review", "nobody has seen the rest"


def test_a_file_that_is_cut_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "layer.tar"
    content = tar_of([("etc/passwd", b"root"), ("bin/noise", FILES[0][1])])
    path.write_bytes(content[: content.index(FILES[0][1]) + 5_000])
    report = analysis(f"rootfs:{path}")
    assert (report.coverage.bytes, report.coverage.examined_bytes) == (20_004, 5_004)
    assert (report.coverage.files, report.coverage.examined_files) == (2, 1)


def test_where_a_file_is_cut_with_its_layer_the_missing_bytes_are_counted_once(tmp_path: Path) -> None:
    layer = tar_of(FILES[:4])
    listed = as_json([{"Config": "c.json", "Layers": ["0/layer.tar"]}])
    content = tar_of([("manifest.json", listed), ("c.json", config_of([layer])), ("0/layer.tar", layer)])
    path = tmp_path / "image.tar"
    held = layer.index(FILES[2][1]) + 5_000
    path.write_bytes(content[: content.index(layer) + held])
    report = analysis(path)
    assert report.coverage.examined_bytes == 45_000
    assert report.coverage.bytes == 45_000 + len(layer) - held
    assert report.coverage.files == 3


def test_sizes_beyond_all_bounds_stay_a_number_of_the_report(tmp_path: Path) -> None:
    blobs = OciBlobs()
    layers = [{"mediaType": GZIP, "digest": f"sha256:{n:064x}", "size": (1 << 63) - 1} for n in range(5)]
    config = blobs.add(config_of([]), CONFIG)
    manifest = blobs.add(as_json({"config": config, "layers": layers}), OCI_MANIFEST)
    report = analysis(blobs.write(tmp_path / "layout", [manifest]))
    assert report.coverage.bytes == (1 << 63) - 1
    assert json.loads(reports()["json"].render(report))["coverage"]["bytes"] == (1 << 63) - 1
    assert "examined 0 of at least 0 files" in text(report)


def test_a_program_cut_with_its_layer_had_no_section_table_removed(tmp_path: Path) -> None:
    base = {"/usr/bin/ls": File(elf(b"ls"), 0o755), **dpkg({"coreutils": {"/usr/bin/ls": elf(b"ls")}})}
    program = elf(b"x" + NOISE.randbytes(200_000))
    layer = layer_tar({"/usr/local/bin/tool": File(program, 0o755)})
    folder = gzipped_layout(tmp_path / "cut", layer, layer_tar(base), kept=100_000)
    report = analysis(folder)
    (tool,) = [file for file in report.files if file.path == "/usr/local/bin/tool"]
    assert tool.type == "elf"
    assert "elf/no-sections" not in {finding.rule_id for finding in report.findings}
    removed = layer_tar({"/usr/local/bin/tool": File(elf(b"x", sections=False), 0o755)})
    report = analysis(gzipped_layout(tmp_path / "removed", removed, layer_tar(base)))
    assert "elf/no-sections" in {finding.rule_id for finding in report.findings}

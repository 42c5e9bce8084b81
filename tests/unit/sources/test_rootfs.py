from __future__ import annotations

import errno
import io
import os
import socket
import stat
import tarfile
from pathlib import Path

import pytest

from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.image import Image
from forensics.sources import open_image
from forensics.sources._evidence import open_quietly, read_blob
from forensics.spool import Spool
from tests.image_archives import tar_of

NAMES = [
    b"plain",
    b"with space",
    b"[bold]",
    b"\x1b]52;c;aGk=\x07",
    b"\xff\xfe",
    "\u202etxt.exe".encode(),
    b"n" * 255,
]


@pytest.fixture
def spool(tmp_path: Path):
    with Spool(tmp_path) as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "etc").mkdir(parents=True)
    (folder / "usr/bin").mkdir(parents=True)
    return folder


def packed(reference: str | Path, spool: Spool, **options) -> tuple[Image, bytes]:
    with open_image(str(reference), spool=spool, **options) as one:
        (layer,) = one.image.layers
        assert layer.blob is not None
        return one.image, read_blob(layer.blob)


def members(content: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as archive:
        return {member.name: member for member in archive}


def test_a_folder_becomes_one_layer(root, spool):
    (root / "usr/bin/app").write_bytes(b"program")
    (root / "usr/bin/app").chmod(0o4755)
    os.link(root / "usr/bin/app", root / "usr/bin/zapp")
    (root / "usr/bin/ln").symlink_to("../../../../etc/passwd")
    os.mkfifo(root / "etc/pipe", 0o600)
    os.utime(root / "usr/bin/app", ns=(0, 1_700_000_000_123_456_789))
    os.utime(root / "etc", ns=(0, -1_500_000_000))
    image, content = packed(root, spool)
    assert image.source == "rootfs"
    assert image.issues == ()
    assert (image.manifest_digest, image.config_digest) == ("", "")
    found = members(content)
    assert list(found) == [
        ".", "etc", "usr", "etc/pipe", "usr/bin", "usr/bin/app", "usr/bin/ln", "usr/bin/zapp",
    ]  # fmt: skip
    app = found["usr/bin/app"]
    status = (root / "usr/bin/app").stat()
    assert (app.mode, app.uid, app.gid, app.size) == (0o4755, status.st_uid, status.st_gid, 7)
    assert app.pax_headers["mtime"] == "1700000000.123456789"
    assert found["etc"].pax_headers["mtime"] == "-1.5"
    assert (found["usr/bin/zapp"].type, found["usr/bin/zapp"].linkname) == (tarfile.LNKTYPE, "usr/bin/app")
    assert (found["usr/bin/ln"].type, found["usr/bin/ln"].linkname) == (
        tarfile.SYMTYPE,
        "../../../../etc/passwd",
    )
    assert found["etc/pipe"].type == tarfile.FIFOTYPE
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        reader = archive.extractfile("usr/bin/app")
        assert reader is not None
        assert reader.read() == b"program"


def test_names_of_any_bytes_survive(root, spool):
    for name in NAMES:
        (root / "etc" / os.fsdecode(name)).write_bytes(name)
    deep = root / ("d" * 200) / ("e" * 200)
    deep.mkdir(parents=True)
    (deep / "file").symlink_to("t" * 300)
    _, content = packed(root, spool)
    found = members(content)
    for name in NAMES:
        assert found["etc/" + name.decode("utf-8", "surrogateescape")].size == len(name)
    assert found[f"{'d' * 200}/{'e' * 200}/file"].linkname == "t" * 300


def test_packing_twice_gives_the_same_bytes_and_changes_nothing(root, spool):
    for number in range(50):
        (root / "usr" / f"f{number}").write_bytes(b"x" * number * 100)
    before = {path: path.lstat() for path in sorted(root.rglob("*"))}
    first, second = packed(root, spool)[1], packed(root, spool)[1]
    assert first == second
    after = {path: path.lstat() for path in sorted(root.rglob("*"))}
    for path, status in before.items():
        assert (status.st_mtime_ns, status.st_ctime_ns) == (after[path].st_mtime_ns, after[path].st_ctime_ns)
        assert status.st_atime_ns == after[path].st_atime_ns


def test_holes_are_not_stored(root, spool):
    with (root / "etc/lastlog").open("wb") as file:
        file.seek(50 << 20)
        file.write(b"end")
        file.truncate(80 << 20)
    _, content = packed(root, spool)
    assert len(content) < 1 << 20
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        reader = archive.extractfile("etc/lastlog")
        assert reader is not None
        reader.seek(50 << 20)
        assert reader.read(4) == b"end\0"
        assert archive.getmember("etc/lastlog").size == 80 << 20


def test_a_file_of_nothing_but_a_hole(root, spool):
    with (root / "etc/empty").open("wb") as file:
        file.truncate(3 << 20)
    _, content = packed(root, spool)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        reader = archive.extractfile("etc/empty")
        assert reader is not None
        assert reader.read() == bytes(3 << 20)


def test_extended_attributes(root, spool):
    path = root / "usr/bin/ping"
    path.write_bytes(b"x")
    try:
        os.setxattr(path, "user.note", b"a\0b\n=c")
    except OSError:
        pytest.skip("this file system holds no extended attributes")
    _, content = packed(root, spool)
    headers = members(content)["usr/bin/ping"].pax_headers
    assert headers["SCHILY.xattr.user.note"] == "a\0b\n=c"


def test_unreadable_files_are_left_out_and_counted(root, spool, monkeypatch):
    (root / "etc/shadow").write_bytes(b"secret")

    def refusing(name, flags=0, folder=None):
        if name in (b"shadow", b"bin"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_quietly(name, flags, folder)

    monkeypatch.setattr("forensics.sources._packing.open_quietly", refusing)
    image, content = packed(root, spool)
    met = {issue.subject: (issue.code, issue.lost_bytes) for issue in image.issues}
    assert met == {"/etc/shadow": ("unreadable", 6), "/usr/bin": ("unreadable", 1)}
    found = members(content)
    assert "etc/shadow" not in found
    assert "usr/bin" in found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_device_nodes(root, spool):
    try:
        os.mknod(root / "etc/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(root / "etc/disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
    except PermissionError:
        pytest.skip("device nodes may not be made here")
    found = members(packed(root, spool)[1])
    null, disk = found["etc/null"], found["etc/disk"]
    assert (null.type, null.devmajor, null.devminor) == (tarfile.CHRTYPE, 1, 3)
    assert (disk.type, disk.devmajor, disk.devminor) == (tarfile.BLKTYPE, 259, 70000)


def test_sockets_and_whiteout_names_are_said(root, spool):
    with socket.socket(socket.AF_UNIX) as server:
        previous = Path.cwd()
        os.chdir(root / "etc")
        try:
            server.bind("s")
        finally:
            os.chdir(previous)
        (root / "etc/.wh.passwd").write_bytes(b"hidden")
        image, content = packed(root, spool)
    met = {issue.code: (issue.subject, issue.lost_bytes) for issue in image.issues}
    assert met == {"socket": ("/etc/s", 0), "whiteout-name": ("/etc/.wh.passwd", 6)}
    assert "etc/s" not in members(content)


def test_limits_are_issues(root, spool):
    (root / "etc/big").write_bytes(b"x" * 100_000)
    image, content = packed(root, spool, limits=Limits(layer_bytes=50_000))
    assert [(issue.code, issue.lost_bytes) for issue in image.issues] == [("limit", 100_000)]
    assert "etc/big" not in members(content)
    image, _ = packed(root, spool, limits=Limits(members=2))
    assert [(issue.code, issue.lost_bytes) for issue in image.issues] == [("limit", 1)]
    deep = root / "usr/bin" / Path(*["d"] * 20)
    deep.mkdir(parents=True)
    image, _ = packed(root, spool, limits=Limits(path_depth=10))
    assert [(issue.code, issue.lost_bytes) for issue in image.issues] == [("limit", 1)]


def test_deeper_than_a_path_may_be_long(root, spool):
    here = os.open(root / "etc", os.O_RDONLY)
    depth = 1200
    for _ in range(depth):
        os.mkdir("deeeep", dir_fd=here)
        deeper = os.open("deeeep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        _, content = packed(root, spool)
        assert max(name.count("deeeep") for name in members(content)) == depth
    finally:
        os.system(f"rm -rf '{root}/etc'")


@pytest.mark.parametrize("content", [{}, {"readme.txt": b"x"}, {"bin/tool": b"x", "lib/x": b""}])
def test_a_folder_without_signs_is_refused_unless_forced(tmp_path, spool, content):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in content.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    with pytest.raises(ImageNotOpened) as raised:
        open_image(str(folder), spool=spool)
    assert f"rootfs:{folder}" in raised.value.hint
    found = members(packed(f"rootfs:{folder}", spool)[1])
    assert {name for name in found if found[name].isfile()} == set(content)


def test_the_tar_of_a_root_filesystem_is_one_layer_when_forced(tmp_path, spool):
    path = tmp_path / "export.tar"
    path.write_bytes(tar_of([("etc/passwd", b"root"), ("usr/bin/app", b"x")]))
    with pytest.raises(ImageNotOpened) as raised:
        open_image(str(path), spool=spool)
    assert f"open it as one layer with rootfs:{path}" in raised.value.hint
    image, content = packed(f"rootfs:{path}", spool)
    assert content == path.read_bytes()
    assert image.issues == ()
    path.write_bytes(b"no tar")
    with pytest.raises(ImageNotOpened):
        open_image(f"rootfs:{path}", spool=spool)


def test_a_full_disk_is_an_error_with_a_hint(root, spool, monkeypatch):
    from forensics.errors import ForensicsError

    full = os.open("/dev/full", os.O_RDWR)
    monkeypatch.setattr(spool, "new_file", lambda: full)
    try:
        with pytest.raises(ForensicsError) as raised:
            open_image(str(root), spool=spool)
    finally:
        os.close(full)
    assert "FORENSICS_TMPDIR" in raised.value.hint

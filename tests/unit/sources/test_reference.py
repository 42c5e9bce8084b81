from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import ForensicsError, ImageNotOpened, UsageError
from forensics.sources import open_image, sources
from forensics.sources._reference import parse_reference
from forensics.spool import Spool

SCHEMES = ("docker-archive", "oci-archive", "oci-dir", "rootfs")
REMOTE = ("docker", "registry")


def test_every_source_is_offered_in_name_order():
    found = {source.id: source for source in sources()}
    assert list(found) == sorted(found)
    assert list(found) == ["docker_archive", "docker_engine", "oci_layout", "registry", "rootfs"]
    local = [scheme for source in found.values() if not source.remote for scheme in source.schemes]
    assert sorted(local) == sorted(SCHEMES)
    remote = [scheme for source in found.values() if source.remote for scheme in source.schemes]
    assert sorted(remote) == sorted(REMOTE)


@pytest.mark.parametrize(
    ("text", "scheme", "path", "tag"),
    [
        ("image.tar", "", "image.tar", ""),
        ("/a/b:c.tar", "", "/a/b:c.tar", ""),
        ("docker-archive:a.tar", "docker-archive", "a.tar", ""),
        ("docker-archive:a.tar:app:1", "docker-archive", "a.tar", "app:1"),
        ("oci-dir:/x/y:v1", "oci-dir", "/x/y", "v1"),
        ("rootfs:/", "rootfs", "/", ""),
    ],
)
def test_references(text, scheme, path, tag):
    found = parse_reference(text, SCHEMES)
    assert (found.scheme, found.path, found.tag, found.text) == (scheme, Path(path), tag, text)


def test_what_exists_wins_over_every_other_reading(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("registry:x", "docker-archive:a.tar", "b:c.tar", "b:c.tar:d"):
        (tmp_path / name).touch()
    assert parse_reference("registry:x", SCHEMES).scheme == ""
    assert parse_reference("docker-archive:a.tar", SCHEMES).path == Path("docker-archive:a.tar")
    found = parse_reference("oci-archive:b:c.tar:e:f", SCHEMES)
    assert (found.path, found.tag) == (Path("b:c.tar"), "e:f")
    assert parse_reference("oci-archive:b:c.tar:d", SCHEMES).tag == ""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("docker-daemon:name:tag", "docker:name:tag"),
        ("podman:name", "docker:name"),
        ("containers-storage:x", "skopeo copy containers-storage:x docker-archive:image.tar"),
        ("containerd:x", "ctr images export image.tar x"),
        ("https://host/x:1", "registry:host/x:1"),
        ("oci:/x", "oci-dir:/x"),
    ],
)
def test_schemes_that_nobody_offers(text, hint):
    with pytest.raises(UsageError) as raised:
        parse_reference(text, SCHEMES, REMOTE)
    assert hint in raised.value.hint
    assert "\n" not in raised.value.message
    assert raised.value.exit_code == 2


def test_what_looks_like_an_image_name_is_no_file():
    with pytest.raises(ImageNotOpened) as raised:
        parse_reference("nginx:latest", SCHEMES, REMOTE)
    assert raised.value.exit_code == 3
    assert "registry:nginx:latest" in raised.value.hint
    assert "docker:nginx:latest" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "scheme", "name"),
    [
        ("registry:host/name:tag", "registry", "host/name:tag"),
        ("docker://host/name:tag", "registry", "host/name:tag"),
        ("registry:alpine", "registry", "alpine"),
        ("docker:name:tag", "docker", "name:tag"),
    ],
)
def test_references_that_lead_to_names(text, scheme, name):
    found = parse_reference(text, SCHEMES, REMOTE)
    assert (found.scheme, found.name, found.tag) == (scheme, name, "")


@pytest.mark.parametrize("text", ["", "\0", "rootfs:"])
def test_references_to_nothing(text):
    with pytest.raises(UsageError):
        parse_reference(text, SCHEMES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"just text\n", "is a text file"),
        (b"\x7fELF" + bytes(600), "is a program"),
        (b"PK\x03\x04" + bytes(600), "is a zip archive"),
        (bytes(range(256)) * 4, "is a file of an unknown kind"),
        (bytes(10240), "is an empty archive"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "docker-archive:", "oci-archive:"])
def test_files_that_are_no_image(tmp_path, content, said, prefix):
    path = tmp_path / "evidence"
    path.write_bytes(content)
    with Spool(tmp_path) as spool, pytest.raises(ImageNotOpened) as raised:
        open_image(f"{prefix}{path}", spool=spool)
    assert said in raised.value.message
    assert raised.value.hint
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    "path", ["/dev/null", "/dev/tty", "/nowhere/x.tar", "/etc/passwd/x", "x" * 5000, "x" * 300]
)
def test_paths_that_cannot_be_opened(tmp_path, path):
    with Spool(tmp_path) as spool, pytest.raises(ForensicsError) as raised:
        open_image(path, spool=spool)
    assert isinstance(raised.value, ImageNotOpened)
    assert "\n" not in raised.value.message


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "secret.tar"
    path.touch()

    def refusing(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("forensics.sources._evidence.open_quietly", refusing)
    with Spool(tmp_path) as spool, pytest.raises(ImageNotOpened, match="may not be read"):
        open_image(str(path), spool=spool)


def test_gzip_of_nothing(tmp_path):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"\x1f\x8b\x08" + b"\0" * 20)
    with Spool(tmp_path) as spool, pytest.raises(ImageNotOpened, match="cannot be decompressed"):
        open_image(str(path), spool=spool)

"""Layers laid one upon another: the input chooses members, kinds and links over a small set of names."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import Change, Entry, FileKind, FileState, LayerIndex
from forensics.model.image import Blob
from fuzz._promises import check_issues, is_absolute
from fuzz._target import Target

_KINDS = (
    FileKind.REGULAR, FileKind.DIRECTORY, FileKind.SYMLINK, FileKind.HARDLINK, FileKind.WHITEOUT,
    FileKind.OPAQUE, FileKind.OTHER, FileKind.FIFO,
)  # fmt: skip
_NAMES = ("a", "b", "c", "d", "\udcff", ".wh", "..c", "e" * 30)
_LINKS = ("", "..", ".", "/", "a", "../b", "/c/d", "./a/../b/c", "/a/b/../../a", "x" * 5000, "a/" * 40)
_LIMITS = Limits(members=60, path_depth=16, link_hops=5)
_MEMBER = 5


def run(data: bytes) -> None:
    """Every member becomes one version, every path is absolute, every question has an answer."""
    layers = list(_layers(data))
    view = ImageView(layers, _LIMITS)
    check_issues(view.issues)
    versions = list(view.all_versions())
    files = {FileKind.WHITEOUT, FileKind.OPAQUE, FileKind.OTHER}
    members = sum(entry.kind not in files for layer in layers for entry in layer.entries)
    assert len(versions) <= members
    assert len(versions) == members or any(issue.code == "limit" for issue in view.issues)
    for version in versions:
        assert is_absolute(version.path), version
        assert (version.changed_by_layer is None) == (version.state is FileState.VISIBLE)
        assert version.change is not Change.DELETED
        assert view.by_key(version.key) == version
        assert version in view.versions(version.path)
        for top in (None, version.layer):
            seen = view.visible(version.path, top)
            assert seen is None or seen.path == version.path
            view.resolve(version.path, top)
        assert view.canonical(version.path + "/x").startswith("/")
    merged = list(view.merged())
    assert merged == sorted(merged, key=lambda each: each.path)
    assert set(merged) == {version for version in versions if version.state is FileState.VISIBLE}
    assert list(view.under("/")) == [version for version in merged if version.path != "/"]


def _layers(data: bytes) -> Iterator[LayerIndex]:
    """Five bytes a member: layer and kind, three components, a link; at most 48 of them in four layers."""
    entries: list[list[Entry]] = [[], [], [], []]
    for number in range(min(len(data) // _MEMBER, 48)):
        first, one, two, three, link = data[number * _MEMBER : (number + 1) * _MEMBER]
        kind = _KINDS[first & 7]
        parts = [_NAMES[each & 7] for each in (one, two, three) if each < 0xC0]
        path = "/" + "/".join(parts)
        if path == "/" and kind not in {FileKind.DIRECTORY, FileKind.OPAQUE}:
            path = "/a"
        target = _LINKS[link % len(_LINKS)] if link < 0xC0 else "/" + _NAMES[link & 7]
        if kind is FileKind.HARDLINK:
            target = "/" + "/".join(_NAMES[each & 7] for each in (link, two) if each < 0xE0)
        entries[first >> 3 & 3].append(
            Entry(
                path=path,
                kind=kind,
                size=link if kind is FileKind.REGULAR else 0,
                stored=link if kind is FileKind.REGULAR else 0,
                mode=0o755,
                link=target if kind in {FileKind.SYMLINK, FileKind.HARDLINK} else "",
                header_offset=number * 512,
                data_offset=number * 512 + 512,
                sha256=f"{link:064x}" if kind in {FileKind.REGULAR, FileKind.OTHER} else "",
            )
        )
    for index, members in enumerate(entries):
        yield LayerIndex(index=index, blob=Blob(-1, 0, 0), entries=tuple(members))


def seeds() -> Iterator[bytes]:
    """Links in loops, whiteouts of folders, a file where a folder was."""
    yield bytes([2, 0, 0xFF, 0xFF, 4, 2, 4, 0xFF, 0xFF, 3, 0, 0, 1, 0xFF, 9, 3, 2, 0xFF, 0xFF, 0])
    yield bytes([1, 0, 0xFF, 0xFF, 0, 0, 0, 1, 0xFF, 5, 12, 0, 0xFF, 0xFF, 0, 8, 0, 1, 2, 7])
    yield bytes([0, 0, 1, 2, 3, 8, 0, 0xFF, 0xFF, 3, 16, 0, 1, 0xFF, 3, 29, 0xFF, 0xFF, 0xFF, 0])


TARGET = Target(id="overlay", run=run, seeds=seeds, longest=240)

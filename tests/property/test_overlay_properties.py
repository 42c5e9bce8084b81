"""The overlay against a plain model: one dictionary a layer, unpacked in order, laid one upon the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.layers import ImageView
from forensics.model.files import Change, Entry, FileKind, FileState, LayerIndex
from forensics.model.image import Blob

components = st.sampled_from(["a", "b", "c"])
paths = st.lists(components, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
targets = paths | st.lists(components | st.just(".."), min_size=1, max_size=3).map("/".join)
FILES = (FileKind.REGULAR, FileKind.DIRECTORY, FileKind.SYMLINK, FileKind.HARDLINK)
Key = tuple[int, int]


@st.composite
def layers(draw: st.DrawFn) -> list[list[Entry]]:
    """A few layers of a few members over a small set of names, so that they meet often."""
    made: list[list[Entry]] = []
    for _ in range(draw(st.integers(1, 4))):
        entries: list[Entry] = []
        for number in range(draw(st.integers(0, 8))):
            kind = draw(st.sampled_from([*FILES, FileKind.REGULAR, FileKind.WHITEOUT, FileKind.OPAQUE]))
            root = kind in {FileKind.DIRECTORY, FileKind.OPAQUE} and draw(st.integers(0, 9)) == 0
            entries.append(
                Entry(
                    path="/" if root else draw(paths),
                    kind=kind,
                    link=draw(targets)
                    if kind is FileKind.SYMLINK
                    else draw(paths)
                    if kind is FileKind.HARDLINK
                    else "",
                    mode=draw(st.sampled_from([0o644, 0o755])),
                    header_offset=number * 1024,
                    data_offset=number * 1024 + 512,
                    sha256=draw(st.sampled_from(["00", "11"])) if kind is FileKind.REGULAR else "",
                )
            )
        made.append(entries)
    return made


def view_of(made: list[list[Entry]]) -> ImageView:
    return ImageView(
        [
            LayerIndex(index=number, blob=Blob(-1, 0, 1 << 20), entries=tuple(entries))
            for number, entries in enumerate(made)
        ]
    )


@dataclass
class Upper:
    """One layer unpacked alone: at each path a member, or None for a directory that only children imply."""

    found: dict[str, Entry | None] = field(default_factory=dict)

    def is_folder(self, path: str) -> bool:
        entry = self.found[path]
        return entry is None or entry.kind is FileKind.DIRECTORY

    def enter(self, folder: list[str], follow: bool = True) -> str:
        """The path that a folder has after the links of this layer are followed; what is missing is made."""
        todo, here, hops = list(folder), "", 0
        while todo:
            name = todo.pop(0)
            if name == "..":
                here = here.rpartition("/")[0]
                continue
            there = f"{here}/{name}"
            entry = self.found.get(there)
            if entry is not None and entry.kind is FileKind.SYMLINK and follow:
                hops += 1
                if hops > 40:
                    return self.enter(folder, follow=False)
                todo = [part for part in entry.link.split("/") if part] + todo
                here = "" if entry.link.startswith("/") else here
                continue
            if there not in self.found or not self.is_folder(there):
                self.found[there] = None
            here = there
        return here

    def add(self, entry: Entry) -> str:
        folder, _, name = entry.path.rpartition("/")
        path = f"{self.enter([part for part in folder.split('/') if part])}/{name}"
        if entry.kind is not FileKind.DIRECTORY:
            for below in [other for other in self.found if other.startswith(path + "/")]:
                del self.found[below]
        self.found[path] = entry
        return path


class Model:
    """What is seen after each layer, and where each member landed."""

    def __init__(self, made: list[list[Entry]]) -> None:
        self.seen: list[dict[str, Key]] = []
        self.landed: dict[Key, str] = {}
        self.kinds: dict[Key, Entry] = {}
        self.own: list[dict[str, Key]] = []
        lower: dict[str, Key] = {}
        for number, entries in enumerate(made):
            lower = self.lay(number, entries, dict(lower))
            self.seen.append(lower)

    def lay(self, number: int, entries: list[Entry], lower: dict[str, Key]) -> dict[str, Key]:
        for entry in entries:
            if entry.kind in {FileKind.WHITEOUT, FileKind.OPAQUE}:
                inside = entry.path.rstrip("/") + "/"
                gone = [path for path in lower if path.startswith(inside) and path != "/"]
                if entry.kind is FileKind.WHITEOUT:
                    gone += [entry.path] if entry.path in lower else []
                for path in gone:
                    del lower[path]
        upper = Upper()
        for entry in entries:
            if entry.kind in FILES:
                key = (number, entry.header_offset)
                self.kinds[key] = entry
                self.landed[key] = upper.add(entry)
        self.own.append(
            {path: (number, entry.header_offset) for path, entry in upper.found.items() if entry is not None}
        )
        for path in upper.found:
            if not upper.is_folder(path):
                for below in [other for other in lower if other.startswith(path + "/")]:
                    del lower[below]
            elif path in lower and self.kinds[lower[path]].kind is not FileKind.DIRECTORY:
                del lower[path]
        return {**lower, **self.own[-1]}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers())
def test_what_is_seen_after_every_layer(made: list[list[Entry]]) -> None:
    view, model = view_of(made), Model(made)
    for top, expected in enumerate(model.seen):
        assert {version.path: version.key for version in view.merged(top)} == expected
    assert {version.path: version.key for version in view.merged()} == model.seen[-1]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers())
def test_every_member_has_its_place_and_its_fate(made: list[list[Entry]]) -> None:
    view, model = view_of(made), Model(made)
    everything = list(view.all_versions())
    assert {version.key: version.path for version in everything} == model.landed
    for version in everything:
        path, key = version.path, version.key
        tops = [top for top in range(version.layer, len(made)) if model.seen[top].get(path) == key]
        if len(tops) == len(made) - version.layer:
            assert (version.state, version.changed_by_layer) == (FileState.VISIBLE, None)
            continue
        changed = version.layer + len(tops)
        assert version.changed_by_layer == changed
        if changed > version.layer:
            again = path in model.own[changed]
            assert version.state is (FileState.OVERWRITTEN if again else FileState.DELETED)
        elif not any(
            landed == path and key < other < (changed + 1, 0) for other, landed in model.landed.items()
        ):
            assert version.state is FileState.DELETED


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers())
def test_what_each_member_changed(made: list[list[Entry]]) -> None:
    view, model = view_of(made), Model(made)
    for version in view.all_versions():
        below = model.seen[version.layer - 1].get(version.path) if version.layer else None
        if below is None:
            assert version.change is Change.ADDED
            continue
        old = view.by_key(below)
        assert old is not None
        same = (
            version.entry.mode == old.entry.mode
            and version.content is not None
            and old.content is not None
            and version.content.sha256 == old.content.sha256
        ) or (
            version.entry.mode == old.entry.mode
            and version.content is old.content
            and version.entry.kind is old.entry.kind
            and version.entry.link == old.entry.link
        )
        assert version.change is (Change.UNCHANGED if same else Change.MODIFIED)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers())
def test_the_questions_agree_with_each_other(made: list[list[Entry]]) -> None:
    view = view_of(made)
    everything = list(view.all_versions())
    for top in (None, *range(len(made))):
        merged = list(view.merged(top))
        assert [found.path for found in merged] == sorted({found.path for found in merged})
        for folder in ("/", "/a", "/a/b", "/c"):
            inside = [
                found
                for found in merged
                if found.path.startswith(folder.rstrip("/") + "/") and found.path != "/"
            ]
            assert list(view.under(folder, top)) == inside
        for found in merged:
            assert view.visible(found.path, top) is found
            assert view.resolve(view.canonical(found.path, top), top) is not None or found.entry.link
    for number in range(len(made)):
        assert list(view.removed_by(number)) == sorted(
            (
                found
                for found in everything
                if found.changed_by_layer == number != found.layer and found.state is FileState.DELETED
            ),
            key=lambda found: found.path,
        )
    for found in everything:
        assert found in view.versions(found.path)
        assert view.by_key(found.key) is found


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers())
def test_hard_links_share_a_content_of_their_own_or_a_lower_layer(made: list[list[Entry]]) -> None:
    view = view_of(made)
    contents = {version.content for version in view.all_versions() if version.entry.kind is FileKind.REGULAR}
    for version in view.all_versions():
        if version.entry.kind is FileKind.HARDLINK and version.content is not None:
            assert version.content in contents
            assert version.content.layer <= version.layer
        elif version.entry.kind is not FileKind.REGULAR:
            assert version.content is None

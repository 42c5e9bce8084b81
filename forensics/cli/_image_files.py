"""Finds the file versions that a path on the command line means."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

from forensics.errors import UsageError
from forensics.layers import ImageView, hidden_versions
from forensics.model.files import Entry, FileKind, FileState, FileVersion
from forensics.parsers.member_names import SEPARATOR
from forensics.printable import printable, told_apart


def wanted_path(text: str) -> str:
    """An absolute, normalised path in the image for what a person typed."""
    return posixpath.normpath("/" + text.lstrip("/"))


class ImageFiles:
    r"""Looks paths up in an image: in the finished one, in one layer, or in all of them.

    A path can also be given as it is shown, with escapes like `\xNN`; that is tried when nothing has the
    name as typed.
    """

    def __init__(self, view: ImageView, layer: int | None = None, *, all_versions: bool = False) -> None:
        self._view = view
        self._layer = layer
        self._all_versions = all_versions
        if layer is not None and layer >= len(view.image_layers):
            last = len(view.image_layers) - 1
            raise UsageError(
                f"there is no layer {layer}",
                f"the layers are 0 to {last}"
                if last > 0
                else "the only layer is 0"
                if last == 0
                else "there are none",
            )

    def below(self, text: str) -> list[FileVersion]:
        """Everything at and below a path, in path order, versions of one path oldest first.

        Symbolic links are followed: in the finished image, as of the chosen layer, or for all versions as of
        every layer. Empty when nothing is there.
        """
        path = wanted_path(text)
        return self._below(path) or [
            version for exact in self._shown_as(path) for version in self._below(exact)
        ]

    def led_to(self, text: str, versions: Collection[FileVersion]) -> list[str]:
        """Where links led when `versions`, all that is below the path, lie elsewhere; else nothing."""
        path = wanted_path(text)
        if any(_is_below(version.path, path) for version in versions):
            return []
        return [
            place
            for place in self._places(path)
            if any(_is_below(version.path, place) for version in versions)
        ]

    def whiteouts(self, text: str) -> list[Entry]:
        """What the chosen layer deletes at and below a path, in path order; empty without a chosen layer."""
        if self._layer is None:
            return []
        places = self._places(wanted_path(text))
        entries = self._view.image_layers[self._layer].entries
        marks = (entry for entry in entries if entry.kind in (FileKind.WHITEOUT, FileKind.OPAQUE))
        found = (mark for mark in marks if any(_is_below(mark.path, place) for place in places))
        return sorted(found, key=lambda mark: mark.path)

    def file(self, text: str) -> FileVersion:
        """The one version of a file with content, symbolic links followed; UsageError when there is none."""
        path = wanted_path(text)
        version = self._file(path)
        if version is None:
            shown = self._shown_as(path)
            if len(shown) > 1:
                raise UsageError(
                    f"several files are shown as {printable(path)}", "type the exact bytes of one"
                )
            version = self._file(shown[0]) if shown else self._hidden(path)
        if version is None:
            raise self.nothing_at(path)
        if version.content is None:
            kind = str(version.entry.kind).replace("-", " ")
            raise UsageError(f"{printable(path)} is a {kind} without content", "name a regular file")
        return version

    def member(self, text: str) -> tuple[FileVersion, str] | None:
        """The file and the inner name that a path with `!/` means; None when it is a path of the image.

        A file or folder whose real name holds `!/` comes first. UsageError when nothing has the outer name.
        """
        end = text.removesuffix("!") + SEPARATOR if text.endswith("!") else text
        parts = end.split(SEPARATOR)
        if len(parts) < 2 or self.below(text) or self.whiteouts(text):
            return None
        for count in range(len(parts) - 1, 0, -1):
            outer = SEPARATOR.join(parts[:count])
            if self.below(outer) or count == 1:
                return self.file(outer), SEPARATOR.join(parts[count:]).removesuffix(SEPARATOR)
        return None

    def _hidden(self, path: str) -> FileVersion | None:
        """Bytes that no file stands for, by the name that findings give them (`!slack@0x5400`)."""
        if not path.startswith("/!"):
            return None
        found = [
            version
            for version in hidden_versions(self._view.hidden)
            if path in (version.path, printable(version.path)) and self._layer in (None, version.layer)
        ]
        if len(found) > 1:
            layers = ", ".join(f"--layer {version.layer}" for version in found)
            raise UsageError(f"several layers have {printable(path)}", f"choose one: {layers}")
        return found[0] if found else None

    def _below(self, path: str) -> list[FileVersion]:
        if self._all_versions or self._layer is not None:
            pool: Iterable[FileVersion] = (
                self._view.all_versions() if self._layer is None else self._view.in_layer(self._layer)
            )
            places = self._places(path)
            found = (version for version in pool if any(_is_below(version.path, place) for place in places))
            return sorted(found, key=lambda version: (version.path, version.key))
        if path == "/":
            return list(self._view.merged())
        link, target = self._view.visible(path), self._view.resolve(path)
        at = [version for version in (link, target) if version is not None]
        if target is not None and target.entry.kind is FileKind.DIRECTORY:
            at.extend(self._view.under(target.path))
        return list({version.key: version for version in at}.values())

    def _places(self, path: str) -> list[str]:
        """The path itself, then where links lead from it: as of the chosen layer, or of any layer."""
        tops = [self._layer]
        if self._all_versions and self._layer is None:
            tops = [layer.index for layer in self._view.image_layers]
        places = dict.fromkeys((path,))
        for top in tops:
            places[self._view.canonical(path, top)] = None
            target = self._view.resolve(path, top)
            if target is not None:
                places[target.path] = None
        return list(places)

    def _file(self, path: str) -> FileVersion | None:
        if self._layer is None:
            return self._view.resolve(path)
        for place in dict.fromkeys((path, self._view.canonical(path, self._layer))):
            own = [version for version in self._view.versions(place) if version.layer == self._layer]
            if own and own[-1].entry.kind is FileKind.SYMLINK:
                return self._view.resolve(place, self._layer)
            if own:
                return own[-1]
        target = self._view.resolve(path, self._layer)
        return target if target is not None and target.layer == self._layer else None

    def _shown_as(self, path: str) -> list[str]:
        """The exact paths that are shown as `path`, other than itself."""
        if "\\" not in path:
            return []
        paths = {one.path for one in self._view.all_versions()} - {path}
        return sorted(one for one in paths if path in (printable(one), told_apart(one)))

    def nothing_at(self, text: str) -> UsageError:
        """The error for a path at which nothing was found; the hint names the versions other layers have."""
        path = wanted_path(text)
        where = f" in layer {self._layer}" if self._layer is not None else ""
        places = dict.fromkeys((path, self._view.canonical(path, self._layer), self._view.canonical(path)))
        versions = [version for place in places for version in self._view.versions(place)]
        if versions:
            told = "; ".join(_told(version) for version in versions[:8])
            return UsageError(f"there is no {printable(path)}{where}", f"there is: {told}")
        return UsageError(f"there is no {printable(path)}{where}", "forensics ls IMAGE lists what there is")


def _told(version: FileVersion) -> str:
    state = (
        "" if version.state is FileState.VISIBLE else f" {version.state} by layer {version.changed_by_layer}"
    )
    return f"--layer {version.layer}{state}"


def _is_below(path: str, top: str) -> bool:
    """Whether `path` is `top` or lies below it."""
    return path == top or path.startswith(top.rstrip("/") + "/")

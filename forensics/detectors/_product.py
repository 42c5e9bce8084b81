"""What the image itself openly says about the programs it adds: start command, environment, build steps."""

from __future__ import annotations

import re

from forensics.detectors._instructions import destination
from forensics.detectors._places import PROGRAM_DIRECTORIES, basename, is_system, is_volatile, within
from forensics.layers import ImageView
from forensics.model.files import FileVersion
from forensics.model.image import Image

_SCRIPT_BYTES = 64 * 1024
_VERSION_NAME = re.compile(r"(.+?)_(?:VERSION|VER|RELEASE|SHA|SHA256|COMMIT|TAG|CHANNEL)(?:_.*)?")
_NOT_TELLING = frozenset(
    {
        "the", "app", "application", "version", "release", "base", "build", "image", "docker", "container",
        "cli", "src", "source", "target", "linux", "debian", "alpine", "ubuntu", "system", "pkg", "package",
        "service", "server", "client", "tool", "tools", "lib", "bin", "usr", "local", "opt", "share", "api",
    }
)  # fmt: skip
_NOT_A_HOME = frozenset(
    {"PATH", "HOME", "PWD", "SHELL", "LD_LIBRARY_PATH", "LD_PRELOAD", "TMPDIR", "MANPATH"}
)
_TOO_WIDE = frozenset(
    {"", "/", "/usr", "/usr/local", "/usr/share", "/var", "/var/lib", "/opt", "/home", "/etc"}
)


class Product:
    """Everything the configuration and the build steps say about what belongs to the image's product.

    `started` are the paths that the start command runs, as written and where links lead. Nothing of this is
    proof, since whoever makes an image writes it; it separates what is announced from what is slipped in.
    """

    def __init__(self, image: Image, view: ImageView) -> None:
        config = image.config
        environment = dict(line.partition("=")[::2] for line in config.env)
        self._lines = {source.index: source.created_by for source in image.layers}
        self._path = [one for one in environment.get("PATH", "").split(":") if one.startswith("/")]
        self._homes = _homes(environment, self._path)
        self._tokens = _tokens(environment)
        working = config.working_dir.rstrip("/")
        self._working = "" if working in _TOO_WIDE or _is_no_home(working) else working
        self.started, self._script = self._start(view, (*config.entrypoint[:4], *config.cmd[:4]))

    def reasons(self, version: FileVersion) -> tuple[str, ...]:
        """Sentences that say how the image accounts for a file; empty when it does not."""
        path, name = version.path, basename(version.path)
        found = []
        if path in self.started:
            found.append("The image's start command runs it.")
        elif _names(self._script, name):
            found.append("The image's start script names it.")
        home = next((one for one in self._homes if within(path, (self._homes[one],))), None)
        if home:
            found.append(f"It lies in {self._homes[home]}, which the image's {home} names.")
        elif self._working and within(path, (self._working,)):
            found.append("It lies in the image's working directory.")
        token = self._token_for(path)
        if token:
            found.append(f"The image's environment gives a version for it ({self._tokens[token]}).")
        line = self._lines.get(version.layer, "")
        if line and (_names(line, name) or _copies(line, path)):
            found.append("The build step that added it names it.")
        return tuple(found)

    def starts(self, path: str) -> bool:
        """Whether the start command runs the program at `path`."""
        return path in self.started

    def search_rank(self, path: str) -> int:
        """How early the folder of `path` is searched for commands; a large number when it never is."""
        folder = path.rpartition("/")[0]
        order = self._path or ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return order.index(folder) if folder in order else len(order) + 1

    def _start(self, view: ImageView, words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        started: set[str] = set()
        script = ""
        for word in words:
            for candidate in self._candidates(word):
                version = view.resolve(candidate)
                if version is None or version.content is None:
                    continue
                started.update((candidate, view.canonical(candidate), version.path))
                content = view.read(version, 0, _SCRIPT_BYTES)
                if content.startswith(b"#!"):
                    script += content.decode("latin-1")
                break
        return tuple(sorted(started)), script

    def _candidates(self, word: str) -> list[str]:
        if word.startswith("/"):
            return [word]
        if "/" in word:
            return [f"{self._working}/{word.removeprefix('./')}"]
        if not word or word.startswith("-") or len(word) > 255:
            return []
        return [f"{folder}/{word}" for folder in (*self._path, *PROGRAM_DIRECTORIES)]

    def _token_for(self, path: str) -> str:
        for component in reversed(path.lower().split("/")):
            plain = re.sub(r"[^a-z0-9]", "", component)
            if len(plain) < 3 or plain in _NOT_TELLING:
                continue
            for token in self._tokens:
                if token in plain or (len(plain) >= 4 and plain in token):
                    return token
        return ""


def _tokens(environment: dict[str, str]) -> dict[str, str]:
    """Words of variables such as NODE_VERSION, each with the variable that has it."""
    tokens: dict[str, str] = {}
    for name in environment:
        match = _VERSION_NAME.fullmatch(name.upper())
        for token in match.group(1).lower().split("_") if match else ():
            if len(token) >= 3 and token not in _NOT_TELLING:
                tokens.setdefault(token, name)
    return tokens


def _homes(environment: dict[str, str], search: list[str]) -> dict[str, str]:
    """Folders that variables such as JAVA_HOME name, and those the search path adds to the usual ones."""
    homes = {
        name: value.rstrip("/")
        for name, value in environment.items()
        if name not in _NOT_A_HOME and value.startswith("/") and ":" not in value
    }
    for number, folder in enumerate(search):
        if folder not in PROGRAM_DIRECTORIES:
            homes[f"PATH ({number + 1})"] = re.sub(r"/s?bin$", "", folder.rstrip("/"))
    return {name: home for name, home in homes.items() if home not in _TOO_WIDE and not _is_no_home(home)}


def _is_no_home(folder: str) -> bool:
    return folder in PROGRAM_DIRECTORIES or is_system(f"{folder}/x") or is_volatile(f"{folder}/x")


def _names(text: str, name: str) -> bool:
    """Whether `text` has `name` as a word of its own."""
    if len(name) < 2 or name not in text:
        return False
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _copies(line: str, path: str) -> bool:
    """Whether a COPY or ADD step says where `path` is; for a shared folder only of what lies right in it."""
    place = destination(line)
    if not place or path == place:
        return bool(place)
    folder = place.rstrip("/")
    if folder in _TOO_WIDE or folder in PROGRAM_DIRECTORIES or is_system(f"{folder}/x"):
        return path.rpartition("/")[0] == folder and not is_system(path)
    return within(path, (folder,))

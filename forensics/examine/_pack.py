"""Signature files on disk: which there are, in which order, and their text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from forensics.errors import SignatureError
from forensics.model.report import SignaturePack

YARA_SUFFIXES = frozenset({".yar", ".yara", ".rule", ".rules"})
INDICATOR_SUFFIX = ".toml"
_RULE = re.compile(r"^[ \t]*(?:(?:private|global)[ \t]+)*rule[ \t]+(\w+)", re.MULTILINE)
_INCLUDES_ONLY = re.compile(r'\s*(?:(?://[^\n]*|/\*.*?\*/|include\s+"[^"\n]*")\s*)+', re.DOTALL)


class SignatureFile(msgspec.Struct, frozen=True):
    """One file: `label` is its path within the pack."""

    label: str
    text: str

    @property
    def is_yara(self) -> bool:
        """Whether it holds YARA rules; else it is a list of indicators."""
        return PurePosixPath(self.label).suffix in YARA_SUFFIXES

    def rule_lines(self) -> Iterator[tuple[str, int]]:
        """The names of the YARA rules in the text, with their lines from 1, in order."""
        for found in _RULE.finditer(self.text):
            yield found[1], self.text.count("\n", 0, found.start(1)) + 1


class Pack(msgspec.Struct, frozen=True):
    """A folder or a single file of signatures, in a repeatable order; `bundled` is the program's own."""

    name: str
    files: tuple[SignatureFile, ...]
    bundled: bool = False

    def label(self, file: SignatureFile) -> str:
        """The file's name among all packs, as messages spell it."""
        return f"{self.name}/{file.label}"

    def namespace(self, file: SignatureFile) -> str:
        """The file's YARA namespace.

        The bundled pack is one namespace, so that its rules can share guards; each file of another pack is
        one of its own, so that equal names do not clash.
        """
        return self.name if self.bundled else self.label(file)

    def digest(self) -> str:
        """SHA-256 over the names and texts of all files, hex."""
        total = hashlib.sha256()
        for file in self.files:
            for part in (file.label, file.text):
                data = part.encode("utf-8", "surrogatepass")
                total.update(len(data).to_bytes(8, "big") + data)
        return total.hexdigest()

    def state(self, rules: int) -> SignaturePack:
        """How the report names this pack."""
        return SignaturePack(name=self.name, rules=rules, digest=self.digest())


def read_pack(path: Path, name: str, *, bundled: bool = False) -> Pack:
    """The pack at `path`, a file or a folder; SignatureError when there is none or it cannot be read."""
    if path.is_dir():
        chosen = sorted(
            (each for each in path.rglob("*") if _is_signature(each)),
            key=lambda each: each.relative_to(path).as_posix(),
        )
        files = [_read(each, each.relative_to(path).as_posix()) for each in chosen]
        files = [each for each in files if not (each.is_yara and _INCLUDES_ONLY.fullmatch(each.text))]
    elif path.is_file():
        label = path.name if path.suffix in {*YARA_SUFFIXES, INDICATOR_SUFFIX} else path.name + ".yar"
        files = [_read(path, label)]
    else:
        raise SignatureError(f"there are no rules at {path}", "give a YARA file or a folder with .yar files")
    if not files:
        raise SignatureError(f"there is no rule file in {path}", "rule files end in .yar or .yara")
    return Pack(name, tuple(files), bundled)


def _is_signature(path: Path) -> bool:
    return path.suffix in {*YARA_SUFFIXES, INDICATOR_SUFFIX} and path.is_file()


def _read(path: Path, label: str) -> SignatureFile:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}", "check the path") from error
    return SignatureFile(label, text)

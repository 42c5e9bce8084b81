"""All signatures in force: the bundled pack and what the person adds, compiled together."""

from __future__ import annotations

import hashlib
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import yara

from forensics.bundled import bundled_folder
from forensics.errors import SignatureError
from forensics.examine._clues import CLUE_NAMESPACE, clue_rules
from forensics.examine._indicators import read_indicators
from forensics.examine._lint import LintProblem, WrittenRule, lint
from forensics.examine._pack import Pack, read_pack
from forensics.examine._rule import Rule, rule_of
from forensics.model.report import SignatureState

BUNDLED = "forensics"
"""Name and YARA namespace of the pack that travels with the program."""

# What public packs expect their scanner to define; an image's names are claims, so they stay empty here.
_EXTERNALS = dict.fromkeys(
    ("filename", "filepath", "fullpath", "extension", "filetype", "file_type", "owner"), ""
)
_COMPILED: dict[str, yara.Rules] = {}


class Signatures:
    """Compiled rules and what they mean.

    `rules` maps a rule id to its `Rule`: first what is written in YARA, then the lists of indicators, each
    in order of packs and files. `state` is what the report says of them. `files` maps the SHA-256 hex digest
    of a known content to rule ids. `duplicates` are rules whose id was taken; they got another.
    SignatureError when a file does not compile. Can be pickled; the compiled form is made again, once a
    process.
    """

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = tuple(packs)
        self._texts: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        listed = [rule for pack in self.packs for rule in self._lay_out(pack)]
        self._digest = hashlib.sha256("".join(pack.digest() for pack in self.packs).encode()).hexdigest()
        self.rules: dict[str, Rule] = {}
        self.duplicates: list[Rule] = []
        self._ids: dict[tuple[str, str], str] = {}
        self._written = tuple(self._as_written())
        for rule in [*map(_rule, self._written), *listed]:
            self._enter(rule)
        self.files: dict[str, tuple[str, ...]] = {}
        for rule in self.rules.values():
            for digest in rule.files:
                self.files[digest] = (*self.files.get(digest, ()), rule.id)

    def __getstate__(self) -> dict[str, Any]:
        return {"packs": self.packs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["packs"])  # type: ignore[misc]

    @property
    def state(self) -> SignatureState:
        """Digest and number of rules, of all and of each pack."""
        packs = self.packs
        return SignatureState(
            digest=self._digest,
            rules=len(self.rules),
            packs=tuple(
                each.state(sum(rule.pack == each.name for rule in self.rules.values())) for each in packs
            ),
        )

    @property
    def compiled(self) -> yara.Rules:
        """The rules as yara-python runs them; compiled at the first use in a process."""
        if self._digest not in _COMPILED:
            _COMPILED[self._digest] = self._compile()
        return _COMPILED[self._digest]

    def rule_id(self, namespace: str, name: str) -> str:
        """The id of the compiled rule `name` in `namespace`."""
        return self._ids[namespace, name]

    def lint(self) -> tuple[LintProblem, ...]:
        """What is wrong with the rules, in order of packs, files and lines; see docs/signatures.md."""
        return lint(self.packs, self._written, self.duplicates, self.compiled.warnings)

    def _lay_out(self, pack: Pack) -> Iterator[Rule]:
        """Note the text and namespace of every file and yield the rules of lists of indicators."""
        for file in pack.files:
            label, namespace, text = pack.label(file), pack.namespace(file), file.text
            if not file.is_yara:
                found = read_indicators(
                    text, file=file.label, pack=pack.name, namespace=namespace, guarded=pack.bundled
                )
                yield from found.rules
                text = found.yara
            self._texts[label] = text
            self._sources[namespace] = self._sources.get(namespace, "") + f'include "{label}"\n'

    def _compile(self) -> yara.Rules:
        # Every text is given through an include, so that an error names the file and the line in it.
        sources = {**self._sources, CLUE_NAMESPACE: clue_rules()}
        try:
            with _interruptions_waiting():
                return yara.compile(
                    sources=sources,
                    externals=_EXTERNALS,
                    include_callback=lambda wanted, _including, _namespace: self._texts.get(wanted),
                )
        except yara.Error as error:
            hint = "correct that line, or leave the file out"
            if "include" in str(error):
                hint = "rule files that include others are not followed: give the folder that holds them all"
            raise SignatureError(f"the rules do not compile: {error}", hint) from error

    def _as_written(self) -> Iterator[WrittenRule]:
        """The rules that are written in YARA, in the order in which they were compiled."""
        known = [
            (pack, file, name)
            for pack in self.packs
            for file in pack.files
            if file.is_yara
            for name, _ in file.rule_lines()
        ]
        at = 0
        for compiled in self.compiled:
            here = next((n for n in range(at, len(known)) if known[n][2] == compiled.identifier), None)
            if here is None:
                continue
            at = here + 1
            if not compiled.is_private:
                yield WrittenRule(*known[here], dict(compiled.meta))

    def _enter(self, rule: Rule) -> None:
        if rule.id in self.rules:
            self.duplicates.append(rule)
            rule = msgspec.structs.replace(rule, id=f"{rule.pack}/{rule.file}:{rule.name or rule.id}")
        self.rules[rule.id] = rule
        if rule.name:
            self._ids[rule.namespace, rule.name] = rule.id


@contextmanager
def _interruptions_waiting() -> Iterator[None]:
    """Hold an interruption back: in a callback of YARA it would come out as an error of the rules."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread is interrupted
        return
    waiting: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting and callable(before):
            before(*waiting[0])


def _rule(written: WrittenRule) -> Rule:
    return rule_of(
        written.meta,
        fallback_id=f"{written.pack.name}/{written.name}",
        pack=written.pack.name,
        namespace=written.pack.namespace(written.file),
        name=written.name,
        file=written.file.label,
    )


def load_signatures(extra: Sequence[Path] = ()) -> Signatures:
    """The bundled pack and those at `extra`, files or folders; SignatureError names what is wrong."""
    packs = [read_pack(bundled_folder("signatures"), BUNDLED, bundled=True)]
    for path in extra:
        taken = {pack.name for pack in packs}
        plain = path.resolve().name or "rules"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        packs.append(read_pack(path, name))
    return Signatures(packs)

"""Names that lie to whoever reads them, or that a terminal would obey.

Source: ECMA-48 (control functions), Unicode Standard Annex 9 (bidirectional controls) and 31 (scripts).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._finding import Circumstances, Statement, about_file, about_image, note
from forensics.detectors._places import is_program_directory
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.files import FileKind, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.printable import printable

TERMINAL = Statement(
    rule_id="names/terminal-control",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A name holds control characters that a terminal obeys",
    explanation=(
        "Listing this name on an ordinary terminal lets it act: move the cursor and overwrite what was "
        "shown, set the title, write to the clipboard. It is made to deceive or to attack whoever "
        "investigates."
    ),
    alternatives="A damaged name, or data of a test for exactly this.",
    remediation="Look at it only with tools that escape names, such as this one.",
    attack=("T1564", "T1036"),
)
DIRECTION = Statement(
    rule_id="names/reversed-text",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A name is displayed in another order than it is written",
    explanation=(
        "The name holds characters that override the direction of writing, so that it is shown with another"
        " ending than it has."
    ),
    alternatives="Marks of direction occur in names written from right to left; overrides hardly ever do.",
    remediation="Judge the file by its content and not by what its name seems to be.",
    attack=("T1036.002",),
)
INVISIBLE = Statement(
    rule_id="names/invisible",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A name looks like another, or like none",
    explanation=(
        "The name consists of dots or spaces, ends in a space, or holds characters that are not visible, so"
        " that it is overlooked or taken for another."
    ),
    alternatives="A slip of the keyboard; joiners in names of some scripts.",
    remediation="Look at what it is, and rename it if it is wanted.",
    attack=("T1564.001", "T1036.005"),
)
LOOKALIKE = Statement(
    rule_id="names/lookalike-letters",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A name mixes letters of scripts that look alike",
    explanation="One word mixes Latin with Cyrillic or Greek letters, which look the same and are not.",
    alternatives="A brand name or a mistake.",
    remediation="Compare it with the name it looks like.",
    attack=("T1036.005",),
)
NOT_TEXT = Statement(
    rule_id="names/not-text",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="A name is not valid text",
    explanation="The bytes of the name are not UTF-8, and tools show or skip it in different ways.",
    alternatives="A name in an old encoding.",
    remediation="None is needed when the content is known.",
)
MARKUP = Statement(
    rule_id="names/markup",
    category=Category.DEFENSE_EVASION,
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    title="A name holds markup that terminal programs interpret",
    explanation=(
        "Programs that understand markup in square brackets would act on this name instead of showing it."
    ),
    alternatives="A name with square brackets, as web frameworks use for routes.",
    remediation="Look at it with tools that take names literally.",
)

_PLAIN = re.compile(
    r"[A-Za-z0-9_+,@%:~=-][A-Za-z0-9_+,@%:~=.-]*|\.[A-Za-z0-9_+,@%:~=-][A-Za-z0-9_+,@%:~=.-]*"
)
"""Names without anything to look at."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_OVERRIDE = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028\u2029\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
_SPACES = frozenset(
    " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_EDGE_SPACE = re.compile(r"^\s|\s$")
_MARKUP = re.compile(r"\[(?:@click|link|on |blink|reverse|bold|red)\b[^\]]*\]|\[/\]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_MOST_OF_A_KIND = 200


@dataclass(frozen=True, slots=True)
class _Flaw:
    said: Statement
    severity: Severity
    text: str


class DeceptiveNames(Detector):
    """Judges every component of every path once, link targets, and the texts of the configuration."""

    id = "deceptive_names"
    needs = Needs.LAYERS
    statements = (TERMINAL, DIRECTION, INVISIBLE, LOOKALIKE, NOT_TEXT, MARKUP)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a name and kind; at most 200 of a kind, and then one that counts the rest."""
        told: dict[str, int] = {}
        folders: set[tuple[int, str]] = set()
        for version in scene.files:
            for flaw in _flaws_of(version, folders):
                told[flaw.said.rule_id] = told.get(flaw.said.rule_id, 0) + 1
                if told[flaw.said.rule_id] <= _MOST_OF_A_KIND:
                    case = Circumstances(severity=flaw.severity, distinct=flaw.text)
                    yield about_file(scene, flaw.said, version, [note(flaw.text)], case)
        for said in self.statements:
            left = told.get(said.rule_id, 0) - _MOST_OF_A_KIND
            if left > 0:
                case = Circumstances(detail=f"{left} more names", distinct="rest")
                yield about_image(scene, said, [note(f"{left} more names of this kind are not listed")], case)
        yield from _texts(scene)


def _flaws_of(version: FileVersion, folders: set[tuple[int, str]]) -> Iterator[_Flaw]:
    """Flaws of the last component, of parents without an entry of their own, and of a link's target."""
    folder, _, name = version.path.rpartition("/")
    if not _PLAIN.fullmatch(name):
        yield from _flaws(name, in_programs=is_program_directory(version.path))
    while folder and (version.layer, folder) not in folders:
        folders.add((version.layer, folder))
        folder, _, parent = folder.rpartition("/")
        if not _PLAIN.fullmatch(parent):
            yield from _flaws(parent, in_programs=False)
    if version.entry.kind is FileKind.DIRECTORY:
        folders.add((version.layer, version.path))
    if version.entry.kind is FileKind.SYMLINK and _CONTROL.search(version.entry.link):
        yield _Flaw(TERMINAL, Severity.HIGH, f"link to {printable(version.entry.link[:512])}")


def _flaws(name: str, *, in_programs: bool) -> Iterator[_Flaw]:
    shown = printable(name[:512])
    if _CONTROL.search(name):
        yield _Flaw(TERMINAL, _control_severity(name), shown)
    if _NOT_UTF8.search(name):
        yield _Flaw(NOT_TEXT, NOT_TEXT.severity, shown)
    if _OVERRIDE.search(name):
        yield _Flaw(DIRECTION, DIRECTION.severity, shown)
    if _is_blank(name):
        yield _Flaw(INVISIBLE, Severity.HIGH, f"“{shown}” consists of dots and spaces")
    elif _EDGE_SPACE.search(name):
        yield _Flaw(INVISIBLE, INVISIBLE.severity, f"“{shown}” begins or ends with a space")
    elif _UNSEEN.search(name):
        yield _Flaw(INVISIBLE, _unseen_severity(name), shown)
    if not name.isascii() and _mixes_scripts(name):
        yield _Flaw(
            LOOKALIKE, Severity.HIGH if in_programs else LOOKALIKE.severity, f"{shown}: {_spelt(name)}"
        )
    if _MARKUP.search(name):
        yield _Flaw(MARKUP, MARKUP.severity, shown)


def _is_blank(name: str) -> bool:
    """Whether a name consists of dots and spaces alone; `.` and `..` never are names."""
    marks = set(name)
    return bool(marks) and marks <= _SPACES | {"."} and (marks != {"."} or len(name) > 2)


def _control_severity(name: str) -> Severity:
    """ESC and C1 introduce sequences; other controls garble a listing at most."""
    return TERMINAL.severity if re.search("[\x08\x0d\x1b\x80-\x9f]", name) else Severity.MEDIUM


def _unseen_severity(name: str) -> Severity:
    """Joiners between letters of scripts that need them are ordinary spelling."""
    joins = all(char in "\u200c\u200d\u200e\u200f" for char in _UNSEEN.findall(name))
    foreign = any(ord(char) > 0x590 and unicodedata.category(char).startswith(("L", "S")) for char in name)
    return Severity.LOW if joins and foreign else INVISIBLE.severity


def _mixes_scripts(name: str) -> bool:
    for word in re.findall(r"[^\W\d_]+", name[:512]):
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in word}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
            return not re.fullmatch(r"[µμΩω]\w?|\w?[µμΩω]", word)
    return False


def _spelt(name: str) -> str:
    odd = [char for char in name[:512] if not char.isascii()]
    return ", ".join(unicodedata.name(char, f"U+{ord(char):04X}").lower() for char in odd[:8])


def _texts(scene: Scene) -> Iterator[Finding]:
    """Texts of the configuration that a terminal would obey when a tool prints them."""
    config = scene.image.config
    fields = [
        ("Entrypoint", " ".join(config.entrypoint)),
        ("Cmd", " ".join(config.cmd)),
        ("Author", config.author),
    ]
    fields += [("Env", line) for line in config.env]
    fields += [("Label", f"{key}={config.labels[key]}") for key in sorted(config.labels)]
    fields += [("History", entry.created_by) for entry in config.history]
    fields += [("Tag", tag) for tag in scene.image.tags]
    told = 0
    for field, text in fields:
        found = re.search("[\x08\x1b\x80-\x9f\u202a-\u202e\u2066-\u2069]", text)
        if found and told < _MOST_OF_A_KIND:
            told += 1
            around = text[max(0, found.start() - 40) : found.end() + 80]
            case = Circumstances(severity=Severity.MEDIUM, detail=field, distinct=f"{field} {text[:512]}")
            yield about_image(scene, TERMINAL, [note(f"{field}: …{around}…", "config")], case)


DETECTOR = DeceptiveNames()

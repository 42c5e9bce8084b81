"""Files whose content is not what their name says: programs behind the suffix of a picture or a document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, note
from forensics.detectors._places import basename, is_test_data
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

DISGUISED = Statement(
    rule_id="files/disguised-program",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A program behind the suffix of a picture or a document",
    explanation=(
        "The name promises data, and the content is machine code or a script. Droppers fetch their next "
        "stage under such names, because filters let pictures pass. In 189,000 files of good systems there "
        "was none."
    ),
    alternatives="Data of a test for file type detection.",
    remediation="Treat it as a program: find out what fetches and starts it.",
    attack=("T1036.008",),
)
ARCHIVE = Statement(
    rule_id="files/disguised-archive",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="An archive behind the suffix of a picture",
    explanation=(
        "The name promises a picture, and the content is an archive, which is how payloads are carried "
        "unnoticed."
    ),
    alternatives="A picture that a server stored compressed.",
    remediation="Look at what is in it.",
    attack=("T1036.008",),
)

_PICTURE = re.compile(
    r"\.(jpe?g|png|gif|bmp|webp|ico|tiff?|svg|mp3|mp4|avi|mkv|wav|ogg|flac|woff2?|ttf|otf|eot)$",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\.(pdf|docx?|xlsx?|pptx?|odt|rtf|txt|log|csv|html?|css|xml|json|ya?ml|md|ini|cfg|conf)$", re.IGNORECASE
)
_ARCHIVES = frozenset({"gzip", "zip", "tar", "xz", "bzip2", "zstd", "7z", "rar", "lz4", "ar", "cpio"})


class DisguisedContent(Detector):
    """Machine code behind any suffix of data, scripts behind those of pictures only."""

    id = "disguised_content"
    statements = (DISGUISED, ARCHIVE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each version that no package answers for."""
        for version, facts, said in _disguised(scene):
            name = basename(version.path)
            yield about_file(
                scene,
                said,
                version,
                [note(f"{name} is {facts.description or facts.type}")],
                _case(version, said),
            )


def _disguised(scene: Scene) -> Iterator[tuple[FileVersion, FileFacts, Statement]]:
    for name, versions in scene.files.names.items():
        if "." not in name or not (_PICTURE.search(name) or _DOCUMENT.search(name)):
            continue
        for version in versions:
            facts = scene.facts.get(version.sha256)
            said = _disguise(name, facts) if facts is not None else None
            if said is not None and facts is not None and not scene.vouched(version):
                yield version, facts, said


def _disguise(name: str, facts: FileFacts) -> Statement | None:
    picture = _PICTURE.search(name) is not None
    if facts.elf is not None or facts.type == "elf":
        return DISGUISED if picture or _DOCUMENT.search(name) else None
    if not picture:
        return None
    if facts.script is not None and facts.script.interpreter:
        return DISGUISED
    return ARCHIVE if facts.type in _ARCHIVES and not name.lower().endswith("svgz") else None


def _case(version: FileVersion, said: Statement) -> Circumstances:
    if is_test_data(version.path):
        return Circumstances(severity=Severity.LOW, reasons=("It lies among tests or examples.",))
    return Circumstances(severity=said.severity)


DETECTOR = DisguisedContent()

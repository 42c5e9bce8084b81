"""Native code that hides what it is: packed, without sections, self-modifying, with something appended."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, at_most, note
from forensics.detectors._nature import executables
from forensics.detectors._places import hidden_folder, is_volatile
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import ElfFacts, FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.parsers.elf import SECTIONS_BEYOND_END

PACKED = Statement(
    rule_id="elf/packed",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Packed native code",
    explanation=(
        "The program unpacks itself in memory when it starts, so that nothing of what it does can be read "
        "from the file. No distribution packs its programs."
    ),
    alternatives="Vendors pack programs to save space, mostly with an unmodified UPX.",
    remediation="Unpack it (upx -d works on an unmodified one) and examine the result.",
    attack=("T1027.002",),
)
HEADERLESS = Statement(
    rule_id="elf/no-sections",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="Native code whose section table was removed",
    explanation=(
        "Linkers always write a section table; removing it keeps debuggers and scanners from reading the "
        "program."
    ),
    alternatives="A program written by hand to be as small as possible.",
    remediation="Examine it with tools that work from program headers.",
    attack=("T1027",),
)
WRITABLE = Statement(
    rule_id="elf/writable-code",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="Native code that may rewrite itself",
    explanation=(
        "A segment of the program is writable and executable at once, which self-modifying and packed code "
        "needs."
    ),
    alternatives="An old or unusual compiler; some language run-times.",
    remediation="Find out what built it.",
    attack=("T1055", "T1027.002"),
)
APPENDED = Statement(
    rule_id="elf/appended-data",
    category=Category.DEFENSE_EVASION,
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    title="Native code with something appended",
    explanation=(
        "Behind everything that the headers account for there is more data, which the program can load "
        "itself."
    ),
    alternatives=(
        "Self-extracting programs (PyInstaller, AppImage, pkg for Node.js), signatures of kernel modules."
    ),
    remediation="Look at the appended bytes.",
    attack=("T1027.009",),
)

_UPX_BY_FORM = "UPX-like, markers removed"
"""The packer that the examiner concludes from a lack of sections and from noise, not from a mark."""
_OVERLAY = 4096
_PARTIAL = frozenset({"truncated", "limit"})
"""Codes of issues that say that only a part of a file was there to be examined."""


class PackedElf(Detector):
    """Only code that no package answers for; what the image openly ships is at most `medium`."""

    id = "packed_elf"
    statements = (PACKED, HEADERLESS, WRITABLE, APPENDED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most two findings for a version: how it is packed, or else what is odd about it."""
        for version, facts, _ in (*scene.executables, *executables(scene.members, scene.facts)):
            elf = facts.elf
            if elf is None or scene.vouched(version):
                continue
            cut = _lacks_its_sections(facts, elf)
            if elf.packer and not (cut and elf.packer == _UPX_BY_FORM):
                yield self._say(scene, PACKED, version, [note(f"packer: {elf.packer}"), *_notes(elf)])
                continue
            if not elf.has_sections and elf.kind != "core" and not cut:
                yield self._say(scene, HEADERLESS, version, _notes(elf))
            elif elf.writable_executable:
                yield self._say(scene, WRITABLE, version, _notes(elf))
            if elf.overlay > _OVERLAY:
                text = f"{elf.overlay} bytes behind the program"
                evidence = Evidence(kind="bytes", text=text, offset=elf.overlay_offset, length=elf.overlay)
                yield self._say(scene, APPENDED, version, [evidence])

    def _say(self, scene: Scene, said: Statement, version: FileVersion, evidence: list[Evidence]) -> Finding:
        reasons = scene.product.reasons(version)
        severity = said.severity
        hidden = hidden_folder(version.path) or is_volatile(version.path)
        if not hidden and (reasons or not scene.has_reference):
            severity = at_most(severity, Severity.MEDIUM if said is PACKED else Severity.LOW)
        return about_file(scene, said, version, evidence, Circumstances(severity=severity, reasons=reasons))


def _lacks_its_sections(facts: FileFacts, elf: ElfFacts) -> bool:
    """Whether the section table lies in a part of the file that nobody has: nothing was removed then."""
    partial = any(issue.code in _PARTIAL and issue.lost_bytes for issue in facts.issues)
    return partial and SECTIONS_BEYOND_END in elf.notes


def _notes(elf: ElfFacts) -> list[Evidence]:
    notes = [note(one) for one in elf.notes[:8]]
    notes += [
        Evidence(
            kind="section",
            text=f"{one.name}: entropy {one.entropy:.2f}",
            offset=one.offset,
            length=one.size,
        )
        for one in sorted(elf.sections, key=lambda one: -one.entropy)[:4]
    ]
    return notes


DETECTOR = PackedElf()

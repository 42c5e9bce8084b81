"""Libraries that put themselves between programs and the list of files. Source: ld.so(8), dlsym(3)."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect, note
from forensics.detectors._nature import Nature
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import ElfFacts
from forensics.model.findings import Category, Confidence, Finding, Severity

LISTING = Statement(
    rule_id="backdoor/replaces-folder-listing",
    category=Category.BACKDOOR,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="A library stands in for the functions that list folders",
    explanation=(
        "The small library defines the C library's functions for reading folders and looks up the real ones. "
        "Loaded into every program, it decides which files and processes anybody gets to see: the form of a "
        "rootkit in user space."
    ),
    alternatives=(
        "Tools that show programs another root folder (fakechroot, a build sandbox, umockdev) do the same "
        "and come in a package or with their product."
    ),
    remediation=(
        "Look for what loads it (/etc/ld.so.preload, LD_PRELOAD) and which names it compares with. Examine "
        "the image from outside only; inside, it hides what it was made to hide."
    ),
    attack=("T1014", "T1574.006"),
)

_LISTS = frozenset({"readdir", "readdir64", "readdir_r", "readdir64_r", "getdents", "getdents64"})
_MOST_EXPORTS = 100
"""A C library or a sanitizer's run-time defines more than this; a library that only hooks does not."""


class HookingLibrary(Detector):
    """What a package of the distribution answers for is passed over, and whole C libraries are."""

    id = "hooking_library"
    statements = (LISTING,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a version of such a library."""
        for version, facts, kind in scene.executables:
            if kind is not Nature.LIBRARY or facts.elf is None or scene.vouched(version):
                continue
            replaced = _replaced(facts.elf)
            if replaced:
                evidence = [
                    note(f"defines {', '.join(replaced)} and looks up the real ones with dlsym"),
                    note(f"defines {len(facts.elf.exports)} functions in all"),
                ]
                case = Circumstances(severity=in_effect(version, LISTING.severity))
                yield about_file(scene, LISTING, version, evidence, case)


def _replaced(elf: ElfFacts) -> list[str]:
    if len(elf.exports) > _MOST_EXPORTS or not {"dlsym", "dlvsym"} & set(elf.imports):
        return []
    return sorted(_LISTS.intersection(elf.exports))


DETECTOR = HookingLibrary()

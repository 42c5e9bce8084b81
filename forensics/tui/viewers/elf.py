"""What an ELF file says of itself: header, oddities, sections and how random they are, symbols."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.facts import ElfFacts, ElfSection
from forensics.tui.viewers._sheet import Place, Sheet
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.viewers.info import RANDOM
from forensics.tui.widgets import Blank, Fact, Heading, Item, Paragraph, Part
from forensics.tui.words import size_text

BAR = 8
"""Cells of a bar: one for every bit of entropy a byte can have."""


class ElfViewer(Viewer):
    """The facts of an ELF file (System V ABI, gABI 4.1); a section leads to its bytes."""

    id = "elf"
    title = "ELF"

    def priority(self, file: ViewedFile) -> int:
        """For ELF files that were examined."""
        return 70 if file.facts and file.facts.elf else 0

    def make(self, file: ViewedFile) -> Sheet:
        """The sheet."""
        elf = file.facts.elf if file.facts else None
        return Sheet(elf_items(elf) if elf else ())


def elf_items(elf: ElfFacts) -> list[Item]:
    """The lines of the sheet."""
    items: list[Item] = [Heading(_headline(elf)), *_header(elf), Blank()]
    if oddities := list(_oddities(elf)):
        items += [Heading("Unusual"), *oddities, Blank()]
    if elf.sections:
        items += [
            Heading("Sections" if elf.has_sections else "Segments · there is no section table"),
            Paragraph((("  offset     size bits a byte   flags name", "muted"),)),
            *(_section(section) for section in elf.sections),
            Blank(),
        ]
    for title, names in (("Needs", elf.needed), ("Imports", elf.imports), ("Exports", elf.exports)):
        if names:
            items += [
                Heading(f"{title} · {len(names)}"),
                *(Paragraph(name, indent=2) for name in names),
                Blank(),
            ]
    return items


def _headline(elf: ElfFacts) -> str:
    words = [f"ELF {elf.bits}-bit {elf.endian}-endian", elf.machine, elf.kind]
    words.append("static" if elf.static else "dynamic")
    words.append("stripped" if elf.stripped else "not stripped")
    return " · ".join(words)


def _header(elf: ElfFacts) -> Iterator[Item]:
    yield Fact("entry", f"0x{elf.entry:x}")
    for label, value in (
        ("interpreter", elf.interpreter),
        ("soname", elf.soname),
        ("run path", elf.rpath),
        ("build id", elf.build_id),
        ("language", elf.language),
    ):
        if value:
            yield Fact(label, value)


def _oddities(elf: ElfFacts) -> Iterator[Item]:
    if elf.packer:
        yield _odd(f"packed with {elf.packer}")
    if elf.writable_executable:
        yield _odd("memory that is writable and executable at once")
    if elf.executable_stack:
        yield _odd("an executable stack")
    if not elf.has_sections:
        yield _odd("no section table")
    if elf.overlay:
        yield Paragraph(
            (("! ", "warning"), f"{elf.overlay:,} bytes behind everything the headers account for"),
            indent=2,
            payload=Place(elf.overlay_offset, elf.overlay),
        )
    for note in elf.notes:
        yield _odd(note)


def _odd(text: str) -> Item:
    return Paragraph((("! ", "warning"), text), indent=2)


def _section(section: ElfSection) -> Item:
    parts: list[Part] = [
        (f"{section.offset:08x} ", "accent"),
        f"{size_text(section.size):>6} ",
        *entropy_bar(section.entropy),
        f" {section.flags:<5} ",
        (section.name or "(no name)", "strong"),
    ]
    payload = Place(section.offset, section.size) if section.size else None
    return Paragraph(parts, indent=0 if payload else 2, payload=payload)


def entropy_bar(entropy: float) -> tuple[Part, ...]:
    """A bar of `BAR` cells and the number, in a tone when it is as random as compressed data."""
    filled = max(0, min(BAR, round(entropy)))
    bar = "█" * filled + "░" * (BAR - filled)
    return ((f"{bar} {entropy:4.2f}", "warning" if entropy >= RANDOM else "muted"),)


VIEWER = ElfViewer()

"""Reads an ELF object: header, segments, sections, dynamic section, symbols and notes.

Sources: System V gABI, chapters 4 and 5 ("Object Files", "Program Loading and Dynamic Linking"), and the
Linux Standard Base 5.0, 10.8 (GNU notes and hash table). Both classes and both byte orders. Every count,
offset and size of the file is a claim: each is cut to what the file holds, and what was cut is noted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from forensics.errors import ParseError
from forensics.limits import MIB

MAGIC = b"\x7fELF"
MAX_HEADERS = 65_536
"""Segments or sections read of one file."""
MAX_DYNAMIC = 8_192
MAX_SYMBOLS = 200_000
MAX_NAME = 4_096
MAX_NAME_BYTES = 64 * MIB
"""Bytes of all names of one file: tables of strings may be laid over one another, or never end a name."""

_BEYOND_END = "the {} table reaches beyond the end of the file"
SECTIONS_BEYOND_END = _BEYOND_END.format("section")
"""The note of an object whose header places its section table where the bytes do not reach."""

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK = 0x6474E551
PF_X, PF_W, PF_R = 1, 2, 4
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_DYNAMIC, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 1, 2, 3, 6, 7, 8, 11
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SONAME, DT_RPATH = 1, 4, 5, 6, 10, 14, 15
DT_RUNPATH, DT_FLAGS_1, DT_GNU_HASH = 29, 0x6FFFFFFB, 0x6FFFFEF5
DF_1_PIE = 0x08000000
STT_OBJECT, STT_GNU_IFUNC = 1, 10
SHN_ABS = 0xFFF1

MACHINES = {
    2: "sparc", 3: "i386", 4: "m68k", 8: "mips", 15: "parisc", 18: "sparc32plus", 20: "ppc", 21: "ppc64",
    22: "s390", 40: "arm", 42: "superh", 43: "sparcv9", 50: "ia64", 62: "x86-64", 94: "xtensa",
    183: "aarch64", 243: "riscv", 247: "bpf", 258: "loongarch", 0x9026: "alpha", 190: "cuda", 224: "amdgpu",
}  # fmt: skip


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One program header; offsets and sizes in bytes, as the file claims them."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int


class Section(msgspec.Struct, frozen=True, gc=False):
    """One section header; offsets and sizes in bytes, as the file claims them."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    entry_size: int


class Symbols(msgspec.Struct, frozen=True):
    """Names of dynamic symbols as they stand in the object: large libraries have hundred thousands.

    `defined` are those that the object brings, `undefined` those that it needs; `resolvers` are the indirect
    functions (STT_GNU_IFUNC) among the defined.
    """

    defined: frozenset[bytes] = frozenset()
    undefined: frozenset[bytes] = frozenset()
    resolvers: frozenset[bytes] = frozenset()


class Note(msgspec.Struct, frozen=True, gc=False):
    """One note: who wrote it, of which kind, and its bytes."""

    owner: str
    type: int
    data: bytes


class Elf(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers say. `notes` are the oddities met while reading, in one sentence each."""

    bits: int
    endian: str
    machine: str
    type: int
    entry: int
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]
    needed: tuple[str, ...]
    soname: str
    rpath: str
    runpath: str
    flags_1: int
    has_dynamic: bool
    interpreter: str
    symbols: Symbols
    elf_notes: tuple[Note, ...]
    accounted: int
    notes: tuple[str, ...]


class _Layout(msgspec.Struct, frozen=True):
    """The sizes and struct formats that differ by class and byte order."""

    header: struct.Struct
    segment: struct.Struct
    section: struct.Struct
    dynamic: struct.Struct
    symbol: struct.Struct


def _layout(bits: int, order: str) -> _Layout:
    if bits == 64:
        formats = ("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "qQ", "IBBHQQ")
    else:
        formats = ("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "iI", "IIIBBH")
    return _Layout(*(struct.Struct(order + each) for each in formats))


_LAYOUTS = {(bits, order): _layout(bits, order) for bits in (32, 64) for order in "<>"}


def read_elf(content: bytes | memoryview) -> Elf:
    """Read the ELF object `content`; ParseError when it is none or its header does not hold together."""
    return _Reader(memoryview(content)).read()


class _Reader:
    """One pass over one object."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._size = len(content)
        ident = bytes(content[:16])
        if ident[:4] != MAGIC or len(ident) < 16:
            raise ParseError("not an ELF object")
        self._bits = {1: 32, 2: 64}.get(ident[4], 0)
        self._order = {1: "<", 2: ">"}.get(ident[5], "")
        if not self._bits or not self._order:
            raise ParseError(f"ELF class {ident[4]} and data encoding {ident[5]} are not defined")
        self._layout = _LAYOUTS[self._bits, self._order]
        self._notes: dict[str, None] = {}
        self._room = MAX_NAME_BYTES
        self._accounted = 16 + self._layout.header.size

    def read(self) -> Elf:
        layout = self._layout
        if self._size < 16 + layout.header.size:
            raise ParseError("the ELF header is cut off")
        fields = layout.header.unpack_from(self._content, 16)
        kind, machine, _, entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, shstrndx = fields
        raw_sections = self._raw_sections(shoff, shnum, shentsize)
        if phnum == 0xFFFF and raw_sections:  # PN_XNUM
            phnum = raw_sections[0][7]
        if shstrndx == 0xFFFF and raw_sections:  # SHN_XINDEX
            shstrndx = raw_sections[0][6]
        segments = self._segments(phoff, phnum, phentsize)
        sections = self._sections(raw_sections, shstrndx)
        self._account(segments, sections)
        dynamic = self._dynamic(segments, sections)
        strings = self._dynamic_strings(dynamic, segments, sections)
        needed = tuple(self._string(strings, value) for value in dynamic.get(DT_NEEDED, ()))
        return Elf(
            bits=self._bits,
            endian="little" if self._order == "<" else "big",
            machine=MACHINES.get(machine, f"machine {machine}"),
            type=kind,
            entry=entry,
            segments=segments,
            sections=sections,
            needed=needed,
            soname=self._single(dynamic, DT_SONAME, strings),
            rpath=self._single(dynamic, DT_RPATH, strings),
            runpath=self._single(dynamic, DT_RUNPATH, strings),
            flags_1=dynamic.get(DT_FLAGS_1, [0])[0],
            has_dynamic=bool(dynamic),
            interpreter=self._interpreter(segments),
            symbols=self._symbols(dynamic, strings, segments, sections),
            elf_notes=tuple(self._elf_notes(segments, sections)),
            accounted=min(self._accounted, self._size),
            notes=tuple(self._notes),
        )

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None

    def _run(self, offset: int, size: int) -> memoryview:
        """The bytes at `offset`, as many of `size` as the file holds."""
        return (
            self._content[offset : offset + size]
            if 0 <= offset < self._size and size > 0
            else memoryview(b"")
        )

    def _table(
        self, record: struct.Struct, offset: int, count: int, stride: int, what: str
    ) -> list[tuple[int, ...]]:
        """`count` records `stride` bytes apart, fewer where the file ends."""
        if count == 0:
            return []
        if stride < record.size:
            self._note(f"the {what} table has entries of {stride} bytes, {record.size} are needed")
            return []
        room = (self._size - offset - record.size) // stride + 1 if offset + record.size <= self._size else 0
        if room < count:
            self._note(_BEYOND_END.format(what))
        if count > MAX_HEADERS:
            self._note(f"only the first {MAX_HEADERS} entries of the {what} table were read")
        found = max(0, min(room, count, MAX_HEADERS))
        self._accounted = max(self._accounted, offset + found * stride)
        return [record.unpack_from(self._content, offset + index * stride) for index in range(found)]

    def _raw_sections(self, offset: int, count: int, stride: int) -> list[tuple[int, ...]]:
        if offset == 0:
            if count:
                self._note("the header counts sections, but there is no section table")
            return []
        if count == 0:
            first = self._table(self._layout.section, offset, 1, stride, "section")
            if not first:
                return []
            count = first[0][5]
            if count == 0:
                self._note("the section table was emptied: it has a place, but no entries")
                return []
        return self._table(self._layout.section, offset, count, stride, "section")

    def _segments(self, offset: int, count: int, stride: int) -> tuple[Segment, ...]:
        found = []
        for row in self._table(self._layout.segment, offset, count, stride, "segment"):
            if self._bits == 64:
                kind, flags, place, address, _, file_size, memory_size, align = row
            else:
                kind, place, address, _, file_size, memory_size, flags, align = row
            found.append(Segment(kind, flags, place, address, file_size, memory_size, align))
        return tuple(found)

    def _sections(self, rows: list[tuple[int, ...]], names_index: int) -> tuple[Section, ...]:
        names = memoryview(b"")
        if 0 < names_index < len(rows):
            names = self._run(rows[names_index][4], rows[names_index][5])
        elif rows and names_index:
            self._note("the section names are in a section that does not exist")
        return tuple(
            Section(self._string(names, name), kind, flags, address, offset, size, link, info, entry_size)
            for name, kind, flags, address, offset, size, link, info, _, entry_size in rows
        )

    def _account(self, segments: tuple[Segment, ...], sections: tuple[Section, ...]) -> None:
        """How far into the file the headers reach; what they claim beyond its end is noted."""
        places = [(each.offset, each.file_size, "segment") for each in segments]
        places += [
            (each.offset, each.size, "section") for each in sections if each.type not in {0, SHT_NOBITS}
        ]
        for offset, size, what in places:
            if size == 0:
                continue
            if offset + size > self._size:
                self._note(f"a {what} reaches beyond the end of the file")
            self._accounted = max(self._accounted, min(offset + size, self._size))

    def _interpreter(self, segments: tuple[Segment, ...]) -> str:
        paths = [each for each in segments if each.type == PT_INTERP]
        if len(paths) > 1:
            self._note("more than one interpreter is asked for")
        return self._string(self._run(paths[0].offset, paths[0].file_size), 0) if paths else ""

    def _dynamic(self, segments: tuple[Segment, ...], sections: tuple[Section, ...]) -> dict[int, list[int]]:
        places = [(each.offset, each.file_size) for each in segments if each.type == PT_DYNAMIC]
        places += [(each.offset, each.size) for each in sections if each.type == SHT_DYNAMIC]
        record, found = self._layout.dynamic, dict[int, list[int]]()
        if not places:
            return found
        run = self._run(*places[0])
        for index in range(min(len(run) // record.size, MAX_DYNAMIC)):
            tag, value = record.unpack_from(run, index * record.size)
            if tag == 0:
                break
            found.setdefault(tag & 0xFFFFFFFF, []).append(value)
        return found

    def _offset_of(self, address: int, segments: tuple[Segment, ...]) -> int:
        """The place in the file of what is loaded at `address`; -1 when nothing of the file is."""
        for each in segments:
            if each.type == PT_LOAD and each.address <= address < each.address + each.file_size:
                return each.offset + address - each.address
        return -1

    def _dynamic_strings(
        self, dynamic: dict[int, list[int]], segments: tuple[Segment, ...], sections: tuple[Section, ...]
    ) -> memoryview:
        if DT_STRTAB in dynamic:
            size = dynamic.get(DT_STRSZ, [self._size])[0]
            run = self._run(self._offset_of(dynamic[DT_STRTAB][0], segments), size)
            if len(run):
                return run
        for each in sections:
            if each.type == SHT_DYNSYM and each.link < len(sections):
                return self._run(sections[each.link].offset, sections[each.link].size)
        return memoryview(b"")

    def _single(self, dynamic: dict[int, list[int]], tag: int, strings: memoryview) -> str:
        return self._string(strings, dynamic[tag][0]) if tag in dynamic else ""

    def _string(self, table: memoryview, offset: int) -> str:
        run = bytes(table[offset : offset + MAX_NAME]) if 0 <= offset < len(table) else b""
        name = run.partition(b"\0")[0]
        return name.decode("utf-8", "surrogateescape") if self._has_room(name) else ""

    def _has_room(self, name: bytes) -> bool:
        """Whether one more name may be kept, which then takes its place."""
        self._room -= len(name)
        if self._room < 0:
            self._note(f"only the first {MAX_NAME_BYTES} bytes of its names were read")
        return self._room >= 0

    def _symbols(
        self,
        dynamic: dict[int, list[int]],
        strings: memoryview,
        segments: tuple[Segment, ...],
        sections: tuple[Section, ...],
    ) -> Symbols:
        run = self._symbol_run(dynamic, segments, sections)
        record = self._layout.symbol
        usable = len(run) - len(run) % record.size
        if usable // record.size > MAX_SYMBOLS:
            self._note(f"only the first {MAX_SYMBOLS} dynamic symbols were read")
            usable = MAX_SYMBOLS * record.size
        names = bytes(strings)
        info, section = (1, 3) if self._bits == 64 else (3, 5)
        defined, undefined, resolvers = set[bytes](), set[bytes](), set[bytes]()
        for row in record.iter_unpack(run[:usable]):
            start, kind, home = row[0], row[info] & 15, row[section]
            if start == 0 or start >= len(names) or (home == SHN_ABS and kind == STT_OBJECT):
                continue  # without a name, or the name of a version
            end = names.find(b"\0", start, start + MAX_NAME)
            name = names[start : end if end >= 0 else start + MAX_NAME]
            if not self._has_room(name):
                break
            if not home:
                undefined.add(name)
                continue
            defined.add(name)
            if kind == STT_GNU_IFUNC:
                resolvers.add(name)
        return Symbols(frozenset(defined), frozenset(undefined), frozenset(resolvers))

    def _symbol_run(
        self, dynamic: dict[int, list[int]], segments: tuple[Segment, ...], sections: tuple[Section, ...]
    ) -> memoryview:
        for each in sections:
            if each.type == SHT_DYNSYM:
                return self._run(each.offset, each.size)
        if DT_SYMTAB not in dynamic:
            return memoryview(b"")
        # Without sections nothing states the size of the table: the hash table counts its symbols, and in
        # practice the string table follows it.
        start = self._offset_of(dynamic[DT_SYMTAB][0], segments)
        if DT_HASH in dynamic:
            words = self._run(self._offset_of(dynamic[DT_HASH][0], segments), 8)
            if len(words) == 8:
                return self._run(
                    start, struct.unpack(self._order + "II", words)[1] * self._layout.symbol.size
                )
        end = self._offset_of(dynamic.get(DT_STRTAB, [0])[0], segments)
        return self._run(start, end - start) if 0 <= start < end else memoryview(b"")

    def _elf_notes(self, segments: tuple[Segment, ...], sections: tuple[Section, ...]) -> Iterator[Note]:
        places = [(each.offset, each.size) for each in sections if each.type == SHT_NOTE]
        places += [(each.offset, each.file_size) for each in segments if each.type == PT_NOTE]
        seen: set[tuple[str, int, bytes]] = set()
        for offset, size in places[:64]:
            for note in self._notes_in(self._run(offset, min(size, 1 << 16))):
                key = (note.owner, note.type, note.data)
                if key not in seen:
                    seen.add(key)
                    yield note

    def _notes_in(self, run: memoryview) -> Iterator[Note]:
        place = 0
        while place + 12 <= len(run):
            name_size, data_size, kind = struct.unpack_from(self._order + "III", run, place)
            name_end = place + 12 + name_size
            data_start = place + 12 + (name_size + 3 & ~3)
            if name_end > len(run) or data_start + data_size > len(run):
                return
            owner = bytes(run[place + 12 : name_end]).rstrip(b"\0").decode("utf-8", "surrogateescape")
            yield Note(owner, kind, bytes(run[data_start : data_start + data_size]))
            place = data_start + (data_size + 3 & ~3)

"""What `forensics doctor` looks at, one record a check; nothing here changes anything that lasts."""

from __future__ import annotations

import contextlib
import enum
import os
import platform
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from forensics import __version__
from forensics.cancellation import Cancellation
from forensics.cli._limits import names, written
from forensics.confinement import Confinement, landlock_abi
from forensics.errors import ForensicsError
from forensics.limits import DEFAULT, GIB, Limits
from forensics.printable import printable
from forensics.quantities import counted, human_size

_LIBRARIES = (
    "click", "docker", "isal", "msgspec", "packageurl-python", "platformdirs", "pylibmagic", "python-magic",
    "rich", "textual", "yara-python", "zstandard",
)  # fmt: skip
_LITTLE_ROOM = 4 * GIB
_NARROW, _LOW = 80, 24


class State(enum.Enum):
    """`warn` works, but with less; `missing` is something that the program needs."""

    OK = "ok"
    WARN = "warn"
    MISSING = "missing"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, how it stands, and what was found."""

    what: str
    state: State = State.OK
    detail: str = ""


def checks(limits: Limits) -> tuple[Check, ...]:
    """Every check, in the order they are shown."""
    return tuple(
        msgspec.structs.replace(check, detail=printable(check.detail))
        for group in (
            _program,
            _signatures,
            lambda: _workers(limits),
            lambda: _limits(limits),
            _folders,
            _screen,
        )
        for check in group()
    )


def _program() -> Iterator[Check]:
    yield Check(what="forensics", detail=__version__)
    yield Check(what="python", detail=f"{platform.python_version()}, {sys.executable}")
    for name in _LIBRARIES:
        try:
            yield Check(what=name, detail=metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(what=name, state=State.MISSING, detail="not installed: install the program again")
    yield _engine("libmagic", _libmagic)
    yield _engine("gzip", _gzip)
    yield _engine("zstd", _zstd)


def _engine(what: str, tried: object) -> Check:
    try:
        return Check(what=what, detail=tried())  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an engine is what is asked here
        return Check(what=what, state=State.MISSING, detail=f"{type(error).__name__}: {error}")


def _libmagic() -> str:
    import magic

    number = int(magic.version())  # type: ignore[no-untyped-call]
    kind = magic.from_buffer(b"#!/bin/sh\n", mime=True)
    return f"{number // 100}.{number % 100:02d}, knows a script as {kind}"


def _gzip() -> str:
    from isal import igzip

    igzip.decompress(igzip.compress(b"forensics"))  # type: ignore[no-untyped-call]
    return "isal packs and unpacks"


def _zstd() -> str:
    import zstandard

    zstandard.decompress(zstandard.compress(b"forensics"))
    return f"libzstd {'.'.join(map(str, zstandard.ZSTD_VERSION))} packs and unpacks"


def _signatures() -> Iterator[Check]:
    from forensics.examine import load_signatures

    try:
        signatures = load_signatures()
        state = signatures.state
        compiled = sum(1 for _ in signatures.compiled)
        detail = f"{state.digest}: {counted(state.rules, 'rule')}, {compiled} compiled"
        yield Check(what="signatures", detail=detail)
    except ForensicsError as error:
        yield Check(what="signatures", state=State.MISSING, detail=f"{error.message} ({error.hint})")


def _workers(limits: Limits) -> Iterator[Check]:
    """Starts a worker, asks it, and asks the kernel about it."""
    from forensics.pipeline import protocol
    from forensics.pipeline.pool import Task, WorkerPool

    told: list[Confinement] = []
    deaths: list[str] = []

    def hear(_task: Task, answer: protocol.Answer) -> bool:
        if isinstance(answer, protocol.Confined):
            told.append(answer.confinement)
        return True

    pool = WorkerPool(1, protocol.Hello(limits), Cancellation())
    try:
        pool.run(deque([Task(protocol.AskConfinement())]), hear, lambda _task, how: deaths.append(how))
        status = pool.status_of_kernel() if told else {}
    finally:
        pool.close()
    if not told:
        yield Check(what="workers", state=State.MISSING, detail=f"none answers: {'; '.join(deaths)}")
        return
    yield from _confinement(told[0], status)


def _confinement(told: Confinement, status: dict[str, str]) -> Iterator[Check]:
    yield Check(what="workers", detail="they start and answer")
    abi = landlock_abi()
    yield Check(
        what="landlock",
        state=State.OK if told.landlock else State.WARN,
        detail=(
            f"ABI {told.landlock} in force: a worker reads no file but the program's own"
            if told.landlock
            else f"not in force (the kernel offers {f'ABI {abi}' if abi else 'none'}): workers may read files"
        ),
    )
    privileges = status.get("NoNewPrivs") == "1"
    yield Check(
        what="privileges",
        state=State.OK if privileges else State.WARN,
        detail="no new ones, says the kernel" if privileges else "workers may gain new ones",
    )
    filtered = status.get("Seccomp") == "2"
    yield Check(
        what="seccomp",
        state=State.OK if filtered else State.WARN,
        detail=(
            "a filter is in force, says the kernel: no sockets, no programs, no writing"
            if filtered
            else f"no filter (none is written for {platform.machine()}, or the kernel refused it)"
        ),
    )
    missing = {"read", "write", "network", "programs"} - set(told.refused)
    yield Check(
        what="tried out",
        state=State.WARN if missing else State.OK,
        detail=(
            f"a worker was not refused: {', '.join(sorted(missing))}"
            if missing
            else f"a worker was refused: {', '.join(told.refused)}"
        ),
    )


def _limits(limits: Limits) -> Iterator[Check]:
    other = [name for name in names() if getattr(limits, name) != getattr(DEFAULT, name)]
    detail = ", ".join(f"{name}={written(name, getattr(limits, name))}" for name in other)
    yield Check(what="limits", detail=f"other than the defaults: {detail}" if other else "the defaults")


def _folders() -> Iterator[Check]:
    from forensics.pipeline.cache import cache_folder
    from forensics.spool import spool_folder
    from forensics.store import store_folder

    yield _folder("spool", spool_folder(), needed=True, variable="FORENSICS_TMPDIR")
    yield _folder("cache", cache_folder(), needed=False, variable="FORENSICS_CACHE_DIR")
    yield _folder("store", store_folder(), needed=False, variable="FORENSICS_STORE_DIR")


def _folder(what: str, folder: Path, *, needed: bool, variable: str) -> Check:
    """Whether it can be written, where it is not there whether it can be made; its room and what it holds."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        state = State.MISSING if needed else State.WARN
        return Check(what=what, state=state, detail=f"{folder} cannot be written: set {variable}")
    room = shutil.disk_usage(there).free
    held = 0 if needed else _size_of(folder)
    detail = f"{folder}, {human_size(room)} free" + (f", holds {human_size(held)}" if held else "")
    if room < _LITTLE_ROOM:
        return Check(what=what, state=State.WARN, detail=f"{detail}: little; {variable} names another")
    return Check(what=what, detail=detail)


def _size_of(folder: Path) -> int:
    """Bytes of the files in a folder; the store may lie in the cache and counts for itself."""
    size = 0
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "store"]
        for name in files:
            with contextlib.suppress(OSError):
                size += (Path(where) / name).lstat().st_size
    return size


def _screen() -> Iterator[Check]:
    if not sys.stdout.isatty():
        yield Check(what="terminal", detail="standard output is none")
        return
    from rich.console import Console

    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    colours = Console().color_system or "no"
    encoding = sys.stdout.encoding.lower()
    small = columns < _NARROW or lines < _LOW
    plain = encoding.replace("-", "") != "utf8"
    yield Check(
        what="terminal",
        state=State.WARN if small or plain or colours == "no" else State.OK,
        detail=f"{os.environ.get('TERM', '')}, {columns} x {lines}, {colours} colours, {encoding}",
    )

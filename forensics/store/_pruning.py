"""Makes room in the store: the longest unused goes first, and what a live process holds stays."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from forensics.store._folders import StoreFolders, open_private, try_lock
from forensics.store._inventory import StoredFile, StoredImage, stored_files, stored_images

UNKNOWN = "unknown-"
"""How the name of a part begins whose digest is not known yet: nothing can go on with it later."""
UNFINISHED = ".new-"
"""How the name of a record begins that is being written."""
_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, and what stays: `kept` bytes, of which nobody can remove `held` at the moment."""

    images: int = 0
    contents: int = 0
    freed: int = 0
    kept: int = 0
    held: int = 0


@dataclass(slots=True)
class _Run:
    """The state of one run: files that are there, and how many images want each content."""

    folders: StoreFolders
    files: dict[Path, StoredFile]
    wanted: Counter[str]
    total: int
    images: int = 0
    contents: int = 0
    freed: int = 0
    held: int = 0


def prune(folders: StoreFolders, most_bytes: int) -> Pruned:
    """Remove images, and contents that belong to none, until at most `most_bytes` are there."""
    with folders.locked(fcntl.LOCK_EX):
        images = stored_images(folders)
        files = stored_files(folders)
        wanted = Counter(digest for image in images for digest in image.digests)
        run = _Run(folders, {file.path: file for file in files}, wanted, sum(file.size for file in files))
        loose = [file for file in files if not wanted[file.digest]]
        candidates: list[StoredImage | StoredFile] = [*images, *loose]
        for candidate in sorted(candidates, key=lambda one: one.used):
            if run.total <= most_bytes:
                break
            if isinstance(candidate, StoredFile):
                _remove_file(run, candidate)
            else:
                _remove_image(run, candidate)
    return Pruned(run.images, run.contents, run.freed, run.total, run.held)


def drop_stale(folders: StoreFolders) -> None:
    """Remove what was broken off more than a day ago, and what can never be taken up again."""
    before = time.time() - _DAY
    with folders.locked(fcntl.LOCK_EX):
        for file in stored_files(folders):
            if not file.digest and (file.path.name.startswith(UNKNOWN) or file.used < before):
                _remove_unheld(file.path)
        for path in folders.images.glob(f"{UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < before:
                    path.unlink()


def _remove_image(run: _Run, image: StoredImage) -> None:
    """Remove a record and the contents that no other record wants, unless it is in use."""
    lease = run.folders.images / f"{image.key}.lease"
    own = [run.files[path] for digest in image.digests if (path := _path(run.folders, digest)) in run.files]
    if not _remove_unheld(lease):
        run.held += sum(file.size for file in own)
        return
    lease.with_suffix(".json").unlink(missing_ok=True)
    run.images += 1
    run.wanted.subtract(image.digests)
    for file in own:
        if not run.wanted[file.digest]:
            _remove_file(run, file)


def _remove_file(run: _Run, file: StoredFile) -> None:
    if _remove_unheld(file.path):
        run.contents += 1
        run.freed += file.size
        run.total -= file.size
    else:
        run.held += file.size


def _path(folders: StoreFolders, digest: str) -> Path | None:
    with contextlib.suppress(ValueError):
        return folders.blob(digest)
    return None


def _remove_unheld(path: Path) -> bool:
    """Remove a file unless somebody holds its lock; True when it is gone."""
    try:
        descriptor = open_private(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not try_lock(descriptor):
            return False
        path.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True

"""Facts of contents that were examined before, kept across runs by content and engine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import platformdirs

from forensics import __version__
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import FileFacts

_FEW = 500
_DAY = 24 * 60 * 60
_MOST_ROWS = 2_000_000
_TABLE = "CREATE TABLE IF NOT EXISTS facts (key BLOB PRIMARY KEY, used INTEGER, facts BLOB) WITHOUT ROWID"


def cache_folder() -> Path:
    """Where the cache lies: `FORENSICS_CACHE_DIR`, else the platform's folder for caches."""
    chosen = os.environ.get("FORENSICS_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("forensics")


class FactsCache:
    """A table from (content SHA-256, engine) to `FileFacts`.

    `engine` is a digest over signatures, limits and program version: what they would find decides what may be
    reused.
    A folder that cannot be written or a damaged file only costs speed: then nothing is remembered.
    """

    def __init__(
        self, signature_digest: str, folder: Path | None = None, *, limits: Limits = DEFAULT
    ) -> None:
        told = f"{__version__}\0{signature_digest}\0".encode() + msgspec.json.encode(limits, order="sorted")
        self._engine = hashlib.sha256(told).digest()[:16]
        self._database: sqlite3.Connection | None = None
        with contextlib.suppress(sqlite3.Error, OSError):
            place = folder or cache_folder()
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            database = sqlite3.connect(place / "facts.sqlite", timeout=5, check_same_thread=False)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=OFF")
            database.execute(_TABLE)
            self._database = database
        self._decoder = msgspec.msgpack.Decoder(FileFacts)
        self._encoder = msgspec.msgpack.Encoder()

    def load(self, wanted: Mapping[str, frozenset[str]]) -> dict[str, FileFacts]:
        """What is known of these contents (hex SHA-256 to digests that must be there)."""
        found: dict[str, FileFacts] = {}
        if self._database is None:
            return found
        contents = list(wanted)
        with contextlib.suppress(sqlite3.Error, msgspec.MsgspecError):
            for start in range(0, len(contents), _FEW):
                some = contents[start : start + _FEW]
                marks = ",".join("?" * len(some))
                rows = self._database.execute(
                    f"SELECT facts FROM facts WHERE key IN ({marks})",  # noqa: S608 - only question marks
                    [self._key(sha256) for sha256 in some],
                )
                known = [self._decoder.decode(packed) for (packed,) in rows]
                found |= {
                    facts.sha256: facts
                    for facts in known
                    if facts.sha256 in wanted and _has(facts, wanted[facts.sha256])
                }
            self._note_use(list(found))
        return found

    def _note_use(self, contents: list[str]) -> None:
        """What is used stays: the oldest use goes first. Once a day is often enough."""
        now = int(time.time())
        rows = [(now, self._key(sha256), now - _DAY) for sha256 in contents]
        if self._database is not None:
            with self._database:
                self._database.executemany("UPDATE facts SET used = ? WHERE key = ? AND used < ?", rows)

    def save(self, learnt: Iterable[FileFacts]) -> None:
        """Remember facts that are complete; facts with issues would hide what a later run might see."""
        if self._database is None:
            return
        now = int(time.time())
        rows = [(self._key(f.sha256), now, self._encoder.encode(f)) for f in learnt if not f.issues]
        with contextlib.suppress(sqlite3.Error), self._database:
            self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Forget the oldest rows beyond the bound and close the file."""
        if self._database is None:
            return
        with contextlib.suppress(sqlite3.Error), self._database:
            (rows,) = self._database.execute("SELECT count(*) FROM facts").fetchone()
            if rows > _MOST_ROWS:
                self._database.execute(
                    "DELETE FROM facts WHERE key IN (SELECT key FROM facts ORDER BY used LIMIT ?)",
                    (rows - _MOST_ROWS,),
                )
        self._database.close()
        self._database = None

    def _key(self, sha256: str) -> bytes:
        return bytes.fromhex(sha256) + self._engine


def _has(facts: FileFacts, digests: frozenset[str]) -> bool:
    return all(getattr(facts, name) for name in digests)

"""Keeps what is written away from what is examined."""

from __future__ import annotations

from pathlib import Path

from forensics.errors import UsageError
from forensics.printable import printable


def refuse_to_touch(target: Path, *evidence: str | Path) -> None:
    """Raise UsageError when writing to `target` would change an input: a file, or something in a folder.

    `evidence` are image references or paths; what names nothing on this machine cannot be touched.
    """
    real = target.resolve()
    for given in evidence:
        for path in _readings(str(given)):
            kept = path.resolve()
            if real == kept or (kept.is_dir() and kept in real.parents):
                raise UsageError(
                    f"{printable(str(target))} is part of what is examined, which is never changed",
                    "choose a place outside of it",
                )


def lies_here(reference: str) -> bool:
    """Whether anything on this machine may be what the reference means; a link to nowhere is nothing."""
    return bool(_readings(reference))


def is_far(reference: str) -> bool:
    """Whether the reference leads to what an engine or a registry has."""
    from forensics.sources import sources

    scheme = reference.partition(":")[0]
    return not lies_here(reference) and any(scheme in source.schemes for source in sources() if source.remote)


def _readings(reference: str) -> list[Path]:
    """Every path a reference may mean: as it stands, without its scheme, without its tag."""
    texts = {reference, reference.partition(":")[2]}
    texts |= {text.rpartition(":")[0] for text in texts}
    return [Path(text) for text in sorted(texts) if text and _exists(Path(text))]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or one that holds a zero byte
        return False

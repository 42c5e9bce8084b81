"""What findings tell of hidden bytes: where they are, what they are, how they begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics.detectors._finding import shown
from forensics.model.facts import FileFacts
from forensics.model.files import HiddenBytes
from forensics.model.findings import Evidence
from forensics.quantities import counted

_TOLD_RUNS = 8


def evidence_of(hidden: HiddenBytes, facts: Mapping[str, FileFacts]) -> Iterator[Evidence]:
    """Where the bytes are, what they are, and how they begin; of many runs the first ones.

    Bytes with a secret among the first ones are not shown.
    """
    known = facts.get(hidden.content.sha256)
    head = hidden.head
    if known and any((secret.offset or 0) < len(head) for secret in known.secrets):
        head = b""
    kind = f"{known.type}, " if known and known.type else ""
    runs = hidden.runs
    for number, (offset, length) in enumerate(runs[:_TOLD_RUNS]):
        text = f"{hidden.name}: {kind}sha256 {hidden.content.sha256}"
        if number:
            text = f"the same, run {number + 1} of {len(runs)}"
        elif hidden.member:
            text += f", of {hidden.member}"
        start = sum(size for _, size in runs[:number])
        begins = head[start : start + length].decode("latin-1")
        yield Evidence(
            kind="bytes",
            text=shown(f"{text}; begins {begins!r}" if begins else text),
            offset=offset,
            length=length,
        )
    if len(runs) > _TOLD_RUNS:
        left = runs[_TOLD_RUNS:]
        size = counted(sum(size for _, size in left), "byte")
        yield Evidence(kind="metadata", text=f"and {counted(len(left), 'run')} more, {size}")

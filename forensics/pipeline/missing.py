"""What an image lacks, in words, from the issues of its report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from forensics.model.issues import Issue

_LAYER = re.compile(r"layer (\d+)(?::|$)")
_SHOWN = 25
_ENDS = frozenset({"truncated", "corrupt"})
"""Codes of a stream that breaks off: a size told by the document around it says how much that costs."""


def missing_parts(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues of source and layers that cost something: what these lack, nobody could list or count."""
    return tuple(issue for issue in issues if issue.lost_bytes > 0 and issue.stage in {"source", "layer"})


def is_size_known(issues: Iterable[Issue]) -> bool:
    """Whether the size of every missing part is known; a single byte stands for one that is not."""
    issues = tuple(issues)
    told = {issue.subject for issue in issues if issue.code == "layer-incomplete"}
    return not any(
        issue.lost_bytes == 1 and not (issue.code in _ENDS and issue.subject in told)
        for issue in missing_parts(issues)
    )


def what_is_missing(parts: Sequence[Issue]) -> str:
    """The layers that are not whole; where `parts` are of none, what the costliest of them says."""
    layers = sorted({int(found[1]) for part in parts if (found := _LAYER.match(part.subject))})
    unlisted = next((part.message.rpartition(": ")[2] for part in parts if part.code == "diff-id-count"), "")
    if layers:
        shown = ", ".join(map(str, layers[:_SHOWN]))
        more = f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""
        noun = "layer" if len(layers) == 1 else "layers"
        further = f", and {unlisted}" if unlisted else ""
        return f"not all of {noun} {shown}{more} is there or could be read{further}"
    if unlisted:
        return unlisted
    worst = max(parts, key=lambda part: part.lost_bytes)
    return f"{worst.subject}: {worst.message}"

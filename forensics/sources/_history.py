"""Which build step made which layer, and which layers came with the base image."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forensics.model.image import Blob, HistoryEntry, ImageConfig, LayerSource
from forensics.quantities import counted
from forensics.sources._issues import IssueLog

_START_COMMAND = re.compile(r"(?:/bin/sh -c #\(nop\)\s+)?(?:CMD|ENTRYPOINT)\b")


class FoundLayer:
    """One layer as an archive holds it: where it was looked for, and the bytes if they are there."""

    def __init__(self, name: str, blob: Blob | None, digest: str = "", media_type: str = "") -> None:
        self.name = name
        self.blob = blob
        self.digest = digest
        self.media_type = media_type


def layer_sources(
    found: Sequence[FoundLayer],
    config: ImageConfig,
    base_layers: int | None,
    issues: IssueLog,
    absent_bytes: int = 0,
) -> tuple[LayerSource, ...]:
    """Join layers with the configuration's diff_ids and history (OCI image-spec, config.md).

    diff_ids belong to layers by position. History belongs by position too, steps without a layer left
    out, yet only where the counts agree: a step assigned to the wrong layer would mislead. `base_layers`
    is the number of layers known to be the base image's, or None; then the history is asked. A diff_id
    without a layer is a layer that nobody can examine: `absent_bytes` is what is known of their size.
    """
    if len(config.diff_ids) != len(found) and (config.diff_ids or found):
        message = f"it names {len(config.diff_ids)} diff_ids for {len(found)} layers"
        missing = max(0, len(config.diff_ids) - len(found))
        if missing:
            message += f": {counted(missing, 'layer is', 'layers are')} not in the archive"
        issues.add(
            "diff-id-count",
            "image configuration",
            message,
            max(1, absent_bytes) if missing else 0,
        )
    steps = _steps_of_layers(config.history, len(found), issues)
    if base_layers is None:
        base_layers = base_by_history(config.history, len(found))
    layers = []
    for index, layer in enumerate(found):
        step = steps[index] if steps else HistoryEntry()
        layers.append(
            LayerSource(
                index=index,
                name=layer.name,
                digest=layer.digest,
                diff_id=config.diff_ids[index] if index < len(config.diff_ids) else "",
                media_type=layer.media_type,
                blob=layer.blob,
                created_by=step.created_by,
                created=step.created,
                comment=step.comment,
                base=None if base_layers is None else index < base_layers,
            )
        )
    return tuple(layers)


def _steps_of_layers(
    history: Sequence[HistoryEntry], layers: int, issues: IssueLog
) -> tuple[HistoryEntry, ...]:
    steps = tuple(step for step in history if not step.empty_layer)
    if len(steps) == layers:
        return steps
    if history:
        issues.add(
            "history-mismatch",
            "image configuration",
            f"its history says that {len(steps)} steps made a layer, yet there are {layers} layers; "
            "no layer is given an instruction",
        )
    return ()


def base_by_history(history: Sequence[HistoryEntry], layers: int) -> int | None:
    """How many layers the base image brought, guessed from the history, or None when it does not tell.

    A base image ends with the start command of its own build. So the first step that sets `CMD` or
    `ENTRYPOINT` without a layer, after at least one layer and with further layers behind it, ends the base.
    A Dockerfile that sets its own start command before its last layers looks the same: it is a guess.
    """
    if sum(not step.empty_layer for step in history) != layers:
        return None
    made = 0
    for step in history:
        if not step.empty_layer:
            made += 1
        elif _START_COMMAND.match(step.created_by.strip()):
            return made if 0 < made < layers else None
    return None

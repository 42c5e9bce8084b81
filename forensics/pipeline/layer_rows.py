"""The report's rows for layers: what was declared, what was computed, what each changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forensics.layers import ImageView
from forensics.model.files import Change, LayerIndex
from forensics.model.image import Image, LayerSource
from forensics.model.report import ReportLayer
from forensics.printable import printable


def layer_rows(image: Image, view: ImageView) -> Iterator[ReportLayer]:
    """One row a layer, the base first: what was declared, what was computed, what it changed."""
    for source, index in zip(image.layers, view.image_layers, strict=True):
        changes = Counter(version.change for version in view.in_layer(index.index))
        yield ReportLayer(
            index=index.index,
            digest=index.digest or printable(source.digest),
            diff_id=index.diff_id or printable(source.diff_id),
            media_type=printable(source.media_type),
            compressed_size=index.compressed_size,
            size=index.size,
            entries=len(index.entries),
            created_by=printable(source.created_by),
            created=printable(source.created),
            verified=_verified(source, index),
            base=source.base,
            compression=index.compression,
            added=changes[Change.ADDED],
            modified=changes[Change.MODIFIED],
            deleted=len(view.removed_by(index.index)),
        )


def _verified(source: LayerSource, index: LayerIndex) -> bool | None:
    agreements = {index.digest_agrees, index.diff_id_agrees} - {None}
    if source.blob is None or not agreements:
        return None
    return agreements == {True}
